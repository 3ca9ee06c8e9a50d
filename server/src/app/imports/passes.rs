//! The two passes over a file. First its rows go by, out of memory, and what has to be known of the whole stays; then its hospitals are judged, a few at
//! a time, in the order in which their submissions are locked. Nothing is recorded here.

use std::sync::Arc;

use diesel_async::AsyncPgConnection;
use importer::plan::Notes;
use importer::{Outline, Piece, Plan, Request, Verdict};
use survey::answer::{EntryPath, HospitalFacts};
use survey::edition::Edition;
use survey::fault::Fault;
use survey::frame::Frame;
use survey::hospital::FrameHospital;
use survey::survey::Survey;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::app::imports::{Upload, refused};
use crate::app::state::State;
use crate::app::{frames, intake};
use crate::auth::actor::{Actor, Role};
use crate::db::frames as frame_rows;
use crate::db::frames::FrameRow;
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;
use crate::parsing::Spool;

/// Hospitals of the frame that are read at a time.
const PART: u16 = 2_000;

/// The frame that an actor may see, with the internal ids of its hospitals.
#[derive(Debug)]
struct Listed {
    frame: Frame,
    ids: Vec<Uuid>,
}

/// A file after the first pass.
#[derive(Debug)]
pub(super) struct Looked {
    known: Arc<Known>,
    /// What is noticed of its hospitals while they are judged.
    notes: Notes,
    /// By which way its answers come in.
    pub(super) path: EntryPath,
}

/// What is known of a file, and its rows.
#[derive(Debug)]
struct Known {
    plan: Plan<'static>,
    listed: Arc<Listed>,
    spool: Spool,
}

/// The first pass while it goes.
#[derive(Debug)]
struct Looking {
    outline: Outline<'static>,
    listed: Arc<Listed>,
}

impl Looking {
    fn take(&mut self, piece: &Piece) {
        let frame = &self.listed.frame;
        match piece {
            Piece::File { .. } => {}
            Piece::Sheet { name, hidden } => self.outline.begin(name, *hidden, frame),
            Piece::Row(row) => self.outline.row(row, frame),
            Piece::Again => self.outline.again(),
        }
    }
}

/// Reads a file in the limited child, against the frame that the actor may see.
pub(super) async fn look(state: &State, actor: &Actor, survey: &'static Survey, upload: &Upload) -> Result<Looked, AppError> {
    let path = if matches!(actor.role(), Role::Hospital(_)) {
        EntryPath::Workbook
    } else {
        EntryPath::Proxy
    };
    let request = Request {
        numbering: upload.numbering.clone(),
        path,
    };
    let listed = Arc::new(listed(state, actor, survey).await?);
    let looking = Looking {
        outline: Outline::new(survey, &request, Some(&state.shared.template_key)),
        listed: Arc::clone(&listed),
    };
    let read = state.shared.parser.spool(&upload.bytes, looking, Looking::take).await?;
    let (spool, looking) = read.map_err(|fault| refused(vec![fault]))?;
    let plan = looking.outline.finish(&listed.frame);
    Ok(Looked {
        known: Arc::new(Known { plan, listed, spool }),
        notes: Notes::default(),
        path,
    })
}

/// Reads the frame in parts, in one moment: rows of it are not in memory twice.
async fn listed(state: &State, actor: &Actor, survey: &Survey) -> Result<Listed, AppError> {
    as_actor(&state.pool, actor, Mode::Snapshot, async |conn| {
        let (mut hospitals, mut ids): (Vec<FrameHospital>, Vec<Uuid>) = (Vec::new(), Vec::new());
        let mut last: Option<String> = None;
        loop {
            let rows = frame_rows::part(conn, survey.id().as_str(), last.as_deref(), PART.into()).await?;
            let all = rows.len() < usize::from(PART);
            for row in &rows {
                hospitals.push(frames::hospital_of(row)?);
                ids.push(row.hospital_id);
            }
            last = rows.into_iter().next_back().map(|row| row.gmis_id);
            if all {
                break;
            }
        }
        let frame = Frame::new(hospitals).map_err(AppError::internal)?;
        Ok(Listed { frame, ids })
    })
    .await
}

