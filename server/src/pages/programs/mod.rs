//! Support programmes: a prefecture chooses its hospitals on the board, asks for quota, weighs its criteria and enters what it inspected; the ministry opens
//! programmes, computes and moves quota, sees all lists, accepts or returns them, and brings in results. Both try out what it takes.

mod acts;
mod board;
mod cells;
mod coverage;
mod criteria;
mod decisions;
mod files;
mod gathered;
mod inspection_forms;
mod inspections;
mod lists;
mod moves;
mod national;
mod openings;
mod others;
mod pager;
mod plan_fields;
mod plan_tables;
mod plans;
mod proposal_fields;
mod quota_changes;
mod quota_files;
mod quota_proposals;
mod quotas;
mod requests;
mod result_files;
mod result_requests;
mod results;
mod rows;
mod sums;
mod tabs;
mod views;
mod weights;

use actix_web::web;
use analytics::selection::list::ListState;
use serde::Deserialize;
use survey::band::{Band, Banding};
use survey::prefecture::PrefectureCode;

use crate::db::programs::ProgramRow;
use crate::error::AppError;
use crate::pages::page::Page;

/// The pages of this part.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(lists::list_programs)
        .service(national::read_program)
        .service(openings::read_opening)
        .service(openings::open_program)
        .service(quota_files::read_quota_files)
        .service(quota_files::send_quotas)
        .service(quota_proposals::read_quota_proposal)
        .service(quota_proposals::take_quota_proposal)
        .service(quotas::read_quotas)
        .service(quotas::set_quota)
        .service(requests::read_requests)
        .service(requests::decide_request)
        .service(coverage::read_coverage)
        .service(plans::read_plan)
        .service(results::read_results)
        .service(result_files::send_results)
        .service(result_requests::ask_for_results)
        .service(result_requests::decide_on_results)
        .service(files::download_national)
        .service(files::download_hand_over)
        .service(files::download_form)
        .service(files::download_selection)
        .service(board::read_board)
        .service(acts::act_on_board)
        .service(decisions::decide_on_list)
        .service(decisions::extend_deadline)
        .service(others::read_others)
        .service(others::say_by_hand)
        .service(inspections::read_inspections)
        .service(inspections::say_inspection)
        .service(moves::read_moves)
        .service(moves::ask_for_quota)
        .service(criteria::read_criteria)
        .service(criteria::save_criteria);
}

/// What the step before has done.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    #[serde(default)]
    done: String,
}

/// The prefecture of a path.
///
/// # Errors
/// `path_unknown`: there is no such page.
fn prefecture(code: &str) -> Result<PrefectureCode, AppError> {
    PrefectureCode::all().find(|one| one.code() == code).ok_or_else(|| {
        AppError::not_found(
            "path_unknown",
            "このURLのページはありません。URLを確かめるか、ホームから選び直してください。",
        )
    })
}

/// The path of a prefecture's board.
fn board_path(program: &str, prefecture: PrefectureCode) -> String {
    format!("/programs/{program}/prefectures/{}", prefecture.code())
}

/// A page below a programme.
fn below_program(page: Page, program: &ProgramRow) -> Page {
    page.at("/programs")
        .below("/", "ホーム")
        .below("/programs", "支援事業")
        .below(format!("/programs/{}", program.id), program.title.clone())
}

/// The bands of a programme's cells.
fn bands(program: &ProgramRow) -> Result<&'static [Band], AppError> {
    Ok(Banding::parse(&program.banding).map_err(AppError::internal)?.bands())
}

/// A band as it is read.
pub fn band_label(key: &str) -> String {
    Band::of_key(key).map_or_else(|| key.to_owned(), |band| band.label.to_owned())
}

/// The element of a band's cell on the board.
fn cell_id(band: &str) -> String {
    format!("cell-{}", band.replace('+', "-up"))
}

/// A list's state with the class of its tag.
fn list_state(state: Option<ListState>) -> (&'static str, &'static str) {
    match state {
        None => ("未選定", "tag warn"),
        Some(state @ ListState::Proposed) => (state.in_japanese(), "tag key"),
        Some(state @ (ListState::HandedIn | ListState::Accepted)) => (state.in_japanese(), "tag good"),
        Some(state @ ListState::Returned) => (state.in_japanese(), "tag bad"),
    }
}

/// How full a cell is, in words, with the class of its tag.
fn fullness(quota: u64, chosen: u64) -> (String, &'static str) {
    if quota == 0 && chosen == 0 {
        return ("枠なし".to_owned(), "tag");
    }
    match quota.cmp(&chosen) {
        std::cmp::Ordering::Greater => (format!("あと{}病院", quota.saturating_sub(chosen)), "tag warn"),
        std::cmp::Ordering::Equal => ("枠どおり".to_owned(), "tag good"),
        std::cmp::Ordering::Less => (format!("{}病院多い", chosen.saturating_sub(quota)), "tag bad"),
    }
}
