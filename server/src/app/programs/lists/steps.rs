//! The steps of a list, of prefecture and ministry. Which step may follow which is decided in `analytics`; here are rights, locks, and what is kept of each step.

use std::collections::BTreeMap;

use analytics::selection::Selection;
use analytics::selection::list::{Discard, List, ListError, ListState, Listed, Standing, Step};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::loaded::Loaded;
use super::{ListReport, text};
use crate::app::idempotency::{Answer, Key, once};
use crate::app::programs::candidates::{Inputs, inputs};
use crate::app::programs::{deadline_of, require, require_prefecture, required_reason};
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::{AcceptLists, ChooseHospitals, Permit};
use crate::db::audit;
use crate::db::lists::{self, AdjustmentRow, ListRow, Place};
use crate::db::programs::ProgramRow;
use crate::error::AppError;

/// What a prefecture does to its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adjustment {
    /// A candidate comes on it.
    Add {
        /// G-MIS ID.
        hospital: String,
        /// `None`: the last.
        rank: Option<u32>,
        /// Why.
        reason: String,
    },
    /// A chosen hospital is taken off.
    Drop {
        /// G-MIS ID.
        hospital: String,
        /// Why.
        reason: String,
    },
    /// A chosen hospital gets another rank.
    Rank {
        /// G-MIS ID.
        hospital: String,
        /// From 1.
        rank: u32,
    },
    /// 提出.
    HandIn,
    /// After acceptance: a reserve takes the place of one that closed or withdrew.
    Replace {
        /// G-MIS ID of the one that leaves.
        hospital: String,
        /// G-MIS ID of a reserve; `None`: the first that may still be chosen.
        by: Option<String>,
        /// Why.
        reason: String,
    },
}

/// What the ministry does with a list that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// 差戻し.
    Return {
        /// Why.
        reason: String,
    },
    /// 受理.
    Accept,
}

/// A step of the prefecture.
///
/// # Errors
/// `list_unknown`, `list_changed` when `seen` is not its version, `list_state`, `cell_full`, `already_listed`, `not_listed`, `rank_invalid`, `reserve_unknown`,
/// `no_reserve`, `list_not_exact` with the cells, `not_a_candidate` with the reason, `listed_not_eligible`, `deadline_past`, `reason_missing`, `reason_too_long`,
/// `hospital_unknown`, `program_unknown`, `prefecture_not_yours`; those of idempotency; or the database is away.
pub async fn adjust(
    state: &State,
    permit: &Permit<ChooseHospitals>,
    (program, prefecture): (&str, PrefectureCode),
    (seen, adjustment): (Option<i32>, &Adjustment),
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    require_prefecture(actor, prefecture)?;
    once(state, actor, key, async |conn, now| {
        let program = require(conn, program).await?;
        let loaded = Loaded::lock(conn, &program, prefecture, seen).await?;
        let inputs = inputs(conn, &program, prefecture).await?;
        let step = step_of(adjustment, &inputs)?;
        if step == Step::HandIn {
            require_in_time(deadline_of(conn, &program, prefecture).await?, now)?;
            loaded.require_eligible(&inputs)?;
        }
        Ok((200, loaded.take(conn, (actor, &program), (&step, ""), (&inputs.ids, now)).await?))
    })
    .await
}

/// A step of the ministry.
///
/// # Errors
/// `list_unknown`, `list_changed`, `list_state`, `list_not_exact` when a quota changed since, `reason_missing`, `reason_too_long`, `program_unknown`; those of
/// idempotency; or the database is away.
pub async fn decide(
    state: &State,
    permit: &Permit<AcceptLists>,
    (program, prefecture): (&str, PrefectureCode),
    (seen, decision): (Option<i32>, &Decision),
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    once(state, actor, key, async |conn, now| {
        let program = require(conn, program).await?;
        let loaded = Loaded::lock(conn, &program, prefecture, seen).await?;
        let (step, reason) = match decision {
            Decision::Return { reason } => (Step::Return, required_reason(reason)?),
            Decision::Accept => (Step::Accept, String::new()),
        };
        Ok((
            200,
            loaded
                .take(conn, (actor, &program), (&step, &reason), (&BTreeMap::new(), now))
                .await?,
        ))
    })
    .await
}

