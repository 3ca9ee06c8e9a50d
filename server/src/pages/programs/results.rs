//! What came of supporting the hospitals of accepted lists (支援の結果): for the ministry, and for a prefecture that asked for it and was granted it. Files come
//! in by `result_files`, requests are asked and answered by `result_requests`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, web};
use askama::Template;
use serde::Deserialize;
use survey::fault::Fault;
use survey::prefecture::PrefectureCode;
use survey::support::{OfflineBackup, Progress};
use uuid::Uuid;

use super::pager::{LINES, Pager};
use super::result_requests::{Asked, asked};
use super::tabs::{Tab, tabs};
use super::{band_label, below_program};
use crate::app::programs::results::{self, ResultReport, Supported, requests};
use crate::app::programs::{self};
use crate::app::state::State;
use crate::auth::actor::Role;
use crate::auth::permit::{AskForResults, BringResults, Policy, ReadPrograms};
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::fields::{Choice, ChoiceField, ErrorSummary, Look, Takes, TextField};
use crate::pages::filters;
use crate::pages::page::{Page, encoded, render};
use crate::pages::refusals::Refused;
use crate::pages::surveys::findings::Findings;
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// Word of hospitals of which nothing was reported.
const UNREPORTED: &str = "none";

/// A supported hospital as it is read.
struct Line {
    prefecture: &'static str,
    gmis: String,
    name: String,
    band: String,
    left: bool,
    progress: (&'static str, &'static str),
    surveyed: String,
    connections: String,
    findings: String,
    backup: &'static str,
    remarks: String,
    reported: String,
}

#[derive(Template)]
#[template(path = "programs/results.html")]
struct ResultsPage {
    page: Page,
    errors: ErrorSummary,
    tabs: Vec<Tab>,
    path: String,
    key: String,
    /// `None` for a prefecture that may not see them.
    lines: Option<Vec<Line>>,
    counts: Vec<(&'static str, usize)>,
    filters: Vec<ChoiceField>,
    sought: String,
    pager: Pager,
    /// `None` for who brings in no files.
    act: Option<ChoiceField>,
    report: Option<ResultReport>,
    faults: Findings,
    /// `None` for who does not ask, and while it need not.
    reason: Option<TextField>,
    requests: Vec<Asked>,
    can_decide: bool,
    typed: (String, String),
}

/// Which hospitals; the whole of it stands in the address bar.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    prefecture: String,
    progress: String,
    q: String,
    page: String,
    done: String,
}

/// What is shown beside the results.
#[derive(Default)]
pub(super) struct Said {
    pub done: Option<&'static str>,
    pub refused: Option<Refused>,
    /// What a file would bring.
    pub report: Option<ResultReport>,
    /// The element that a refusal speaks of, with what was typed there.
    pub typed: (String, String),
}

/// Shows the results that one may see.
///
/// # Errors
/// `program_unknown`; or the database is away.
#[get("/programs/{program}/results")]
pub async fn read_results(
    state: web::Data<State>,
    visitor: Visitor<ReadPrograms>,
    program: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let done = match query.done.as_str() {
        "brought" => Some("支援の結果を取り込みました。"),
        "asked" => Some("支援の結果の提供を依頼しました。厚生労働省の回答をお待ちください。"),
        "grant" => Some("提供を認めました。都道府県は、これから届く結果も見られます。"),
        "refuse" => Some("提供を認めない旨を回答しました。"),
        _ => None,
    };
    let said = Said { done, ..Said::default() };
    show(&state, &visitor, &program, &query, said).await
}

/// The page with what was said, or what was refused.
///
/// # Errors
/// As [`read_results`].
pub(super) async fn show<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    program: &str,
    query: &Query,
    said: Said,
) -> Result<HttpResponse, PageError> {
    let permit = visitor.also::<ReadPrograms>()?;
    let row = programs::read(state, &permit, program).await?;
    let of = PrefectureCode::all().find(|one| one.code() == query.prefecture);
    let is_prefecture = matches!(visitor.who.role, Role::Prefecture(_));
    let supported = granted(results::list(state, &permit, program, of.filter(|_| !is_prefecture)).await)?;
    let asked_before = requests::list(state, &permit, program).await?;
    let may_ask = visitor.maybe::<AskForResults>().is_some();
    let path = format!("/programs/{program}/results");
    let sought = query.q.trim().to_owned();
    let counts = counts(supported.as_deref().unwrap_or_default());
    let wanted = supported.map(|rows| {
        rows.into_iter()
            .filter(|row| is_wanted(row, &query.progress, &sought))
            .collect::<Vec<_>>()
    });
    let pager = Pager::of(wanted.as_ref().map_or(0, Vec::len), query.page.parse().unwrap_or(1), |page| {
        let page = page.to_string();
        let fields = [
            ("prefecture", query.prefecture.as_str()),
            ("progress", &query.progress),
            ("q", &sought),
            ("page", &page),
        ];
        format!("{path}?{}#list", encoded(&fields))
    });
    let error = said.refused.as_ref().map(|refused| refused.sentence.clone());
    let template = ResultsPage {
        page: below_program(visitor.page("支援の結果"), &row).done(said.done),
        errors: ErrorSummary {
            errors: error.iter().map(|sentence| (said.typed.0.clone(), sentence.clone())).collect(),
        },
        tabs: tabs(&visitor.who.role, &row.id, "/results"),
        key: Uuid::now_v7().to_string(),
        lines: wanted.map(|rows| rows.into_iter().skip(pager.skipped()).take(LINES).map(line).collect()),
        counts,
        filters: filters(query, &visitor.who.role),
        act: visitor.maybe::<BringResults>().map(|_| super::result_files::act()),
        faults: Findings::of_file(found(&said)),
        report: said.report,
        reason: (may_ask && !asked_before.iter().any(|one| one.state != "refused"))
            .then(|| reason(&said.typed, error.filter(|_| said.typed.0 == "reason"))),
        requests: asked_before.into_iter().map(asked).collect(),
        can_decide: visitor.maybe::<BringResults>().is_some(),
        typed: said.typed,
        path,
        sought,
        pager,
    };
    Ok(render(said.refused.map_or(StatusCode::OK, |refused| refused.status), &template))
}

