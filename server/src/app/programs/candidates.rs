//! The candidates of a programme: which hospitals a prefecture may choose, in which order, and why the others are none.

use std::collections::BTreeMap;

use analytics::selection::{self, CandidateHospital, Criteria, HospitalRecord, NotEligible, Quota, ScoredCandidate, SurveyAnswers};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::json;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::{require, require_prefecture};
use crate::app::state::State;
use crate::app::{frames, surveys};
use crate::auth::permit::{Permit, ReadPrograms};
use crate::db::programs::ProgramRow;
use crate::db::snapshots::{self, AnsweredRow};
use crate::db::transaction::{Mode, as_actor};
use crate::db::{audit, quotas};
use crate::error::AppError;

/// A hospital that may not be chosen, and why.
#[derive(Debug, Serialize)]
pub struct Excluded {
    /// G-MIS ID.
    pub hospital: String,
    /// Name.
    pub name: String,
    /// Stable reason with its details.
    #[serde(flatten)]
    pub reason: NotEligible,
    /// The reason in Japanese.
    pub message: String,
}

/// Candidates of a prefecture in the order of choice, and the hospitals that are none.
#[derive(Debug, Serialize)]
pub struct Candidates {
    /// With score and parts.
    pub candidates: Vec<ScoredCandidate>,
    /// With reasons.
    pub excluded: Vec<Excluded>,
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
        let entry = audit::Entry {
            action: "read_candidates",
            prefecture: Some(i16::from(prefecture.number())),
            details: json!({"program": program.id, "candidates": inputs.candidates.len()}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(Candidates {
            candidates: selection::rank(&inputs.candidates, &inputs.criteria),
            excluded: inputs.excluded,
        })
    })
    .await
}

/// Everything that choosing reads, from one transaction.
pub(super) struct Inputs {
    pub(super) candidates: Vec<CandidateHospital>,
    pub(super) excluded: Vec<Excluded>,
    pub(super) quotas: Vec<Quota>,
    pub(super) criteria: Criteria,
    pub(super) ids: BTreeMap<String, Uuid>,
}

impl Inputs {
    /// Band and score of a hospital that may come on a list by hand.
    ///
    /// # Errors
    /// `not_a_candidate` with the reason; `hospital_unknown`.
    pub(super) fn by_hand(&self, gmis: &str) -> Result<(String, u64), AppError> {
        if let Some(candidate) = self.candidates.iter().find(|candidate| candidate.gmis == gmis) {
            return Ok((candidate.band.clone(), selection::score(candidate, &self.criteria).score));
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
    let rows = snapshots::answered(conn, &program.id, &program.surveys, Some(number)).await?;
    let ids = rows.iter().map(|row| (row.gmis_id.clone(), row.hospital_id)).collect();
    let mut candidates = Vec::new();
    let mut excluded = Vec::new();
    for record in records(program, rows)? {
        match selection::eligible(&record) {
            Ok(candidate) => candidates.push(candidate),
            Err(reason) => {
                let message = reason.message();
                excluded.push(Excluded {
                    hospital: record.gmis,
                    name: record.name,
                    reason,
                    message,
                });
            }
        }
    }
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
    let criteria = serde_json::from_value(program.criteria.clone()).map_err(AppError::internal)?;
    Ok(Inputs {
        candidates,
        excluded,
        quotas,
        criteria,
        ids,
    })
}

/// One record a hospital, with its answers to each of the programme's surveys, the latest first.
pub(super) fn records(program: &ProgramRow, rows: Vec<AnsweredRow>) -> Result<Vec<HospitalRecord>, AppError> {
    let mut records: BTreeMap<String, HospitalRecord> = BTreeMap::new();
    for row in rows {
        let answers = match (&row.survey_id, &row.codes) {
            (Some(id), Some(codes)) => Some((id.clone(), selection::decode(surveys::known(id)?, codes))),
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
