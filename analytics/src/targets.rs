//! The hospitals that a survey is sent to, each found by its id. Knows no answer.

use crate::columns::{Municipalities, Places};
use crate::snapshot::SnapshotError;
use std::collections::HashMap;
use survey::area::MunicipalityCode;
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

/// One hospital that the survey is sent to. Rows that are out of scope (closed, under 20 beds) must be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameEntry {
    /// The internal id, the same in every survey. It joins years and appears in no output.
    pub hospital: Uuid,
    /// The prefecture of the frame.
    pub prefecture: PrefectureCode,
    /// The municipality of the frame, where it is known.
    pub municipality: Option<MunicipalityCode>,
    /// The licensed beds (許可病床数) of the frame.
    pub beds: Beds,
}

/// The frame in scope.
pub struct Targets {
    hospitals: Vec<Uuid>,
    places: Places,
    municipalities: Municipalities,
    // Ids are ours and none that somebody chose: a hash that withstands chosen keys costs more than the rest of a look-up.
    found: HashMap<Uuid, Target, foldhash::fast::RandomState>,
}

/// One of the [`Targets`] that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target(u32);

impl Target {
    /// Its place among all of them, from 0.
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Targets {
    /// Takes the rows of the frame in their order.
    ///
    /// # Errors
    /// [`SnapshotError::NoHospital`] or [`SnapshotError::HospitalTwice`] for the first row that could not be counted in exactly one way;
    /// [`SnapshotError::Columns`] for more than four thousand million.
    pub fn new(frame: impl IntoIterator<Item = FrameEntry>) -> Result<Targets, SnapshotError> {
        let frame = frame.into_iter();
        let rows = frame.size_hint().0;
        let mut targets = Targets {
            hospitals: Vec::with_capacity(rows),
            places: Places::default(),
            municipalities: Municipalities::default(),
            found: HashMap::with_capacity_and_hasher(rows, foldhash::fast::RandomState::default()),
        };
        for (row, entry) in frame.enumerate() {
            if !entry.beds.is_hospital() {
                let beds = entry.beds.number();
                return Err(SnapshotError::NoHospital { row, beds });
            }
            let target = Target(u32::try_from(row).map_err(|error| SnapshotError::Columns(error.to_string()))?);
            if targets.found.insert(entry.hospital, target).is_some() {
                return Err(SnapshotError::HospitalTwice { list: "frame", row });
            }
            targets.places.push(entry.prefecture, entry.municipality.as_ref(), entry.beds);
            targets.municipalities.know(entry.prefecture, entry.municipality);
            targets.hospitals.push(entry.hospital);
        }
        Ok(targets)
    }

    /// Where a hospital stands; `None` if it is not in scope.
    pub fn find(&self, hospital: Uuid) -> Option<Target> {
        self.found.get(&hospital).copied()
    }

    /// What columns are made of, without what finds hospitals.
    pub(crate) fn filled(self) -> (Vec<Uuid>, Places, Municipalities) {
        (self.hospitals, self.places, self.municipalities)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.hospitals.len()
    }

    /// Whether the survey is sent to nobody.
    pub fn is_empty(&self) -> bool {
        self.hospitals.is_empty()
    }
}
