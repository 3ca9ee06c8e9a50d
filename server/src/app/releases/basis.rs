//! What a release is counted from: read in one moment, as it is now or as it was for a release, and turned into what counts.

use std::collections::BTreeMap;

use analytics::suppress::{self, Decision, Earlier, Member, Rule, Tables};
use analytics::{FrameEntry, Snapshot, Targets};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use survey::crosswalk::Crosswalk;
use survey::survey::Survey;
use uuid::Uuid;

use super::Suppression;
use crate::app::frames;
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::db::releases::{self, CountedRow, MemberRow, ReleaseRow};
use crate::db::snapshots;
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// A release with what it was counted from.
pub(super) struct Kept {
    pub(super) row: ReleaseRow,
    pub(super) members: Vec<MemberRow>,
    suppression: Suppression,
}

impl Kept {
    pub(super) async fn read(conn: &mut AsyncPgConnection, row: ReleaseRow) -> Result<Kept, AppError> {
        let members = releases::members(conn, row.id).await?;
        let suppression = releases::suppression(conn, row.id).await?;
        Ok(Kept {
            row,
            members,
            suppression: serde_json::from_value(suppression).map_err(AppError::internal)?,
        })
    }

    /// What it hides, as a decision over the plan: without an audit if none was made, so that no new trend stands beside numbers that nobody looked at.
    pub(super) fn decision(&self, survey: &Survey) -> Result<Decision, AppError> {
        let stored = &self.suppression;
        let decision = Decision::from_hidden(survey, stored.rule, &stored.hidden).map_err(AppError::internal)?;
        match &stored.withheld {
            Some(withheld) => decision.with_withheld(survey, withheld).map_err(AppError::internal),
            None => Ok(decision),
        }
    }

    /// The decision as it was printed by: before there was an audit, nothing was withheld.
    pub(super) fn printed(&self, survey: &Survey) -> Result<Decision, AppError> {
        let decision = self.decision(survey)?;
        match decision.withheld() {
            Some(_) => Ok(decision),
            None => decision.with_withheld(survey, &[]).map_err(AppError::internal),
        }
    }

    pub(super) fn snapshot(&self, survey: &Survey) -> Result<Snapshot, AppError> {
        snapshot(survey, self.row.as_of, &self.members)
    }
}

/// Everything that a new release needs, read in one moment.
pub(super) struct Basis {
    pub(super) as_of: DateTime<Utc>,
    pub(super) changes: i64,
    pub(super) members: Vec<MemberRow>,
    /// Those of the same survey, the first one first.
    pub(super) earlier: Vec<Kept>,
    /// The newest release of the earlier survey that compares with this one.
    pub(super) compared: Option<(&'static Survey, Kept)>,
}

impl Basis {
    /// As the system: a release counts the nation.
    pub(super) async fn read(state: &State, survey: &Survey) -> Result<Basis, AppError> {
        let id = survey.id().as_str();
        let before = Crosswalk::compiled_in().earlier(id).and_then(survey::find);
        as_actor(&state.pool, &Actor::system(), Mode::Snapshot, async |conn| {
            let mut earlier = Vec::new();
            for row in releases::of_survey(conn, id).await? {
                earlier.push(Kept::read(conn, row).await?);
            }
            let compared = match before {
                Some(before) => match releases::of_survey(conn, before.id().as_str()).await?.pop() {
                    Some(row) => Some((before, Kept::read(conn, row).await?)),
                    None => None,
                },
                None => None,
            };
            Ok(Basis {
                as_of: snapshots::changed_at(conn, id).await?,
                changes: snapshots::changes(conn, id).await?,
                members: releases::countable(conn, id).await?,
                earlier,
                compared,
            })
        })
        .await
    }

    /// The number that the new release gets.
    pub(super) fn number(&self) -> i32 {
        self.earlier.last().map_or(1, |last| last.row.number.saturating_add(1))
    }

    /// How many hospitals the frame has, and how many of them count.
    pub(super) fn sizes(&self) -> (usize, usize) {
        let counted = self.members.iter().filter(|member| member.counted.is_some());
        (self.members.len(), counted.count())
    }

