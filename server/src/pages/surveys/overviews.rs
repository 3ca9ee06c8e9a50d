//! The first page of a survey: how long it runs, how many hospitals have answered, how they stand. Reads only.

use std::sync::Arc;

use actix_web::{HttpResponse, get, web};
use analytics::{By, RateRequest, RateRow, RateTable};
use askama::Template;
use survey::area::Area;
use survey::band::Banding;
use survey::bands::Bands;
use survey::submission::STATES;
use survey::survey::Survey;

use super::{Tabs, framed, own_page, path, tabs, with_query};
use crate::app::state::State;
use crate::app::times::Announced;
use crate::app::{frames, statistics, surveys, windows};
use crate::auth::permit::{Policy, ReadHospitals, ReadSurveys, ReadTables};
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::filters;
use crate::pages::page::{Page, show};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// How many hospitals stand in a state.
struct Standing {
    state: (&'static str, &'static str),
    hospitals: i64,
    href: String,
}

/// One row of response rates.
struct Rate {
    label: String,
    href: String,
    targets: u64,
    responses: u64,
    missing: u64,
    percent: String,
}

/// A table of response rates.
struct Rates {
    caption: String,
    what: &'static str,
    rows: Vec<Rate>,
    total: Rate,
}

#[derive(Template)]
#[template(path = "surveys/overview.html")]
struct OverviewPage {
    page: Page,
    title: String,
    tabs: Tabs,
    area: String,
    left: String,
    windows: Vec<(String, String)>,
    percent: String,
    answered: String,
    standings: Vec<Standing>,
    bands: Rates,
    picture: String,
    areas: Option<Rates>,
    missing: String,
}

/// Shows how a survey stands.
///
/// # Errors
/// `survey_unknown`; or the database is away.
#[get("/surveys/{survey}")]
pub async fn read_overview(
    state: web::Data<State>,
    visitor: Visitor<ReadHospitals>,
    place: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    if let Some(own) = own_page(&state, &visitor, survey, "form").await? {
        return Ok(own);
    }
    let area = area_of(&visitor)?;
    let announced = windows::list(&state, &visitor.also::<ReadSurveys>()?, survey).await?;
    let counts = frames::standings(&state, &visitor.permit, survey).await?;
    let bands = rates(&state, &visitor, survey, By::BAND).await?;
    let further = match area {
        Area::Nation => Some((By::PREFECTURE, "都道府県")),
        Area::Prefecture(_) => Some((statistics::by("municipality")?, "市区町村")),
        Area::Municipality(_) => None,
    };
    let areas = match further {
        Some((by, what)) => {
            let rates = rates(&state, &visitor, survey, by).await?;
            Some(table(survey, &rates, what))
        }
        None => None,
    };
    let states = std::iter::once(None).chain(STATES.map(Some));
    let total = &bands.total;
    Ok(show(&OverviewPage {
        page: framed(&visitor, survey, "回答の状況"),
        title: survey.title().to_owned(),
        tabs: tabs(&visitor.who.role, survey, ""),
        area: area.name(),
        left: left(&state, &announced),
        windows: announced.iter().map(window).collect(),
        percent: percent(total.percent),
        answered: format!(
            "{}病院のうち{}病院が回答",
            words::count(total.targets),
            words::count(total.responses)
        ),
        standings: states
            .map(|standing| Standing {
                state: words::state(standing),
                hospitals: counts.get(&standing).copied().unwrap_or_default(),
                href: with_query(
                    &path(survey, "hospitals"),
                    &[("state", standing.map_or("unanswered", |standing| standing.as_str()))],
                ),
            })
            .collect(),
        bands: table(survey, &bands, "病床規模"),
        picture: path(survey, "rates.svg"),
        areas,
        missing: with_query(&path(survey, "hospitals"), &[("state", "missing")]),
    }))
}

/// The response rates by band as a picture.
///
/// # Errors
/// As [`read_overview`].
#[get("/surveys/{survey}/rates.svg")]
pub async fn draw_rates(
    state: web::Data<State>,
    visitor: Visitor<ReadTables>,
    place: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let rates = rates(&state, &visitor, surveys::known(&place)?, By::BAND).await?;
    Ok(svg(statistics::rate_picture(&rates)))
}

/// A picture as an answer: browsers load it into a page of ours and nowhere else.
pub fn svg(text: String) -> HttpResponse {
    HttpResponse::Ok().content_type("image/svg+xml").body(text)
}

