//! The list of a prefecture on its way: proposed by a run, adjusted by hand, handed in, accepted or returned. Which step may follow which, and what it does to
//! the chosen hospitals and the reserves. Pure: who may take a step, and who is eligible, is asked before.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use survey::band::Band;

use crate::selection::choose::Selection;

/// How far a list has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListState {
    /// 作成中: a run proposed it, and the prefecture adjusts it.
    Proposed,
    /// 提出済み.
    HandedIn,
    /// 差戻し: to be adjusted and handed in again.
    Returned,
    /// 受理.
    Accepted,
}

/// How a hospital stands on a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// 選定.
    Chosen,
    /// 補欠: takes the place of one that leaves.
    Reserve,
    /// Taken off by hand.
    Dropped,
    /// Replaced after the list was accepted.
    Left,
    /// Was on a list that a later run replaced.
    Out,
}

/// How a hospital came to its standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// By the run.
    Run,
    /// By hand, with a reason.
    Hand,
    /// In the place of one that left.
    Reserve,
}

/// A hospital on a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// G-MIS ID.
    pub gmis: String,
    /// Key of the programme's band.
    pub band: String,
    /// How it stands.
    pub standing: Standing,
    /// 順位 in its cell among those of its standing, from 1; only of chosen ones and reserves.
    pub rank: Option<u32>,
    /// Its score when it came on the list.
    pub score: u64,
    /// How it came to its standing.
    pub origin: Origin,
    /// Why, if by hand.
    pub reason: String,
}

/// A list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// How far it has come.
    pub state: ListState,
    /// Whether it was changed by hand since it was proposed.
    pub adjusted: bool,
    /// Everybody who is or was on it: by cell, standing, rank, G-MIS ID.
    pub hospitals: Vec<Listed>,
}

/// What is done to a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A hospital comes on it.
    Add {
        /// G-MIS ID.
        gmis: String,
        /// Key of its band.
        band: String,
        /// Its score.
        score: u64,
        /// Its rank; `None`: the last.
        rank: Option<u32>,
        /// Why.
        reason: String,
    },
    /// A chosen hospital is taken off.
    Drop {
        /// G-MIS ID.
        gmis: String,
        /// Why.
        reason: String,
    },
    /// A chosen hospital gets another rank.
    Rank {
        /// G-MIS ID.
        gmis: String,
        /// From 1.
        rank: u32,
    },
    /// 提出.
    HandIn,
    /// 差戻し.
    Return,
    /// 受理.
    Accept,
    /// After acceptance: a hospital closed or withdrew, and a reserve takes its place and rank.
    Replace {
        /// G-MIS ID of the one that leaves.
        gmis: String,
        /// G-MIS ID of the reserve; `None`: the first that `fit` names.
        by: Option<String>,
        /// Reserves that may still be chosen.
        fit: BTreeSet<String>,
        /// Why.
        reason: String,
    },
}

/// A cell that has not exactly its quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inexact {
    /// Key of the band.
    pub band: String,
    /// Hospitals to choose.
    pub quota: u32,
    /// Hospitals chosen.
    pub chosen: u32,
}

/// Why a step cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Not in this state.
    #[error("the step cannot follow on {0:?}")]
    State(ListState),
    /// A run would throw away what was adjusted by hand.
    #[error("the list was adjusted by hand")]
    Adjusted,
    /// The cell has its quota already.
    #[error("cell {band} has its {quota} hospitals")]
    Full {
        /// Key of the band.
        band: String,
        /// Its quota.
        quota: u32,
    },
    /// On the list already.
    #[error("{0} is chosen already")]
    Chosen(String),
    /// Not on the list.
    #[error("{0} is not chosen")]
    NotChosen(String),
    /// Named as successor, but no reserve of the cell that may be chosen.
    #[error("{0} is no reserve that may be chosen")]
    NoSuchReserve(String),
    /// Nobody is left to take the place.
    #[error("cell {0} has no reserve left")]
    NoReserve(String),
    /// A rank that the cell has not.
    #[error("rank {rank} is not between 1 and {last}")]
    Rank {
        /// What was asked for.
        rank: u32,
        /// The last rank.
        last: u32,
    },
    /// Cells that have too few or too many.
    #[error("{} cells have not exactly their quota", .0.len())]
    Inexact(Vec<Inexact>),
}

/// Quotas by key of the band.
pub type Quotas = BTreeMap<String, u32>;

