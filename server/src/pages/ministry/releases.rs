//! Releases (公表版): what was published, with its files and their hashes, and a check that the numbers still come out.

use actix_web::{HttpResponse, get, web};
use analytics::suppress::Beside;
use askama::Template;
use serde::Deserialize;
use survey::survey::Survey;

use crate::api::surveys::download;
use crate::app::releases::{self, Listed};
use crate::app::state::State;
use crate::app::surveys;
use crate::auth::permit::{CheckReleases, MakeReleases, Policy, ReadReleases};
use crate::db::releases::FileRow;
use crate::pages::error::PageError;
use crate::pages::filters;
use crate::pages::page::{Page, show};
use crate::pages::surveys::{Tabs, framed, tabs};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// One release of the list.
struct Line {
    href: String,
    number: i32,
    note: String,
    as_of: String,
    made_at: String,
    counted: String,
}

#[derive(Template)]
#[template(path = "ministry/releases.html")]
struct ReleasesPage {
    page: Page,
    tabs: Tabs,
    lines: Vec<Line>,
    next: String,
}

/// A file as it is read.
struct File {
    href: String,
    name: String,
    what: &'static str,
    size: String,
    sha256: String,
    is_restricted: bool,
}

/// What counting again found.
struct Again {
    compared: usize,
    differences: Vec<String>,
}

#[derive(Template)]
#[template(path = "ministry/release.html")]
struct ReleasePage {
    page: Page,
    number: i32,
    is_latest: bool,
    latest: String,
    facts: Vec<(&'static str, String)>,
    files: Vec<File>,
    check: String,
    again: Option<Again>,
}

/// Lists the releases of a survey.
///
/// # Errors
/// `survey_unknown`; or the database is away.
#[get("/surveys/{survey}/releases")]
pub async fn list_releases(
    state: web::Data<State>,
    visitor: Visitor<ReadReleases>,
    place: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place)?;
    let listed = releases::list(&state, &visitor.permit, survey).await?;
    let line = |one: &Listed| Line {
        href: path(survey, one.row.number),
        number: one.row.number,
        note: note(one),
        as_of: words::moment(one.row.as_of),
        made_at: words::moment(one.row.made_at),
        counted: counted(one),
    };
    Ok(show(&ReleasesPage {
        page: framed(&visitor, survey, "公表版"),
        tabs: tabs(&visitor.who.role, survey, "releases"),
        lines: listed.iter().map(line).collect(),
        next: visitor
            .maybe::<MakeReleases>()
            .map_or_else(String::new, |_| format!("/surveys/{}/releases/new", survey.id())),
    }))
}

/// Shows a release.
///
/// # Errors
/// `survey_unknown`, `release_unknown`; or the database is away.
#[get("/surveys/{survey}/releases/{number}")]
pub async fn read_release(
    state: web::Data<State>,
    visitor: Visitor<ReadReleases>,
    place: web::Path<(String, i32)>,
) -> Result<HttpResponse, PageError> {
    let (survey, number) = place.into_inner();
    release(&state, &visitor, (surveys::known(&survey)?, number), None).await
}

/// Counts a release again and shows what came of it.
///
/// # Errors
/// As [`read_release`], `layout_changed`.
#[get("/surveys/{survey}/releases/{number}/check")]
pub async fn check_release(
    state: web::Data<State>,
    visitor: Visitor<CheckReleases>,
    place: web::Path<(String, i32)>,
) -> Result<HttpResponse, PageError> {
    let (survey, number) = place.into_inner();
    let survey = surveys::known(&survey)?;
    let again = releases::check(&state, &visitor.permit, survey, number).await?;
    let again = Again {
        compared: again.compared,
        differences: again.differences.iter().map(|one| one.of.join("、")).collect(),
    };
    release(&state, &visitor, (survey, number), Some(again)).await
}

