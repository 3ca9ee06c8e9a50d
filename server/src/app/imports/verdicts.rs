//! What became of the hospitals of a file, out of memory until the whole is known, and what of it is answered.

use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::app::imports::HospitalVerdict;
use crate::db::imports::{self, VerdictRow};
use crate::error::AppError;
use crate::scratch::{Scratch, Span, Writer};

/// Hospitals of a file up to which all of them are answered. Of a larger file only those with faults are, and at most as many of an import, because all
/// of it can be read page by page; of a dry run nothing is stored, and all that have faults are answered.
pub(super) const MOST: usize = 10_000;

/// Rows that one statement adds.
const AT_ONCE: usize = 1_000;

/// Verdicts while they come, in any order.
#[derive(Debug)]
pub(super) struct Verdicts {
    written: Writer,
    /// Where each is, in the order of the file.
    spans: Vec<Span>,
    counts: Counts,
}

/// How many hospitals became what.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) accepted: usize,
    pub(super) unchanged: usize,
    pub(super) rejected: usize,
}

/// The verdicts of a whole file.
#[derive(Debug)]
pub(super) struct Complete {
    verdicts: Scratch,
    spans: Vec<Span>,
    /// How many hospitals became what.
    pub(super) counts: Counts,
}

impl Verdicts {
    /// For a file of so many hospitals.
    pub(super) fn of(hospitals: usize) -> Result<Verdicts, AppError> {
        Ok(Verdicts {
            written: Writer::new().map_err(AppError::internal)?,
            spans: vec![Span::default(); hospitals],
            counts: Counts::default(),
        })
    }

    /// Adds the verdict of a hospital by its place in the file.
    pub(super) fn add(&mut self, ordinal: usize, verdict: &HospitalVerdict) -> Result<(), AppError> {
        match verdict.verdict.as_ref() {
            "accepted" => self.counts.accepted += 1,
            "unchanged" => self.counts.unchanged += 1,
            _ => self.counts.rejected += 1,
        }
        let bytes = serde_json::to_vec(verdict).map_err(AppError::internal)?;
        let span = self.written.append(&bytes).map_err(AppError::internal)?;
        let place = self.spans.get_mut(ordinal);
        *place.ok_or_else(|| AppError::internal(format!("no hospital {ordinal} in this file")))? = span;
        Ok(())
    }

    /// Once every hospital has one.
    pub(super) fn finish(self) -> Result<Complete, AppError> {
        Ok(Complete {
            verdicts: self.written.finish().map_err(AppError::internal)?,
            spans: self.spans,
            counts: self.counts,
        })
    }
}

impl Complete {
    /// Whether the answer leaves hospitals out.
    pub(super) fn is_abridged(&self) -> bool {
        self.spans.len() > MOST
    }

    /// What is answered, in the order of the file; at most so many of those with faults.
    pub(super) fn answered(&self, most: usize) -> Result<Vec<HospitalVerdict>, AppError> {
        let all = !self.is_abridged();
        let mut answered = Vec::new();
        for span in &self.spans {
            let verdict = self.read(*span)?;
            if all || !verdict.faults.is_empty() {
                answered.push(verdict);
            }
            if !all && answered.len() >= most {
                break;
            }
        }
        Ok(answered)
    }

    /// Stores all of them.
    pub(super) async fn store(&self, conn: &mut AsyncPgConnection, import: Uuid) -> Result<(), AppError> {
        let mut first = 0;
        for part in self.spans.chunks(AT_ONCE) {
            let rows = part.iter().enumerate().map(|(index, span)| self.row(first + index, *span));
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            imports::insert_verdicts(conn, import, &rows).await?;
            first += part.len();
        }
        Ok(())
    }

    fn row(&self, ordinal: usize, span: Span) -> Result<VerdictRow, AppError> {
        let verdict = self.read(span)?;
        Ok(VerdictRow {
            ordinal: i32::try_from(ordinal).map_err(AppError::internal)?,
            hospital: survey::fault::excerpt(&verdict.hospital),
            sheet: survey::fault::excerpt(&verdict.sheet),
            sheet_row: i32::try_from(verdict.row).map_err(AppError::internal)?,
            verdict: verdict.verdict.into_owned(),
            faults: serde_json::to_value(&verdict.faults).map_err(AppError::internal)?,
        })
    }

    fn read(&self, span: Span) -> Result<HospitalVerdict, AppError> {
        let bytes = self.verdicts.read(span).map_err(AppError::internal)?;
        serde_json::from_slice(&bytes).map_err(AppError::internal)
    }
}

#[cfg(test)]
mod tests {
    use survey::fault::Fault;

    use super::*;

    /// Verdicts of so many hospitals, added from the last to the first; every thousandth is rejected, every third unchanged.
    fn complete(hospitals: u32) -> Complete {
        let mut verdicts = Verdicts::of(usize::try_from(hospitals).unwrap()).unwrap();
        for row in (1..=hospitals).rev() {
            let rejected = row.is_multiple_of(1000);
            let verdict = HospitalVerdict {
                hospital: format!("病院{row}"),
                sheet: "回答".to_owned(),
                row,
                verdict: if rejected {
                    "rejected"
                } else if row.is_multiple_of(3) {
                    "unchanged"
                } else {
                    "accepted"
                }
                .into(),
                faults: rejected.then(|| Fault::error("code", "直してください。")).into_iter().collect(),
            };
            verdicts.add(usize::try_from(row - 1).unwrap(), &verdict).unwrap();
        }
        verdicts.finish().unwrap()
    }

    fn rows(answered: &[HospitalVerdict]) -> Vec<u32> {
        answered.iter().map(|verdict| verdict.row).collect()
    }

    #[test]
    fn all_hospitals_of_a_file_are_answered_in_its_order() {
        let whole = complete(10_000);
        assert!(!whole.is_abridged());
        assert_eq!(rows(&whole.answered(MOST).unwrap()), (1..=10_000).collect::<Vec<_>>());
        assert_eq!(
            (whole.counts.accepted, whole.counts.unchanged, whole.counts.rejected),
            (6_660, 3_330, 10)
        );
    }

    #[test]
    fn of_a_larger_file_those_with_faults_are() {
        let large = complete(12_500);
        assert!(large.is_abridged());
        let faulty: Vec<u32> = (1..=12).map(|thousands| thousands * 1000).collect();
        assert_eq!(rows(&large.answered(usize::MAX).unwrap()), faulty);
        assert_eq!(rows(&large.answered(5).unwrap()), faulty[..5]);
        assert_eq!(large.counts.accepted + large.counts.unchanged + large.counts.rejected, 12_500);
    }
}