impl List {
    /// The list that a run proposes, over the one that there was. What was adjusted by hand is only thrown away if `discard` says so.
    ///
    /// # Errors
    /// [`ListError::State`] of a list that is handed in or accepted; [`ListError::Adjusted`].
    pub fn propose(before: Option<&List>, run: &Selection, discard: Discard) -> Result<List, ListError> {
        let mut hospitals = BTreeMap::new();
        if let Some(list) = before {
            if matches!(list.state, ListState::HandedIn | ListState::Accepted) {
                return Err(ListError::State(list.state));
            }
            if list.adjusted && discard == Discard::Nothing {
                return Err(ListError::Adjusted);
            }
            let off = |listed: &Listed| Listed {
                standing: Standing::Out,
                rank: None,
                origin: Origin::Run,
                reason: String::new(),
                ..listed.clone()
            };
            hospitals.extend(list.hospitals.iter().map(|listed| (listed.gmis.clone(), off(listed))));
        }
        for cell in &run.cells {
            let standings = [(Standing::Chosen, &cell.chosen), (Standing::Reserve, &cell.reserves)];
            for (standing, chosen) in standings
                .into_iter()
                .flat_map(|(standing, all)| all.iter().map(move |one| (standing, one)))
            {
                let listed = Listed {
                    gmis: chosen.scored.candidate.gmis.clone(),
                    band: cell.band.clone(),
                    standing,
                    rank: Some(chosen.rank),
                    score: chosen.scored.score,
                    origin: Origin::Run,
                    reason: String::new(),
                };
                hospitals.insert(listed.gmis.clone(), listed);
            }
        }
        let list = List {
            state: ListState::Proposed,
            adjusted: false,
            hospitals: hospitals.into_values().collect(),
        };
        Ok(list.sorted())
    }

    /// The list after a step.
    ///
    /// # Errors
    /// [`ListError`]; the list stays as it was.
    pub fn after(&self, step: &Step, quotas: &Quotas) -> Result<List, ListError> {
        let mut list = self.clone();
        match (step, self.state) {
            (
                Step::Add {
                    gmis,
                    band,
                    score,
                    rank,
                    reason,
                },
                ListState::Proposed | ListState::Returned,
            ) => {
                let listed = Listed {
                    gmis: gmis.clone(),
                    band: band.clone(),
                    standing: Standing::Chosen,
                    rank: None,
                    score: *score,
                    origin: Origin::Hand,
                    reason: reason.clone(),
                };
                list.add(listed, *rank, quotas)?;
            }
            (Step::Drop { gmis, reason }, ListState::Proposed | ListState::Returned) => list.take_off(gmis, Standing::Dropped, reason)?,
            (Step::Rank { gmis, rank }, ListState::Proposed | ListState::Returned) => list.rank(gmis, *rank)?,
            (Step::HandIn, ListState::Proposed | ListState::Returned) => {
                list.require_exact(quotas)?;
                list.state = ListState::HandedIn;
            }
            // An accepted one too: its quota may have changed.
            (Step::Return, ListState::HandedIn | ListState::Accepted) => list.state = ListState::Returned,
            (Step::Accept, ListState::HandedIn) => {
                list.require_exact(quotas)?;
                list.state = ListState::Accepted;
            }
            (Step::Replace { gmis, by, fit, reason }, ListState::Accepted) => list.replace(gmis, by.as_deref(), fit, reason)?,
            (_, state) => return Err(ListError::State(state)),
        }
        list.adjusted |= matches!(step, Step::Add { .. } | Step::Drop { .. } | Step::Rank { .. });
        Ok(list.sorted())
    }

    /// The chosen hospitals of a cell in their order.
    pub fn chosen<'l>(&'l self, band: &'l str) -> impl Iterator<Item = &'l Listed> {
        self.of(band, Standing::Chosen)
    }

    /// The cells that have not exactly their quota: too few or too many, and chosen hospitals of bands without any.
    pub fn inexact(&self, quotas: &Quotas) -> Vec<Inexact> {
        let chosen = self.hospitals.iter().filter(|listed| listed.standing == Standing::Chosen);
        let mut cells: BTreeMap<&str, Inexact> = BTreeMap::new();
        let zero = |band: &str| Inexact {
            band: band.to_owned(),
            quota: quotas.get(band).copied().unwrap_or(0),
            chosen: 0,
        };
        for band in quotas.keys() {
            cells.insert(band, zero(band));
        }
        for listed in chosen {
            let cell = cells.entry(&listed.band).or_insert_with(|| zero(&listed.band));
            cell.chosen = cell.chosen.saturating_add(1);
        }
        let mut inexact: Vec<Inexact> = cells.into_values().filter(|cell| cell.chosen != cell.quota).collect();
        inexact.sort_by_key(|cell| order(&cell.band));
        inexact
    }

    fn require_exact(&self, quotas: &Quotas) -> Result<(), ListError> {
        let inexact = self.inexact(quotas);
        if inexact.is_empty() {
            Ok(())
        } else {
            Err(ListError::Inexact(inexact))
        }
    }

    fn of<'l>(&'l self, band: &'l str, standing: Standing) -> impl Iterator<Item = &'l Listed> {
        self.hospitals
            .iter()
            .filter(move |listed| listed.band == band && listed.standing == standing)
    }

    fn count(&self, band: &str) -> u32 {
        u32::try_from(self.chosen(band).count()).unwrap_or(u32::MAX)
    }