impl Listed {
    fn row(&self, index: usize) -> Option<FrameRow> {
        let hospital = self.frame.hospitals().get(index)?;
        Some(FrameRow {
            hospital_id: *self.ids.get(index)?,
            gmis_id: hospital.gmis.as_str().to_owned(),
            institution_code: hospital.institution_code.as_ref().map(ToString::to_string),
            name: hospital.name.clone(),
            prefecture: i16::from(hospital.prefecture.number()),
            municipality: hospital.municipality.as_ref().map(ToString::to_string).unwrap_or_default(),
            beds: i32::from(hospital.beds.number()),
        })
    }
}

/// A hospital of the file that was judged.
#[derive(Debug)]
pub(super) struct Judged {
    /// Its place in the file, from 0.
    pub(super) ordinal: usize,
    /// As the frame has it, if it is known which hospital is meant.
    pub(super) hospital: Option<FrameRow>,
    /// What came out.
    pub(super) verdict: Verdict,
}

/// Hospitals that are being judged.
#[derive(Debug)]
pub(super) struct Judging(JoinHandle<(Result<Vec<Judged>, AppError>, Notes)>);

impl Looked {
    /// How many hospitals the file has answers of.
    pub(super) fn hospitals(&self) -> usize {
        self.known.plan.hospitals()
    }

    /// The hospitals by their places in the file, in the order of their internal ids: that in which two imports at the same time lock them.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let id = |ordinal: &usize| {
            let index = self.known.plan.place(*ordinal)?.hospital?;
            self.known.listed.ids.get(index).copied()
        };
        let mut ordinals: Vec<usize> = (0..self.hospitals()).collect();
        ordinals.sort_by_key(id);
        ordinals
    }

    /// Begins to judge the next hospitals, if there are more: beside the database, which records those before.
    pub(super) async fn begin(
        &mut self,
        conn: &mut AsyncPgConnection,
        edition: &Edition,
        part: Option<&[usize]>,
    ) -> Result<Option<Judging>, AppError> {
        let Some(part) = part else { return Ok(None) };
        let known = &self.known;
        let rows = part.iter().map(|ordinal| {
            let index = known.plan.place(*ordinal).and_then(|place| place.hospital);
            (*ordinal, index.and_then(|index| known.listed.row(index)))
        });
        let rows: Vec<(usize, Option<FrameRow>)> = rows.collect();
        let hospitals: Vec<&FrameRow> = rows.iter().filter_map(|(_, row)| row.as_ref()).collect();
        let facts = intake::facts(conn, edition, &hospitals).await?;
        let (known, mut notes) = (Arc::clone(known), std::mem::take(&mut self.notes));
        // Hundreds of rows are evaluated: not on a worker's thread.
        let judging = tokio::task::spawn_blocking(move || {
            let judged = rows
                .into_iter()
                .map(|(ordinal, hospital)| {
                    let facts = hospital.as_ref().and_then(|row| facts.get(&row.hospital_id));
                    let verdict = known.judge(ordinal, facts, &mut notes)?;
                    Ok(Judged {
                        ordinal,
                        hospital,
                        verdict,
                    })
                })
                .collect::<Result<Vec<_>, AppError>>();
            (judged, notes)
        });
        Ok(Some(Judging(judging)))
    }

    /// Waits for what was begun; before the next is.
    pub(super) async fn judged(&mut self, judging: Judging) -> Result<Vec<Judged>, AppError> {
        let (judged, notes) = judging.0.await.map_err(AppError::internal)?;
        self.notes = notes;
        judged
    }

    /// The faults of the file as a whole, once every hospital has been judged.
    pub(super) fn faults(&mut self) -> Vec<Fault> {
        self.known.plan.faults(std::mem::take(&mut self.notes))
    }
}

impl Known {
    fn judge(&self, ordinal: usize, facts: Option<&HospitalFacts>, notes: &mut Notes) -> Result<Verdict, AppError> {
        let missing = || AppError::internal(format!("hospital {ordinal} of a file is gone"));
        let place = self.plan.place(ordinal).ok_or_else(missing)?;
        let rows = self.spool.rows(place).map_err(AppError::internal)?;
        let facts = |_: &FrameHospital| facts.cloned().unwrap_or_default();
        self.plan
            .judge(ordinal, &rows, &self.listed.frame, &facts, notes)
            .ok_or_else(missing)
    }
}
