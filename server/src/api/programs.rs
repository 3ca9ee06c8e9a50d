//! Support programmes.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, post, web};
use analytics::program::{Effort, FormColumn};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use survey::band::Banding;
use utoipa::ToSchema;

use crate::api::guard::Guarded;
use crate::api::hospitals::prefecture;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::programs::{self, Consent, NewProgram, Terms};
use crate::app::state::State;
use crate::auth::permit::{ReadPrograms, SetQuotas};
use crate::db::programs::{ExtensionRow, ProgramRow};
use crate::error::AppError;

/// A programme.
#[derive(Serialize, ToSchema)]
#[schema(as = Program)]
pub struct ProgramJson {
    id: String,
    fiscal_year: i32,
    title: String,
    /// Surveys whose answers decide, the latest first.
    surveys: Vec<String>,
    /// The recorded rule on using answers.
    use_rule: String,
    /// The national default of the criteria.
    #[schema(value_type = Object)]
    criteria: Value,
    deadline: DateTime<Utc>,
    opened_at: DateTime<Utc>,
    /// `survey` (six bands) or `program` (three).
    banding: String,
    /// `rule`, or `recorded`: only with the hospital's consent.
    consent: String,
    /// The survey that is its intake form.
    intake_survey: Option<String>,
    /// By band: `person_days` and `days` by the number of surveyors, in tenths.
    #[schema(value_type = Object)]
    effort: Value,
    /// Columns of its form: `field` and `header`.
    #[schema(value_type = Vec<Object>)]
    form: Value,
}

impl From<ProgramRow> for ProgramJson {
    fn from(row: ProgramRow) -> ProgramJson {
        ProgramJson {
            id: row.id,
            fiscal_year: row.fiscal_year,
            title: row.title,
            surveys: row.surveys,
            use_rule: row.use_rule,
            criteria: row.criteria,
            deadline: row.deadline,
            opened_at: row.opened_at,
            banding: row.banding,
            consent: row.consent,
            intake_survey: row.intake_survey,
            effort: row.effort,
            form: row.form,
        }
    }
}

/// All programmes, the newest first.
#[utoipa::path(tag = "programs", operation_id = "list_programs", security(("bearer" = [])), responses(
    (status = 200, description = "The programmes", body = Vec<ProgramJson>),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
))]
#[get("/api/v1/programs")]
pub async fn list_programs(state: web::Data<State>, guarded: Guarded<ReadPrograms>) -> Result<web::Json<Vec<ProgramJson>>, ApiError> {
    let rows = programs::list(&state, &guarded.permit).await?;
    Ok(web::Json(rows.into_iter().map(ProgramJson::from).collect()))
}

/// What opens a programme.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProgramJson {
    /// Short name: letters, digits, - and _.
    id: String,
    /// Western year.
    fiscal_year: i32,
    /// Japanese title.
    title: String,
    /// Surveys whose answers decide, the latest first; the first one's frame gives hospitals and beds.
    surveys: Vec<String>,
    /// The rule that lets answers be used for choosing; it is recorded.
    use_rule: String,
    /// When lists are due.
    deadline: DateTime<Utc>,
    /// `survey` (six bands) or `program` (three, usual).
    banding: Option<String>,
    /// `rule` (usual), or `recorded`: only with the hospital's consent in the intake form.
    #[schema(value_type = Option<String>)]
    consent: Option<Consent>,
    /// The survey that is its intake form (意向調査).
    intake_survey: Option<String>,
    /// By band: `person_days` and `days` by the number of surveyors, in tenths; as the notice estimates if not given.
    #[schema(value_type = Option<Object>)]
    effort: Option<BTreeMap<String, Effort>>,
    /// Columns of its form: `field` and `header`; the usual ones if not given.
    #[schema(value_type = Option<Vec<Object>>)]
    form: Option<Vec<FormColumn>>,
}

