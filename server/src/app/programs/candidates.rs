//! The candidates of a programme: which hospitals a prefecture may choose, in which order, which were nominated beside, and why the others are none.

use std::collections::BTreeMap;

use analytics::selection::{
    self, CandidateHospital, Consent, Counted, Criteria, Facts, Finding, HospitalRecord, NotEligible, Quota, ScoredCandidate,
    SurveyAnswers, Wish,
};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::json;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::criteria::in_force;
use super::{require, require_prefecture};
use crate::app::state::State;
use crate::app::{frames, surveys};
use crate::auth::actor::Actor;
use crate::auth::permit::{Permit, ReadPrograms};
use crate::db::nominations::{self, Book};
use crate::db::programs::ProgramRow;
use crate::db::snapshots::{self, AnsweredRow};
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::db::{audit, inspections, quotas};
use crate::error::AppError;

/// A hospital that may not be chosen, and why.
#[derive(Debug, Serialize)]
pub struct Excluded {
    /// G-MIS ID.
    pub hospital: String,
    /// Name.
    pub name: String,
    /// Key of its band; `None` under 20 beds.
    pub band: Option<String>,
    /// Licensed beds.
    pub beds: u16,
    /// Stable reason with its details.
    #[serde(flatten)]
    pub reason: NotEligible,
    /// The reason in Japanese.
    pub message: String,
    /// What it said of taking part.
    pub wish: Wish,
}

/// A hospital that was nominated and is no candidate otherwise. No run chooses it; somebody adds it by hand.
#[derive(Debug, Serialize)]
pub struct Nominated {
    /// With score and parts, from what may be used of it.
    #[serde(flatten)]
    pub scored: ScoredCandidate,
    /// Why it was nominated.
    pub nomination: String,
    /// Why it is no candidate, with its details.
    pub otherwise: NotEligible,
    /// The same in Japanese.
    pub message: String,
}

/// Candidates of a prefecture in the order of choice, and the hospitals that are none.
#[derive(Debug, Serialize)]
pub struct Candidates {
    /// With score and parts.
    pub candidates: Vec<ScoredCandidate>,
    /// Nominated ones, in the same order.
    pub nominated: Vec<Nominated>,
    /// With reasons.
    pub excluded: Vec<Excluded>,
    /// Which criteria: 0 is the programme's national default, else the prefecture's own.
    pub criteria_version: i32,
}

/// The candidates of a prefecture with their scores, and who is none and why. Looking is noted in the audit: answers are used for choosing.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; or the database is away.
pub async fn list(state: &State, permit: &Permit<ReadPrograms>, program: &str, prefecture: PrefectureCode) -> Result<Candidates, AppError> {
    let actor = permit.actor();
    require_prefecture(actor, prefecture)?;
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let program = require(conn, program).await?;
        let inputs = inputs(conn, &program, prefecture).await?;
        note_reading(conn, actor, ("read_candidates", now), (&program, prefecture), &inputs).await?;
        Ok(Candidates {
            candidates: selection::rank(&inputs.candidates, &inputs.criteria),
            nominated: inputs.nominated,
            excluded: inputs.excluded,
            criteria_version: inputs.criteria_version,
        })
    })
    .await
}

