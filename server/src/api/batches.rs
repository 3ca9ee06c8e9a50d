//! Answers of many hospitals as NDJSON: a line in, a verdict out, while the batch is still at work.

use actix_web::web::Bytes;
use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, Utc};
use futures_util::stream;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::faults::FaultJson;
use crate::api::guard::Guarded;
use crate::api::keyed::Keyed;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::batches::{self, GROUP, Line, LineVerdict};
use crate::app::state::State;
use crate::app::surveys;
use crate::auth::permit::{Permit, SubmitAnswers};
use crate::error::AppError;

/// What became of a line. The last line of an answer that stopped half-way has `stopped` in place of all this: send the same batch with the same key
/// again, and it goes on from there.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchLine)]
pub struct BatchLineJson {
    /// From 1, blank lines counted.
    line: i32,
    hospital: Option<String>,
    /// accepted, unchanged or rejected.
    verdict: String,
    revision: Option<i32>,
    receipt: Option<Uuid>,
    received_at: Option<DateTime<Utc>>,
    /// Why it was rejected: answers_faulty, hospital_unknown, edition_unknown, line_invalid, line_too_long, window_closed, window_not_yet,
    /// already_answered, submission_accepted, idempotency_mismatch.
    code: Option<String>,
    message: Option<String>,
    faults: Vec<FaultJson>,
    /// Whether this was answered to an earlier request with the same key.
    replayed: bool,
}

/// The rest of a batch.
struct Rest {
    state: web::Data<State>,
    permit: Permit<SubmitAnswers>,
    survey: &'static survey::survey::Survey,
    key: String,
    groups: std::vec::IntoIter<Vec<Line>>,
}

/// Submits answers line by line; each line exactly once for (`Idempotency-Key`, line), groups of lines committed together.
#[utoipa::path(tag = "submissions", operation_id = "submit_batch", security(("bearer" = [])),
    params(("survey" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body(content = String, content_type = "application/x-ndjson",
        description = "A line a hospital: {\"hospital\": G-MIS ID, \"answers\": {..}, \"edition\"?: .., \"reason\"?: ..}"),
    responses(
    (status = 200, description = "A verdict for each line, in order, as groups are committed", body = BatchLineJson, content_type = "application/x-ndjson"),
    (status = 400, description = "batch_empty, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
    (status = 409, description = "idempotency_in_progress", body = ProblemJson),
    (status = 413, description = "body_too_large", body = ProblemJson),
    (status = 503, description = "unavailable: nothing was stored", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/batches")]
pub async fn submit_batch(
    state: web::Data<State>,
    guarded: Guarded<SubmitAnswers>,
    keyed: Keyed,
    path: web::Path<String>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let survey = surveys::known(&path)?;
    let body = body.map_err(|error| {
        tracing::debug!(%error, "batch refused");
        AppError::TooLarge(super::too_large())
    })?;
    let mut lines = batches::lines_of(&body)?.into_iter();
    let mut groups = Vec::new();
    loop {
        let group: Vec<Line> = lines.by_ref().take(GROUP).collect();
        if group.is_empty() {
            break;
        }
        groups.push(group);
    }
    let mut rest = Rest {
        state,
        permit: guarded.permit,
        survey,
        key: keyed.key().to_owned(),
        groups: groups.into_iter(),
    };
    // The first group is done before the answer begins: what refuses it has a status of its own.
    let Some(first) = rest.next().await else {
        return Err(AppError::internal("a batch with lines had no group").into());
    };
    let first = written(&first?);
    let following = stream::unfold(Some(rest), |rest| async {
        let mut rest = rest?;
        match rest.next().await? {
            Ok(verdicts) => Some((written(&verdicts), Some(rest))),
            Err(error) => Some((stopped(&error), None)),
        }
    });
    let lines = futures_util::StreamExt::chain(stream::once(std::future::ready(first)), following);
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(lines))
}

impl Rest {
    async fn next(&mut self) -> Option<Result<Vec<LineVerdict>, AppError>> {
        let group = self.groups.next()?;
        Some(batches::submit_group(&self.state, &self.permit, self.survey, &self.key, &group).await)
    }
}

fn written(verdicts: &[LineVerdict]) -> Result<Bytes, actix_web::Error> {
    let mut text = Vec::new();
    for verdict in verdicts {
        serde_json::to_writer(&mut text, verdict).map_err(|error| ApiError::from(AppError::internal(error)))?;
        text.push(b'\n');
    }
    Ok(text.into())
}

/// The status is sent already: that the batch stopped is said in its last line.
fn stopped(error: &AppError) -> Result<Bytes, actix_web::Error> {
    tracing::warn!(error = error.for_operator(), "a batch stopped half-way");
    let line = serde_json::json!({"stopped": {
        "code": "batch_stopped",
        "message": "処理が途中で止まりました。ここまでの行は保存されています。同じ内容を同じIdempotency-Keyで送り直すと、続きから処理します。",
    }});
    Ok(format!("{line}\n").into())
}
