//! The list of a prefecture: read, adjusted and handed in by it; accepted or returned by the ministry.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::keyed::{Keyed, read, versioned};
use crate::api::preconditions::MaybeSeenVersion;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::programs::lists;
use crate::app::programs::lists::steps::{self, Adjustment, Decision};
use crate::app::state::State;
use crate::app::versions::Seen;
use crate::auth::permit::{AcceptLists, ChooseHospitals, ReadOwnSupport, ReadPrograms};

/// What a prefecture does to its list.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Adjustment)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum AdjustmentJson {
    /// A candidate comes on it by hand.
    Add {
        /// G-MIS ID.
        hospital: String,
        /// 順位; the last if not given.
        rank: Option<u32>,
        /// Why; it is recorded.
        reason: String,
    },
    /// A chosen hospital is taken off.
    Drop {
        /// G-MIS ID.
        hospital: String,
        /// Why; it is recorded.
        reason: String,
    },
    /// A chosen hospital gets another rank in its cell.
    Rank {
        /// G-MIS ID.
        hospital: String,
        /// From 1.
        rank: u32,
    },
    /// 提出: refused unless every cell has exactly its quota.
    HandIn {},
    /// After acceptance: a reserve takes the place and rank of one that closed or withdrew.
    Replace {
        /// G-MIS ID of the one that leaves.
        hospital: String,
        /// G-MIS ID of a reserve; the first that may still be chosen if not given.
        by: Option<String>,
        /// Why; it is recorded.
        reason: String,
    },
}

impl From<AdjustmentJson> for Adjustment {
    fn from(json: AdjustmentJson) -> Adjustment {
        match json {
            AdjustmentJson::Add { hospital, rank, reason } => Adjustment::Add { hospital, rank, reason },
            AdjustmentJson::Drop { hospital, reason } => Adjustment::Drop { hospital, reason },
            AdjustmentJson::Rank { hospital, rank } => Adjustment::Rank { hospital, rank },
            AdjustmentJson::HandIn {} => Adjustment::HandIn,
            AdjustmentJson::Replace { hospital, by, reason } => Adjustment::Replace { hospital, by, reason },
        }
    }
}

/// What the ministry does with a list that was handed in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = Decision)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum DecisionJson {
    /// 差戻し.
    Return {
        /// Why; the prefecture reads it.
        reason: String,
    },
    /// 受理: from then on the hospitals may know.
    Accept {},
}

impl From<DecisionJson> for Decision {
    fn from(json: DecisionJson) -> Decision {
        match json {
            DecisionJson::Return { reason } => Decision::Return { reason },
            DecisionJson::Accept {} => Decision::Accept,
        }
    }
}

/// How far each prefecture has come: state of its list, and how full its cells are; a prefecture sees its own.
#[utoipa::path(tag = "programs", operation_id = "list_lists", security(("bearer" = [])), params(("program" = String, Path)), responses(
    (status = 200, description = "By prefecture: state, deadline, cells with quota and chosen", body = Vec<Object>),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/lists")]
pub async fn list_lists(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(lists::progress(&state, &guarded.permit, &path).await?))
}

/// The list of a prefecture: chosen hospitals and reserves of every cell.
#[utoipa::path(tag = "programs", operation_id = "read_list", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits")), responses(
    (status = 200, description = "State, version (the ETag), deadline, cells, and in words what keeps it from being handed in", body = Object),
    (status = 400, description = "prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown, list_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/prefectures/{prefecture}/list")]
pub async fn read_list(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    let list = lists::read(&state, &guarded.permit, &program, prefecture(&code)?).await?;
    let tag = format!("\"{}\"", list.version);
    Ok(HttpResponse::Ok()
        .insert_header(("ETag", tag))
        .insert_header(("Cache-Control", "no-store"))
        .json(list))
}

/// Every step of a list: who did what, when and why.
#[utoipa::path(tag = "programs", operation_id = "read_list_history", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits")), responses(
    (status = 200, description = "The first step first", body = Vec<Object>),
    (status = 400, description = "prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/prefectures/{prefecture}/list/history")]
