//! Pulling answers back, returning and accepting them.

use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::guard::Guarded;
use crate::api::keyed::{Keyed, read, versioned};
use crate::api::preconditions::SeenVersion;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::state::State;
use crate::app::steps::{self, Comment, Review};
use crate::app::surveys;
use crate::auth::permit::{ReviewAnswers, SubmitAnswers};
use crate::db::steps::StepRow;

/// A comment to the hospital.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Comment)]
#[serde(deny_unknown_fields)]
pub struct CommentJson {
    /// Question key; null: the answers as a whole.
    pub question: Option<String>,
    /// What is to be corrected, and how.
    pub text: String,
}

/// Why answers are pulled back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalJson {
    /// If one likes to say.
    reason: Option<String>,
}

/// What is to be corrected, and until when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnJson {
    /// At least one.
    comments: Vec<CommentJson>,
    /// Last second, included, in which the hospital may submit again; as the windows say if not given. Never shortens them.
    resubmit_until: Option<DateTime<Utc>>,
}

/// How a submission stands after a step.
#[derive(Serialize, ToSchema)]
#[schema(as = Stepped)]
pub struct SteppedJson {
    /// G-MIS ID.
    hospital: String,
    state: String,
    /// The new version; the ETag has it too.
    version: i32,
    /// The revision that it was about.
    revision: i32,
    resubmit_until: Option<DateTime<Utc>>,
}

/// A step that is no revision.
#[derive(Serialize, ToSchema)]
#[schema(as = Step)]
pub struct StepJson {
    /// withdraw (引き戻し), return (差戻し), accept (確認).
    step: String,
    /// The version that the submission had with it.
    version: i32,
    /// The revision that it was about.
    revision: i32,
    #[schema(value_type = Vec<CommentJson>)]
    comments: Value,
    reason: Option<String>,
    resubmit_until: Option<DateTime<Utc>>,
    /// Role that took it.
    actor: String,
    happened_at: DateTime<Utc>,
}

impl From<StepRow> for StepJson {
    fn from(row: StepRow) -> StepJson {
        StepJson {
            step: row.step,
            version: row.version,
            revision: row.revision,
            comments: row.comments,
            reason: row.reason,
            resubmit_until: row.resubmit_until,
            actor: row.actor,
            happened_at: row.happened_at,
        }
    }
}

/// Pulls submitted answers back (引き戻し): they are no longer counted until they are submitted again.
#[utoipa::path(tag = "submissions", operation_id = "withdraw_answers", security(("bearer" = [])),
    params(("survey" = String, Path), ("hospital" = String, Path, description = "G-MIS ID"), ("Idempotency-Key" = String, Header),
        ("If-Match" = String, Header, description = "ETag of the submission that was seen")),
    request_body = WithdrawalJson, responses(
    (status = 200, description = "Pulled back", body = SteppedJson, headers(("ETag" = String))),
    (status = 400, description = "body_invalid, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, hospital_unknown", body = ProblemJson),
    (status = 409, description = "step_not_possible, submission_accepted, withdrawal_not_yours, window_closed, window_not_yet, idempotency_in_progress", body = ProblemJson),
    (status = 412, description = "submission_changed, with the differences", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
    (status = 428, description = "if_match_missing", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/hospitals/{hospital}/submission/withdrawal")]
pub async fn withdraw_answers(
    state: web::Data<State>,
    guarded: Guarded<SubmitAnswers>,
    (keyed, seen): (Keyed, SeenVersion),
    path: web::Path<(String, String)>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let (survey, hospital) = path.into_inner();
    let survey = surveys::known(&survey)?;
    let (withdrawal, key) = read::<WithdrawalJson>(&keyed, body)?;
    let what = (seen.0, withdrawal.reason.as_deref());
    let answer = steps::withdraw(&state, &guarded.permit, survey, &hospital, what, Some(&key)).await?;
    Ok(versioned(&answer))
}

/// Returns submitted or accepted answers for correction (差戻し): they are no longer counted until they are submitted again.
#[utoipa::path(tag = "submissions", operation_id = "return_answers", security(("bearer" = [])),
    params(("survey" = String, Path), ("hospital" = String, Path, description = "G-MIS ID"), ("Idempotency-Key" = String, Header),
        ("If-Match" = String, Header, description = "ETag of the submission that was seen")),
    request_body = ReturnJson, responses(
    (status = 200, description = "Returned", body = SteppedJson, headers(("ETag" = String))),
    (status = 400, description = "body_invalid, comments_missing, comments_too_many, comment_question_unknown, time_invalid, resubmission_date_past, resubmission_date_missing, idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, hospital_unknown", body = ProblemJson),
    (status = 409, description = "step_not_possible, idempotency_in_progress", body = ProblemJson),
    (status = 412, description = "submission_changed, with the differences", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
    (status = 428, description = "if_match_missing", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/hospitals/{hospital}/submission/return")]
pub async fn return_answers(
    state: web::Data<State>,
    guarded: Guarded<ReviewAnswers>,
    (keyed, seen): (Keyed, SeenVersion),
    path: web::Path<(String, String)>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let (survey, hospital) = path.into_inner();
    let survey = surveys::known(&survey)?;
    let (returned, key) = read::<ReturnJson>(&keyed, body)?;
    let comment = |CommentJson { question, text }| Comment { question, text };
    let review = Review::Return {
        comments: returned.comments.into_iter().map(comment).collect(),
        resubmit_until: returned.resubmit_until,
    };
    let answer = steps::review(&state, &guarded.permit, survey, &hospital, (seen.0, &review), Some(&key)).await?;
    Ok(versioned(&answer))
}

/// Accepts submitted answers (確認): they are counted, and the hospital can no longer change them.
#[utoipa::path(tag = "submissions", operation_id = "accept_answers", security(("bearer" = [])),
    params(("survey" = String, Path), ("hospital" = String, Path, description = "G-MIS ID"), ("Idempotency-Key" = String, Header),
        ("If-Match" = String, Header, description = "ETag of the submission that was seen")), responses(
    (status = 200, description = "Accepted", body = SteppedJson, headers(("ETag" = String))),
    (status = 400, description = "idempotency_key_missing", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, hospital_unknown", body = ProblemJson),
    (status = 409, description = "step_not_possible, idempotency_in_progress", body = ProblemJson),
    (status = 412, description = "submission_changed, with the differences", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
    (status = 428, description = "if_match_missing", body = ProblemJson),
))]
#[post("/api/v1/surveys/{survey}/hospitals/{hospital}/submission/acceptance")]
pub async fn accept_answers(
    state: web::Data<State>,
    guarded: Guarded<ReviewAnswers>,
    (keyed, seen): (Keyed, SeenVersion),
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (survey, hospital) = path.into_inner();
    let survey = surveys::known(&survey)?;
    let key = keyed.with_body(b"");
    let answer = steps::review(&state, &guarded.permit, survey, &hospital, (seen.0, &Review::Accept), Some(&key)).await?;
    Ok(versioned(&answer))
}
