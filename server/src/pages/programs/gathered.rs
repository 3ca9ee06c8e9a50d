//! Everything that the board shows, read from the use cases, and put into cells. Writes nothing and decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use analytics::selection::ScoredCandidate;
use analytics::selection::list::{ListState, Standing};
use survey::band::Band;
use survey::prefecture::PrefectureCode;

use super::rows::Row;
use super::{bands, cell_id, fullness};
use crate::app::programs::candidates::{self, Candidates};
use crate::app::programs::lists::{self, ListCell, ListReport, TakenStep};
use crate::app::programs::{self, quotas};
use crate::app::state::State;
use crate::auth::permit::{Permit, ReadPrograms};
use crate::db::programs::ProgramRow;
use crate::error::AppError;
use crate::pages::page::encoded;

/// Most hospitals beside the chosen ones that a cell shows unless one asks for all.
const FEW: usize = 15;

/// Which part of the board somebody wants to see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// Key of a band, all of whose hospitals are shown; empty: all bands, few hospitals each.
    pub band: String,
    /// Part of a name or G-MIS ID; empty: everybody.
    pub sought: String,
}

/// A prefecture in a programme.
pub struct Gathered {
    pub program: ProgramRow,
    pub candidates: Candidates,
    /// `None`: no run yet.
    pub list: Option<ListReport>,
    pub history: Vec<TakenStep>,
    pub quotas: BTreeMap<String, u32>,
    pub extended: Option<chrono::DateTime<chrono::Utc>>,
}

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
    /// How many of those are not shown.
    pub more: usize,
    /// Where all are shown.
    pub all_href: String,
    pub nominated: Vec<(Row, String)>,
    /// Off the list, and no candidates any more.
    pub off: Vec<Row>,
    /// Who may take the place of one that leaves.
    pub successors: Vec<(String, String)>,
}

impl Gathered {
    /// Reads it.
    ///
    /// # Errors
    /// `program_unknown`, `prefecture_not_yours`; or the database is away.
    pub async fn read(
        state: &State,
        permit: &Permit<ReadPrograms>,
        program: &str,
        prefecture: PrefectureCode,
    ) -> Result<Gathered, AppError> {
        let row = programs::read(state, permit, program).await?;
        let candidates = candidates::list(state, permit, program, prefecture).await?;
        let list = match lists::read(state, permit, program, prefecture).await {
            Ok(list) => Some(list),
            Err(AppError::NotFound(refusal)) if refusal.code == "list_unknown" => None,
            Err(error) => return Err(error),
        };
        let history = lists::history(state, permit, program, prefecture).await?;
        let number = i16::from(prefecture.number());
        let in_force = quotas::list(state, permit, program).await?;
        let own = in_force.into_iter().filter(|row| row.prefecture == number);
        let extensions = programs::extensions(state, permit, program).await?;
        Ok(Gathered {
            program: row,
            candidates,
            list,
            history,
            quotas: own.map(|row| (row.band, u32::try_from(row.hospitals).unwrap_or(0))).collect(),
            extended: extensions
                .iter()
                .find(|extension| extension.prefecture == number)
                .map(|extension| extension.deadline),
        })
    }

    /// How far the list has come.
    pub fn list_state(&self) -> Option<ListState> {
        self.list.as_ref().map(|list| list.state)
    }

    /// The name of a hospital that is on the board.
    pub fn name_of(&self, gmis: &str) -> Option<&str> {
        let candidates = self.candidates.candidates.iter().map(|one| &one.candidate);
        let nominated = self.candidates.nominated.iter().map(|one| &one.scored.candidate);
        let known = candidates.chain(nominated).map(|one| (one.gmis.as_str(), one.name.as_str()));
        let excluded = self
            .candidates
            .excluded
            .iter()
            .map(|one| (one.hospital.as_str(), one.name.as_str()));
        known.chain(excluded).find(|(other, _)| *other == gmis).map(|(_, name)| name)
    }

    /// The cells as they are to be seen.
    ///
    /// # Errors
    /// A defect.
    pub fn cells(&self, view: &View, board: &str) -> Result<Vec<Cell>, AppError> {
        let wanted = bands(&self.program)?
            .iter()
            .filter(|band| view.band.is_empty() || view.band == band.key);
        Ok(wanted.map(|band| self.cell(band, view, board)).collect())
    }

