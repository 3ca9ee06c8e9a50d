//! Reads what is counted of a survey, and makes its snapshot. Which revision counts is decided here: the newest of a submission that is submitted or
//! accepted, of a hospital in scope.

use std::collections::HashMap;

use analytics::{FrameEntry, Snapshot, Target, Targets};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Deserialize;
use survey::attribute::Attributes;
use survey::survey::Survey;
use uuid::Uuid;

use super::on_thread;
use crate::app::frames;
use crate::auth::actor::Actor;
use crate::db::packed::{self, FrameRows, RevisionRows, SubmissionRows};
use crate::db::pool::ConnectionPool;
use crate::db::{snapshots, transaction};
use crate::error::AppError;

/// Bytes of an id.
const ID: usize = 16;

/// What was read in one moment.
pub(super) struct Counted {
    /// When it changed last.
    as_of: DateTime<Utc>,
    targets: Targets,
    submissions: Vec<SubmissionRows>,
    revisions: Vec<RevisionRows>,
    attributes: Vec<(Uuid, serde_json::Value)>,
}

/// Who is asked and who answered, without the answers.
struct Frame {
    left_at: Option<DateTime<Utc>>,
    targets: Targets,
    submissions: Vec<SubmissionRows>,
    attributes: Vec<(Uuid, serde_json::Value)>,
}

/// Reads it: the answers on `conn`, everything else on a second connection at the same moment, if one is free; in turn otherwise.
pub(super) async fn counted(
    pool: &ConnectionPool,
    actor: &Actor,
    conn: &mut AsyncPgConnection,
    survey: &Survey,
) -> Result<Counted, AppError> {
    let id = survey.id().as_str();
    let moment = transaction::moment(conn).await?;
    let (beside, revisions) = tokio::join!(
        transaction::beside(pool, actor, &moment, async |conn| frame(conn, id).await),
        packed::revisions(conn, id, survey.layout().hash()),
    );
    let (beside, revisions) = (beside?, revisions?);
    let frame = match beside {
        Some(frame) => frame,
        None => frame(conn, id).await?,
    };
    let changed_at = frame.submissions.iter().map(|rows| rows.changed_at).max();
    let as_of = match changed_at.max(frame.left_at) {
        Some(newest) => newest,
        None => snapshots::changed_at(conn, id).await?,
    };
    Ok(Counted {
        as_of,
        targets: frame.targets,
        submissions: frame.submissions,
        revisions,
        attributes: frame.attributes,
    })
}

async fn frame(conn: &mut AsyncPgConnection, id: &str) -> Result<Frame, AppError> {
    let frame = packed::frame(conn, id).await?;
    let left_at = frame.iter().filter_map(|rows| rows.left_at).max();
    let known = frame.iter().any(|rows| rows.attributes);
    // Unpacked while Postgres reads on.
    let targets = tokio::task::spawn_blocking(move || targets(&frame));
    let attributes = if known {
        snapshots::attributes(conn, id).await?
    } else {
        Vec::new()
    };
    Ok(Frame {
        left_at,
        submissions: packed::submissions(conn, id).await?,
        targets: targets.await.map_err(AppError::internal)??,
        attributes,
    })
}

/// The snapshot of it.
pub(super) async fn snapshot(survey: &'static Survey, counted: Counted) -> Result<Snapshot, AppError> {
    on_thread(move || {
        let known = counted.attributes.iter().map(known).collect::<Result<HashMap<_, _>, _>>()?;
        counted.build(survey)?.with_attributes(&known).map_err(AppError::internal)
    })
    .await?
}

/// Stored attributes as the catalogue reads them: what it does not know cannot be counted in exactly one way.
fn known((hospital, attributes): &(Uuid, serde_json::Value)) -> Result<(Uuid, Attributes), AppError> {
    Ok((*hospital, Attributes::deserialize(attributes).map_err(AppError::internal)?))
}

