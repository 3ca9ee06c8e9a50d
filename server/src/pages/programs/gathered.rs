//! Everything that the board shows, read from the use cases. Writes nothing and decides nothing.

use std::collections::BTreeMap;

use analytics::selection::ScoredCandidate;
use analytics::selection::list::ListState;
use survey::prefecture::PrefectureCode;

use crate::app::programs::candidates::{self, Candidates};
use crate::app::programs::lists::{self, ListReport, TakenStep};
use crate::app::programs::{self, quotas};
use crate::app::state::State;
use crate::auth::permit::{Permit, ReadPrograms};
use crate::db::programs::ProgramRow;
use crate::error::AppError;

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

    /// A candidate or nominated hospital as it is scored now.
    pub fn scored(&self, gmis: &str) -> Option<&ScoredCandidate> {
        let nominated = self.candidates.nominated.iter().map(|one| &one.scored);
        let mut all = self.candidates.candidates.iter().chain(nominated);
        all.find(|scored| scored.candidate.gmis == gmis)
    }

    /// Why a hospital may not be chosen.
    pub fn why_not(&self, gmis: &str) -> Option<&str> {
        let excluded = self.candidates.excluded.iter().find(|one| one.hospital == gmis);
        excluded.map(|one| one.message.as_str())
    }
}
