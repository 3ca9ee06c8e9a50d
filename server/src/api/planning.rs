//! Planning a programme: coverage, effort, and a plan over years. Nothing is stored.

use actix_web::{get, web};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::programs::planning::coverage::{self, CoverageReport};
use crate::app::programs::planning::effort::{self, EffortReport, Of};
use crate::app::programs::planning::terms::{Asked, Per};
use crate::app::programs::planning::years::{self, PlanReport, Question};
use crate::app::programs::quotas::proposal::Method;
use crate::app::state::State;
use crate::auth::permit::ReadPrograms;

/// Whose cells.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CoverageQuery {
    /// Two digits; all that one may see if not given.
    prefecture: Option<String>,
}

/// How many of the hospitals that the programme froze have an electronic health record, were supported in an earlier year, are chosen now, and remain. Who
/// did not answer is counted apart. A prefecture sees its own cells, the ministry all.
#[utoipa::path(tag = "programs", operation_id = "read_coverage", security(("bearer" = [])), params(("program" = String, Path), CoverageQuery), responses(
    (status = 200, description = "`cells`, `prefectures`, `bands`, `total`: `hospitals` by kind (`ehr`, `no_ehr`, `unclear`, `unanswered`, `left`), of each \
        `supported`, `proposed`, `handed_in`, `returned`, `accepted`, `remaining`", body = Object),
    (status = 400, description = "query_invalid, prefecture_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/coverage")]
pub async fn read_coverage(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<String>,
    query: web::Query<CoverageQuery>,
) -> Result<web::Json<CoverageReport>, ApiError> {
    let place = query.prefecture.as_deref().map(prefecture).transpose()?;
    Ok(web::Json(coverage::read(&state, &guarded.permit, &path, place).await?))
}

/// What is counted, and by what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EffortQuery {
    /// `quota` (those in force, if not given), `chosen` (on this programme's lists), `remaining` (with a health record, on no list).
    #[serde(default)]
    #[param(value_type = Option<String>)]
    of: Of,
    /// Two digits; all that one may see if not given.
    prefecture: Option<String>,
    /// What-if: person-days of a hospital of each band, the smallest first, such as `5,10,20`.
    person_days: Option<String>,
    /// What-if: days of a team for a hospital of each band, such as `1.6,3.3,6.6`; needs `surveyors`.
    days: Option<String>,
    /// Surveyors of a team; the most for which days are known if not given.
    surveyors: Option<u8>,
    /// Teams that work side by side: then there is a `calendar`.
    teams: Option<u64>,
    /// `nation` (usual): so many teams in all. `prefecture` (usual for a prefecture): so many in every prefecture.
    #[param(value_type = Option<String>)]
    per: Option<Per>,
    /// The first day, such as 2024-04-01; 1 April of the fiscal year if not given.
    from: Option<NaiveDate>,
    /// By when all shall be done: then `calendar` says how many teams that needs.
    until: Option<NaiveDate>,
}

/// Person-days, days of a team, and the calendar of teams that work side by side, by cell, prefecture and band. A prefecture sees its own cells, the ministry all.
#[utoipa::path(tag = "programs", operation_id = "read_effort", security(("bearer" = [])), params(("program" = String, Path), EffortQuery), responses(
    (status = 200, description = "`terms`, `cells`, `prefectures`, `bands`, `total`: `hospitals`, `person_days` and `team_days` by surveyors, in tenths; \
        `calendar` with `working_days`, `ends_on`, `teams_needed`, `holidays_known`", body = Object),
    (status = 400, description = "query_invalid, prefecture_invalid, planning_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/effort")]
pub async fn read_effort(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<String>,
    query: web::Query<EffortQuery>,
) -> Result<web::Json<EffortReport>, ApiError> {
    let query = query.into_inner();
    let place = query.prefecture.as_deref().map(prefecture).transpose()?;
    let asked = Asked {
        person_days: query.person_days,
        days: query.days,
        surveyors: query.surveyors,
        teams: query.teams,
        per: query.per,
        from: query.from,
        until: query.until,
    };
    Ok(web::Json(
        effort::read(&state, &guarded.permit, &path, (query.of, place), &asked).await?,
    ))
}

/// What is planned, and by what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlanQuery {
    /// Hospitals of the nation for each year from the programme's on, such as `2000,2000`.
    totals: String,
    /// How a total is given to cells: `largest_remainder` (if not given) or `biproportional`.
    #[param(value_type = Option<String>)]
    method: Option<Method>,
    /// Two digits; all that one may see if not given.
    prefecture: Option<String>,
    /// What-if: person-days of a hospital of each band, the smallest first, such as `5,10,20`.
    person_days: Option<String>,
    /// What-if: days of a team for a hospital of each band, such as `1.6,3.3,6.6`; needs `surveyors`.
    days: Option<String>,
    /// Surveyors of a team; the most for which days are known if not given.
    surveyors: Option<u8>,
    /// Teams that work side by side: then every year has a `calendar`.
    teams: Option<u64>,
    /// `nation` (usual): so many teams in all. `prefecture` (usual for a prefecture): so many in every prefecture.
    #[param(value_type = Option<String>)]
    per: Option<Per>,
    /// The first day of the first year, and a year later of the next; 1 April of the fiscal year if not given.
    from: Option<NaiveDate>,
    /// By when the first year shall be done, and a year later the next.
    until: Option<NaiveDate>,
}

/// A plan over years: each year's total given to cells by what remains in them, what it takes, and what remains uncovered. The plan is the nation's; a prefecture
/// sees its own rows of it, the ministry all.
#[utoipa::path(tag = "programs", operation_id = "read_plan", security(("bearer" = [])), params(("program" = String, Path), PlanQuery), responses(
    (status = 200, description = "`open`, `unknown`, `uncovered`, `terms`, `years`: `fiscal_year`, `asked`, `beyond_remaining`, `remaining`, `cells`, `prefectures`, \
        `bands`, `total` as of effort", body = Object),
    (status = 400, description = "query_invalid, prefecture_invalid, planning_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted, prefecture_not_yours", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
    (status = 422, description = "quota_infeasible: a year that `biproportional` cannot give out; try `largest_remainder`", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/plan")]
pub async fn read_plan(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<String>,
    query: web::Query<PlanQuery>,
) -> Result<web::Json<PlanReport>, ApiError> {
    let query = query.into_inner();
    let question = Question {
        totals: query.totals,
        method: query.method.unwrap_or(Method::LargestRemainder),
        prefecture: query.prefecture.as_deref().map(prefecture).transpose()?,
    };
    let asked = Asked {
        person_days: query.person_days,
        days: query.days,
        surveyors: query.surveyors,
        teams: query.teams,
        per: query.per,
        from: query.from,
        until: query.until,
    };
    Ok(web::Json(years::read(&state, &guarded.permit, &path, &question, &asked).await?))
}
