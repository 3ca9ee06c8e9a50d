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
    // First what the first connection said: when it is gone, so is the moment.
    let revisions = revisions?;
    let frame = match beside? {
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

/// Stands for the revision that counts where none does: revisions are numbered from 1.
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

    /// The number of the revision that counts, of each hospital of the frame: the first, where its submission is not named. A hospital without a submission
    /// has no revision either (a foreign key), so that the 1 of one that never answered lets nothing in.
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
    use survey::hospital::Beds;
    use survey::prefecture::PrefectureCode;

    use super::*;

    const OUT_OF_SCOPE: u128 = 99;

    fn ids(hospitals: &[u128]) -> Vec<u8> {
        hospitals
            .iter()
            .flat_map(|hospital| *Uuid::from_u128(*hospital).as_bytes())
            .collect()
    }

    fn submissions(latest_revision: i32, uncounted: &[u128], revised: &[u128]) -> SubmissionRows {
        SubmissionRows {
            latest_revision,
            changed_at: DateTime::UNIX_EPOCH,
            uncounted: ids(uncounted),
            revised: ids(revised),
        }
    }

    fn counted(another_layout: bool) -> Counted {
        let survey = survey::survey::find("2024").unwrap();
        let length = survey.layout().len();
        let entry = |hospital| FrameEntry {
            hospital: Uuid::from_u128(hospital),
            prefecture: PrefectureCode::new(1).unwrap(),
            municipality: None,
            beds: Beds::new(20).unwrap(),
        };
        let revisions = |number, another_layout, hospitals: &[u128]| RevisionRows {
            number,
            another_layout,
            length: i32::try_from(length).unwrap(),
            codes: hospitals
                .iter()
                .flat_map(|hospital| [ids(&[*hospital]), vec![0; length]].concat())
                .collect(),
        };
        Counted {
            as_of: DateTime::UNIX_EPOCH,
            targets: Targets::new((1..=7).map(entry)).unwrap(),
            // 1 counts by its first, 3 by its third; 2 has a draft, 4 was returned, 5 pulled back its second, 6 never began, 7 counts by its second.
            submissions: vec![
                submissions(0, &[2], &[]),
                submissions(1, &[4, OUT_OF_SCOPE], &[]),
                submissions(2, &[5], &[7]),
                submissions(3, &[], &[3]),
            ],
            revisions: vec![
                revisions(1, false, &[1, 3, 4, 5, OUT_OF_SCOPE]),
                revisions(1, true, &[7]),
                revisions(2, false, &[3, 5]),
                revisions(2, another_layout, &[7]),
                revisions(3, false, &[3]),
            ],
            attributes: Vec::new(),
        }
    }

    #[test]
    fn the_newest_revision_counts_of_who_counts_and_is_in_scope() {
        let survey = survey::survey::find("2024").unwrap();
        assert_eq!(counted(false).latest().unwrap(), [1, 0, 3, 0, 0, 1, 2]);
        let snapshot = counted(false).build(survey).unwrap();
        assert_eq!((snapshot.targets(), snapshot.responses()), (7, 3));
        let refused = counted(true).build(survey).map(|_| ()).unwrap_err();
        assert!(refused.for_operator().contains(&Uuid::from_u128(7).to_string()), "{refused:?}");
    }

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