async fn release<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    (survey, number): (&'static Survey, i32),
    again: Option<Again>,
) -> Result<HttpResponse, PageError> {
    let permit = visitor.also::<ReadReleases>()?;
    let listed = releases::list(state, &permit, survey).await?;
    let latest = listed.first().map_or(number, |one| one.row.number);
    let one = releases::among(listed, number)?;
    let may_check = visitor.maybe::<CheckReleases>().is_some();
    let page = framed(visitor, survey, format!("公表版 第{number}版"));
    Ok(show(&ReleasePage {
        page: page.below(format!("/surveys/{}/releases", survey.id()), "公表版"),
        number,
        is_latest: latest == number,
        latest: path(survey, latest),
        facts: facts(&one),
        files: one.files.iter().map(|row| file(survey, number, row)).collect(),
        check: if may_check {
            format!("{}/check", path(survey, number))
        } else {
            String::new()
        },
        again,
    }))
}

/// A file of a path.
#[derive(Debug, Deserialize)]
pub struct FilePlace {
    survey: String,
    number: i32,
    name: String,
}

/// A file of a release.
///
/// # Errors
/// `survey_unknown`, `release_unknown`, `release_file_unknown`; or the database is away.
#[get("/surveys/{survey}/releases/{number}/files/{name}")]
pub async fn download_file(
    state: web::Data<State>,
    visitor: Visitor<ReadReleases>,
    place: web::Path<FilePlace>,
) -> Result<HttpResponse, PageError> {
    let survey = surveys::known(&place.survey)?;
    let (row, bytes) = releases::file(&state, &visitor.permit, survey, place.number, &place.name).await?;
    Ok(download(&row.name, &row.media_type, bytes))
}

fn path(survey: &Survey, number: i32) -> String {
    format!("/surveys/{}/releases/{number}", survey.id())
}

fn note(one: &Listed) -> String {
    match one.row.note.as_str() {
        "" => "―（最初の版）".to_owned(),
        note => note.to_owned(),
    }
}

fn counted(one: &Listed) -> String {
    format!(
        "{}病院（調査対象 {}病院）",
        words::count(one.row.responses),
        words::count(one.row.hospitals)
    )
}

fn facts(one: &Listed) -> Vec<(&'static str, String)> {
    let (row, hidden) = (&one.row, &one.hidden);
    let compared = one.compared_with.as_ref();
    vec![
        ("訂正の内容", note(one)),
        ("集計の時点", words::moment(row.as_of)),
        ("作成日時", words::moment(row.made_at)),
        ("集計した病院", counted(one)),
        (
            "秘匿した集計",
            format!("{}のうち{}", words::count(hidden.all), words::count(hidden.hidden)),
        ),
        ("秘匿した推計・推移", hidden.beside.map_or_else(|| "―".to_owned(), beside)),
        (
            "推移を比べた公表版",
            compared.map_or_else(|| "なし".to_owned(), |(survey, number)| format!("{survey}年調査 第{number}版")),
        ),
        ("調査票の構成（ハッシュ）", row.layout_hash.clone()),
        ("プログラムの版", row.program_version.clone()),
    ]
}

fn beside(Beside { estimates, trends }: Beside) -> String {
    format!(
        "推計 {}のうち{}、推移（この年の分） {}のうち{}",
        words::count(estimates.all),
        words::count(estimates.withheld),
        words::count(trends.all),
        words::count(trends.withheld)
    )
}

fn file(survey: &Survey, number: i32, row: &FileRow) -> File {
    let what = match row.name.split(['_', '.']).next().unwrap_or_default() {
        "houkoku" => "報告書（表とグラフ）",
        "data" if row.name.ends_with(".zip") => "集計データ（Parquet）",
        "data" => "集計データ",
        "code" => "コード表",
        "definitions" => "項目の定義",
        "codebook" => "符号表（コードブック）",
        _ if row.restricted => "匿名の個票データ",
        _ => "",
    };
    File {
        href: format!("{}/files/{}", path(survey, number), row.name),
        name: row.name.clone(),
        what,
        size: size(row.size),
        sha256: hex::encode(&row.blob_sha256),
        is_restricted: row.restricted,
    }
}

/// Bytes as people read them.
fn size(bytes: i64) -> String {
    match bytes {
        ..1_024 => format!("{bytes}バイト"),
        1_024..1_048_576 => format!("{}KB", bytes.saturating_add(1_023) / 1_024),
        _ => format!("{}MB", bytes.saturating_add(1_048_575) / 1_048_576),
    }
}
