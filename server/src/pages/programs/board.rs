//! The selection board (選定): the cells of a prefecture with who is chosen, who could be, and what is still missing. Each step is a form of its own.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, web};
use analytics::selection::list::ListState;
use askama::Template;
use serde::Deserialize;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::acts::{Problem, Sent};
use super::cells::{self, Cell};
use super::gathered::Gathered;
use super::pager::Pager;
use super::sums::{self, Summary};
use super::tabs::{Tab, tabs};
use super::views::{Standing, View};
use super::{band_label, bands, below_program, board_path, list_state, prefecture};
use crate::app::programs::lists::TakenStep;
use crate::app::programs::quotas::moves;
use crate::app::state::State;
use crate::auth::permit::{AcceptLists, AskForQuota, ChooseHospitals, DownloadLists, Permit, Policy, ReadPrograms, SetQuotas};
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{ChoiceField, ErrorSummary};
use crate::pages::page::{Page, render};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// A step of the list as it is read.
pub struct Line {
    pub when: String,
    pub what: String,
    pub who: &'static str,
    pub reason: String,
}

/// What the visitor may do here and now.
#[derive(Debug, Clone, Copy, Default)]
pub struct May {
    /// Choose by the criteria.
    pub choose: bool,
    /// Add, drop and rank, and hand in.
    pub edit: bool,
    /// Put a reserve in the place of one that leaves.
    pub replace: bool,
    /// Nominate and exclude.
    pub say: bool,
    /// Ask for quota.
    pub ask: bool,
    /// Have the form with contacts.
    pub form: bool,
    /// Accept.
    pub accept: bool,
    /// Return.
    pub give_back: bool,
    /// Grant a longer deadline.
    pub extend: bool,
}

#[derive(Template)]
#[template(path = "programs/board.html")]
struct BoardPage {
    page: Page,
    tabs: Vec<Tab>,
    errors: ErrorSummary,
    meanwhile: Vec<Line>,
    path: String,
    state: (&'static str, &'static str),
    left: String,
    handed_in: String,
    summary: String,
    is_exact: bool,
    is_adjusted: bool,
    has_list: bool,
    version: i32,
    key: String,
    criteria: String,
    summaries: Vec<Summary>,
    standings: [Standing; 6],
    cells: Vec<Cell>,
    pager: Pager,
    filters: Vec<ChoiceField>,
    view: View,
    excluded: usize,
    open_requests: usize,
    history: Vec<Line>,
    may: May,
    sent: Sent,
    extended: bool,
}

impl BoardPage {
    /// Whether a form was sent and refused: it stands open, with what was typed.
    fn was_sent(&self, act: &str, gmis: &str) -> bool {
        self.sent.act == act && self.sent.hospital == gmis
    }

    fn typed(&self, act: &str, gmis: &str) -> &str {
        if self.was_sent(act, gmis) { &self.sent.reason } else { "" }
    }
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub struct Query {
    #[serde(default)]
    band: String,
    #[serde(default)]
    standing: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
}

/// Shows the board of a prefecture.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; or the database is away.
#[get("/programs/{program}/prefectures/{prefecture}")]
pub async fn read_board(
    state: web::Data<State>,
    visitor: Visitor<ReadPrograms>,
    place: web::Path<(String, String)>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let view = View::of(&query.band, &query.standing, &query.q, &query.page);
    let prefecture = prefecture(&code)?;
    board(&state, &visitor, (&program, prefecture), view, Problem::none(&query.done)).await
}

/// The board with what was done, or what was refused.
///
/// # Errors
/// As [`read_board`].
pub(super) async fn board<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    (program, prefecture): (&str, PrefectureCode),
    view: View,
    problem: Problem,
) -> Result<HttpResponse, PageError> {
    let permit = visitor.also::<ReadPrograms>()?;
    let gathered = Gathered::read(state, &permit, program, prefecture).await?;
    let open_requests = open_requests(state, &permit, program, prefecture).await?;
    let path = board_path(program, prefecture);
    let may = may(visitor, gathered.list_state(), gathered.quotas.is_empty());
    let list = gathered.list.as_ref();
    let deadline = list.map_or_else(|| gathered.extended.unwrap_or(gathered.program.deadline), |list| list.deadline);
    let (meanwhile, history) = steps(&gathered, &problem);
    let page = visitor.page(format!("{}の選定", prefecture.name()));
    let shown = cells::board(&gathered, &view, &path)?;
    let view = View {
        page: shown.pager.page,
        ..view
    };
    let bands: Vec<_> = bands(&gathered.program)?.iter().map(|band| (band.key, band.label)).collect();
    let status = problem.refused.as_ref().map_or(StatusCode::OK, |refused| refused.status);
    let board = BoardPage {
        page: below_program(page, &gathered.program).done(problem.done),
        // The ministry comes from the progress of all and stands below it.
        tabs: tabs(&visitor.who.role, program, if may.say { "" } else { "/prefectures" }),
        errors: ErrorSummary {
            errors: problem.errors(list),
        },
        meanwhile,
        state: list_state(gathered.list_state()),
        left: format!("提出期限：{}（{}）", words::moment(deadline), words::left(deadline, state.now())),
        handed_in: list.and_then(|list| list.handed_in_at).map_or_else(String::new, words::moment),
        summary: summary(&gathered),
        is_exact: list.is_some_and(|list| list.inexact.is_empty()),
        is_adjusted: list.is_some_and(|list| list.adjusted),
        has_list: list.is_some(),
        version: list.map_or(0, |list| list.version),
        key: Uuid::now_v7().to_string(),
        criteria: criteria_words(gathered.candidates.criteria_version),
        excluded: gathered.candidates.excluded.len(),
        extended: gathered.extended.is_some(),
        open_requests,
        history,
        summaries: sums::summaries(&gathered, &path)?,
        standings: Standing::ALL,
        cells: shown.cells,
        pager: shown.pager,
        filters: view.filters(&bands),
        path,
        view,
        may,
        sent: problem.sent,
    };
    Ok(render(status, &board))
}