/// `None` for a prefecture that was not granted them.
fn granted(listed: Result<Vec<Supported>, AppError>) -> Result<Option<Vec<Supported>>, AppError> {
    match listed {
        Ok(rows) => Ok(Some(rows)),
        Err(AppError::Forbidden(refusal)) if refusal.code == "results_not_granted" => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was found in a file that was looked at or refused.
fn found(said: &Said) -> &[Fault] {
    match (&said.report, &said.refused) {
        (Some(report), _) => &report.faults,
        (None, Some(refused)) => &refused.faults,
        (None, None) => &[],
    }
}

fn reason(typed: &(String, String), error: Option<String>) -> TextField {
    TextField::new("reason", "結果を必要とする理由")
        .takes(Takes::Lines)
        .support("厚生労働省に表示されます。")
        .value(&typed.1)
        .error(error)
}

fn progress_of(row: &Supported) -> Option<Progress> {
    row.result.as_ref().and_then(|result| Progress::parse(&result.progress))
}

fn is_wanted(row: &Supported, progress: &str, sought: &str) -> bool {
    let fits = match progress {
        "" => true,
        UNREPORTED => row.result.is_none(),
        word => progress_of(row).is_some_and(|progress| progress.as_str() == word),
    };
    fits && (sought.is_empty() || row.name.contains(sought) || row.gmis.contains(&sought.to_uppercase()))
}

fn counts(rows: &[Supported]) -> Vec<(&'static str, usize)> {
    let of = |wanted: Option<Progress>| rows.iter().filter(|row| progress_of(row) == wanted).count();
    let known = Progress::ALL.into_iter().map(|progress| (progress.label(), of(Some(progress))));
    known.chain([("報告なし", of(None))]).collect()
}

fn filters(query: &Query, role: &Role) -> Vec<ChoiceField> {
    let field = |name: &str, label: &str, standing: &str, choices: Vec<(String, &'static str)>| {
        let all = std::iter::once((String::new(), "すべて")).chain(choices);
        let choices = all.map(|(value, label)| Choice::new(value, label, standing)).collect();
        ChoiceField::new(name, label, Look::List, choices).unmarked()
    };
    let mut progress: Vec<_> = Progress::ALL.map(|one| (one.as_str().to_owned(), one.label())).to_vec();
    progress.push((UNREPORTED.to_owned(), "報告なし"));
    let mut fields = vec![field("progress", "実施状況", &query.progress, progress)];
    if !matches!(role, Role::Prefecture(_)) {
        let all = PrefectureCode::all().map(|code| (code.code(), code.name())).collect();
        fields.insert(0, field("prefecture", "都道府県", &query.prefecture, all));
    }
    fields
}

fn line(row: Supported) -> Line {
    let progress = match progress_of(&row) {
        None => ("報告なし", "tag warn"),
        Some(progress @ Progress::Done) => (progress.label(), "tag good"),
        Some(progress @ Progress::Declined) => (progress.label(), "tag bad"),
        Some(progress) => (progress.label(), "tag"),
    };
    let result = row.result;
    let number = |number: Option<i32>| number.map_or_else(String::new, |number| number.to_string());
    let backup = result.as_ref().and_then(|result| result.offline_backup.as_deref());
    let backup = backup.and_then(|word| OfflineBackup::ALL.into_iter().find(|one| one.as_str() == word));
    let surveyed = result.as_ref().and_then(|result| result.surveyed_on);
    Line {
        prefecture: super::prefecture(&row.prefecture).map_or("", PrefectureCode::name),
        gmis: row.gmis,
        name: row.name,
        band: band_label(&row.band),
        left: row.left,
        progress,
        surveyed: surveyed.map_or_else(String::new, words::date),
        connections: number(result.as_ref().and_then(|result| result.connections)),
        findings: number(result.as_ref().and_then(|result| result.findings)),
        backup: backup.map_or("", OfflineBackup::label),
        reported: result.as_ref().map_or_else(String::new, |result| words::day(result.recorded_at)),
        remarks: result.map_or_else(String::new, |result| result.remarks),
    }
}