pub async fn read_list_history(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    let steps = lists::history(&state, &guarded.permit, &program, prefecture(&code)?).await?;
    Ok(HttpResponse::Ok().json(steps))
}

/// A step of the prefecture: add, drop, rank, hand in, replace.
#[utoipa::path(tag = "programs", operation_id = "adjust_list", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits"), ("Idempotency-Key" = String, Header),
        ("If-Match" = Option<String>, Header, description = "ETag of the list that was seen")),
    request_body = AdjustmentJson, responses(
    (status = 200, description = "The list after it", body = Object),
    (status = 400, description = "body_invalid, prefecture_invalid, idempotency_key_missing, reason_missing, reason_too_long", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown, list_unknown, hospital_unknown", body = ProblemJson),
    (status = 409, description = "list_state, cell_full, already_listed, not_listed, rank_invalid, reserve_unknown, no_reserve, list_not_exact, \
        not_a_candidate, listed_not_eligible, deadline_past, idempotency_in_progress", body = ProblemJson),
    (status = 412, description = "list_changed", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/prefectures/{prefecture}/list/adjustments")]
pub async fn adjust_list(
    state: web::Data<State>,
    guarded: Guarded<ChooseHospitals>,
    (keyed, seen): (Keyed, MaybeSeenVersion),
    path: web::Path<(String, String)>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    let (json, key) = read::<AdjustmentJson>(&keyed, body)?;
    let adjustment = Adjustment::from(json);
    let place = (program.as_str(), prefecture(&code)?);
    let answer = steps::adjust(&state, &guarded.permit, place, (version(&seen), &adjustment), Some(&key)).await?;
    Ok(versioned(&answer))
}

/// A step of the ministry: accept, or return with a reason.
#[utoipa::path(tag = "programs", operation_id = "decide_list", security(("bearer" = [])),
    params(("program" = String, Path), ("prefecture" = String, Path, description = "Two digits"), ("Idempotency-Key" = String, Header),
        ("If-Match" = Option<String>, Header, description = "ETag of the list that was seen")),
    request_body = DecisionJson, responses(
    (status = 200, description = "The list after it", body = Object),
    (status = 400, description = "body_invalid, prefecture_invalid, idempotency_key_missing, reason_missing, reason_too_long", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown, list_unknown", body = ProblemJson),
    (status = 409, description = "list_state, list_not_exact, idempotency_in_progress", body = ProblemJson),
    (status = 412, description = "list_changed", body = ProblemJson),
    (status = 422, description = "idempotency_mismatch", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/prefectures/{prefecture}/list/decisions")]
pub async fn decide_list(
    state: web::Data<State>,
    guarded: Guarded<AcceptLists>,
    (keyed, seen): (Keyed, MaybeSeenVersion),
    path: web::Path<(String, String)>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let (program, code) = path.into_inner();
    let (json, key) = read::<DecisionJson>(&keyed, body)?;
    let decision = Decision::from(json);
    let place = (program.as_str(), prefecture(&code)?);
    let answer = steps::decide(&state, &guarded.permit, place, (version(&seen), &decision), Some(&key)).await?;
    Ok(versioned(&answer))
}

/// The support programmes in which one's hospital was chosen.
#[utoipa::path(tag = "programs", operation_id = "list_own_programs", security(("bearer" = [])), responses(
    (status = 200, description = "program, fiscal_year, title; from acceptance on", body = Vec<Object>),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
))]
#[get("/api/v1/programs/mine")]
pub async fn list_own_programs(state: web::Data<State>, guarded: Guarded<ReadOwnSupport>) -> Result<HttpResponse, ApiError> {
    Ok(HttpResponse::Ok().json(lists::chosen_programs(&state, &guarded.permit).await?))
}

fn version(seen: &MaybeSeenVersion) -> Option<i32> {
    // A tag that no list ever had is no version of this one.
    seen.0.map(|seen| match seen {
        Seen::Version(version) => version,
        Seen::Nothing => 0,
    })
}
