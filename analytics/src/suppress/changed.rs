//! How a new release differs from an earlier one of the same survey, hospital by hospital: the tables alone cannot show it, for two corrections may
//! cancel.

use super::domain::SIX;
use super::tables::{SuppressError, Tables};
use std::collections::BTreeMap;
use survey::band::Banding;
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;
use uuid::Uuid;

/// A hospital that is counted in a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// Which.
    pub hospital: Uuid,
    /// Of the frame.
    pub prefecture: PrefectureCode,
    /// Of the frame.
    pub beds: Beds,
    /// One byte a slot.
    pub codes: &'a [u8],
}

/// By question, then by cell of the tables: hospitals whose counted answer differs from the earlier release's. Those that came or went are among them;
/// who moved to another cell counts in both.
///
/// # Errors
/// [`SuppressError`] if a member stands in no cell of the tables.
pub fn changed<'a>(
    survey: &Survey,
    tables: &Tables,
    earlier: impl IntoIterator<Item = Member<'a>>,
    later: impl IntoIterator<Item = Member<'a>>,
) -> Result<Vec<Vec<u32>>, SuppressError> {
    let slots: Vec<Vec<usize>> = tables
        .questions()
        .iter()
        .map(|question| survey.layout().slots_of(&question.key).iter().map(|slot| slot.index).collect())
        .collect();
    let mut pairs: BTreeMap<Uuid, [Option<Member<'a>>; 2]> = BTreeMap::new();
    for member in earlier {
        pairs.entry(member.hospital).or_default()[0] = Some(member);
    }
    for member in later {
        pairs.entry(member.hospital).or_default()[1] = Some(member);
    }
    let mut counts = vec![vec![0_u32; tables.cells()]; slots.len()];
    for [earlier, later] in pairs.into_values() {
        let cells = [earlier, later].map(|member| member.map(|member| cell(tables, member)).transpose());
        let [from, to] = cells;
        let (from, to) = (from?, to?);
        for (slots, counts) in slots.iter().zip(&mut counts) {
            let answer = |member: Option<Member<'a>>| {
                member.map(|member| slots.iter().map(|slot| member.codes.get(*slot).copied()).collect::<Vec<_>>())
            };
            if from == to && answer(earlier) == answer(later) {
                continue;
            }
            let touched = [from, to.filter(|cell| Some(*cell) != from)];
            for cell in touched.into_iter().flatten() {
                if let Some(count) = counts.get_mut(cell) {
                    *count += 1;
                }
            }
        }
    }
    Ok(counts)
}

fn cell(tables: &Tables, member: Member<'_>) -> Result<usize, SuppressError> {
    let band = Banding::Survey
        .band_of(member.beds)
        .ok_or(SuppressError::Beds(member.beds.number()))?;
    tables.cell_at(member.prefecture, band).ok_or_else(|| SuppressError::Cell {
        prefecture: member.prefecture.code(),
        band: band.min(SIX),
    })
}
