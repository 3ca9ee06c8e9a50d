//! Coverage (カバー率): of the hospitals that a programme froze, how many have an electronic health record, were supported in an earlier year, stand on a list of
//! this year, and remain. Who has not answered is counted apart, and never as one without.

use serde::Serialize;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

use crate::selection::list::ListState;
use crate::selection::{Consent, HospitalRecord, NotEligible, may_be_chosen};

/// What is known of a hospital's electronic health record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ehr {
    /// The latest survey that it answered says yes.
    InUse,
    /// It says no.
    NotInUse,
    /// It does not tell.
    Unclear,
    /// None of the programme's surveys was answered.
    Unanswered,
}

/// Where a hospital stands in the programmes of the years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// On an accepted list of an earlier year.
    Earlier,
    /// On this programme's list, which has come so far.
    Chosen(ListState),
    /// On neither.
    Open,
}

/// A hospital as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hospital {
    /// The prefecture of the frame.
    pub prefecture: PrefectureCode,
    /// The place of its band in the programme's banding; `None` under 20 beds.
    pub band: Option<usize>,
    /// Its health record; `None`: it left the frame since the programme opened.
    pub ehr: Option<Ehr>,
    /// How far its support has come.
    pub support: Support,
}

impl Hospital {
    /// A record of the programme, with the state of the list on which it is chosen, if it is. Whether there is a health record is decided by [`may_be_chosen`],
    /// as for choosing: consent, exclusion and earlier support are not about that, so they are taken off first.
    pub fn of(record: HospitalRecord, banding: Banding, chosen: Option<ListState>) -> Hospital {
        let prefecture = record.prefecture;
        let band = record.band.as_ref().and_then(|key| {
            let mut bands = banding.bands().iter();
            bands.position(|band| band.key == key)
        });
        let support = match (&record.chosen_earlier, chosen) {
            (Some(_), _) => Support::Earlier,
            (None, Some(state)) => Support::Chosen(state),
            (None, None) => Support::Open,
        };
        let has_left = record.left.is_some();
        let answers_alone = HospitalRecord {
            left: None,
            chosen_earlier: None,
            excluded: None,
            consent: Consent::NotNeeded,
            ..record
        };
        let ehr = match may_be_chosen(&answers_alone) {
            Ok(()) => Ehr::InUse,
            Err(NotEligible::EhrNotInUse { .. }) => Ehr::NotInUse,
            Err(NotEligible::EhrUnknown { .. }) => Ehr::Unclear,
            Err(_) => Ehr::Unanswered,
        };
        Hospital {
            prefecture,
            band,
            ehr: (!has_left).then_some(ehr),
            support,
        }
    }
}

/// Hospitals of one kind: `hospitals` is the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All.
    pub hospitals: u64,
    /// On an accepted list of an earlier year.
    pub supported: u64,
    /// On this programme's list, which is being made.
    pub proposed: u64,
    /// Which was handed in.
    pub handed_in: u64,
    /// Which was returned.
    pub returned: u64,
    /// Which was accepted.
    pub accepted: u64,
    /// On none.
    pub remaining: u64,
}

impl Counts {
    /// On this programme's list, however far it has come.
    pub fn chosen(&self) -> u64 {
        self.proposed + self.handed_in + self.returned + self.accepted
    }

    fn count(&mut self, support: Support) {
        self.hospitals += 1;
        let place = match support {
            Support::Earlier => &mut self.supported,
            Support::Chosen(ListState::Proposed) => &mut self.proposed,
            Support::Chosen(ListState::HandedIn) => &mut self.handed_in,
            Support::Chosen(ListState::Returned) => &mut self.returned,
            Support::Chosen(ListState::Accepted) => &mut self.accepted,
            Support::Open => &mut self.remaining,
        };
        *place += 1;
    }

    fn add(&mut self, other: &Counts) {
        self.hospitals += other.hospitals;
        self.supported += other.supported;
        self.proposed += other.proposed;
        self.handed_in += other.handed_in;
        self.returned += other.returned;
        self.accepted += other.accepted;
        self.remaining += other.remaining;
    }
}

/// The hospitals of a cell, a prefecture, a band or all: `hospitals` is the sum of the five kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// All.
    pub hospitals: u64,
    /// With an electronic health record: what the programme is for.
    pub ehr: Counts,
    /// Without; one can be on a list all the same, when it was nominated.
    pub no_ehr: Counts,
    /// Answered, but not this question.
    pub unclear: Counts,
    /// Not answered.
    pub unanswered: Counts,
    /// Left the frame since the programme opened.
    pub left: Counts,
}

impl Coverage {
    /// Chosen on this programme's list and still there, whatever they answered: they take from the year's total.
    pub fn chosen(&self) -> u64 {
        [&self.ehr, &self.no_ehr, &self.unclear, &self.unanswered]
            .into_iter()
            .map(Counts::chosen)
            .sum()
    }

    /// Of whom nobody knows whether they have a health record, on no list.
    pub fn unknown(&self) -> u64 {
        self.unclear.remaining + self.unanswered.remaining
    }

    fn count(&mut self, hospital: &Hospital) {
        self.hospitals += 1;
        let kind = match hospital.ehr {
            Some(Ehr::InUse) => &mut self.ehr,
            Some(Ehr::NotInUse) => &mut self.no_ehr,
            Some(Ehr::Unclear) => &mut self.unclear,
            Some(Ehr::Unanswered) => &mut self.unanswered,
            None => &mut self.left,
        };
        kind.count(hospital.support);
    }

    fn add(&mut self, other: &Coverage) {
        self.hospitals += other.hospitals;
        self.ehr.add(&other.ehr);
        self.no_ehr.add(&other.no_ehr);
        self.unclear.add(&other.unclear);
        self.unanswered.add(&other.unanswered);
        self.left.add(&other.left);
    }
}

/// The coverage of all cells, by place: prefectures 01 to 47, in each the bands of the banding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    rows: Vec<Vec<Coverage>>,
    /// Under 20 beds: clinics, in no cell.
    pub under_20_beds: u64,
}

impl Table {
    /// Counts hospitals.
    pub fn of(hospitals: &[Hospital], banding: Banding) -> Table {
        let row = vec![Coverage::default(); banding.bands().len()];
        let mut rows: Vec<Vec<Coverage>> = PrefectureCode::all().map(|_| row.clone()).collect();
        let mut under_20_beds = 0;
        for hospital in hospitals {
            let row = usize::from(hospital.prefecture.number()).checked_sub(1);
            let cell = row.zip(hospital.band).and_then(|(row, band)| rows.get_mut(row)?.get_mut(band));
            match cell {
                Some(cell) => cell.count(hospital),
                None => under_20_beds += 1,
            }
        }
        Table { rows, under_20_beds }
    }

    /// The cells of each prefecture.
    pub fn rows(&self) -> impl Iterator<Item = (PrefectureCode, &[Coverage])> {
        PrefectureCode::all().zip(self.rows.iter().map(Vec::as_slice))
    }
}

/// The sum of cells.
pub fn sum<'c>(cells: impl IntoIterator<Item = &'c Coverage>) -> Coverage {
    let mut sum = Coverage::default();
    for cell in cells {
        sum.add(cell);
    }
    sum
}