    /// Hospitals that differ from the last release in anything that counts, those that came or went included; `None`: there is none.
    pub(super) fn differing(&self) -> Option<usize> {
        let last = self.earlier.last()?;
        let mut old: BTreeMap<Uuid, &MemberRow> = last.members.iter().map(|member| (member.hospital_id, member)).collect();
        let new = self
            .members
            .iter()
            .filter(|member| !old.remove(&member.hospital_id).is_some_and(|before| counts_alike(before, member)));
        let new = new.count();
        Some(new + old.len())
    }

    /// What the earlier releases of the survey hide.
    pub(super) fn decisions(&self, survey: &Survey) -> Result<Vec<Decision>, AppError> {
        self.earlier.iter().map(|kept| kept.decision(survey)).collect()
    }

    /// The tables of the whole plan and what of them is hidden.
    pub(super) fn decide(&self, survey: &Survey) -> Result<(Tables, Decision), AppError> {
        let tables = tables(survey, &self.members)?;
        let decisions = self.decisions(survey)?;
        let mut earlier = Vec::new();
        for (kept, decision) in self.earlier.iter().zip(&decisions) {
            let changed = suppress::changed(survey, &tables, answered(survey, &kept.members)?, answered(survey, &self.members)?);
            earlier.push(Earlier {
                decision,
                changed: changed.map_err(AppError::internal)?,
            });
        }
        let decision = suppress::decide(&tables, &Rule::default(), &earlier).map_err(AppError::internal)?;
        Ok((tables, decision))
    }
}

fn counts_alike(one: &MemberRow, other: &MemberRow) -> bool {
    let codes = |member: &MemberRow| member.counted.as_ref().map(|counted| counted.codes.clone());
    let place = |member: &MemberRow| (member.prefecture, member.municipality.clone(), member.beds);
    place(one) == place(other) && codes(one) == codes(other)
}

/// The counted answers and the frame of a release.
pub(super) fn snapshot(survey: &Survey, as_of: DateTime<Utc>, members: &[MemberRow]) -> Result<Snapshot, AppError> {
    let entry = |member: &MemberRow| {
        Ok::<_, AppError>(FrameEntry {
            hospital: member.hospital_id,
            prefecture: frames::prefecture_of(member.prefecture)?,
            municipality: frames::municipality_of(&member.municipality)?,
            beds: frames::beds_of(member.beds)?,
        })
    };
    let targets = Targets::new(members.iter().map(entry).collect::<Result<Vec<_>, _>>()?).map_err(AppError::internal)?;
    let mut responses = Vec::new();
    for member in members {
        if let Some(target) = targets.find(member.hospital_id)
            && let Some(counted) = &member.counted
        {
            responses.push((target, codes(survey, counted)?));
        }
    }
    Snapshot::new(survey, as_of, targets, responses).map_err(AppError::internal)
}

fn tables(survey: &Survey, members: &[MemberRow]) -> Result<Tables, AppError> {
    let place = |member: &MemberRow| Ok::<_, AppError>((frames::prefecture_of(member.prefecture)?, frames::beds_of(member.beds)?));
    let frame = members.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let responses = answered(survey, members)?;
    let responses = responses.iter().map(|member| (member.prefecture, member.beds, member.codes));
    suppress::tally(survey, frame, responses).map_err(AppError::internal)
}

/// The hospitals that count.
fn answered<'a>(survey: &Survey, members: &'a [MemberRow]) -> Result<Vec<Member<'a>>, AppError> {
    let counted = members.iter().filter_map(|member| Some((member, member.counted.as_ref()?)));
    counted
        .map(|(member, counted)| {
            Ok(Member {
                hospital: member.hospital_id,
                prefecture: frames::prefecture_of(member.prefecture)?,
                beds: frames::beds_of(member.beds)?,
                codes: codes(survey, counted)?,
            })
        })
        .collect()
}

pub(super) fn codes<'a>(survey: &Survey, counted: &'a CountedRow) -> Result<&'a [u8], AppError> {
    let layout = survey.layout().hash();
    if counted.layout_hash == layout {
        return Ok(&counted.codes);
    }
    Err(AppError::internal(format!(
        "a counted revision has the layout {}, this program's is {layout}",
        counted.layout_hash
    )))
}