/// Who looked at whose answers for choosing: a prefecture's, and how many.
pub(super) async fn note_reading(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    (action, now): (&'static str, DateTime<Utc>),
    (program, prefecture): (&ProgramRow, PrefectureCode),
    inputs: &Inputs,
) -> Result<(), AppError> {
    let entry = audit::Entry {
        action,
        prefecture: Some(i16::from(prefecture.number())),
        details: json!({"program": program.id, "candidates": inputs.candidates.len(), "nominated": inputs.nominated.len()}),
        ..audit::Entry::default()
    };
    Ok(audit::insert(conn, actor, now, entry).await?)
}

/// Waits until nobody else chooses in a prefecture, or says by hand what choosing reads; for the rest of the transaction.
pub(super) async fn take_turn_of(conn: &mut AsyncPgConnection, program: &str, prefecture: PrefectureCode) -> Result<(), AppError> {
    take_turn(conn, &format!("selection {program} {}", prefecture.number())).await
}

/// Everything that choosing reads, from one transaction.
pub(super) struct Inputs {
    pub(super) candidates: Vec<CandidateHospital>,
    /// Ranked; none of them is a candidate.
    pub(super) nominated: Vec<Nominated>,
    pub(super) excluded: Vec<Excluded>,
    pub(super) quotas: Vec<Quota>,
    pub(super) criteria: Criteria,
    pub(super) criteria_version: i32,
    pub(super) ids: BTreeMap<String, Uuid>,
}

impl Inputs {
    /// Band and score of a hospital that may come on a list by hand: a candidate, or one that was nominated.
    ///
    /// # Errors
    /// `not_a_candidate` with the reason; `hospital_unknown`.
    pub(super) fn by_hand(&self, gmis: &str) -> Result<(String, u64), AppError> {
        if let Some(candidate) = self.candidates.iter().find(|candidate| candidate.gmis == gmis) {
            return Ok((candidate.band.clone(), selection::score(candidate, &self.criteria).score));
        }
        if let Some(nominated) = self.nominated.iter().find(|nominated| nominated.scored.candidate.gmis == gmis) {
            return Ok((nominated.scored.candidate.band.clone(), nominated.scored.score));
        }
        match self.why_not(gmis) {
            Some(message) => Err(AppError::conflict("not_a_candidate", message)),
            None => Err(AppError::not_found(
                "hospital_unknown",
                "この支援事業の対象に、このG-MIS IDの病院はありません。IDを確認してください。",
            )),
        }
    }

    /// Why a hospital may not be chosen, in Japanese; `None` of a candidate, and of one that nobody knows.
    pub(super) fn why_not(&self, gmis: &str) -> Option<&str> {
        let excluded = self.excluded.iter().find(|excluded| excluded.hospital == gmis);
        excluded.map(|excluded| excluded.message.as_str())
    }
}

pub(super) async fn inputs(conn: &mut AsyncPgConnection, program: &ProgramRow, prefecture: PrefectureCode) -> Result<Inputs, AppError> {
    let number = i16::from(prefecture.number());
    let (records, ids) = records(conn, program, Some(prefecture)).await?;
    let standing = nominations::standing(conn, Book::Nomination, &program.id, Some(number)).await?;
    let reasons: BTreeMap<String, String> = standing.into_iter().map(|row| (row.gmis_id, row.reason)).collect();
    let in_force = in_force(conn, program, prefecture).await?;
    let (mut candidates, mut nominated, mut excluded) = (Vec::new(), Vec::new(), Vec::new());
    for record in records {
        let reason = match selection::eligible(&record) {
            Ok(candidate) => {
                candidates.push(candidate);
                continue;
            }
            Err(reason) => reason,
        };
        let message = reason.message();
        match (reasons.get(&record.gmis), selection::eligible_by_hand(&record)) {
            (Some(nomination), Ok(hospital)) => nominated.push(Nominated {
                scored: selection::score(&hospital, &in_force.criteria),
                nomination: nomination.clone(),
                otherwise: reason,
                message,
            }),
            _ => excluded.push(Excluded {
                hospital: record.gmis,
                name: record.name,
                band: record.band,
                beds: record.beds.number(),
                reason,
                message,
                wish: record.facts.wish,
            }),
        }
    }
    // Records come by G-MIS ID and the sort is stable: the order of choice.
    nominated.sort_by_key(|one| std::cmp::Reverse(one.scored.score));
    let quotas = quotas::list(conn, &program.id, Some(number))
        .await?
        .into_iter()
        .map(|row| {
            Ok(Quota {
                prefecture,
                band: row.band,
                hospitals: u32::try_from(row.hospitals).map_err(AppError::internal)?,
            })
        })
        .collect::<Result<_, AppError>>()?;
    Ok(Inputs {
        candidates,
        nominated,
        excluded,
        quotas,
        criteria: in_force.criteria,
        criteria_version: in_force.version,
        ids,
    })
}

/// The record of a hospital that the programme has in the prefecture.
///
/// # Errors
/// The database is away.
pub(super) async fn record(
    conn: &mut AsyncPgConnection,
    program: &ProgramRow,
    prefecture: PrefectureCode,
    gmis: &str,
) -> Result<HospitalRecord, AppError> {
    let (records, _) = records(conn, program, Some(prefecture)).await?;
    let found = records.into_iter().find(|record| record.gmis == gmis);
    found.ok_or_else(|| AppError::internal("a hospital of the programme has no record"))
}

/// The records of the hospitals of a prefecture, or of all, by G-MIS ID, with all that is known of them, and their internal ids.
pub(super) async fn records(
    conn: &mut AsyncPgConnection,
    program: &ProgramRow,
    prefecture: Option<PrefectureCode>,
) -> Result<(Vec<HospitalRecord>, BTreeMap<String, Uuid>), AppError> {
    let number = prefecture.map(|code| i16::from(code.number()));
    let rows = snapshots::answered(conn, &program.id, &program.surveys, number).await?;
    let ids: BTreeMap<String, Uuid> = rows.iter().map(|row| (row.gmis_id.clone(), row.hospital_id)).collect();
    let mut records = of_rows(program, rows)?;
    let mut findings = findings(conn, program, number).await?;
    let standing = nominations::standing(conn, Book::Exclusion, &program.id, number).await?;
    let mut exclusions: BTreeMap<String, String> = standing.into_iter().map(|row| (row.gmis_id, row.reason)).collect();
    let intake = intake(conn, program, number).await?;
    for record in &mut records {
        let (wish, consent) = intake.get(&record.gmis).copied().unwrap_or_default();
        record.facts = Facts {
            findings: ids.get(&record.gmis).and_then(|id| findings.remove(id)).unwrap_or_default(),
            wish,
            ..Facts::default()
        };
        record.consent = if program.consent == "recorded" {
            consent
        } else {
            Consent::NotNeeded
        };
        record.excluded = exclusions.remove(&record.gmis);
    }
    selection::mark_only_ones(&mut records);
    Ok((records, ids))
}

/// Findings of inspections in force by hospital, as seen from the day on which the programme opened.
async fn findings(
    conn: &mut AsyncPgConnection,
    program: &ProgramRow,
    prefecture: Option<i16>,
) -> Result<BTreeMap<Uuid, Vec<Finding>>, AppError> {
    let opened_on = frames::day_in_japan(program.opened_at);
    let mut found: BTreeMap<Uuid, Vec<Finding>> = BTreeMap::new();
    for row in inspections::standing(conn, prefecture).await? {
        let level = u8::try_from(row.level).map_err(AppError::internal)?;
        let finding = Finding::seen_from(opened_on, level, row.inspected_on);
        found.entry(row.hospital_id).or_default().push(finding);
    }
    Ok(found)
}

/// What the counted intake forms say, by G-MIS ID.
async fn intake(
    conn: &mut AsyncPgConnection,
    program: &ProgramRow,
    prefecture: Option<i16>,
) -> Result<BTreeMap<String, (Wish, Consent)>, AppError> {
    let Some(id) = &program.intake_survey else {
        return Ok(BTreeMap::new());
    };
    let survey = surveys::known(id)?;
    let rows = snapshots::answered(conn, &program.id, std::slice::from_ref(id), prefecture).await?;
    let said = rows.into_iter().map(|row| {
        let options = row.codes.map(|codes| selection::decode(survey, &codes)).unwrap_or_default();
        (row.gmis_id, (Wish::said(&options), Consent::said(&options)))
    });
    Ok(said.collect())
}

/// One record a hospital, with its answers to each of the programme's surveys, the latest first.
pub(super) fn of_rows(program: &ProgramRow, rows: Vec<AnsweredRow>) -> Result<Vec<HospitalRecord>, AppError> {
    let mut records: BTreeMap<String, HospitalRecord> = BTreeMap::new();
    for row in rows {
        let answers = match (row.survey_id, row.codes) {
            (Some(id), Some(codes)) => {
                let survey = surveys::known(&id)?;
                Some((id, Counted { survey, codes }))
            }
            _ => None,
        };
        if !records.contains_key(&row.gmis_id) {
            let record = HospitalRecord {
                gmis: row.gmis_id.clone(),
                institution_code: row.institution_code,
                name: row.name,
                prefecture: frames::prefecture_of(row.prefecture)?,
                municipality: frames::municipality_of(&row.municipality)?.map(|code| code.to_string()),
                beds: frames::beds_of(row.beds)?,
                band: row.band,
                attributes: serde_json::from_value(row.attributes).map_err(AppError::internal)?,
                left: row.left_because,
                chosen_earlier: row.earlier,
                surveys: program
                    .surveys
                    .iter()
                    .map(|id| SurveyAnswers {
                        survey: id.clone(),
                        answers: None,
                    })
                    .collect(),
                facts: Facts::default(),
                consent: Consent::NotNeeded,
                excluded: None,
            };
            records.insert(row.gmis_id.clone(), record);
        }
        if let (Some((id, answers)), Some(record)) = (answers, records.get_mut(&row.gmis_id))
            && let Some(place) = record.surveys.iter_mut().find(|place| place.survey == id)
        {
            place.answers = Some(answers);
        }
    }
    Ok(records.into_values().collect())
}