/// Makes the list that a run proposes, in the transaction of the run.
///
/// # Errors
/// `list_state` of a list that is handed in or accepted, `list_adjusted`; or the database is away.
pub(in crate::app::programs) async fn propose(
    conn: &mut AsyncPgConnection,
    (actor, program): (&Actor, &ProgramRow),
    (selection_id, run): (Uuid, &Selection),
    (ids, discard): (&BTreeMap<String, Uuid>, Discard),
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let prefecture = run.prefecture;
    let number = i16::from(prefecture.number());
    lists::lock_cells(conn, &program.id, &[number]).await?;
    let before = match lists::find(conn, &program.id, number).await? {
        Some(row) => Some(Loaded::of(conn, program, prefecture, row).await?),
        None => None,
    };
    let list = List::propose(before.as_ref().map(|loaded| &loaded.list), run, discard).map_err(|error| refused(&error))?;
    let row = ListRow {
        program_id: program.id.clone(),
        prefecture: number,
        state: text(list.state)?,
        version: before.as_ref().map_or(0, |loaded| loaded.row.version).saturating_add(1),
        selection_id,
        adjusted: false,
        handed_in_at: before.as_ref().and_then(|loaded| loaded.row.handed_in_at),
        changed_at: now,
    };
    lists::write(conn, &row).await?;
    let (was, old) = before.map_or((None, Vec::new()), |loaded| (Some(loaded.row.state), loaded.list.hospitals));
    lists::place(conn, &row, &places(&list, &old, ids)?).await?;
    Ok(lists::note(conn, &adjustment(&row, was, actor, &Concerned::nobody("propose"), "", now)).await?)
}

