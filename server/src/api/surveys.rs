//! Surveys, editions with their questions, blank templates.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use survey::edition::Edition;
use survey::question::{Kind, Question};
use survey::survey::Survey;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::guard::Guarded;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::state::State;
use crate::app::statistics::WORKBOOK;
use crate::app::times::Announced;
use crate::app::{surveys, windows};
use crate::auth::permit::ReadSurveys;

/// A survey.
#[derive(Serialize, ToSchema)]
#[schema(as = Survey)]
pub struct SurveyJson {
    id: String,
    title: String,
    /// Ids of its printed versions, the first first.
    editions: Vec<String>,
    /// When it takes answers.
    windows: Vec<WindowJson>,
}

/// When a survey takes answers.
#[derive(Serialize, ToSchema)]
#[schema(as = Window)]
pub struct WindowJson {
    id: Uuid,
    /// First instant.
    pub opens: DateTime<Utc>,
    /// Last second, included.
    pub closes: DateTime<Utc>,
    /// `notice`, or why it was opened again.
    pub reason: String,
    /// If it ends, or ended, before its announced end.
    pub closed_early: Option<ClosureJson>,
}

/// An earlier end of a window.
#[derive(Serialize, ToSchema)]
#[schema(as = Closure)]
pub struct ClosureJson {
    /// The last second as it was announced.
    announced: DateTime<Utc>,
    /// Why.
    reason: String,
}

impl From<Announced> for WindowJson {
    fn from(announced: Announced) -> WindowJson {
        let closes = announced.closes();
        let Announced { window, closure } = announced;
        WindowJson {
            id: window.id,
            opens: window.opens,
            closes,
            reason: window.reason,
            closed_early: closure.map(|closure| ClosureJson {
                announced: window.closes,
                reason: closure.reason,
            }),
        }
    }
}

impl SurveyJson {
    fn of(survey: &Survey, windows: Vec<Announced>) -> SurveyJson {
        SurveyJson {
            id: survey.id().to_string(),
            title: survey.title().to_owned(),
            editions: survey.editions().iter().map(|edition| edition.id().to_string()).collect(),
            windows: windows.into_iter().map(WindowJson::from).collect(),
        }
    }
}

/// All surveys, the intake forms of programmes last.
#[utoipa::path(tag = "surveys", operation_id = "list_surveys", security(("bearer" = [])), responses(
    (status = 200, description = "The earliest first", body = Vec<SurveyJson>),
    (status = 401, description = "Not signed in", body = ProblemJson),
))]
#[get("/api/v1/surveys")]
pub async fn list_surveys(state: web::Data<State>, guarded: Guarded<ReadSurveys>) -> Result<web::Json<Vec<SurveyJson>>, ApiError> {
    let mut list = Vec::new();
    for survey in survey::all() {
        list.push(SurveyJson::of(survey, windows::list(&state, &guarded.permit, survey).await?));
    }
    Ok(web::Json(list))
}

/// One survey.
#[utoipa::path(tag = "surveys", operation_id = "read_survey", security(("bearer" = [])), params(("survey" = String, Path)), responses(
    (status = 200, description = "The survey", body = SurveyJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}")]
pub async fn read_survey(
    state: web::Data<State>,
    guarded: Guarded<ReadSurveys>,
    path: web::Path<String>,
) -> Result<web::Json<SurveyJson>, ApiError> {
    let survey = surveys::known(&path)?;
    Ok(web::Json(SurveyJson::of(
        survey,
        windows::list(&state, &guarded.permit, survey).await?,
    )))
}

/// A printed version of a questionnaire.
#[derive(Serialize, ToSchema)]
#[schema(as = Edition)]
pub struct EditionJson {
    id: String,
    survey: String,
    /// SHA-256 of its canonical form.
    hash: String,
    /// SHA-256 of the slot layout.
    layout_hash: String,
    questions: Vec<QuestionJson>,
}

/// A question.
#[derive(Serialize, ToSchema)]
#[schema(as = Question)]
pub struct QuestionJson {
    key: String,
    /// As printed, where it is documented.
    number: Option<String>,
    section: String,
    label: String,
    item_wording: String,
    guide_wording: String,
    guidance: String,
    /// Who is asked, in words.
    base: String,
    /// respondent, yes_no, one, several or text.
    r#type: String,
    required: bool,
    choices: Vec<ChoiceJson>,
    fields: Vec<FieldJson>,
}

