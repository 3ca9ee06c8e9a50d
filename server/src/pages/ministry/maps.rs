//! Response rates of the nation: a map of tiles, one a prefecture, and the same numbers in a table beside it.

use std::sync::Arc;

use actix_web::{HttpResponse, get, web};
use analytics::picture::{self, Caption, Share, Tile};
use analytics::{By, RateRequest, RateRow, RateTable};
use askama::Template;
use survey::area::Area;
use survey::band::Banding;
use survey::bands::Bands;
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;

use super::{INTERNAL, percent};
use crate::app::state::State;
use crate::app::{statistics, surveys};
use crate::auth::permit::{Permit, ReadTables};
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::filters;
use crate::pages::page::{Page, show};
use crate::pages::surveys::{Tabs, framed, tabs};
use crate::pages::visitor::Visitor;
use crate::pages::words;

struct Line {
    code: String,
    name: String,
    targets: u64,
    responses: u64,
    percent: String,
}

impl Line {
    fn of(row: &RateRow) -> Line {
        Line {
            code: row.names.prefecture.clone().unwrap_or_default(),
            name: row.names.prefecture_name.clone().unwrap_or_else(|| "全国".to_owned()),
            targets: row.targets,
            responses: row.responses,
            percent: percent(row.percent),
        }
    }
}

#[derive(Template)]
#[template(path = "ministry/map.html")]
struct MapPage {
    page: Page,
    tabs: Tabs,
    survey: String,
    as_of: String,
    lines: Vec<Line>,
    total: Line,
}

/// Shows map and table.
///
/// # Errors
/// `survey_unknown`, `area_not_yours` for who may not see the nation; or the database is away.
#[get("/surveys/{survey}/map")]
pub async fn read_map(state: web::Data<State>, visitor: Visitor<ReadTables>, place: web::Path<String>) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    let table = rates(&state, &visitor.permit, survey).await?;
    Ok(show(&MapPage {
        page: framed(&visitor, survey, "回答率の地図"),
        tabs: tabs(&visitor.who.role, survey, "map"),
        survey: survey.id().to_string(),
        as_of: words::moment(table.as_of),
        lines: table.rows.iter().map(Line::of).collect(),
        total: Line::of(&table.total),
    }))
}

/// The map.
///
/// # Errors
/// As [`read_map`].
#[get("/surveys/{survey}/map.svg")]
pub async fn draw_map(state: web::Data<State>, visitor: Visitor<ReadTables>, place: web::Path<String>) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    let table = rates(&state, &visitor.permit, survey).await?;
    let caption = Caption {
        title: format!("{}年調査の回答率", survey.id()),
        subtitle: format!(
            "{}現在。全国 {}（{}／{}病院）",
            words::moment(table.as_of),
            percent(table.total.percent),
            words::count(table.total.responses),
            words::count(table.total.targets)
        ),
        source: INTERNAL.to_owned(),
    };
    let tile = |row: &RateRow| {
        let code = row.names.prefecture.as_deref()?;
        Some(Tile {
            prefecture: PrefectureCode::all().find(|other| other.code() == code)?,
            share: row
                .percent
                .map_or(Share::Absent, |percent| Share::Shown { percent, interval: None }),
        })
    };
    let tiles: Vec<Tile> = table.rows.iter().filter_map(tile).collect();
    Ok(super::picture(picture::tile_map(&caption, &tiles)))
}

async fn rates(state: &State, permit: &Permit<ReadTables>, survey: &'static Survey) -> Result<Arc<RateTable>, AppError> {
    let request = RateRequest {
        area: Area::Nation,
        by: By::PREFECTURE,
        banding: Bands::from(Banding::Survey),
        filters: Vec::new(),
    };
    statistics::response_rates(state, permit, survey, request).await
}