fn targets(frame: &[FrameRows]) -> Result<Targets, AppError> {
    let mut entries = Vec::with_capacity(frame.iter().map(|rows| rows.hospitals.len() / (ID + 4)).sum());
    for rows in frame {
        let (prefecture, municipality) = (
            frames::prefecture_of(rows.prefecture)?,
            frames::municipality_of(&rows.municipality)?,
        );
        for (hospital, beds) in records(&rows.hospitals, 4)? {
            let beds = <[u8; 4]>::try_from(beds).map_err(AppError::internal)?;
            entries.push(FrameEntry {
                hospital,
                prefecture,
                municipality: municipality.clone(),
                beds: frames::beds_of(i32::from_be_bytes(beds))?,
            });
        }
    }
    Targets::new(entries).map_err(AppError::internal)
}

/// The revision that counts of who is not counted.
const NONE: i32 = 0;

impl Counted {
    fn build(self, survey: &Survey) -> Result<Snapshot, AppError> {
        let (targets, latest) = (&self.targets, self.latest()?);
        let counts = |hospital: Uuid, number: i32| {
            let target = targets.find(hospital)?;
            (latest.get(target.index()) == Some(&number)).then_some(target)
        };
        let mut answers = Vec::with_capacity(self.revisions.len());
        for rows in &self.revisions {
            let length = usize::try_from(rows.length).map_err(AppError::internal)?;
            if rows.another_layout
                && let Some((hospital, _)) = records(&rows.codes, length)?.find(|(hospital, _)| counts(*hospital, rows.number).is_some())
            {
                let layout = survey.layout().hash();
                return Err(AppError::internal(format!(
                    "the counted revision of hospital {hospital} has another layout than this program's {layout}"
                )));
            }
            answers.push((rows.number, records(&rows.codes, length)?));
        }
        let responses: Vec<(Target, &[u8])> = answers
            .into_iter()
            .flat_map(|(number, records)| records.filter_map(move |(hospital, codes)| Some((counts(hospital, number)?, codes))))
            .collect();
        Snapshot::new(survey, self.as_of, self.targets, responses).map_err(AppError::internal)
    }

    /// The number of the revision that counts, of each hospital of the frame. Who never answered has none that this could let in.
    fn latest(&self) -> Result<Vec<i32>, AppError> {
        let mut latest = vec![1; self.targets.len()];
        for rows in &self.submissions {
            for (hospitals, number) in [(&rows.uncounted, NONE), (&rows.revised, rows.latest_revision)] {
                for (hospital, _) in records(hospitals, 0)? {
                    // Out of scope otherwise: its answers leave every count.
                    if let Some(latest) = self.targets.find(hospital).and_then(|target| latest.get_mut(target.index())) {
                        *latest = number;
                    }
                }
            }
        }
        Ok(latest)
    }
}

/// The packed rows of a value: an id and so many bytes more each.
fn records(packed: &[u8], more: usize) -> Result<impl Iterator<Item = (Uuid, &[u8])> + Clone, AppError> {
    let rows = packed.chunks_exact(ID + more);
    if !rows.remainder().is_empty() {
        return Err(AppError::internal(format!(
            "{} bytes are no rows of {} bytes",
            packed.len(),
            ID + more
        )));
    }
    Ok(rows.filter_map(|row| {
        let (id, more) = row.split_first_chunk::<ID>()?;
        Some((Uuid::from_bytes(*id), more))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_rows_are_whole_or_refused() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let packed = [&one.as_bytes()[..], &[7, 8], &two.as_bytes()[..], &[9, 10]].concat();
        let rows: Vec<(Uuid, &[u8])> = records(&packed, 2).unwrap().collect();
        assert_eq!(rows, [(one, &[7, 8][..]), (two, &[9, 10][..])]);
        assert_eq!(records(&[], 2).unwrap().count(), 0);
        assert!(records(&packed[1..], 2).is_err());
        assert!(records(&packed, 3).is_err());
    }
}
