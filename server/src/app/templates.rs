//! Templates that leave with a stamp: blank, or prefilled with what a hospital answered last, to this survey or to an earlier one where the crosswalk says
//! that both ask the same.

use std::collections::BTreeMap;

use diesel_async::AsyncPgConnection;
use importer::template::{self, Filling, TemplateError};
use serde_json::{Value, json};
use survey::answer::Answers;
use survey::crosswalk::Crosswalk;
use survey::edition::Edition;
use survey::hospital::{FrameHospital, GmisId};
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::state::State;
use crate::app::{frames, intake, surveys};
use crate::auth::permit::{Permit, ReadAnswers};
use crate::db::frames::FrameRow;
use crate::db::transaction::{Mode, as_actor};
use crate::db::{audit, frames as frame_rows, revisions, submissions};
use crate::error::AppError;

/// Most hospitals of one bulk template: a prefecture has 640 at most, the nation fits too.
const HOSPITALS: usize = 10_000;

/// For whom a template is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum For {
    /// A form of one hospital, by G-MIS ID.
    Hospital(String),
    /// A row for each hospital that the actor may see.
    Visible,
}

/// What stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefill {
    /// Nothing.
    Blank,
    /// What was answered last.
    LastAnswers,
}

/// A blank template for nobody in particular, with a stamp; `None` for a layout that there is not.
///
/// # Errors
/// Internal: the workbook cannot be written.
pub fn blank(state: &State, edition: &Edition, layout: &str) -> Result<Option<Vec<u8>>, AppError> {
    let filling = Filling {
        answers: None,
        key: Some(state.shared.template_key.as_slice()),
    };
    match layout {
        "form" => template::form(edition, None, &filling).map(Some).map_err(AppError::internal),
        "bulk" => template::bulk(edition, &[], &filling).map(Some).map_err(AppError::internal),
        _ => Ok(None),
    }
}

/// A template for hospitals of the frame, with a stamp. Prefilling it with somebody else's respondents is noted in the audit.
///
/// # Errors
/// `edition_unknown`, `hospital_unknown`, `too_many_hospitals`; or the database is away.
pub async fn of_hospitals(
    state: &State,
    permit: &Permit<ReadAnswers>,
    survey: &'static Survey,
    edition: Option<&str>,
    (whose, prefill): (&For, Prefill),
) -> Result<Vec<u8>, AppError> {
    let edition = surveys::edition(survey, edition)?;
    let (actor, now) = (permit.actor(), state.now());
    let (rows, answers) = as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let rows = match whose {
            For::Hospital(gmis) => vec![frames::require(conn, survey, gmis).await?],
            For::Visible => frame_rows::all(conn, survey.id().as_str()).await?,
        };
        if rows.len() > HOSPITALS {
            return Err(AppError::conflict(
                "too_many_hospitals",
                format!("対象が{HOSPITALS}病院を超えるため、1つの様式にできません。都道府県の権限で出力してください。"),
            ));
        }
        let answers = match prefill {
            Prefill::Blank => BTreeMap::new(),
            Prefill::LastAnswers => last_answers(conn, survey, edition, &rows).await?,
        };
        let personal = answers.values().filter(|answers| answers.contains_key("respondent")).count();
        let of_others = rows.iter().any(|row| actor.hospital() != Some(row.hospital_id));
        if personal > 0 && of_others {
            let one = rows.first().filter(|_| rows.len() == 1);
            let entry = audit::Entry {
                action: "read_respondent",
                survey: Some(survey.id().as_str()),
                hospital: one.map(|row| row.hospital_id),
                prefecture: one.map(|row| row.prefecture),
                details: json!({"template": true, "respondents": personal}),
            };
            audit::insert(conn, actor, now, entry).await?;
        }
        Ok((rows, answers))
    })
    .await?;
    let hospitals: Vec<FrameHospital> = rows.iter().map(frames::hospital_of).collect::<Result<_, _>>()?;
    let key = state.shared.template_key;
    let form = matches!(whose, For::Hospital(_));
    // Thousands of rows are written: not on a worker's thread.
    let written = tokio::task::spawn_blocking(move || -> Result<Vec<u8>, TemplateError> {
        let filling = Filling {
            answers: Some(&answers),
            key: Some(key.as_slice()),
        };
        if form {
            template::form(edition, hospitals.first(), &filling)
        } else {
            template::bulk(edition, &hospitals, &filling)
        }
    });
    written.await.map_err(AppError::internal)?.map_err(AppError::internal)
}

/// What hospitals answered last: to this survey, else to the newest earlier one, as far as both ask the same.
async fn last_answers(
    conn: &mut AsyncPgConnection,
    survey: &Survey,
    edition: &Edition,
    rows: &[FrameRow],
) -> Result<BTreeMap<GmisId, Answers>, AppError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.hospital_id).collect();
    let mut found: BTreeMap<Uuid, Answers> = BTreeMap::new();
    let earlier = survey::compiled_in().iter().rev().filter(|other| other.id() < survey.id());
    for source in std::iter::once(survey).chain(earlier) {
        let submitted = submissions::of_hospitals(conn, source.id().as_str(), &ids).await?;
        let hospitals: BTreeMap<Uuid, Uuid> = submitted.iter().map(|row| (row.id, row.hospital_id)).collect();
        let answered: Vec<Uuid> = submitted.iter().filter(|row| row.latest_revision > 0).map(|row| row.id).collect();
        for latest in revisions::latest(conn, &answered).await? {
            let Some(hospital) = hospitals.get(&latest.submission_id) else {
                continue;
            };
            let Value::Object(answers) = intake::together(latest.answers, latest.respondent) else {
                continue;
            };
            let fitting = if source.id() == survey.id() {
                answers
            } else {
                Crosswalk::compiled_in().carry(source.id().as_str(), &answers, edition)
            };
            found.entry(*hospital).or_insert(fitting);
        }
    }
    rows.iter()
        .filter_map(|row| found.remove(&row.hospital_id).map(|answers| (row, answers)))
        .map(|(row, answers)| Ok((GmisId::parse(&row.gmis_id).map_err(AppError::internal)?, answers)))
        .collect()
}