async fn open_requests(state: &State, permit: &Permit<ReadPrograms>, program: &str, prefecture: PrefectureCode) -> Result<usize, AppError> {
    let requests = moves::list(state, permit, program).await?;
    let open = requests.iter().filter(|one| one.decision.is_none() && one.prefecture == prefecture);
    Ok(open.count())
}

/// The steps of the list: what somebody with an old page has not seen, and the others, the newest first.
fn steps(gathered: &Gathered, problem: &Problem) -> (Vec<Line>, Vec<Line>) {
    let is_stale = problem.refused.as_ref().is_some_and(|refused| refused.code == "list_changed");
    let seen = problem.sent.version;
    let (meanwhile, history): (Vec<&TakenStep>, Vec<&TakenStep>) =
        gathered.history.iter().partition(|step| is_stale && step.version > seen);
    (
        meanwhile.into_iter().map(|step| line(step, gathered)).collect(),
        history.into_iter().rev().map(|step| line(step, gathered)).collect(),
    )
}

fn summary(gathered: &Gathered) -> String {
    let quota: u32 = gathered.quotas.values().sum();
    let cells = gathered.list.iter().flat_map(|list| &list.cells);
    let chosen: usize = cells.map(|cell| cell.chosen.len()).sum();
    format!("支援枠 {quota}病院に対して、選定 {chosen}病院")
}

fn criteria_words(version: i32) -> String {
    if version == 0 {
        "全国標準の選定基準".to_owned()
    } else {
        format!("都道府県の選定基準（第{version}版）")
    }
}

fn may<P: Policy>(visitor: &Visitor<P>, state: Option<ListState>, has_no_quota: bool) -> May {
    let chooses = visitor.maybe::<ChooseHospitals>().is_some();
    let accepts = visitor.maybe::<AcceptLists>().is_some();
    let is_open = matches!(state, Some(ListState::Proposed | ListState::Returned));
    May {
        choose: chooses && !has_no_quota && (state.is_none() || is_open),
        edit: chooses && is_open,
        replace: chooses && state == Some(ListState::Accepted),
        say: chooses,
        ask: visitor.maybe::<AskForQuota>().is_some(),
        form: visitor.maybe::<DownloadLists>().is_some() && state.is_some(),
        accept: accepts && state == Some(ListState::HandedIn),
        give_back: accepts && matches!(state, Some(ListState::HandedIn | ListState::Accepted)),
        extend: visitor.maybe::<SetQuotas>().is_some(),
    }
}

/// A step in words.
fn line(step: &TakenStep, gathered: &Gathered) -> Line {
    let named = |gmis: &Option<String>| {
        gmis.as_deref().map_or_else(String::new, |gmis| match gathered.name_of(gmis) {
            Some(name) => format!("{name}（{gmis}）"),
            None => gmis.to_owned(),
        })
    };
    let whom = named(&step.hospital);
    let band = step.band.as_deref().map_or_else(String::new, band_label);
    let rank = step.rank.map_or_else(String::new, |rank| format!("{rank}位"));
    let what = match step.step.as_str() {
        "propose" => "基準により選定した".to_owned(),
        "add" => format!("{band}：{whom}を追加した（{rank}）"),
        "drop" => format!("{band}：{whom}を外した"),
        "rank" => format!("{band}：{whom}を{rank}にした"),
        "hand_in" => "提出した".to_owned(),
        "return" => "差し戻した".to_owned(),
        "accept" => "受理した".to_owned(),
        "replace" => format!("{band}：{whom}を{}に入れ替えた", named(&step.successor)),
        other => other.to_owned(),
    };
    Line {
        when: words::moment(step.happened_at),
        what,
        who: words::role_named(&step.actor),
        reason: step.reason.clone(),
    }
}
