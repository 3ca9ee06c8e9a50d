//! The hospitals of a survey's frame with how they stand: filtered by what stands in the address bar, page by page; and the list of those that are missing,
//! to print. Reads only.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, web};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use survey::area::Area;
use survey::band::{Band, Banding};
use survey::prefecture::PrefectureCode;
use survey::submission::{STATES, SubmissionState};
use survey::survey::Survey;
use uuid::Uuid;

use super::overviews::area_of;
use super::{Tabs, framed, own_page, path, tabs, with_query};
use crate::api::hospitals::prefecture;
use crate::api::surveys::workbook;
use crate::app::reminders::missing::{self, Chosen};
use crate::app::state::State;
use crate::app::{frames, reminders, statistics, surveys};
use crate::auth::permit::{ReadHospitals, RemindHospitals};
use crate::db::frames::{Filter, FrameRow, Standing, Wanted};
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{Choice, ChoiceField, Look};
use crate::pages::page::{Page, show};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// Hospitals on a page.
const MOST: i64 = 100;
/// Word of those that have to be chased.
const MISSING: &str = "missing";
/// Word of those that never began.
const UNANSWERED: &str = "unanswered";

/// Which hospitals; the whole of it stands in the address bar.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    prefecture: String,
    band: String,
    state: String,
    q: String,
    after: String,
}

/// One hospital of the list.
struct Row {
    gmis: String,
    name: String,
    prefecture: &'static str,
    beds: i32,
    band: &'static str,
    state: (&'static str, &'static str),
    since: String,
    reminded: String,
    href: String,
}

#[derive(Template)]
#[template(path = "surveys/hospitals.html")]
struct ListPage {
    page: Page,
    tabs: Tabs,
    fields: Vec<ChoiceField>,
    sought: String,
    action: String,
    rows: Vec<Row>,
    is_nation: bool,
    is_reminding: bool,
    caption: String,
    first: String,
    next: String,
    remind: String,
    print: String,
    template: String,
}

/// Lists hospitals.
///
/// # Errors
/// `survey_unknown`, `prefecture_invalid`, `band_invalid`, `state_invalid`; or the database is away.
#[get("/surveys/{survey}/hospitals")]
pub async fn list_hospitals(
    state: web::Data<State>,
    visitor: Visitor<ReadHospitals>,
    place: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    if let Some(own) = own_page(&state, &visitor, survey, "form").await? {
        return Ok(own);
    }
    let area = area_of(&visitor)?;
    let after = Some(query.after.as_str()).filter(|after| !after.is_empty());
    let mut rows = frames::list(&state, &visitor.permit, survey, filter(&query)?, after, MOST + 1).await?;
    // One more than is shown tells whether there is a next page.
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let is_more = rows.len() > most;
    rows.truncate(most);
    let permit = visitor.maybe::<RemindHospitals>();
    let reminded = match &permit {
        Some(permit) => {
            let shown: Vec<&FrameRow> = rows.iter().map(|(row, _)| row).collect();
            reminders::last(&state, permit, survey, &shown).await?
        }
        None => BTreeMap::new(),
    };
    let next = rows
        .last()
        .filter(|_| is_more)
        .map(|(row, _)| row.gmis_id.clone())
        .unwrap_or_default();
    let here = |after: &str| {
        with_query(
            &path(survey, "hospitals"),
            &[query.pairs().as_slice(), &[("after", after)]].concat(),
        )
    };
    let chased = whom(&area, &query);
    let rows = rows
        .into_iter()
        .map(|(row, standing)| line(survey, row, standing, &reminded))
        .collect::<Result<Vec<_>, AppError>>()?;
    let only_if_chasing = |page: &str| {
        // A search by name is no part of whom reminders mean.
        let may = permit.is_some() && query.q.is_empty() && matches!(query.state.as_str(), "" | MISSING | UNANSWERED);
        if may {
            with_query(
                &path(survey, page),
                &chased.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(),
            )
        } else {
            String::new()
        }
    };
    Ok(show(&ListPage {
        page: framed(&visitor, survey, "病院の一覧"),
        tabs: tabs(&visitor.who.role, survey, "hospitals"),
        fields: fields(&area, &query),
        sought: query.q.clone(),
        action: path(survey, "hospitals"),
        caption: format!(
            "{}の病院（{}件{}）",
            area.name(),
            words::count(rows.len()),
            if is_more { "以上" } else { "" }
        ),
        is_nation: area == Area::Nation,
        is_reminding: permit.is_some(),
        first: if query.after.is_empty() { String::new() } else { here("") },
        next: if next.is_empty() { next } else { here(&next) },
        remind: only_if_chasing("reminders"),
        print: only_if_chasing("missing.xlsx"),
        template: path(survey, "template.xlsx"),
        rows,
    }))
}

impl Query {
    fn pairs(&self) -> Vec<(&str, &str)> {
        vec![
            ("prefecture", self.prefecture.as_str()),
            ("band", self.band.as_str()),
            ("state", self.state.as_str()),
            ("q", self.q.as_str()),
        ]
    }
}

