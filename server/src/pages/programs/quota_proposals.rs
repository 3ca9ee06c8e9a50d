//! Quotas computed from a national total: the proposal is asked for in the address bar and stores nothing; it is taken over by a form that is bound to what it showed.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;

use super::below_program;
use super::national::labels;
use super::proposal_fields::{self, Fields, Typed, ask};
use super::quota_changes::{Changes, needs_reason};
use crate::app::programs::quotas::compute::{self, Computed, Storing};
use crate::app::programs::{self};
use crate::app::state::State;
use crate::auth::permit::{ReadPrograms, SetQuotas};
use crate::pages::error::PageError;
use crate::pages::fields::{ErrorSummary, Takes, TextField};
use crate::pages::filters;
use crate::pages::page::{Page, go_to, render};
use crate::pages::refusals::{Refused, refused};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// A prefecture of a proposal.
struct Line {
    name: String,
    /// Number, candidates, whether the rule of ties decided.
    cells: Vec<(u64, u64, bool)>,
    sum: u64,
    candidates: u64,
}

/// A proposal as it is read.
struct Proposal {
    sentence: String,
    ties: Option<&'static str>,
    lines: Vec<Line>,
    sums: Vec<(u64, u64)>,
    changes: Changes,
    is_changing: bool,
    hash: String,
    reason: TextField,
}

#[derive(Template)]
#[template(path = "programs/quota_proposals.html")]
struct ProposalsPage {
    page: Page,
    errors: ErrorSummary,
    path: String,
    fields: Fields,
    /// What was asked, for the form that takes it over.
    asked: Vec<(String, String)>,
    bands: Vec<String>,
    proposal: Option<Proposal>,
}

/// Shows the question, and the proposal where one is asked for.
///
/// # Errors
/// `program_unknown`; or the database is away. What cannot be computed is told on the page.
#[get("/programs/{program}/quotas/compute")]
pub async fn read_quota_proposal(
    state: web::Data<State>,
    visitor: Visitor<SetQuotas>,
    program: web::Path<String>,
    query: web::Query<BTreeMap<String, String>>,
) -> Result<HttpResponse, PageError> {
    shown(&state, &visitor, &program, &query, None).await
}

/// Takes over what the proposal showed.
///
/// # Errors
/// As [`read_quota_proposal`]; what the use case refuses is the page again.
#[post("/programs/{program}/quotas/compute")]
pub async fn take_quota_proposal(
    state: web::Data<State>,
    visitor: Visitor<SetQuotas>,
    program: web::Path<String>,
    form: web::Form<BTreeMap<String, String>>,
) -> Result<HttpResponse, PageError> {
    let of = |name: &str| form.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
    let stored = async {
        let row = programs::read(&state, &visitor.also::<ReadPrograms>()?, &program).await?;
        let storing = Storing {
            reason: Some(of("reason")).filter(|reason| !reason.is_empty()),
            // Only what was looked at is taken over.
            expected: Some(of("hash")),
        };
        compute::store(&state, &visitor.permit, &program, &ask(&row, &form)?, &storing).await
    };
    match stored.await {
        Ok(_) => Ok(go_to(format!("/programs/{program}/quotas?done=computed"))),
        Err(error) => {
            let refused = refused(error)?;
            shown(&state, &visitor, &program, &form, Some(refused)).await
        }
    }
}

async fn shown(
    state: &State,
    visitor: &Visitor<SetQuotas>,
    program: &str,
    typed: &Typed,
    refusal: Option<Refused>,
) -> Result<HttpResponse, PageError> {
    let row = programs::read(state, &visitor.also::<ReadPrograms>()?, program).await?;
    let computed = if proposal_fields::is_asked(typed) {
        let computed = async { compute::preview(state, &visitor.permit, program, &ask(&row, typed)?).await };
        Some(computed.await)
    } else {
        None
    };
    let (computed, problem) = match computed {
        None => (None, refusal),
        Some(Ok(computed)) => (Some(computed), refusal),
        Some(Err(error)) => (None, Some(refusal.map_or_else(|| refused(error), Ok)?)),
    };
    let page = below_program(visitor.page("支援枠を計算する"), &row);
    let template = ProposalsPage {
        page: page.below(format!("/programs/{program}/quotas"), "支援枠"),
        errors: ErrorSummary {
            errors: problem.iter().flat_map(errors).collect(),
        },
        path: format!("/programs/{program}/quotas/compute"),
        fields: proposal_fields::fields(&row, typed, problem.as_ref())?,
        asked: proposal_fields::asked(typed),
        bands: labels(&row)?,
        proposal: computed.map(|computed| proposal(computed, typed, problem.as_ref())),
    };
    Ok(render(problem.map_or(StatusCode::OK, |refused| refused.status), &template))
}

/// What has no answer is explained in several lines.
fn errors(refused: &Refused) -> Vec<(String, String)> {
    let place = refused.place().to_owned();
    if refused.faults.is_empty() {
        return vec![(place, refused.sentence.clone())];
    }
    let lines = refused.faults.iter().map(|fault| fault.message.clone());
    lines.map(|line| (place.clone(), line)).collect()
}

fn proposal(computed: Computed, typed: &Typed, refused: Option<&Refused>) -> Proposal {
    let found = &computed.proposal;
    let width = found.bands.len().max(1);
    let lines = found.prefectures.iter().zip(found.cells.chunks(width)).map(|(line, cells)| Line {
        name: line.name.clone(),
        cells: cells.iter().map(|cell| (cell.hospitals, cell.candidates, cell.tied)).collect(),
        sum: line.hospitals,
        candidates: line.candidates,
    });
    let total = (found.total, found.candidates);
    let is_needed = needs_reason(&computed.changes);
    let reason = TextField::new("reason", "理由")
        .takes(Takes::Lines)
        .support("履歴に残り、都道府県にも表示されます。")
        .value(typed.get("reason").map_or("", String::as_str))
        .error(
            refused
                .filter(|refused| refused.place() == "reason")
                .map(|refused| refused.sentence.clone()),
        );
    Proposal {
        sentence: format!(
            "全国{}病院を、候補病院{}に比例して配りました。まだ何も保存していません。",
            words::count(found.total),
            words::count(found.candidates)
        ),
        ties: found.tied.then_some(found.tie_rule),
        lines: lines.collect(),
        sums: found
            .bands
            .iter()
            .map(|band| (band.hospitals, band.candidates))
            .chain([total])
            .collect(),
        is_changing: !computed.changes.is_empty(),
        changes: Changes::of(&computed.changes),
        reason: if is_needed { reason } else { reason.optional() },
        hash: computed.hash,
    }
}
