//! The table explorer: which question, whose hospitals, which rows, which conditions; all of it stands in the address bar. Counts nothing.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, get, web};
use analytics::{Dimension, Filter, Table, TableRequest};
use survey::area::Area;
use survey::attribute::{Vocabulary, catalogue};
use survey::band::Banding;
use survey::bands::Bands;
use survey::indicator;
use survey::question::QuestionKey;
use survey::survey::Survey;

use super::overviews::{area_of, svg};
use super::table_views;
use crate::api::surveys::workbook;
use crate::app::state::State;
use crate::app::{statistics, surveys};
use crate::auth::permit::ReadTables;
use crate::error::AppError;
use crate::pages::answers::given::{self, Sent};
use crate::pages::error::PageError;
use crate::pages::page::show;
use crate::pages::visitor::Visitor;

/// What a query asks for: a table, and of which option its picture is.
pub struct Wish {
    /// The table.
    pub request: TableRequest,
    /// Key of an option, or empty.
    pub option: String,
}

/// Shows a table with the form that asks for it.
///
/// # Errors
/// `survey_unknown`, `area_invalid`, `area_not_yours`, `by_invalid`, `banding_invalid`, `filter_invalid`, `question_unknown`; or the database is away.
#[get("/surveys/{survey}/table")]
pub async fn read_table(
    state: web::Data<State>,
    visitor: Visitor<ReadTables>,
    place: web::Path<String>,
    query: web::Query<Sent>,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    let (wish, table) = counted(&state, &visitor, survey, &query).await?;
    let has_picture = statistics::picture(&table, &wish.option).is_ok();
    let compared = table_views::released(&state, &visitor, survey, &table).await?;
    let shown = table_views::page(&visitor, survey, (&wish, &query), &table, request.query_string());
    Ok(show(&shown.pictured(has_picture).compared(compared)))
}

/// The picture of a table.
///
/// # Errors
/// As [`read_table`]; `picture_crossed`.
#[get("/surveys/{survey}/table.svg")]
pub async fn draw_table(
    state: web::Data<State>,
    visitor: Visitor<ReadTables>,
    place: web::Path<String>,
    query: web::Query<Sent>,
) -> Result<HttpResponse, PageError> {
    let (wish, table) = counted(&state, &visitor, surveys::known(&place)?, &query).await?;
    Ok(svg(statistics::picture(&table, &wish.option)?))
}

/// A table as CSV.
///
/// # Errors
/// As [`read_table`].
#[get("/surveys/{survey}/table.csv")]
pub async fn download_csv(
    state: web::Data<State>,
    visitor: Visitor<ReadTables>,
    place: web::Path<String>,
    query: web::Query<Sent>,
) -> Result<HttpResponse, PageError> {
    let (_, table) = counted(&state, &visitor, surveys::known(&place)?, &query).await?;
    let name = format!("attachment; filename=\"{}.csv\"", file_name(&table));
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, name))
        .body(statistics::table_csv(table).await?))
}

/// A table as a workbook.
///
/// # Errors
/// As [`read_table`].
#[get("/surveys/{survey}/table.xlsx")]
pub async fn download_xlsx(
    state: web::Data<State>,
    visitor: Visitor<ReadTables>,
    place: web::Path<String>,
    query: web::Query<Sent>,
) -> Result<HttpResponse, PageError> {
    let (_, table) = counted(&state, &visitor, surveys::known(&place)?, &query).await?;
    let name = format!("{}.xlsx", file_name(&table));
    Ok(workbook(&name, statistics::table_xlsx(table).await?))
}

/// Keys and codes are ASCII.
fn file_name(table: &Table) -> String {
    format!("table_{}_{}_{}", table.survey, table.question, table.area)
}

async fn counted(
    state: &State,
    visitor: &Visitor<ReadTables>,
    survey: &'static Survey,
    query: &Sent,
) -> Result<(Wish, Arc<Table>), AppError> {
    let wish = wish(survey, area_of(visitor)?, query)?;
    let table = statistics::table(state, &visitor.permit, survey, wish.request.clone()).await?;
    Ok((wish, table))
}

fn wish(survey: &'static Survey, own: Area, query: &Sent) -> Result<Wish, AppError> {
    let value = |name: &str| given::value(query, name).unwrap_or_default().trim();
    let banding = match value("banding") {
        "" => Bands::from(Banding::Survey),
        text => statistics::banding(text)?,
    };
    let question = match value("question") {
        "" => questions(survey).first().map(|(key, _)| key.clone()).unwrap_or_default(),
        key => key.to_owned(),
    };
    let (first, second) = (value("by"), value("and"));
    let by = match (first, second) {
        ("" | "area", "" | "area") => "area".to_owned(),
        ("" | "area", only) | (only, "" | "area") => only.to_owned(),
        (first, second) if first == second => first.to_owned(),
        (first, second) => format!("{first},{second}"),
    };
    Ok(Wish {
        request: TableRequest {
            question: QuestionKey::from(question.as_str()),
            area: match value("area") {
                "" => own,
                text => statistics::area(text)?,
            },
            by: statistics::by(&by)?,
            filters: filters(query, &banding)?,
            banding,
            estimates: !value("estimates").is_empty(),
        },
        option: value("option").to_owned(),
    })
}

/// The conditions: one for each field that is filled in. A class of another banding than the chosen one is none.
fn filters(query: &Sent, banding: &Bands) -> Result<Vec<Filter>, AppError> {
    let value = |name: &str| given::value(query, name).unwrap_or_default().trim();
    let mut filters = Vec::new();
    for key in conditions() {
        let text = value(&format!("only.{key}"));
        let fits = key != "band" || banding.ranges().iter().any(|range| range.key == text);
        if !text.is_empty() && fits {
            filters.push(statistics::filter(&format!("{key}={text}"))?);
        }
    }
    match value("given") {
        "" => {}
        text => filters.push(statistics::filter(text)?),
    }
    Ok(filters)
}

/// What can be asked for as a condition by a list: regions, bands, attributes with values.
pub fn conditions() -> impl Iterator<Item = &'static str> {
    let valued = |attribute: &&'static survey::attribute::Attribute| matches!(attribute.vocabulary, Vocabulary::Values(_));
    let attributes = catalogue()
        .attributes()
        .iter()
        .filter(valued)
        .map(|attribute| attribute.key.as_str());
    [Dimension::Region, Dimension::Band]
        .map(Dimension::as_str)
        .into_iter()
        .chain(attributes)
}

/// What can be counted: the coded questions, then the indicators; key and words.
pub fn questions(survey: &'static Survey) -> Vec<(String, String)> {
    let coded = survey.questions().iter().filter(|question| question.is_coded());
    let questions = coded.map(|question| (question.key.to_string(), question.heading()));
    let indicators = indicator::of(survey).iter();
    questions
        .chain(indicators.map(|indicator| (indicator.key.to_string(), format!("指標：{}", indicator.label))))
        .collect()
}