/// Opens a programme.
#[utoipa::path(tag = "programs", operation_id = "create_program", security(("bearer" = [])), request_body = NewProgramJson, responses(
    (status = 201, description = "Opened", body = ProgramJson),
    (status = 400, description = "body_invalid, program_invalid, time_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
    (status = 409, description = "program_exists", body = ProblemJson),
))]
#[post("/api/v1/programs")]
pub async fn create_program(
    state: web::Data<State>,
    guarded: Guarded<SetQuotas>,
    body: web::Json<NewProgramJson>,
) -> Result<HttpResponse, ApiError> {
    let body = body.into_inner();
    let new = NewProgram {
        id: body.id,
        fiscal_year: body.fiscal_year,
        title: body.title,
        surveys: body.surveys,
        use_rule: body.use_rule,
        deadline: body.deadline,
        terms: Terms {
            banding: banding(body.banding.as_deref())?,
            consent: body.consent.unwrap_or(Consent::Rule),
            intake_survey: body.intake_survey,
            effort: body.effort,
            form: body.form,
        },
    };
    Ok(HttpResponse::Created().json(ProgramJson::from(programs::open(&state, &guarded.permit, &new).await?)))
}

fn banding(text: Option<&str>) -> Result<Banding, AppError> {
    let unknown = |error| {
        tracing::debug!(%error, "banding refused");
        AppError::invalid("program_invalid", "病床規模区分には survey または program を指定してください。").at("banding")
    };
    text.map_or(Ok(Banding::Program), |text| Banding::parse(text).map_err(unknown))
}

/// A longer deadline of a prefecture.
#[derive(Serialize, ToSchema)]
#[schema(as = ProgramExtension)]
pub struct ExtensionJson {
    /// Two digits.
    prefecture: String,
    /// Last moment, included.
    deadline: DateTime<Utc>,
    reason: String,
    granted_at: DateTime<Utc>,
}

impl From<ExtensionRow> for ExtensionJson {
    fn from(row: ExtensionRow) -> ExtensionJson {
        ExtensionJson {
            prefecture: format!("{:02}", row.prefecture),
            deadline: row.deadline,
            reason: row.reason,
            granted_at: row.granted_at,
        }
    }
}

/// What extends a deadline.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExtensionJson {
    /// Two digits.
    prefecture: String,
    /// Last moment, included; may also be earlier than one that was granted before.
    deadline: DateTime<Utc>,
    /// Why; it is recorded.
    reason: String,
}

/// The longer deadlines in force: a prefecture's own, the ministry's all.
#[utoipa::path(tag = "programs", operation_id = "list_program_extensions", security(("bearer" = [])), params(("program" = String, Path)), responses(
    (status = 200, description = "By prefecture", body = Vec<ExtensionJson>),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[get("/api/v1/programs/{program}/extensions")]
pub async fn list_program_extensions(
    state: web::Data<State>,
    guarded: Guarded<ReadPrograms>,
    path: web::Path<String>,
) -> Result<web::Json<Vec<ExtensionJson>>, ApiError> {
    let rows = programs::extensions(&state, &guarded.permit, &path).await?;
    Ok(web::Json(rows.into_iter().map(ExtensionJson::from).collect()))
}

/// Grants a prefecture a longer deadline.
#[utoipa::path(tag = "programs", operation_id = "extend_program", security(("bearer" = [])), params(("program" = String, Path)),
    request_body = NewExtensionJson, responses(
    (status = 201, description = "Granted", body = ExtensionJson),
    (status = 400, description = "body_invalid, prefecture_invalid, reason_missing, reason_too_long, time_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "program_unknown", body = ProblemJson),
))]
#[post("/api/v1/programs/{program}/extensions")]
pub async fn extend_program(
    state: web::Data<State>,
    guarded: Guarded<SetQuotas>,
    path: web::Path<String>,
    body: web::Json<NewExtensionJson>,
) -> Result<HttpResponse, ApiError> {
    let place = prefecture(&body.prefecture)?;
    let row = programs::extend(&state, &guarded.permit, &path, place, (body.deadline, &body.reason)).await?;
    Ok(HttpResponse::Created().json(ExtensionJson::from(row)))
}
