//! The quotas of a programme: prefecture by band, every cell with its history; the ministry sets a cell with a reason.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use analytics::selection::Quota;
use askama::Template;
use serde::Deserialize;
use survey::prefecture::PrefectureCode;

use super::national::labels;
use super::tabs::{Tab, tabs};
use super::{band_label, bands, below_program};
use crate::app::programs::quotas::{self, Change, Version, Wanted};
use crate::app::programs::{self};
use crate::app::state::State;
use crate::auth::permit::{Policy, ReadPrograms, SetQuotas};
use crate::db::programs::ProgramRow;
use crate::db::quotas::QuotaRow;
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, Takes, TextField};
use crate::pages::filters;
use crate::pages::page::{Page, encoded, go_to, render};
use crate::pages::refusals::{Refused, refused};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// A prefecture with its cells.
struct Line {
    name: &'static str,
    /// Number or a dash, path of the cell's history, whether it is the one that is shown.
    cells: Vec<(String, String, bool)>,
    sum: i64,
}

/// One version of the cell that is shown.
struct Past {
    version: i32,
    hospitals: u32,
    when: String,
    reason: String,
    request: String,
}

/// The cell that is shown.
struct Shown {
    name: String,
    value: String,
    seen: i32,
    history: Vec<Past>,
    form: Option<(TextField, TextField)>,
}

