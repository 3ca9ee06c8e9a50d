//! Support programmes.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::guard::Guarded;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::programs::{self, NewProgram};
use crate::app::state::State;
use crate::auth::permit::{ReadPrograms, SetQuotas};
use crate::db::programs::ProgramRow;

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
    };
    Ok(HttpResponse::Created().json(ProgramJson::from(programs::open(&state, &guarded.permit, &new).await?)))
}
