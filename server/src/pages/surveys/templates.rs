//! Workbooks to fill in: of one hospital, or with a row for each hospital that one may see.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;

use crate::api::surveys::workbook;
use crate::app::state::State;
use crate::app::surveys;
use crate::app::templates::{self, For, Prefill};
use crate::auth::permit::ReadAnswers;
use crate::pages::error::PageError;
use crate::pages::visitor::Visitor;

/// Which printing, and what stands in it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    edition: String,
    /// Anything but empty: what was answered last.
    prefill: String,
}

impl Query {
    fn edition(&self) -> Option<&str> {
        Some(self.edition.as_str()).filter(|name| !name.is_empty())
    }

    fn prefill(&self) -> Prefill {
        if self.prefill.is_empty() {
            Prefill::Blank
        } else {
            Prefill::LastAnswers
        }
    }
}

/// A hospital's form.
///
/// # Errors
/// `survey_unknown`, `edition_unknown`, `hospital_unknown`; or the database is away.
#[get("/surveys/{survey}/hospitals/{hospital}/template.xlsx")]
pub async fn download_hospital_template(
    state: web::Data<State>,
    visitor: Visitor<ReadAnswers>,
    place: web::Path<(String, String)>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let (survey, gmis) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let name = format!("template_{}_{gmis}.xlsx", survey.id());
    let what = (&For::Hospital(gmis), query.prefill());
    let bytes = templates::of_hospitals(&state, &visitor.permit, survey, query.edition(), what).await?;
    // The hospital was found: its ID holds letters and digits only.
    Ok(workbook(&name, bytes))
}

/// A table with a row for each hospital that one may see.
///
/// # Errors
/// `survey_unknown`, `edition_unknown`, `too_many_hospitals`; or the database is away.
#[get("/surveys/{survey}/template.xlsx")]
pub async fn download_area_template(
    state: web::Data<State>,
    visitor: Visitor<ReadAnswers>,
    place: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    let what = (&For::Visible, query.prefill());
    let bytes = templates::of_hospitals(&state, &visitor.permit, survey, query.edition(), what).await?;
    Ok(workbook(&format!("template_{}_bulk.xlsx", survey.id()), bytes))
}