    fn find(&mut self, gmis: &str) -> Result<&mut Listed, ListError> {
        let found = self
            .hospitals
            .iter_mut()
            .find(|listed| listed.gmis == gmis && listed.standing == Standing::Chosen);
        found.ok_or_else(|| ListError::NotChosen(gmis.to_owned()))
    }

    fn add(&mut self, listed: Listed, rank: Option<u32>, quotas: &Quotas) -> Result<(), ListError> {
        let is_same = |other: &Listed| other.gmis == listed.gmis;
        if self
            .hospitals
            .iter()
            .any(|other| is_same(other) && other.standing == Standing::Chosen)
        {
            return Err(ListError::Chosen(listed.gmis));
        }
        let (band, chosen) = (listed.band.clone(), self.count(&listed.band));
        let quota = quotas.get(&band).copied().unwrap_or(0);
        if chosen >= quota {
            return Err(ListError::Full { band, quota });
        }
        let last = chosen.saturating_add(1);
        let rank = rank.unwrap_or(last);
        if !(1..=last).contains(&rank) {
            return Err(ListError::Rank { rank, last });
        }
        self.hospitals.retain(|other| !is_same(other));
        self.shift(&band, rank);
        self.hospitals.push(Listed {
            rank: Some(rank),
            ..listed
        });
        self.close_gaps(&band);
        Ok(())
    }

    /// Makes room at a rank.
    fn shift(&mut self, band: &str, from: u32) {
        let chosen = self
            .hospitals
            .iter_mut()
            .filter(|listed| listed.standing == Standing::Chosen && listed.band == band);
        for rank in chosen.filter_map(|listed| listed.rank.as_mut()).filter(|rank| **rank >= from) {
            *rank = rank.saturating_add(1);
        }
    }

    fn take_off(&mut self, gmis: &str, standing: Standing, reason: &str) -> Result<(), ListError> {
        let listed = self.find(gmis)?;
        (listed.standing, listed.rank, listed.origin) = (standing, None, Origin::Hand);
        reason.clone_into(&mut listed.reason);
        let band = listed.band.clone();
        self.close_gaps(&band);
        Ok(())
    }

    fn rank(&mut self, gmis: &str, rank: u32) -> Result<(), ListError> {
        let band = self.find(gmis)?.band.clone();
        let last = self.count(&band);
        if !(1..=last).contains(&rank) {
            return Err(ListError::Rank { rank, last });
        }
        self.find(gmis)?.rank = None;
        self.close_gaps(&band);
        self.shift(&band, rank);
        self.find(gmis)?.rank = Some(rank);
        Ok(())
    }

    fn replace(&mut self, gmis: &str, by: Option<&str>, fit: &BTreeSet<String>, reason: &str) -> Result<(), ListError> {
        let leaving = self.find(gmis)?.clone();
        let may = |listed: &&Listed| fit.contains(&listed.gmis) && by.is_none_or(|by| by == listed.gmis);
        let successor = self
            .of(&leaving.band, Standing::Reserve)
            .find(may)
            .map(|listed| listed.gmis.clone());
        let successor = successor.ok_or_else(|| match by {
            Some(by) => ListError::NoSuchReserve(by.to_owned()),
            None => ListError::NoReserve(leaving.band.clone()),
        })?;
        for listed in &mut self.hospitals {
            if listed.gmis == gmis {
                (listed.standing, listed.rank, listed.origin) = (Standing::Left, None, Origin::Hand);
                reason.clone_into(&mut listed.reason);
            } else if listed.gmis == successor {
                (listed.standing, listed.rank, listed.origin) = (Standing::Chosen, leaving.rank, Origin::Reserve);
                reason.clone_into(&mut listed.reason);
            }
        }
        self.close_gaps(&leaving.band);
        Ok(())
    }

    /// Numbers the chosen and the reserves of a cell anew, in the order that they have.
    fn close_gaps(&mut self, band: &str) {
        for standing in [Standing::Chosen, Standing::Reserve] {
            let of = self
                .hospitals
                .iter_mut()
                .filter(|listed| listed.band == band && listed.standing == standing);
            let mut of: Vec<&mut Listed> = of.filter(|listed| listed.rank.is_some()).collect();
            of.sort_by_key(|listed| listed.rank);
            for (rank, listed) in (1..).zip(of) {
                listed.rank = Some(rank);
            }
        }
    }

    fn sorted(mut self) -> List {
        let key = |listed: &Listed| (order(&listed.band), listed.standing, listed.rank, listed.gmis.clone());
        self.hospitals.sort_by_key(key);
        self
    }
}

/// Whether a run may throw away what was adjusted by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discard {
    /// It may not.
    Nothing,
    /// It may.
    Adjustments,
}

/// Small bands first.
fn order(band: &str) -> (u16, String) {
    (Band::of_key(band).map_or(u16::MAX, |band| band.min), band.to_owned())
}
