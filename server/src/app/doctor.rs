//! Checks that what is stored agrees with itself: codes are to count, answers are to read, and both must say the same.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use survey::answer::{EntryPath, HospitalFacts};
use survey::evaluate::evaluate;
use uuid::Uuid;

use crate::app::state::State;
use crate::app::surveys;
use crate::auth::actor::Actor;
use crate::db::schema::revision;
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Revisions looked at.
    pub revisions: usize,
    /// Revisions whose codes are not those of their answers, as `submission number`.
    pub different: Vec<String>,
}

/// Recomputes the codes of every revision.
///
/// # Errors
/// The database is away.
pub async fn examine(state: &State, actor: &Actor) -> Result<Findings, AppError> {
    const STEP: i64 = 5_000;
    let mut findings = Findings::default();
    let mut after: Option<(Uuid, i32)> = None;
    loop {
        let rows: Vec<(Uuid, i32, String, String, Value, Vec<u8>)> = as_actor(&state.pool, actor, Mode::Snapshot, async |conn| {
            let mut query = revision::table
                .select((
                    revision::submission_id,
                    revision::number,
                    revision::survey_id,
                    revision::edition_id,
                    revision::answers,
                    revision::codes,
                ))
                .order((revision::submission_id, revision::number))
                .limit(STEP)
                .into_boxed();
            if let Some((submission, number)) = after {
                query = query.filter(
                    revision::submission_id
                        .gt(submission)
                        .or(revision::submission_id.eq(submission).and(revision::number.gt(number))),
                );
            }
            Ok(query.load(conn).await?)
        })
        .await?;
        let Some(last) = rows.last() else { return Ok(findings) };
        after = Some((last.0, last.1));
        for (submission, number, survey, edition, answers, codes) in &rows {
            findings.revisions += 1;
            let survey = surveys::known(survey)?;
            let edition = surveys::edition(survey, Some(edition))?;
            // Facts decide faults, and no question of the surveys so far is asked by them; the entry path decides only who may say 無回答.
            let evaluation = evaluate(edition, &HospitalFacts::default(), answers, EntryPath::Proxy);
            if evaluation.codes != *codes {
                findings.different.push(format!("{submission} {number}"));
            }
        }
    }
}
