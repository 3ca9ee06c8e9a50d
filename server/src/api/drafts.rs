//! One's own draft of a hospital's answers.

use actix_web::{HttpResponse, delete, get, put, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::api::faults::FaultJson;
use crate::api::guard::Guarded;
use crate::api::preconditions::SeenTag;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::drafts::{self, Draft, NewDraft};
use crate::app::state::State;
use crate::app::surveys;
use crate::auth::permit::SubmitAnswers;
use crate::error::AppError;

/// Answers to save.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDraftJson {
    /// Edition by name or id; the first if not given.
    edition: Option<String>,
    /// As far as they are typed: question key to option key, array of option keys, text, or the respondent's object.
    #[schema(value_type = Object)]
    answers: Value,
}

/// A draft (一時保存), with what would keep it from being submitted.
#[derive(Serialize, ToSchema)]
#[schema(as = Draft)]
pub struct DraftJson {
    edition: String,
    /// As typed.
    #[schema(value_type = Object)]
    answers: Value,
    /// Question key to `answered`, `blank`, `no_answer`, `not_asked` or `undetermined`.
    #[schema(value_type = Object)]
    states: BTreeMap<String, Value>,
    /// They block submitting where they are errors, never saving.
    faults: Vec<FaultJson>,
    saved_at: DateTime<Utc>,
    /// Last second in which it may be submitted; null: it may not now.
    open_until: Option<DateTime<Utc>>,
}

fn answered(draft: Draft) -> Result<HttpResponse, AppError> {
    let tag = format!("\"{}\"", draft.tag);
    let states = draft
        .states
        .iter()
        .map(|(key, state)| Ok((key.to_string(), serde_json::to_value(state).map_err(AppError::internal)?)))
        .collect::<Result<_, AppError>>()?;
    let json = DraftJson {
        edition: draft.edition,
        answers: draft.answers,
        states,
        faults: draft.faults.iter().map(FaultJson::from).collect(),
        saved_at: draft.saved_at,
        open_until: draft.open_until,
    };
    Ok(HttpResponse::Ok()
        .insert_header(("ETag", tag))
        .insert_header(("Cache-Control", "no-store"))
        .json(json))
}

/// Saves what was typed so far, complete or not. A hospital's draft and a prefecture's of the same hospital are apart; nobody else reads either.
#[utoipa::path(tag = "submissions", operation_id = "save_draft", security(("bearer" = [])),
    params(("survey" = String, Path), ("hospital" = String, Path, description = "G-MIS ID"),
        ("If-Match" = Option<String>, Header, description = "ETag of the draft that is replaced"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: there is none yet")),
    request_body = NewDraftJson, responses(
    (status = 200, description = "Saved", body = DraftJson, headers(("ETag" = String))),
    (status = 400, description = "body_invalid, answers_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, edition_unknown, hospital_unknown", body = ProblemJson),
    (status = 409, description = "window_closed, window_not_yet, submission_accepted", body = ProblemJson),
    (status = 412, description = "draft_changed, with the differences", body = ProblemJson),
    (status = 413, description = "body_too_large", body = ProblemJson),
    (status = 428, description = "if_match_missing", body = ProblemJson),
))]
#[put("/api/v1/surveys/{survey}/hospitals/{hospital}/draft")]
pub async fn save_draft(
    state: web::Data<State>,
    guarded: Guarded<SubmitAnswers>,
    seen: SeenTag,
    path: web::Path<(String, String)>,
    body: web::Json<NewDraftJson>,
) -> Result<HttpResponse, ApiError> {
    let (survey, hospital) = path.into_inner();
    let NewDraftJson { edition, answers } = body.into_inner();
    let new = NewDraft { edition, answers };
    let draft = drafts::save(&state, &guarded.permit, surveys::known(&survey)?, &hospital, new, seen.0).await?;
    Ok(answered(draft)?)
}

/// Reads one's own draft.
#[utoipa::path(tag = "submissions", operation_id = "read_draft", security(("bearer" = [])),
    params(("survey" = String, Path), ("hospital" = String, Path, description = "G-MIS ID")), responses(
    (status = 200, description = "The draft", body = DraftJson, headers(("ETag" = String))),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, hospital_unknown, draft_missing", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/hospitals/{hospital}/draft")]
pub async fn read_draft(
    state: web::Data<State>,
    guarded: Guarded<SubmitAnswers>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (survey, hospital) = path.into_inner();
    let draft = drafts::read(&state, &guarded.permit, surveys::known(&survey)?, &hospital).await?;
    Ok(answered(draft)?)
}

/// Discards one's own draft.
#[utoipa::path(tag = "submissions", operation_id = "discard_draft", security(("bearer" = [])),
    params(("survey" = String, Path), ("hospital" = String, Path, description = "G-MIS ID"),
        ("If-Match" = String, Header, description = "ETag of the draft that was seen")), responses(
    (status = 204, description = "Discarded"),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, hospital_unknown, draft_missing", body = ProblemJson),
    (status = 412, description = "draft_changed", body = ProblemJson),
    (status = 428, description = "if_match_missing", body = ProblemJson),
))]
#[delete("/api/v1/surveys/{survey}/hospitals/{hospital}/draft")]
pub async fn discard_draft(
    state: web::Data<State>,
    guarded: Guarded<SubmitAnswers>,
    seen: SeenTag,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (survey, hospital) = path.into_inner();
    drafts::discard(&state, &guarded.permit, surveys::known(&survey)?, &hospital, seen.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
