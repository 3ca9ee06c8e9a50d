//! What tables can be asked for beside questions: the indicators of a survey and the attributes of hospitals, with their values.

use actix_web::{get, web};
use serde::Serialize;
use survey::attribute::{Attribute, Vocabulary, catalogue};
use survey::indicator::{self, Indicator};
use utoipa::ToSchema;

use crate::api::guard::Guarded;
use crate::api::problem::{ApiError, ProblemJson};
use crate::app::surveys;
use crate::auth::permit::ReadSurveys;

/// Conditions on several questions that are counted like one question.
#[derive(Serialize, ToSchema)]
#[schema(as = Indicator)]
pub struct IndicatorJson {
    /// As `question` of a table.
    key: String,
    label: String,
    /// Who is counted among whom, in words.
    definition: String,
    /// Keys of the questions that it looks at.
    questions: Vec<String>,
    /// Which hospitals it is asked of: those for which all of these hold; empty: all.
    among: Vec<String>,
    /// What must hold for a hospital to count, as filters are written.
    all: Vec<String>,
}

impl From<&Indicator> for IndicatorJson {
    fn from(indicator: &Indicator) -> IndicatorJson {
        IndicatorJson {
            key: indicator.key.to_string(),
            label: indicator.label.clone(),
            definition: indicator.note.clone(),
            questions: indicator.questions().into_iter().map(ToString::to_string).collect(),
            among: indicator.among.iter().map(ToString::to_string).collect(),
            all: indicator.all.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The indicators of a survey.
#[utoipa::path(tag = "surveys", operation_id = "list_indicators", security(("bearer" = [])), params(("survey" = String, Path)), responses(
    (status = 200, description = "In the order of files", body = Vec<IndicatorJson>),
    (status = 401, description = "Not signed in", body = ProblemJson),
    (status = 404, description = "survey_unknown", body = ProblemJson),
))]
#[get("/api/v1/surveys/{survey}/indicators")]
pub async fn list_indicators(_guarded: Guarded<ReadSurveys>, path: web::Path<String>) -> Result<web::Json<Vec<IndicatorJson>>, ApiError> {
    let survey = surveys::known(&path)?;
    Ok(web::Json(indicator::of(survey).iter().map(IndicatorJson::from).collect()))
}

/// Something that a frame may say of its hospitals beside place and beds.
#[derive(Serialize, ToSchema)]
#[schema(as = Attribute)]
pub struct AttributeJson {
    /// As in `by` and `filters`, and as a column of frames and masters.
    key: String,
    label: String,
    /// What it may be, in the order of rows; empty if it is a code.
    values: Vec<AttributeValueJson>,
    /// If it is a code, how many digits it has, the first two the prefecture's. Which codes there are is the frame's to say: rows by it list them.
    code_digits: Option<usize>,
}

/// A value of an attribute. Beside them there is always `unknown`, where the frame does not say.
#[derive(Serialize, ToSchema)]
#[schema(as = AttributeValue)]
pub struct AttributeValueJson {
    key: String,
    label: String,
}

impl From<&Attribute> for AttributeJson {
    fn from(attribute: &Attribute) -> AttributeJson {
        let value = |value: &survey::attribute::AttributeValue| AttributeValueJson {
            key: value.key.clone(),
            label: value.label.clone(),
        };
        AttributeJson {
            key: attribute.key.clone(),
            label: attribute.label.clone(),
            values: attribute.values().iter().map(value).collect(),
            code_digits: match attribute.vocabulary {
                Vocabulary::Values(_) => None,
                Vocabulary::Codes { digits } => Some(digits),
            },
        }
    }
}

/// The attributes that tables can be asked for by.
#[utoipa::path(tag = "statistics", operation_id = "list_attributes", security(("bearer" = [])), responses(
    (status = 200, description = "In the order of the catalogue", body = Vec<AttributeJson>),
    (status = 401, description = "Not signed in", body = ProblemJson),
))]
#[get("/api/v1/attributes")]
pub async fn list_attributes(_guarded: Guarded<ReadSurveys>) -> web::Json<Vec<AttributeJson>> {
    web::Json(catalogue().attributes().iter().map(AttributeJson::from).collect())
}