#[derive(Template)]
#[template(path = "programs/quotas.html")]
struct QuotasPage {
    page: Page,
    errors: ErrorSummary,
    tabs: Vec<Tab>,
    path: String,
    bands: Vec<String>,
    lines: Vec<Line>,
    sums: Vec<i64>,
    total: i64,
    shown: Option<Shown>,
    can_set: bool,
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub struct Query {
    /// `13:20-199`.
    #[serde(default)]
    cell: String,
    #[serde(default)]
    done: String,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
pub struct Sent {
    cell: String,
    hospitals: String,
    #[serde(default)]
    reason: String,
    seen: i32,
}

/// Shows the quotas.
///
/// # Errors
/// `program_unknown`; or the database is away.
#[get("/programs/{program}/quotas")]
pub async fn read_quotas(
    state: web::Data<State>,
    visitor: Visitor<ReadPrograms>,
    place: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let done = match query.done.as_str() {
        "set" => Some("支援枠を設定しました。"),
        "imported" => Some("ファイルのとおり支援枠を設定しました。"),
        "computed" => Some("計算した案のとおり支援枠を設定しました。"),
        _ => None,
    };
    shown(&state, &visitor, &place, (done, None, (&query.cell, None))).await
}

/// Sets a cell.
///
/// # Errors
/// `program_unknown`; or the database is away. What the use case refuses is the page again.
#[post("/programs/{program}/quotas")]
pub async fn set_quota(
    state: web::Data<State>,
    visitor: Visitor<SetQuotas>,
    program: web::Path<String>,
    form: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let set = async {
        let change = change(&form)?;
        quotas::set(&state, &visitor.permit, &program, &change).await
    };
    match set.await {
        Ok(_) => {
            let query = encoded(&[("done", "set"), ("cell", &form.cell)]);
            Ok(go_to(format!("/programs/{program}/quotas?{query}")))
        }
        Err(error) => {
            let refused = refused(error)?;
            shown(&state, &visitor, &program, (None, Some(refused), (&form.cell, Some(&form)))).await
        }
    }
}

fn change(sent: &Sent) -> Result<Change, AppError> {
    let invalid = |message: &str| AppError::invalid("quota_invalid", message);
    let (prefecture, band) = cell_of(&sent.cell).ok_or_else(|| invalid("表から枠を選び直してください。"))?;
    let hospitals = sent.hospitals.trim().parse::<u32>().ok();
    let hospitals = hospitals.ok_or_else(|| invalid("病院数は0以上の整数で入力してください。"))?;
    Ok(Change {
        cells: vec![Wanted {
            quota: Quota {
                prefecture,
                band: band.to_owned(),
                hospitals,
            },
            seen: Some(sent.seen),
        }],
        reason: Some(sent.reason.clone()).filter(|reason| !reason.trim().is_empty()),
    })
}

fn cell_of(text: &str) -> Option<(PrefectureCode, &str)> {
    let (code, band) = text.split_once(':')?;
    Some((PrefectureCode::all().find(|one| one.code() == code)?, band))
}

type InForce = BTreeMap<(i16, String), QuotaRow>;

async fn shown<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    program: &str,
    (done, refused, (cell, sent)): (Option<&'static str>, Option<Refused>, (&str, Option<&Sent>)),
) -> Result<HttpResponse, PageError> {
    let permit = visitor.also::<ReadPrograms>()?;
    let row = programs::read(state, &permit, program).await?;
    let in_force = quotas::list(state, &permit, program).await?;
    let in_force: InForce = in_force.into_iter().map(|row| ((row.prefecture, row.band.clone()), row)).collect();
    let can_set = visitor.maybe::<SetQuotas>().is_some();
    let whose: Vec<PrefectureCode> = match visitor.who.role {
        crate::auth::actor::Role::Prefecture(own) => vec![own],
        _ => PrefectureCode::all().collect(),
    };
    let chosen = match cell_of(cell).filter(|(prefecture, _)| whose.contains(prefecture)) {
        Some((prefecture, band)) => {
            let history = quotas::history(state, &permit, program, Some(prefecture)).await?;
            let now = in_force.get(&(i16::from(prefecture.number()), band.to_owned()));
            let form = can_set.then(|| fields(now, sent, refused.as_ref()));
            Some(Shown {
                name: format!("{} {}", prefecture.name(), band_label(band)),
                value: cell.to_owned(),
                seen: now.map_or(0, |row| row.version),
                history: history.iter().filter(|one| one.band == band).rev().map(past).collect(),
                form,
            })
        }
        None => None,
    };
    let of_band = |key: &str| -> i64 {
        let cells = in_force.values().filter(|row| row.band == key);
        cells.map(|row| i64::from(row.hospitals)).sum()
    };
    let keys = bands(&row)?;
    let template = QuotasPage {
        page: below_program(visitor.page("支援枠"), &row).done(done),
        errors: ErrorSummary {
            errors: refused
                .iter()
                .map(|refused| (place_of(refused), refused.sentence.clone()))
                .collect(),
        },
        tabs: tabs(&visitor.who.role, &row.id, "/quotas"),
        path: format!("/programs/{}/quotas", row.id),
        bands: labels(&row)?,
        lines: whose
            .iter()
            .map(|prefecture| line(&row, *prefecture, &in_force, cell))
            .collect::<Result<_, AppError>>()?,
        sums: keys.iter().map(|band| of_band(band.key)).collect(),
        total: in_force.values().map(|row| i64::from(row.hospitals)).sum(),
        shown: chosen,
        can_set,
    };
    Ok(render(refused.map_or(StatusCode::OK, |refused| refused.status), &template))
}

fn line(program: &ProgramRow, prefecture: PrefectureCode, in_force: &InForce, shown: &str) -> Result<Line, AppError> {
    let mut line = Line {
        name: prefecture.name(),
        cells: Vec::new(),
        sum: 0,
    };
    for band in bands(program)? {
        let now = in_force.get(&(i16::from(prefecture.number()), band.key.to_owned()));
        let cell = format!("{}:{}", prefecture.code(), band.key);
        let href = format!("/programs/{}/quotas?{}#cell", program.id, encoded(&[("cell", &cell)]));
        let number = now.map_or_else(|| "―".to_owned(), |row| row.hospitals.to_string());
        line.sum = line.sum.saturating_add(now.map_or(0, |row| i64::from(row.hospitals)));
        line.cells.push((number, href, cell == shown));
    }
    Ok(line)
}

fn past(version: &Version) -> Past {
    Past {
        version: version.version,
        hospitals: version.hospitals,
        when: words::moment(version.set_at),
        reason: version.reason.clone().unwrap_or_else(|| "―".to_owned()),
        request: version.request.as_ref().map_or_else(String::new, |asked| {
            format!("{}の依頼による（{}）", asked.prefecture.name(), asked.reason)
        }),
    }
}

fn place_of(refused: &Refused) -> String {
    match refused.code.as_str() {
        "reason_missing" | "reason_too_long" => "reason",
        _ => "hospitals",
    }
    .to_owned()
}

fn fields(now: Option<&QuotaRow>, sent: Option<&Sent>, refused: Option<&Refused>) -> (TextField, TextField) {
    let error = |place: &str| {
        refused
            .filter(|refused| place_of(refused) == place)
            .map(|refused| refused.sentence.clone())
    };
    let standing = now.map_or_else(String::new, |row| row.hospitals.to_string());
    let hospitals = TextField::new("hospitals", "病院数")
        .takes(Takes::Number)
        .value(sent.map_or(standing, |sent| sent.hospitals.clone()))
        .error(error("hospitals"));
    let reason = TextField::new("reason", "理由")
        .takes(Takes::Lines)
        .support("設定済みの枠を変えるときは必須です。履歴に残り、都道府県にも表示されます。")
        .value(sent.map_or_else(String::new, |sent| sent.reason.clone()))
        .error(error("reason"));
    (hospitals, if now.is_some() { reason } else { reason.optional() })
}