fn filter(query: &Query) -> Result<Filter, AppError> {
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok(Filter {
        prefecture: filled(&query.prefecture).map(|code| prefecture(&code)).transpose()?,
        band: filled(&query.band).map(|key| band(&key)).transpose()?,
        standing: filled(&query.state).map(|word| wanted(&word)).transpose()?,
        text: filled(&query.q),
    })
}

fn band(key: &str) -> Result<&'static Band, AppError> {
    let known = missing::band(key)?;
    Banding::Survey
        .band(known)
        .ok_or_else(|| AppError::internal("a band of the survey is none"))
}

fn wanted(word: &str) -> Result<Wanted, AppError> {
    match word {
        MISSING => Ok(Wanted::Missing),
        UNANSWERED => Ok(Wanted::Unanswered),
        _ => SubmissionState::parse(word).map(Wanted::State).map_err(|error| {
            tracing::debug!(%error, "state refused");
            AppError::invalid("state_invalid", "状態の指定が正しくありません。一覧で選び直してください。")
        }),
    }
}

fn fields(area: &Area, query: &Query) -> Vec<ChoiceField> {
    let field = |name: &str, label: &str, standing: &str, choices: Vec<(String, String)>| {
        let all = Choice::new("", "すべて", standing);
        let choices = choices.into_iter().map(|(value, label)| Choice::new(value, label, standing));
        ChoiceField::new(name, label, Look::List, std::iter::once(all).chain(choices).collect()).unmarked()
    };
    let mut fields = Vec::new();
    if *area == Area::Nation {
        let all = PrefectureCode::all().map(|code| (code.code(), code.name().to_owned())).collect();
        fields.push(field("prefecture", "都道府県", &query.prefecture, all));
    }
    let bands = Banding::Survey.bands().iter();
    let bands = bands.map(|band| (band.key.to_owned(), band.label.to_owned())).collect();
    fields.push(field("band", "病床規模", &query.band, bands));
    let mut states = vec![
        (MISSING.to_owned(), "提出していない病院すべて".to_owned()),
        (UNANSWERED.to_owned(), "未回答".to_owned()),
    ];
    states.extend(STATES.map(|state| (state.as_str().to_owned(), state.in_japanese().to_owned())));
    fields.push(field("state", "状態", &query.state, states));
    fields
}

fn line(survey: &Survey, row: FrameRow, standing: Option<Standing>, reminded: &BTreeMap<Uuid, DateTime<Utc>>) -> Result<Row, AppError> {
    let beds = frames::beds_of(row.beds)?;
    let band = Banding::Survey.bands().iter().find(|band| band.holds(beds));
    Ok(Row {
        href: path(survey, &format!("hospitals/{}", row.gmis_id)),
        prefecture: frames::prefecture_of(row.prefecture)?.name(),
        beds: row.beds,
        band: band.map_or("", |band| band.label),
        state: words::state(standing.map(|(state, ..)| state)),
        since: standing.map(|(_, since, _)| words::moment(since)).unwrap_or_default(),
        reminded: reminded.get(&row.hospital_id).copied().map(words::moment).unwrap_or_default(),
        gmis: row.gmis_id,
        name: row.name,
    })
}

/// Those that the filters mean, as reminders and the printed list take them.
fn whom(area: &Area, query: &Query) -> Vec<(&'static str, String)> {
    let chosen = Some(query.prefecture.clone()).filter(|code| !code.is_empty());
    vec![("area", chosen.unwrap_or_else(|| area.to_string())), ("band", query.band.clone())]
}

/// Which hospitals are printed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Printed {
    area: String,
    band: String,
}

/// The list of those that have not answered, to telephone by.
///
/// # Errors
/// `survey_unknown`, `area_invalid`, `area_not_yours`, `band_invalid`; or the database is away.
#[get("/surveys/{survey}/missing.xlsx")]
pub async fn print_missing(
    state: web::Data<State>,
    visitor: Visitor<RemindHospitals>,
    place: web::Path<String>,
    query: web::Query<Printed>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    let chosen = chosen(area_of(&visitor)?, &query.area, &[query.band.as_str()])?;
    let bytes = missing::printed(&state, &visitor.permit, survey, &chosen).await?;
    Ok(workbook(&format!("missing_{}_{}.xlsx", survey.id(), chosen.area), bytes))
}

/// The hospitals of an area and of bands as a form names them; one's own area if it names none.
///
/// # Errors
/// `area_invalid`, `band_invalid`.
pub fn chosen(own: Area, area: &str, bands: &[&str]) -> Result<Chosen, AppError> {
    Ok(Chosen {
        area: if area.is_empty() { own } else { statistics::area(area)? },
        bands: bands
            .iter()
            .filter(|key| !key.is_empty())
            .map(|key| missing::band(key))
            .collect::<Result<_, _>>()?,
    })
}
