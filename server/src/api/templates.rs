//! Templates: blank ones for anybody, stamped and prefilled ones for hospitals.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::guard::Guarded;
use crate::api::problem::{ApiError, ProblemJson};
use crate::api::surveys::workbook;
use crate::app::state::State;
use crate::app::surveys;
use crate::app::templates::{self, For, Prefill};
use crate::auth::permit::{ReadAnswers, ReadSurveys};
use crate::error::AppError;

/// Which edition's template.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TemplateQuery {
    /// Name or id; the first if not given.
    edition: Option<String>,
}

/// Which edition's template, and what stands in it.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FilledTemplateQuery {
    /// Name or id; the first if not given.
    edition: Option<String>,
    /// With what was answered last: to this survey, else to an earlier one where both ask the same.
    #[serde(default)]
    prefill: bool,
}

impl FilledTemplateQuery {
    fn prefill(&self) -> Prefill {
        if self.prefill { Prefill::LastAnswers } else { Prefill::Blank }
    }
}

/// A blank workbook: `form` for one hospital, `bulk` with a row for each hospital.
#[utoipa::path(tag = "templates", operation_id = "download_template", security(("bearer" = [])),
    params(("survey" = String, Path), ("layout" = String, Path, description = "form or bulk"), TemplateQuery), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 400, description = "query_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 404, description = "survey_unknown, edition_unknown, template_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/templates/{layout}")]
pub async fn download_template(
    state: web::Data<State>,
    _guarded: Guarded<ReadSurveys>,
    path: web::Path<(String, String)>,
    query: web::Query<TemplateQuery>,
) -> Result<HttpResponse, ApiError> {
    let (survey, layout) = path.into_inner();
    let edition = surveys::edition(surveys::known(&survey)?, query.edition.as_deref())?;
    let bytes = templates::blank(&state, edition, &layout)?
        .ok_or_else(|| AppError::not_found("template_unknown", "様式は form（1病院用）か bulk（一括用）を指定してください。"))?;
    Ok(workbook(&format!("template_{}_{layout}.xlsx", edition.id()), bytes))
}

/// A hospital's own form: stamped for it, and prefilled if one likes.
#[utoipa::path(tag = "templates", operation_id = "download_hospital_template", security(("bearer" = [])),
    params(("survey" = String, Path), ("hospital" = String, Path, description = "G-MIS ID"), FilledTemplateQuery), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 400, description = "query_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, edition_unknown, hospital_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/hospitals/{hospital}/template")]
pub async fn download_hospital_template(
    state: web::Data<State>,
    guarded: Guarded<ReadAnswers>,
    path: web::Path<(String, String)>,
    query: web::Query<FilledTemplateQuery>,
) -> Result<HttpResponse, ApiError> {
    let (survey, hospital) = path.into_inner();
    let (survey, whose) = (surveys::known(&survey)?, For::Hospital(hospital));
    let what = (&whose, query.prefill());
    let bytes = templates::of_hospitals(&state, &guarded.permit, survey, query.edition.as_deref(), what).await?;
    Ok(workbook(&format!("template_{}_form.xlsx", survey.id()), bytes))
}

/// A table with a row for each hospital that one may see, prefilled if one likes.
#[utoipa::path(tag = "templates", operation_id = "download_area_template", security(("bearer" = [])),
    params(("survey" = String, Path), FilledTemplateQuery), responses(
    (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 400, description = "query_invalid", body = ProblemJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 403, description = "role_not_permitted", body = ProblemJson),
    (status = 404, description = "survey_unknown, edition_unknown", body = ProblemJson),
    (status = 409, description = "too_many_hospitals", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/hospitals-template")]
pub async fn download_area_template(
    state: web::Data<State>,
    guarded: Guarded<ReadAnswers>,
    path: web::Path<String>,
    query: web::Query<FilledTemplateQuery>,
) -> Result<HttpResponse, ApiError> {
    let survey = surveys::known(&path)?;
    let what = (&For::Visible, query.prefill());
    let bytes = templates::of_hospitals(&state, &guarded.permit, survey, query.edition.as_deref(), what).await?;
    Ok(workbook(&format!("template_{}_bulk.xlsx", survey.id()), bytes))
}
