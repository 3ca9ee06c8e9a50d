//! How many hospitals of a programme have a health record, how many of them are supported or chosen, and how many remain: by band and by prefecture.

use actix_web::{HttpResponse, get, web};
use analytics::planning::coverage::Coverage;
use askama::Template;

use super::below_program;
use super::tabs::{Tab, tabs};
use crate::app::programs::planning::coverage::{self, LineCoverage};
use crate::app::programs::{self};
use crate::app::state::State;
use crate::auth::permit::ReadPrograms;
use crate::pages::error::PageError;
use crate::pages::filters;
use crate::pages::page::{Page, show};
use crate::pages::visitor::Visitor;

struct Line {
    name: String,
    numbers: Vec<u64>,
}

impl Line {
    fn of(name: &str, coverage: &Coverage) -> Line {
        let ehr = &coverage.ehr;
        Line {
            name: name.to_owned(),
            numbers: vec![
                coverage.hospitals,
                ehr.hospitals,
                ehr.supported,
                ehr.chosen(),
                ehr.remaining,
                coverage.no_ehr.hospitals,
                coverage.unclear.hospitals.saturating_add(coverage.unanswered.hospitals),
                coverage.left.hospitals,
            ],
        }
    }
}

#[derive(Template)]
#[template(path = "programs/coverage.html")]
struct CoveragePage {
    page: Page,
    tabs: Vec<Tab>,
    tables: Vec<(&'static str, &'static str, Vec<Line>)>,
    total: Line,
    under_20_beds: u64,
}

/// Shows the coverage of the cells that one may see.
///
/// # Errors
/// `program_unknown`; or the database is away.
#[get("/programs/{program}/coverage")]
pub async fn read_coverage(
    state: web::Data<State>,
    visitor: Visitor<ReadPrograms>,
    place: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let program = programs::read(&state, &visitor.permit, &place).await?;
    let report = coverage::read(&state, &visitor.permit, &program.id, None).await?;
    let lines = |all: &[LineCoverage]| all.iter().map(|line| Line::of(line.name, &line.coverage)).collect();
    Ok(show(&CoveragePage {
        page: below_program(visitor.page("対象病院の状況"), &program),
        tabs: tabs(&visitor.who.role, &program.id, "/coverage"),
        tables: vec![
            ("病床規模区分ごと", "区分", lines(&report.bands)),
            ("都道府県ごと", "都道府県", lines(&report.prefectures)),
        ],
        total: Line::of("合計", &report.total),
        under_20_beds: report.under_20_beds,
    }))
}
