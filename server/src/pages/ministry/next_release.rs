//! The next release: what it would be, and the button that makes it. Made it cannot be taken back, and it takes longer than a request: a job does it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::releases::{self, Preview};
use crate::app::state::State;
use crate::app::{jobs, surveys};
use crate::auth::permit::MakeReleases;
use crate::pages::answers::checks::keyed;
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, Takes, TextField};
use crate::pages::page::{Page, go_to, render};
use crate::pages::refusals::{Refused, refused};
use crate::pages::surveys::framed;
use crate::pages::visitor::Visitor;
use crate::pages::words;

#[derive(Template)]
#[template(path = "ministry/next_release.html")]
struct NextPage {
    page: Page,
    errors: ErrorSummary,
    path: String,
    key: String,
    facts: Vec<(&'static str, String)>,
    note: Option<TextField>,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
pub struct Sent {
    #[serde(default)]
    note: String,
    #[serde(default)]
    key: String,
}

/// Shows what the next release would be.
///
/// # Errors
/// `survey_unknown`; or the database is away.
#[get("/surveys/{survey}/releases/new")]
pub async fn read_next_release(
    state: web::Data<State>,
    visitor: Visitor<MakeReleases>,
    place: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    shown(&state, &visitor, surveys::known(&place)?, (None, &Sent::default())).await
}

/// Asks for the release and leads to its progress.
///
/// # Errors
/// As [`read_next_release`]. What the use case refuses is the page again.
#[post("/surveys/{survey}/releases/new")]
pub async fn make_release(
    state: web::Data<State>,
    visitor: Visitor<MakeReleases>,
    place: web::Path<String>,
    form: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    let key = keyed(&format!("release {} {}", survey.id(), form.note), &form.key);
    match jobs::ask_release(&state, &visitor.permit, survey, form.note.trim(), &key).await {
        Ok(job) => Ok(go_to(format!("/jobs/{}", job.row.id))),
        Err(error) => {
            let refused = refused(error)?;
            shown(&state, &visitor, survey, (Some(refused), &form)).await
        }
    }
}

async fn shown(
    state: &State,
    visitor: &Visitor<MakeReleases>,
    survey: &'static Survey,
    (refusal, sent): (Option<Refused>, &Sent),
) -> Result<HttpResponse, PageError> {
    let (preview, nothing) = match releases::preview(state, &visitor.permit, survey).await {
        Ok(preview) => (Some(preview), None),
        Err(error) => (None, Some(refused(error)?)),
    };
    let path = format!("/surveys/{}/releases", survey.id());
    let page = framed(visitor, survey, "新しい公表版の作成").below(path.clone(), "公表版");
    let note_error = refusal.as_ref().filter(|refused| refused.code == "note_missing");
    let place = if note_error.is_some() { "note" } else { "" };
    let note_error = note_error.map(|refused| refused.sentence.clone());
    // What cannot be previewed cannot be made, and the two say the same.
    let told = refusal.as_ref().or(nothing.as_ref());
    let template = NextPage {
        page,
        errors: ErrorSummary {
            errors: told.iter().map(|refused| (place.to_owned(), refused.sentence.clone())).collect(),
        },
        path: format!("{path}/new"),
        key: Uuid::now_v7().to_string(),
        facts: preview.as_ref().map_or_else(Vec::new, facts),
        note: preview.as_ref().map(|preview| note(preview, sent, note_error)),
    };
    Ok(render(refusal.map_or(StatusCode::OK, |refused| refused.status), &template))
}

fn note(preview: &Preview, sent: &Sent, error: Option<String>) -> TextField {
    let note = TextField::new("note", "前の版から何を訂正したか")
        .takes(Takes::Lines)
        .support("公表版に印刷されます。例：3月10日以降に差し替えられた12病院の回答を反映した。")
        .value(sent.note.clone())
        .error(error);
    if preview.number > 1 { note } else { note.optional() }
}

fn facts(preview: &Preview) -> Vec<(&'static str, String)> {
    let compared = preview.compared_with.as_ref();
    let hidden = &preview.suppression;
    vec![
        ("版", format!("第{}版", preview.number)),
        ("集計の時点", words::moment(preview.as_of)),
        (
            "集計する病院",
            format!(
                "{}病院（調査対象 {}病院）",
                words::count(preview.responses),
                words::count(preview.hospitals)
            ),
        ),
        (
            "前の版から変わる病院",
            preview
                .differing
                .map_or_else(|| "―（最初の版）".to_owned(), |number| format!("{}病院", words::count(number))),
        ),
        (
            "秘匿する集計",
            format!(
                "{}のうち{}（少なくとも{}は秘匿が必要）",
                words::count(hidden.all),
                words::count(hidden.hidden),
                words::count(hidden.least)
            ),
        ),
        (
            "推移を比べる公表版",
            compared.map_or_else(|| "なし".to_owned(), |(survey, number)| format!("{survey}年調査 第{number}版")),
        ),
    ]
}
