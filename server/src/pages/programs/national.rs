//! The progress of all lists of a programme, for the ministry; a prefecture is led to its own board.

use actix_web::{HttpResponse, get, web};
use analytics::selection::list::ListState;
use askama::Template;

use super::tabs::{Tab, tabs};
use super::{Done, band_label, bands, board_path, fullness, list_state, prefecture};
use crate::app::programs::lists::{self, CellProgress, Progress};
use crate::app::programs::{self};
use crate::app::state::State;
use crate::auth::actor::Role;
use crate::auth::permit::{AcceptLists, ReadPrograms};
use crate::db::programs::ProgramRow;
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::page::{Page, go_to, show};
use crate::pages::visitor::Visitor;
use crate::pages::words;

struct Line {
    href: String,
    name: &'static str,
    state: (&'static str, &'static str),
    deadline: String,
    is_extended: bool,
    handed_in: String,
    /// Numbers, words, class of the tag.
    cells: Vec<(String, String, &'static str)>,
}

#[derive(Template)]
#[template(path = "programs/national.html")]
struct NationalPage {
    page: Page,
    tabs: Vec<Tab>,
    facts: Vec<(&'static str, String)>,
    counts: Vec<(&'static str, usize)>,
    bands: Vec<String>,
    lines: Vec<Line>,
    can_accept: bool,
    path: String,
}

/// Shows how far all prefectures have come.
///
/// # Errors
/// `program_unknown`; or the database is away.
#[get("/programs/{program}")]
pub async fn read_program(
    state: web::Data<State>,
    visitor: Visitor<ReadPrograms>,
    place: web::Path<String>,
    query: web::Query<Done>,
) -> Result<HttpResponse, PageError> {
    let program = programs::read(&state, &visitor.permit, &place).await?;
    if let Role::Prefecture(own) = visitor.who.role {
        return Ok(go_to(board_path(&program.id, own)));
    }
    let done = (query.done == "opened").then_some("支援事業を始めました。続けて、支援枠を設定してください。");
    let progress = lists::progress(&state, &visitor.permit, &program.id).await?;
    let bands = bands(&program)?;
    let in_state = |wanted: Option<ListState>| progress.iter().filter(|one| one.state == wanted).count();
    let page = visitor.page(program.title.clone()).at("/programs").below("/", "ホーム");
    Ok(show(&NationalPage {
        page: page.below("/programs", "支援事業").done(done),
        tabs: tabs(&visitor.who.role, &program.id, ""),
        facts: facts(&program),
        counts: vec![
            ("受理", in_state(Some(ListState::Accepted))),
            ("提出済み（受理待ち）", in_state(Some(ListState::HandedIn))),
            ("差戻し", in_state(Some(ListState::Returned))),
            ("作成中", in_state(Some(ListState::Proposed))),
            ("未選定", in_state(None)),
        ],
        bands: bands.iter().map(|band| band.label.to_owned()).collect(),
        lines: progress.iter().map(|one| line(&program, one)).collect::<Result<_, AppError>>()?,
        can_accept: visitor.maybe::<AcceptLists>().is_some(),
        path: format!("/programs/{}", program.id),
    }))
}

fn facts(program: &ProgramRow) -> Vec<(&'static str, String)> {
    let consent = if program.consent == "recorded" {
        "意向調査で同意した病院の回答だけを用いる"
    } else {
        "事業の定めにより用いる"
    };
    vec![
        ("年度", format!("{}年度", program.fiscal_year)),
        ("提出期限", words::moment(program.deadline)),
        ("選定に用いる調査", format!("{}年調査", program.surveys.join("年、"))),
        ("回答を用いる根拠", format!("{}（{consent}）", program.use_rule)),
        ("対象病院の確定日", words::day(program.opened_at)),
    ]
}

fn line(program: &ProgramRow, progress: &Progress) -> Result<Line, AppError> {
    let code = prefecture(&progress.prefecture)?;
    let cell = |cell: Option<&CellProgress>| {
        let chosen = cell.map_or(0, |cell| u64::try_from(cell.chosen).unwrap_or(0));
        match cell.and_then(|cell| cell.quota).and_then(|quota| u64::try_from(quota).ok()) {
            None if chosen == 0 => ("―".to_owned(), String::new(), "tag"),
            None => (format!("{chosen}／枠なし"), format!("{chosen}病院多い"), "tag bad"),
            Some(quota) => {
                let (words, class) = fullness(quota, chosen);
                (format!("{chosen}／{quota}"), words, class)
            }
        }
    };
    let of = |key: &str| progress.cells.iter().find(|cell| cell.band == key);
    Ok(Line {
        href: board_path(&program.id, code),
        name: code.name(),
        state: list_state(progress.state),
        deadline: words::moment(progress.deadline),
        is_extended: progress.deadline != program.deadline,
        handed_in: progress.handed_in_at.map_or_else(|| "―".to_owned(), words::moment),
        cells: bands(program)?.iter().map(|band| cell(of(band.key))).collect(),
    })
}

/// Bands as columns.
pub(super) fn labels(program: &ProgramRow) -> Result<Vec<String>, AppError> {
    Ok(bands(program)?.iter().map(|band| band_label(band.key)).collect())
}