/// A survey in a few words, for the home of those who chase.
pub struct Summary {
    /// Its title.
    pub title: String,
    /// Its page.
    pub href: String,
    /// How long it takes answers.
    pub left: String,
    /// How many of the visitor's hospitals have answered; nothing for who sees no numbers.
    pub answered: String,
    /// Those that have not, as a list.
    pub missing: String,
}

/// Says a survey in a few words.
///
/// # Errors
/// The database is away.
pub async fn summary<P: Policy>(state: &State, visitor: &Visitor<P>, survey: &'static Survey) -> Result<Summary, AppError> {
    let announced = windows::list(state, &visitor.also::<ReadSurveys>()?, survey).await?;
    let (mut answered, mut missing) = (String::new(), String::new());
    if visitor.maybe::<ReadTables>().is_some() {
        let rates = rates(state, visitor, survey, By::BAND).await?;
        let total = &rates.total;
        answered = if total.targets == 0 {
            "調査対象名簿に病院がありません".to_owned()
        } else {
            missing = with_query(&path(survey, "hospitals"), &[("state", "missing")]);
            format!(
                "回答率 {}（{}病院のうち{}病院）",
                percent(total.percent),
                words::count(total.targets),
                words::count(total.responses)
            )
        };
    }
    Ok(Summary {
        title: survey.title().to_owned(),
        href: if visitor.maybe::<ReadHospitals>().is_some() {
            path(survey, "")
        } else {
            path(survey, "releases")
        },
        left: left(state, &announced),
        answered,
        missing,
    })
}

/// The area whose numbers a visitor sees.
///
/// # Errors
/// `role_not_permitted` for who sees none.
pub fn area_of<P: Policy>(visitor: &Visitor<P>) -> Result<Area, AppError> {
    let area = visitor.permit.actor().area();
    area.ok_or_else(|| AppError::forbidden("role_not_permitted", "集計を見る権限がありません。公表版をご覧ください。"))
}

async fn rates<P: Policy>(state: &State, visitor: &Visitor<P>, survey: &'static Survey, by: By) -> Result<Arc<RateTable>, AppError> {
    let request = RateRequest {
        area: area_of(visitor)?,
        by,
        banding: Bands::from(Banding::Survey),
        filters: Vec::new(),
    };
    statistics::response_rates(state, &visitor.also::<ReadTables>()?, survey, request).await
}

fn table(survey: &Survey, rates: &RateTable, what: &'static str) -> Rates {
    let row = |row: &RateRow| {
        let place = row.names.place.first();
        let key = place.map_or("", |place| place.key.as_str());
        let name = match place.map(|place| place.dimension.as_str()) {
            Some("band") => "band",
            Some("prefecture") => "prefecture",
            _ => "",
        };
        Rate {
            label: place.map_or("全体", |place| place.label.as_str()).to_owned(),
            href: if name.is_empty() {
                String::new()
            } else {
                with_query(&path(survey, "hospitals"), &[(name, key), ("state", "missing")])
            },
            targets: row.targets,
            responses: row.responses,
            missing: row.targets.saturating_sub(row.responses),
            percent: percent(row.percent),
        }
    };
    Rates {
        caption: format!("{what}別の回答率（{}時点）", words::moment(rates.as_of)),
        what,
        rows: rates.rows.iter().map(row).collect(),
        total: row(&rates.total),
    }
}

/// A share with one decimal, or － where there is nothing to divide by.
pub fn percent(percent: Option<f64>) -> String {
    percent.map_or_else(|| "－".to_owned(), |percent| format!("{percent:.1}%"))
}

fn window(announced: &Announced) -> (String, String) {
    let times = format!(
        "{}から{}まで",
        words::moment(announced.window.opens),
        words::moment(announced.closes())
    );
    let note = match (&announced.closure, announced.window.reason.as_str()) {
        (Some(closure), _) => format!("繰上げ終了：{}", closure.reason),
        (None, "notice") => String::new(),
        (None, reason) => format!("再開：{reason}"),
    };
    (times, note)
}

fn left(state: &State, announced: &[Announced]) -> String {
    let now = state.now();
    let open = announced.iter().filter_map(Announced::held).filter(|window| window.takes(now));
    if let Some(until) = open.map(|window| window.closes.to_utc()).max() {
        return format!("回答を受付中：{}まで（{}）", words::moment(until), words::left(until, now));
    }
    match announced
        .iter()
        .filter_map(Announced::held)
        .map(|window| window.opens.to_utc())
        .filter(|opens| *opens > now)
        .min()
    {
        Some(opens) => format!("{}に受付を始めます", words::moment(opens)),
        None => "受付は終了しています（期限延長または差戻しの病院を除く）".to_owned(),
    }
}