/// An option.
#[derive(Serialize, ToSchema)]
#[schema(as = Choice)]
pub struct ChoiceJson {
    key: String,
    code: u8,
    label: String,
    /// Excludes all others.
    exclusive: bool,
}

/// A field of the respondent.
#[derive(Serialize, ToSchema)]
#[schema(as = Field)]
pub struct FieldJson {
    key: String,
    label: String,
}

impl From<&Edition> for EditionJson {
    fn from(edition: &Edition) -> EditionJson {
        EditionJson {
            id: edition.id().to_string(),
            survey: edition.survey().to_string(),
            hash: edition.hash().to_owned(),
            layout_hash: edition.layout().hash().to_owned(),
            questions: edition.questions().iter().map(QuestionJson::from).collect(),
        }
    }
}

impl From<&Question> for QuestionJson {
    fn from(question: &Question) -> QuestionJson {
        let (kind, fields) = match &question.kind {
            Kind::Respondent(fields) => ("respondent", fields.as_slice()),
            Kind::YesNo(_) => ("yes_no", [].as_slice()),
            Kind::One(_) => ("one", [].as_slice()),
            Kind::Several(_) => ("several", [].as_slice()),
            Kind::Text(_) => ("text", [].as_slice()),
        };
        let choices = if matches!(question.kind, Kind::Text(_)) {
            &[]
        } else {
            question.choices()
        };
        QuestionJson {
            key: question.key.to_string(),
            number: question.number.clone(),
            section: question.section.clone(),
            label: question.label.clone(),
            item_wording: question.item_wording.clone(),
            guide_wording: question.guide_wording.clone(),
            guidance: question.guidance.clone(),
            base: question.base.clone(),
            r#type: kind.to_owned(),
            required: question.required,
            choices: choices
                .iter()
                .map(|choice| ChoiceJson {
                    key: choice.key.clone(),
                    code: choice.code,
                    label: choice.label.clone(),
                    exclusive: choice.exclusive,
                })
                .collect(),
            fields: fields
                .iter()
                .map(|field| FieldJson {
                    key: field.key.clone(),
                    label: field.label.clone(),
                })
                .collect(),
        }
    }
}

/// One edition with its questions.
#[utoipa::path(tag = "surveys", operation_id = "read_edition", security(("bearer" = [])),
    params(("survey" = String, Path), ("edition" = String, Path, description = "Name or id")), responses(
    (status = 200, description = "The edition", body = EditionJson),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 404, description = "survey_unknown, edition_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/editions/{edition}")]
pub async fn read_edition(_guarded: Guarded<ReadSurveys>, path: web::Path<(String, String)>) -> Result<web::Json<EditionJson>, ApiError> {
    let (survey, edition) = path.into_inner();
    Ok(web::Json(EditionJson::from(surveys::edition(
        surveys::known(&survey)?,
        Some(&edition),
    )?)))
}

/// The JSON Schema of an edition's answers, for programs that send them.
#[utoipa::path(tag = "surveys", operation_id = "read_schema", security(("bearer" = [])),
    params(("survey" = String, Path), ("edition" = String, Path, description = "Name or id")), responses(
    (status = 200, description = "JSON Schema, draft 2020-12, of the answers object", body = Value, content_type = "application/schema+json"),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 404, description = "survey_unknown, edition_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/editions/{edition}/schema")]
pub async fn read_schema(_guarded: Guarded<ReadSurveys>, path: web::Path<(String, String)>) -> Result<HttpResponse, ApiError> {
    let (survey, edition) = path.into_inner();
    let edition = surveys::edition(surveys::known(&survey)?, Some(&edition))?;
    Ok(HttpResponse::Ok()
        .content_type("application/schema+json")
        .body(survey::schema::json_schema(edition).to_string()))
}

/// A workbook as a download.
pub fn workbook(name: &str, bytes: Vec<u8>) -> HttpResponse {
    download(name, WORKBOOK, bytes)
}

/// Bytes as a download under an ASCII name.
pub fn download(name: &str, media_type: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Cache-Control", "no-store"))
        .body(bytes)
}
