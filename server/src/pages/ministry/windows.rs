//! When a survey takes answers: windows as announced, their early ends, extensions; and the forms by which the ministry changes that.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, web};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use survey::area::Area;
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;

use super::grants::Sent;
use crate::app::state::State;
use crate::app::times::Announced;
use crate::app::{surveys, windows};
use crate::auth::permit::{GrantTime, Policy, ReadSurveys};
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, Takes, TextField};
use crate::pages::page::{Page, render};
use crate::pages::refusals::Refused;
use crate::pages::surveys::{Tabs, framed, tabs};
use crate::pages::visitor::Visitor;
use crate::pages::words;

struct Window {
    id: String,
    opens: String,
    closes: String,
    state: (&'static str, &'static str),
    reason: String,
    early: String,
    /// Whether it can still be ended earlier.
    is_ahead: bool,
}

struct Extension {
    whom: String,
    until: String,
    is_over: bool,
    reason: String,
}

/// The fields of a form, in their order.
struct Forms {
    open: Vec<TextField>,
    extend: Vec<TextField>,
}

#[derive(Template)]
#[template(path = "ministry/windows.html")]
struct WindowsPage {
    page: Page,
    tabs: Tabs,
    errors: ErrorSummary,
    path: String,
    windows: Vec<Window>,
    extensions: Vec<Extension>,
    forms: Option<Forms>,
    sent: Sent,
}

/// What the step before has done.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    #[serde(default)]
    done: String,
}

/// Shows windows and extensions.
///
/// # Errors
/// `survey_unknown`; or the database is away.
#[get("/surveys/{survey}/windows")]
pub async fn read_windows(
    state: web::Data<State>,
    visitor: Visitor<ReadSurveys>,
    place: web::Path<String>,
    query: web::Query<Done>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    let done = match query.done.as_str() {
        "open" => Some("調査期間を追加しました。"),
        "close" => Some("調査期間の終わりを繰り上げました。受け付けた回答はそのまま残ります。"),
        "extend" => Some("期限を延長しました。"),
        _ => None,
    };
    shown(&state, &visitor, survey, (done, None, Sent::default())).await
}

/// The page with what was done or refused.
pub(super) async fn shown<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    survey: &Survey,
    (done, refused, sent): (Option<&'static str>, Option<Refused>, Sent),
) -> Result<HttpResponse, PageError> {
    let permit = visitor.also::<ReadSurveys>()?;
    let now = state.now();
    let announced = windows::list(state, &permit, survey).await?;
    let extensions = windows::extensions(state, &permit, survey).await?;
    let page = framed(visitor, survey, "調査期間と期限延長").done(done);
    let template = WindowsPage {
        page,
        tabs: tabs(&visitor.who.role, survey, "windows"),
        errors: ErrorSummary {
            errors: refused
                .iter()
                .map(|refused| (place_of(&sent, refused), refused.sentence.clone()))
                .collect(),
        },
        path: format!("/surveys/{}/windows", survey.id()),
        windows: announced.iter().map(|one| window(one, now)).collect(),
        extensions: extensions.iter().rev().map(|one| extension(one, now)).collect(),
        forms: visitor.maybe::<GrantTime>().map(|_| forms(&sent, refused.as_ref())),
        sent,
    };
    Ok(render(refused.map_or(StatusCode::OK, |refused| refused.status), &template))
}

fn window(announced: &Announced, now: DateTime<Utc>) -> Window {
    let (row, closes) = (&announced.window, announced.closes());
    let state = if now > closes {
        ("終了", "tag")
    } else if now < row.opens {
        ("これから", "tag key")
    } else {
        ("受付中", "tag good")
    };
    Window {
        id: row.id.to_string(),
        opens: words::moment(row.opens),
        closes: words::moment(row.closes),
        state,
        reason: if row.reason == "notice" {
            "事務連絡による".to_owned()
        } else {
            row.reason.clone()
        },
        early: announced.closure.as_ref().map_or_else(String::new, |closure| {
            format!("{}に繰上げ（{}）", words::moment(closes), closure.reason)
        }),
        is_ahead: now <= closes,
    }
}

fn extension(extension: &windows::Extension, now: DateTime<Utc>) -> Extension {
    let row = &extension.row;
    let prefecture = row.prefecture.and_then(|number| {
        let mut all = PrefectureCode::all();
        all.find(|code| i16::from(code.number()) == number)
    });
    let whom = match (&extension.hospital, prefecture, &row.municipality) {
        (Some(gmis), ..) => format!("病院 {gmis}"),
        (None, Some(prefecture), _) => prefecture.name().to_owned(),
        (None, None, Some(code)) => Area::parse(code).map_or_else(|_| code.clone(), |area| area.name()),
        (None, None, None) => "病院".to_owned(),
    };
    Extension {
        whom,
        until: words::moment(row.until),
        is_over: row.until < now,
        reason: row.reason.clone(),
    }
}

/// The field that a refusal speaks of.
fn place_of(sent: &Sent, refused: &Refused) -> String {
    let form = match sent.act.as_str() {
        "close" => return format!("close-reason-{}", sent.window),
        act => act,
    };
    let field = match refused.code.as_str() {
        "reason_missing" | "reason_too_long" => "reason",
        "hospital_unknown" | "whom_invalid" => "whom",
        _ => "until",
    };
    format!("{form}-{field}")
}

fn forms(sent: &Sent, refused: Option<&Refused>) -> Forms {
    let typed = |act: &str, value: &str| if sent.act == act { value.to_owned() } else { String::new() };
    let error = |name: &str| {
        refused
            .filter(|refused| place_of(sent, refused) == name)
            .map(|refused| refused.sentence.clone())
    };
    let until = |name: &str, label: &str, value: String| {
        TextField::new(name, label)
            .takes(Takes::Moment)
            .support("日本時間。指定した分の終わり（59秒）まで受け付けます。")
            .value(value)
            .error(error(name))
    };
    let reason = |act: &str| {
        let name = format!("{act}-reason");
        TextField::new(name.clone(), "理由")
            .takes(Takes::Lines)
            .support("操作の記録に残ります。")
            .value(typed(act, &sent.reason))
            .error(error(&name))
    };
    Forms {
        open: vec![
            TextField::new("open-from", "始まり")
                .takes(Takes::Moment)
                .support("日本時間")
                .value(typed("open", &sent.from)),
            until("open-until", "終わり", typed("open", &sent.until)),
            reason("open"),
        ],
        extend: vec![
            TextField::new("extend-whom", "延長する対象")
                .support("病院はG-MIS ID、都道府県は名前かコード2桁、市・特別区はコード5桁で入力してください。")
                .value(typed("extend", &sent.whom))
                .error(error("extend-whom")),
            until("extend-until", "新しい期限", typed("extend", &sent.until)),
            reason("extend"),
        ],
    }
}