    fn cell(&self, band: &'static Band, view: &View, board: &str) -> Cell {
        let listed = self
            .list
            .as_ref()
            .and_then(|list| list.cells.iter().find(|cell| cell.band == band.key));
        let quota = self.quotas.get(band.key).copied();
        let chosen_count = listed.map_or(0, |cell| cell.chosen.len());
        let room = u64::from(quota.unwrap_or(0));
        let taken = u64::try_from(chosen_count).unwrap_or(u64::MAX);
        let chosen = listed.map_or_else(Vec::new, |cell| self.chosen(cell));
        let rest: Vec<Row> = self
            .rest(band, listed)
            .into_iter()
            .filter(|row| row.is_like(&view.sought))
            .collect();
        let is_whole = !view.band.is_empty() || !view.sought.is_empty();
        let shown = if is_whole { rest.len() } else { rest.len().min(FEW) };
        let more = rest.len().saturating_sub(shown);
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
            chosen: chosen.into_iter().filter(|row| row.is_like(&view.sought)).collect(),
            successors: listed.map_or_else(Vec::new, successors),
            rest: rest.into_iter().take(shown).collect(),
            more,
            all_href: format!("{board}?{}#{}", encoded(&[("band", band.key)]), cell_id(band.key)),
            nominated: self.nominated(band, listed, &view.sought),
            off: listed.map_or_else(Vec::new, |cell| self.off(cell)),
        }
    }

    fn chosen(&self, cell: &ListCell) -> Vec<Row> {
        let last = cell.chosen.len();
        let row = |(place, listed): (usize, &lists::ListedHospital)| {
            let mut row = Row::of_listed(listed, self.scored(&listed.gmis), self.why_not(&listed.gmis));
            (row.goes_up, row.goes_down) = (place > 1, place < last);
            row
        };
        (1..).zip(&cell.chosen).map(row).collect()
    }

    /// A candidate or nominated hospital as it is scored now.
    fn scored(&self, gmis: &str) -> Option<&ScoredCandidate> {
        let nominated = self.candidates.nominated.iter().map(|one| &one.scored);
        let mut all = self.candidates.candidates.iter().chain(nominated);
        all.find(|scored| scored.candidate.gmis == gmis)
    }

    fn why_not(&self, gmis: &str) -> Option<&str> {
        let excluded = self.candidates.excluded.iter().find(|one| one.hospital == gmis);
        excluded.map(|one| one.message.as_str())
    }

    fn rest(&self, band: &Band, cell: Option<&ListCell>) -> Vec<Row> {
        let chosen: BTreeSet<&str> = cell.iter().flat_map(|cell| &cell.chosen).map(|one| one.gmis.as_str()).collect();
        let reserves: BTreeMap<&str, Option<u32>> = cell
            .iter()
            .flat_map(|cell| &cell.reserves)
            .map(|one| (one.gmis.as_str(), one.rank))
            .collect();
        let off: BTreeMap<&str, (Standing, &str)> = cell
            .iter()
            .flat_map(|cell| &cell.off)
            .map(|one| (one.gmis.as_str(), (one.standing, one.reason.as_str())))
            .collect();
        let of_band = self.candidates.candidates.iter().filter(|one| one.candidate.band == band.key);
        let others = of_band.filter(|one| !chosen.contains(one.candidate.gmis.as_str()));
        let mut rest: Vec<(u32, Row)> = others
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

    fn nominated(&self, band: &Band, cell: Option<&ListCell>, sought: &str) -> Vec<(Row, String)> {
        let chosen = |gmis: &str| cell.is_some_and(|cell| cell.chosen.iter().any(|one| one.gmis == gmis));
        let of_band = self.candidates.nominated.iter();
        let of_band = of_band.filter(|one| one.scored.candidate.band == band.key && !chosen(&one.scored.candidate.gmis));
        of_band
            .map(|one| {
                let mut row = Row::of_candidate(&one.scored, ("推薦".to_owned(), "tag key"));
                one.nomination.clone_into(&mut row.note);
                (row, one.message.clone())
            })
            .filter(|(row, _)| row.is_like(sought))
            .collect()
    }

    fn off(&self, cell: &ListCell) -> Vec<Row> {
        let gone = cell.off.iter().filter(|one| self.scored(&one.gmis).is_none());
        gone.map(|one| {
            let mut row = Row::of_listed(one, None, None);
            row.tag = tag_of(None, Some(one.standing));
            row.note = format!("{}　{}", one.reason, self.why_not(&one.gmis).unwrap_or_default());
            row
        })
        .collect()
    }
}

fn tag_of(rank: Option<u32>, off: Option<Standing>) -> (String, &'static str) {
    match (rank, off) {
        (Some(rank), _) => (format!("補欠{rank}位"), "tag"),
        (None, Some(Standing::Left)) => ("入替えで外れた病院".to_owned(), "tag warn"),
        (None, Some(_)) => ("手作業で外した病院".to_owned(), "tag warn"),
        (None, None) => ("候補".to_owned(), "tag"),
    }
}

fn successors(cell: &ListCell) -> Vec<(String, String)> {
    let named = |one: &lists::ListedHospital| (one.gmis.clone(), format!("{}（{}）", one.name, one.gmis));
    cell.reserves.iter().take(30).map(named).collect()
}
