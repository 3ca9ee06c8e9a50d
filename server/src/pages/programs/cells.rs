//! The board as cells: what a view shows of each band, page by page, and on which page a hospital stands. Reads nothing and decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use analytics::selection::NotEligible;
use analytics::selection::list::Standing as Listed;
use survey::band::Band;

use super::gathered::Gathered;
use super::pager::{LINES, Pager};
use super::rows::Row;
use super::views::{Standing, View};
use super::{bands, cell_id, fullness};
use crate::app::programs::candidates::Excluded;
use crate::app::programs::lists::{self, ListCell};
use crate::error::AppError;

/// Most hospitals beside the chosen ones that a cell shows while nothing is filtered.
const FEW: usize = 15;
/// Most hospitals that are offered in the place of one that leaves.
const SUCCESSORS: usize = 30;

/// A cell of the board.
pub struct Cell {
    pub id: String,
    pub label: &'static str,
    /// `None`: none was set.
    pub quota: Option<u32>,
    pub chosen_count: usize,
    /// The same for a bar, which cannot be more than full.
    pub filled: u64,
    /// Words with the class of their tag.
    pub fullness: (String, &'static str),
    /// Whether a further hospital can come on the list.
    pub has_room: bool,
    pub chosen: Vec<Row>,
    /// Candidates that are not chosen: reserves first, then by score.
    pub rest: Vec<Row>,
    /// How many of those are left out.
    pub more: usize,
    /// Where all are shown.
    pub all_href: String,
    pub nominated: Vec<Row>,
    /// Off the list, and no candidates any more.
    pub off: Vec<Row>,
    /// Who may not be chosen.
    pub barred: Vec<Row>,
    /// Who may take the place of one that leaves.
    pub successors: Vec<(String, String)>,
}

/// What a view shows.
pub struct Board {
    pub cells: Vec<Cell>,
    pub pager: Pager,
}

/// The rows of a cell in the order in which they are read.
fn groups(cell: &Cell) -> [&Vec<Row>; 5] {
    [&cell.chosen, &cell.rest, &cell.nominated, &cell.off, &cell.barred]
}

/// The page on which a hospital stands in a view; `None`: it is not in it.
///
/// # Errors
/// A defect.
pub fn page_of(gathered: &Gathered, view: &View, gmis: &str) -> Result<Option<usize>, AppError> {
    let cells = whole(gathered, view, "")?;
    let mut rows = cells.iter().flat_map(groups).flatten();
    Ok(rows.position(|row| row.gmis == gmis).map(Pager::page_of))
}

/// The page of a view that was asked for.
///
/// # Errors
/// A defect.
pub fn board(gathered: &Gathered, view: &View, path: &str) -> Result<Board, AppError> {
    let mut cells = whole(gathered, view, path)?;
    let all = cells.iter().flat_map(groups).map(Vec::len).sum();
    let href = |page: usize| View { page, ..view.clone() }.href(path);
    let pager = Pager::of(all, view.page, |page| format!("{}#list", href(page)));
    let (mut skip, mut left) = (pager.skipped(), LINES);
    for cell in &mut cells {
        let mut cut = |rows: &mut Vec<Row>| {
            let before = skip.min(rows.len());
            rows.drain(..before);
            let goes_on = rows.len() > left;
            rows.truncate(left);
            (skip, left) = (skip.saturating_sub(before), left.saturating_sub(rows.len()));
            goes_on
        };
        cut(&mut cell.chosen);
        // What is left out is told below the last of those that are shown.
        if cut(&mut cell.rest) {
            cell.more = 0;
        }
        for rows in [&mut cell.nominated, &mut cell.off, &mut cell.barred] {
            cut(rows);
        }
    }
    cells.retain(|cell| groups(cell).iter().any(|rows| !rows.is_empty()));
    Ok(Board { cells, pager })
}

/// How one that may not be chosen stands.
pub fn standing_of(excluded: &Excluded) -> Standing {
    match excluded.reason {
        NotEligible::ExcludedByHand { .. } => Standing::Excluded,
        _ => Standing::Ineligible,
    }
}

/// The cells of a view with all of their rows.
fn whole(gathered: &Gathered, view: &View, path: &str) -> Result<Vec<Cell>, AppError> {
    let wanted = bands(&gathered.program)?
        .iter()
        .filter(|band| view.band.is_empty() || view.band == band.key);
    Ok(wanted.map(|band| cell(gathered, band, view, path)).collect())
}

fn cell(gathered: &Gathered, band: &'static Band, view: &View, path: &str) -> Cell {
    let listed = gathered
        .list
        .as_ref()
        .and_then(|list| list.cells.iter().find(|cell| cell.band == band.key));
    let quota = gathered.quotas.get(band.key).copied();
    let chosen_count = listed.map_or(0, |cell| cell.chosen.len());
    let room = u64::from(quota.unwrap_or(0));
    let taken = u64::try_from(chosen_count).unwrap_or(u64::MAX);
    let like = |rows: Vec<Row>| -> Vec<Row> { rows.into_iter().filter(|row| row.is_like(&view.sought)).collect() };
    let of = |wanted: bool, rows: &dyn Fn() -> Vec<Row>| if wanted { like(rows()) } else { Vec::new() };
    let mut rest = like(rest(gathered, band, listed, view));
    let shown = if view.is_whole() { rest.len().min(FEW) } else { rest.len() };
    let more = rest.len().saturating_sub(shown);
    rest.truncate(shown);
    Cell {
        id: cell_id(band.key),
        label: band.label,
        quota,
        chosen_count,
        filled: taken.min(room),
        fullness: match quota {
            Some(_) => fullness(room, taken),
            None => ("支援枠は未設定".to_owned(), "tag warn"),
        },
        has_room: taken < room,
        chosen: of(view.wants(Standing::Chosen), &|| {
            listed.map_or_else(Vec::new, |cell| chosen(gathered, cell))
        }),
        rest,
        more,
        all_href: format!("{}#list", View::cell(band.key, None).href(path)),
        nominated: of(view.wants(Standing::Nominated), &|| nominated(gathered, band, listed)),
        off: of(view.wants_fallen(), &|| listed.map_or_else(Vec::new, |cell| fallen(gathered, cell))),
        barred: like(barred(gathered, band, listed, view)),
        successors: listed.map_or_else(Vec::new, successors),
    }
}

fn chosen(gathered: &Gathered, cell: &ListCell) -> Vec<Row> {
    let last = cell.chosen.len();
    let row = |(place, listed): (usize, &lists::ListedHospital)| {
        let mut row = Row::of_listed(listed, gathered.scored(&listed.gmis), gathered.why_not(&listed.gmis));
        (row.goes_up, row.goes_down) = (place > 1, place < last);
        row
    };
    (1..).zip(&cell.chosen).map(row).collect()
}

fn rest(gathered: &Gathered, band: &Band, cell: Option<&ListCell>, view: &View) -> Vec<Row> {
    let chosen: BTreeSet<&str> = cell.iter().flat_map(|cell| &cell.chosen).map(|one| one.gmis.as_str()).collect();
    let reserves: BTreeMap<&str, Option<u32>> = cell
        .iter()
        .flat_map(|cell| &cell.reserves)
        .map(|one| (one.gmis.as_str(), one.rank))
        .collect();
    let off: BTreeMap<&str, (Listed, &str)> = cell
        .iter()
        .flat_map(|cell| &cell.off)
        .map(|one| (one.gmis.as_str(), (one.standing, one.reason.as_str())))
        .collect();
    let of_band = gathered.candidates.candidates.iter().filter(|one| one.candidate.band == band.key);
    let others = of_band.filter(|one| !chosen.contains(one.candidate.gmis.as_str()));
    let wanted = others.filter(|one| {
        let is_reserve = reserves.contains_key(one.candidate.gmis.as_str());
        view.wants(if is_reserve { Standing::Reserve } else { Standing::Candidate })
    });
    let mut rest: Vec<(u32, Row)> = wanted
        .map(|scored| {
            let gmis = scored.candidate.gmis.as_str();
            let rank = reserves.get(gmis).copied().flatten();
            let mut row = Row::of_candidate(scored, tag_of(rank, off.get(gmis).map(|(standing, _)| *standing)));
            if let Some((_, reason)) = off.get(gmis) {
                (*reason).clone_into(&mut row.note);
            }
            (rank.unwrap_or(u32::MAX), row)
        })
        .collect();
    // Candidates come in the order of choice and the sort is stable.
    rest.sort_by_key(|(rank, _)| *rank);
    rest.into_iter().map(|(_, row)| row).collect()
}

fn nominated(gathered: &Gathered, band: &Band, cell: Option<&ListCell>) -> Vec<Row> {
    let chosen = |gmis: &str| cell.is_some_and(|cell| cell.chosen.iter().any(|one| one.gmis == gmis));
    let of_band = gathered.candidates.nominated.iter();
    let of_band = of_band.filter(|one| one.scored.candidate.band == band.key && !chosen(&one.scored.candidate.gmis));
    of_band
        .map(|one| {
            let mut row = Row::of_candidate(&one.scored, ("推薦".to_owned(), "tag key"));
            one.nomination.clone_into(&mut row.note);
            one.message.clone_into(&mut row.why);
            row
        })
        .collect()
}

fn fallen(gathered: &Gathered, cell: &ListCell) -> Vec<Row> {
    let gone = cell.off.iter().filter(|one| gathered.scored(&one.gmis).is_none());
    gone.map(|one| {
        let mut row = Row::of_listed(one, None, None);
        row.tag = tag_of(None, Some(one.standing));
        gathered.why_not(&one.gmis).unwrap_or_default().clone_into(&mut row.why);
        row
    })
    .collect()
}

/// Who may not be chosen, but for those that the same view has on the list or fallen off it.
fn barred(gathered: &Gathered, band: &Band, cell: Option<&ListCell>, view: &View) -> Vec<Row> {
    let listed = cell.iter().flat_map(|cell| cell.chosen.iter().chain(&cell.off));
    let shown: BTreeSet<&str> = listed.filter(|_| view.wants_fallen()).map(|one| one.gmis.as_str()).collect();
    let of_band = gathered
        .candidates
        .excluded
        .iter()
        .filter(|one| one.band.as_deref() == Some(band.key));
    let others = of_band.filter(|one| !shown.contains(one.hospital.as_str()));
    others.filter(|one| view.wants(standing_of(one))).map(Row::of_barred).collect()
}

fn tag_of(rank: Option<u32>, off: Option<Listed>) -> (String, &'static str) {
    match (rank, off) {
        (Some(rank), _) => (format!("補欠{rank}位"), "tag"),
        (None, Some(Listed::Left)) => ("入替えで外れた病院".to_owned(), "tag warn"),
        (None, Some(_)) => ("手作業で外した病院".to_owned(), "tag warn"),
        (None, None) => ("候補".to_owned(), "tag"),
    }
}

fn successors(cell: &ListCell) -> Vec<(String, String)> {
    let named = |one: &lists::ListedHospital| (one.gmis.clone(), format!("{}（{}）", one.name, one.gmis));
    cell.reserves.iter().take(SUCCESSORS).map(named).collect()
}
