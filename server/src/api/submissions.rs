//! One hospital's answers.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::faults::FaultJson;
use crate::api::guard::Guarded;
use crate::api::hospitals::HospitalJson;
use crate::api::keyed::{Keyed, answered};
use crate::api::preconditions::MaybeSeenVersion;
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::receipts::ReceiptJson;
use crate::api::steps::StepJson;
use crate::app::state::State;
use crate::app::submissions::{NewAnswers, ReadBack, Way};
use crate::app::{intake, submissions, surveys};
use crate::auth::permit::{ReadAnswers, SubmitAnswers};
use crate::error::AppError;

/// Answers to submit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnswersJson {
    /// Edition by name or id; the first if not given.
    edition: Option<String>,
    /// Question key to option key, array of option keys, text, or the respondent's object.
    #[schema(value_type = Object)]
    answers: Value,
    /// Why a prefecture replaces a hospital's answers.
    reason: Option<String>,
}

/// What became of a submission, with its receipt.
#[derive(Serialize, ToSchema)]
#[schema(as = Submitted)]
pub struct SubmittedJson {
    #[serde(flatten)]
    receipt: ReceiptJson,
    state: String,
    unchanged: bool,
    warnings: Vec<FaultJson>,
}

/// Submits a hospital's answers, exactly once for an `Idempotency-Key`.
#[utoipa::path(tag = "submissions", operation_id = "submit_answers", security(("bearer" = [])),
    params(("survey" = String, Path), ("hospital" = String, Path, description = "G-MIS ID"), ("Idempotency-Key" = String, Header),
        ("If-Match" = Option<String>, Header, description = "ETag of the submission that was seen; left out, what is there is replaced")),
    request_body = NewAnswersJson, responses(
    (status = 201, description = "A new revision", body = SubmittedJson),
    (status = 200, description = "The same answers had been there", body = SubmittedJson),
    (status = 400, description = "body_invalid, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, edition_unknown, hospital_unknown", body = ProblemJson),
    (status = 413, description = "body_too_large", body = ProblemJson),
    (status = 409, description = "window_closed, window_not_yet, already_answered, submission_accepted, idempotency_in_progress", body = ProblemJson),
    (status = 412, description = "submission_changed, with the differences", body = ProblemJson),
    (status = 422, description = "answers_faulty, idempotency_mismatch", body = ProblemJson),
    (status = 503, description = "unavailable: nothing was stored", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/hospitals/{hospital}/revisions")]
pub async fn submit_answers(
    state: web::Data<State>,
    guarded: Guarded<SubmitAnswers>,
    (keyed, seen): (Keyed, MaybeSeenVersion),
    path: web::Path<(String, String)>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let body = super::json_bytes(body)?;
    let (survey, hospital) = path.into_inner();
    let survey = surveys::known(&survey)?;
    // Read by hand, because the key is bound to the bytes as sent.
    let new: NewAnswersJson = serde_json::from_slice(&body).map_err(|error| {
        tracing::debug!(%error, "body refused");
        AppError::invalid("body_invalid", "要求の本文が正しいJSONではありません。形式を確認してください。")
    })?;
    let new = NewAnswers {
        hospital,
        edition: new.edition,
        answers: new.answers,
        reason: new.reason,
        way: Way::Api,
        received: Sha256::digest(&body).into(),
        seen: seen.0,
    };
    let answer = submissions::submit(&state, &guarded.permit, survey, &new, Some(&keyed.with_body(&body))).await?;
    Ok(answered(&answer))
}

/// What a hospital answered, with every revision.
#[derive(Serialize, ToSchema)]
#[schema(as = Submission)]
pub struct SubmissionJson {
    hospital: HospitalJson,
    /// Number of the revision that is counted, while submitted or accepted; 0 before the first.
    latest_revision: i32,
    /// How many steps it has made, revisions among them; the ETag has it too.
    version: i32,
    /// Last second in which answers are taken as things stand; null: none are taken now.
    open_until: Option<DateTime<Utc>>,
    /// The oldest first.
    revisions: Vec<RevisionJson>,
    /// Steps that are no revisions, the oldest first; with the revisions, by version, they are the history.
    steps: Vec<StepJson>,
}

/// One revision.
#[derive(Serialize, ToSchema)]
#[schema(as = Revision)]
pub struct RevisionJson {
    number: i32,
    edition: String,
    edition_hash: String,
    /// As received; the respondent only for those who may see one.
    #[schema(value_type = Object)]
    answers: Value,
    #[schema(value_type = Vec<FaultJson>)]
    warnings: Value,
    /// page, api, workbook, proxy.
    entry_path: String,
    /// Role that submitted it.
    actor: String,
    import: Option<Uuid>,
    reason: Option<String>,
    receipt: Uuid,
    received_at: DateTime<Utc>,
    /// The version that the submission had with it.
    version: i32,
}

impl From<ReadBack> for SubmissionJson {
    fn from(read: ReadBack) -> SubmissionJson {
        let revisions = read
            .revisions
            .into_iter()
            .map(|(row, respondent)| RevisionJson {
                number: row.number,
                edition: row.edition_id,
                edition_hash: row.edition_hash,
                answers: intake::together(row.answers, respondent),
                warnings: row.warnings,
                entry_path: row.entry_path,
                actor: row.actor,
                import: row.import_id,
                reason: row.reason,
                receipt: row.receipt,
                received_at: row.received_at,
                version: row.version,
            })
            .collect();
        let version = read.submission.as_ref().map_or(0, |submission| submission.version);
        let latest_revision = read.submission.as_ref().map_or(0, |submission| submission.latest_revision);
        SubmissionJson {
            hospital: HospitalJson::of(
                read.hospital,
                read.submission.map(|row| (row.state, row.updated_at, row.resubmit_until)),
            ),
            latest_revision,
            version,
            open_until: read.open_until,
            revisions,
            steps: read.steps.into_iter().map(StepJson::from).collect(),
        }
    }
}

/// Reads a hospital's answers back, with all revisions.
#[utoipa::path(tag = "submissions", operation_id = "read_submission", security(("bearer" = [])),
    params(("survey" = String, Path), ("hospital" = String, Path, description = "G-MIS ID")), responses(
    (status = 200, description = "The submission; without revisions while unanswered", body = SubmissionJson, headers(("ETag" = String))),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, hospital_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/hospitals/{hospital}/submission")]
pub async fn read_submission(
    state: web::Data<State>,
    guarded: Guarded<ReadAnswers>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (survey, hospital) = path.into_inner();
    let read = submissions::read(&state, &guarded.permit, surveys::known(&survey)?, &hospital).await?;
    let json = SubmissionJson::from(read);
    Ok(HttpResponse::Ok()
        .insert_header(("ETag", format!("\"{}\"", json.version)))
        .insert_header(("Cache-Control", "no-store"))
        .json(json))
}
