//! Reads what is counted of a survey, and makes its snapshot. Which revision counts is decided here: the newest of a submission that is submitted or
//! accepted, of a hospital in scope.

use std::collections::HashMap;

use analytics::{FrameEntry, Response, Snapshot};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Deserialize;
use survey::attribute::Attributes;
use survey::survey::Survey;
use uuid::Uuid;

use super::on_thread;
use crate::app::frames;
use crate::db::packed::{self, FrameRows, RevisionRows, SubmissionRows};
use crate::db::snapshots;
use crate::error::AppError;

/// Bytes of an id.
const ID: usize = 16;

/// What was read in one moment.
pub(super) struct Counted {
    /// When it changed last.
    as_of: DateTime<Utc>,
    hospitals: Hospitals,
    submissions: Vec<SubmissionRows>,
    revisions: Vec<RevisionRows>,
    attributes: Vec<(Uuid, serde_json::Value)>,
}

/// The frame in scope, and where in it each hospital stands.
struct Hospitals {
    entries: Vec<FrameEntry>,
    places: HashMap<Uuid, usize>,
}

/// Reads it.
pub(super) async fn counted(conn: &mut AsyncPgConnection, survey: &Survey) -> Result<Counted, AppError> {
    let id = survey.id().as_str();
    let frame = packed::frame(conn, id).await?;
    let left_at = frame.iter().filter_map(|rows| rows.left_at).max();
    let attributes = if frame.iter().any(|rows| rows.attributes) {
        snapshots::attributes(conn, id).await?
    } else {
        Vec::new()
    };
    // Unpacked while Postgres reads on.
    let hospitals = tokio::task::spawn_blocking(move || Hospitals::unpack(&frame));
    let submissions = packed::submissions(conn, id).await?;
    let revisions = packed::revisions(conn, id, survey.layout().hash()).await?;
    let as_of = match submissions.iter().map(|rows| rows.changed_at).max().max(left_at) {
        Some(newest) => newest,
        None => snapshots::changed_at(conn, id).await?,
    };
    Ok(Counted {
        as_of,
        hospitals: hospitals.await.map_err(AppError::internal)??,
        submissions,
        revisions,
        attributes,
    })
}

/// The snapshot of it.
pub(super) async fn snapshot(survey: &'static Survey, counted: Counted) -> Result<Snapshot, AppError> {
    on_thread(move || {
        let snapshot = counted.build(survey)?;
        let known = counted.attributes.iter().map(known).collect::<Result<HashMap<_, _>, _>>()?;
        snapshot.with_attributes(&known).map_err(AppError::internal)
    })
    .await?
}

/// Stored attributes as the catalogue reads them: what it does not know cannot be counted in exactly one way.
fn known((hospital, attributes): &(Uuid, serde_json::Value)) -> Result<(Uuid, Attributes), AppError> {
    Ok((*hospital, Attributes::deserialize(attributes).map_err(AppError::internal)?))
}

impl Hospitals {
    fn unpack(frame: &[FrameRows]) -> Result<Hospitals, AppError> {
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
        let places = entries.iter().enumerate().map(|(place, entry)| (entry.hospital, place)).collect();
        Ok(Hospitals { entries, places })
    }
}

impl Counted {
    fn build(&self, survey: &Survey) -> Result<Snapshot, AppError> {
        let places = &self.hospitals.places;
        // By place in the frame: the number of the revision that counts, 0 of who is not counted.
        let mut latest = vec![0_i32; self.hospitals.entries.len()];
        for rows in &self.submissions {
            for (hospital, _) in records(&rows.hospitals, 0)? {
                // Out of scope otherwise: its answers leave every count.
                if let Some(number) = places.get(&hospital).and_then(|place| latest.get_mut(*place)) {
                    *number = rows.latest_revision;
                }
            }
        }
        let (hospitals, latest) = (&self.hospitals, &latest);
        let mut counted = Vec::with_capacity(self.revisions.len());
        for rows in &self.revisions {
            let length = usize::try_from(rows.length).map_err(AppError::internal)?;
            let entries = records(&rows.codes, length)?.filter_map(move |(hospital, codes)| {
                let place = *hospitals.places.get(&hospital)?;
                (latest.get(place) == Some(&rows.number)).then_some((hospitals.entries.get(place)?, codes))
            });
            counted.push((rows.another_layout, entries));
        }
        for (another_layout, entries) in &counted {
            if *another_layout && let Some((entry, _)) = entries.clone().next() {
                let (hospital, layout) = (entry.hospital, survey.layout().hash());
                return Err(AppError::internal(format!(
                    "the counted revision of hospital {hospital} has another layout than this program's {layout}"
                )));
            }
        }
        let responses = counted.into_iter().flat_map(|(_, entries)| entries).map(|(entry, codes)| Response {
            hospital: entry.hospital,
            prefecture: entry.prefecture,
            municipality: entry.municipality.clone(),
            beds: entry.beds,
            codes: codes.to_vec(),
        });
        Snapshot::new(survey, self.as_of, self.hospitals.entries.iter().cloned(), responses).map_err(AppError::internal)
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