impl Loaded {
    /// Takes a step and keeps it: the places that changed, the list, the step, the audit.
    async fn take(
        self,
        conn: &mut AsyncPgConnection,
        (actor, program): (&Actor, &ProgramRow),
        (step, reason): (&Step, &str),
        (ids, now): (&BTreeMap<String, Uuid>, DateTime<Utc>),
    ) -> Result<ListReport, AppError> {
        let after = self.list.after(step, &self.quotas).map_err(|error| refused(&error))?;
        let mut ids = ids.clone();
        ids.extend(self.rows.iter().map(|row| (row.gmis_id.clone(), row.hospital_id)));
        let row = ListRow {
            state: text(after.state)?,
            version: self.row.version.saturating_add(1),
            adjusted: after.adjusted,
            handed_in_at: if *step == Step::HandIn { Some(now) } else { self.row.handed_in_at },
            changed_at: now,
            ..self.row.clone()
        };
        lists::write(conn, &row).await?;
        // Acceptance lets the chosen know, so that all of their rows change.
        let before = if *step == Step::Accept { &[][..] } else { &self.list.hospitals[..] };
        lists::place(conn, &row, &places(&after, before, &ids)?).await?;
        let concerned = Concerned::of(step, &self.list, &after, &ids);
        lists::note(conn, &adjustment(&row, Some(self.row.state), actor, &concerned, reason, now)).await?;
        let entry = audit::Entry {
            action: "adjust_list",
            hospital: concerned.hospital,
            prefecture: Some(row.prefecture),
            details: json!({"program": program.id, "step": concerned.step, "version": row.version, "state": row.state}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Loaded::load(conn, program, self.prefecture).await?.report(conn, program).await
    }
}

/// Asks who is concerned, and whether they may be.
fn step_of(adjustment: &Adjustment, inputs: &Inputs) -> Result<Step, AppError> {
    Ok(match adjustment {
        Adjustment::Add { hospital, rank, reason } => {
            let (band, score) = inputs.by_hand(hospital)?;
            Step::Add {
                gmis: hospital.clone(),
                band,
                score,
                rank: *rank,
                reason: required_reason(reason)?,
            }
        }
        Adjustment::Drop { hospital, reason } => Step::Drop {
            gmis: hospital.clone(),
            reason: required_reason(reason)?,
        },
        Adjustment::Rank { hospital, rank } => Step::Rank {
            gmis: hospital.clone(),
            rank: *rank,
        },
        Adjustment::HandIn => Step::HandIn,
        Adjustment::Replace { hospital, by, reason } => Step::Replace {
            gmis: hospital.clone(),
            by: by.clone(),
            fit: inputs.candidates.iter().map(|candidate| candidate.gmis.clone()).collect(),
            reason: required_reason(reason)?,
        },
    })
}

fn require_in_time(deadline: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), AppError> {
    if now <= deadline {
        return Ok(());
    }
    Err(AppError::conflict(
        "deadline_past",
        "提出期限を過ぎています。期限までの提出が難しい場合は、厚生労働省の担当者に期限の延長を依頼してください。",
    ))
}

fn refused(error: &ListError) -> AppError {
    let code = match error {
        ListError::State(_) => "list_state",
        ListError::Adjusted => "list_adjusted",
        ListError::Full { .. } => "cell_full",
        ListError::Chosen(_) => "already_listed",
        ListError::NotChosen(_) => "not_listed",
        ListError::NoSuchReserve(_) => "reserve_unknown",
        ListError::NoReserve(_) => "no_reserve",
        ListError::Rank { .. } => "rank_invalid",
        ListError::Inexact(_) => "list_not_exact",
    };
    AppError::conflict(code, error.message())
}

/// The places that are other than before.
fn places(after: &List, before: &[Listed], ids: &BTreeMap<String, Uuid>) -> Result<Vec<Place>, AppError> {
    let before: BTreeMap<&str, &Listed> = before.iter().map(|listed| (listed.gmis.as_str(), listed)).collect();
    let changed = after
        .hospitals
        .iter()
        .filter(|listed| before.get(listed.gmis.as_str()) != Some(listed));
    changed
        .map(|listed| {
            let id = ids.get(&listed.gmis).copied();
            Ok(Place {
                hospital_id: id.ok_or_else(|| AppError::internal(format!("a listed hospital is unknown: {}", listed.gmis)))?,
                band: listed.band.clone(),
                standing: text(listed.standing)?,
                rank: listed.rank.map(i32::try_from).transpose().map_err(AppError::internal)?,
                score: i64::try_from(listed.score).map_err(AppError::internal)?,
                origin: text(listed.origin)?,
                reason: listed.reason.clone(),
                announced: after.state == ListState::Accepted && matches!(listed.standing, Standing::Chosen | Standing::Left),
            })
        })
        .collect()
}

/// What a step concerned.
struct Concerned {
    step: &'static str,
    band: Option<String>,
    hospital: Option<Uuid>,
    successor: Option<Uuid>,
    rank: Option<u32>,
    reason: String,
}

impl Concerned {
    fn nobody(step: &'static str) -> Concerned {
        Concerned {
            step,
            band: None,
            hospital: None,
            successor: None,
            rank: None,
            reason: String::new(),
        }
    }

    fn of(step: &Step, before: &List, after: &List, ids: &BTreeMap<String, Uuid>) -> Concerned {
        let band = |gmis: &str| {
            after
                .hospitals
                .iter()
                .find(|listed| listed.gmis == gmis)
                .map(|listed| listed.band.clone())
        };
        let rank = |gmis: &str| {
            after
                .hospitals
                .iter()
                .find(|listed| listed.gmis == gmis)
                .and_then(|listed| listed.rank)
        };
        let one = |step, gmis: &str, reason: &str| Concerned {
            band: band(gmis),
            hospital: ids.get(gmis).copied(),
            rank: rank(gmis),
            reason: reason.to_owned(),
            ..Concerned::nobody(step)
        };
        match step {
            Step::Add { gmis, reason, .. } => one("add", gmis, reason),
            Step::Drop { gmis, reason } => one("drop", gmis, reason),
            Step::Rank { gmis, .. } => one("rank", gmis, ""),
            Step::HandIn => Concerned::nobody("hand_in"),
            Step::Return => Concerned::nobody("return"),
            Step::Accept => Concerned::nobody("accept"),
            Step::Replace { gmis, reason, .. } => {
                let was = |gmis: &str| {
                    before
                        .hospitals
                        .iter()
                        .any(|listed| listed.gmis == gmis && listed.standing == Standing::Chosen)
                };
                let chosen = after.hospitals.iter().filter(|listed| listed.standing == Standing::Chosen);
                let successor = chosen.map(|listed| listed.gmis.as_str()).find(|gmis| !was(gmis));
                Concerned {
                    successor: successor.and_then(|gmis| ids.get(gmis).copied()),
                    rank: successor.and_then(rank),
                    ..one("replace", gmis, reason)
                }
            }
        }
    }
}

fn adjustment(row: &ListRow, was: Option<String>, actor: &Actor, concerned: &Concerned, reason: &str, now: DateTime<Utc>) -> AdjustmentRow {
    AdjustmentRow {
        id: Uuid::now_v7(),
        program_id: row.program_id.clone(),
        prefecture: row.prefecture,
        version: row.version,
        step: concerned.step.to_owned(),
        band: concerned.band.clone(),
        hospital_id: concerned.hospital,
        successor_id: concerned.successor,
        rank: concerned.rank.and_then(|rank| i32::try_from(rank).ok()),
        was,
        state: row.state.clone(),
        reason: if reason.is_empty() {
            concerned.reason.clone()
        } else {
            reason.to_owned()
        },
        actor: actor.role().name().to_owned(),
        account_id: actor.account(),
        happened_at: now,
    }
}
