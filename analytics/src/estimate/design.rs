//! The frame, who answered of it, and the weights that follow. Knows no answers.

use super::collapse::{collapse, region};
use super::{Cell, real};
use serde::Serialize;
use std::collections::BTreeMap;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

/// Why counts make no design.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DesignError {
    /// No prefecture and survey band have these numbers.
    #[error("there is no frame cell with prefecture {prefecture} and band {band}")]
    UnknownCell {
        /// As it came.
        prefecture: u8,
        /// As it came.
        band: u8,
    },
    /// Somebody answered who is not in the frame.
    #[error("prefecture {prefecture}, band {band}: {respondents} respondents of {hospitals} hospitals in the frame")]
    MoreRespondentsThanHospitals {
        /// Its number.
        prefecture: u8,
        /// Index of the survey band.
        band: u8,
        /// Hospitals of the frame in the cell.
        hospitals: u64,
        /// Counted submissions in the cell.
        respondents: u64,
    },
}

/// Hospitals and respondents of a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) hospitals: u64,
    pub(super) respondents: u64,
}

/// How far a group reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Merged {
    /// One cell: nothing was merged.
    No,
    /// Bands of one prefecture.
    Prefecture,
    /// Prefectures of one region.
    Region,
    /// Regions.
    Nation,
}

/// Cells that share one weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Ascending.
    pub cells: Vec<Cell>,
    /// Hospitals of the frame, N.
    pub hospitals: u64,
    /// Hospitals that answered, n.
    pub respondents: u64,
    /// How far the cells lie apart.
    pub merged: Merged,
}

impl Group {
    fn new(cells: Vec<Cell>, sizes: &BTreeMap<Cell, Size>) -> Group {
        let sum = |part: fn(&Size) -> u64| cells.iter().filter_map(|cell| sizes.get(cell)).map(part).sum();
        let same = |key: fn(&Cell) -> &'static str| {
            cells
                .iter()
                .map(key)
                .all(|other| cells.first().is_some_and(|first| key(first) == other))
        };
        let merged = match cells.as_slice() {
            [_] => Merged::No,
            [first, rest @ ..] if rest.iter().all(|cell| cell.0 == first.0) => Merged::Prefecture,
            _ if same(|cell| region(cell.0)) => Merged::Region,
            _ => Merged::Nation,
        };
        Group {
            hospitals: sum(|size| size.hospitals),
            respondents: sum(|size| size.respondents),
            merged,
            cells,
        }
    }

    /// N / n: how many hospitals of the frame a respondent stands for; `None` where nobody answered.
    pub fn weight(&self) -> Option<f64> {
        (self.respondents > 0).then(|| real(self.hospitals) / real(self.respondents))
    }

    /// Whether every hospital answered, so that nothing is left to chance.
    pub fn is_complete(&self) -> bool {
        self.hospitals == self.respondents
    }
}

/// The frame of a survey by cell, who answered, and the groups of cells that share a weight.
///
/// For the panel of two surveys: the hospitals that are in both frames, by their cell of the later one, and those that answered both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Design {
    groups: Vec<Group>,
    sizes: BTreeMap<Cell, Size>,
    group_of: BTreeMap<Cell, usize>,
}

impl Design {
    /// Makes the groups (the rule stands at `collapse` and in `docs/methods.md`). Cells that are absent or 0 in the frame have no hospitals.
    ///
    /// # Errors
    /// [`DesignError`]: a cell that does not exist, or one with more respondents than hospitals.
    pub fn new(hospitals: &BTreeMap<Cell, u64>, respondents: &BTreeMap<Cell, u64>) -> Result<Design, DesignError> {
        let mut sizes: BTreeMap<Cell, Size> = BTreeMap::new();
        for (cell, hospitals) in hospitals {
            sizes.entry(*cell).or_default().hospitals = *hospitals;
        }
        for (cell, respondents) in respondents {
            sizes.entry(*cell).or_default().respondents = *respondents;
        }
        for (cell, size) in &sizes {
            check(*cell, *size)?;
        }
        sizes.retain(|_, size| size.hospitals > 0);
        let groups: Vec<Group> = collapse(&sizes).into_iter().map(|cells| Group::new(cells, &sizes)).collect();
        let group_of = groups
            .iter()
            .enumerate()
            .flat_map(|(index, group)| group.cells.iter().map(move |cell| (*cell, index)))
            .collect();
        Ok(Design { groups, sizes, group_of })
    }

    /// All groups, by their smallest cell.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The groups of more than one cell: what a publication says was collapsed.
    pub fn merged(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| group.merged != Merged::No)
    }

    /// The group of a cell; `None` where the frame has no hospitals.
    pub fn group(&self, cell: Cell) -> Option<&Group> {
        self.groups.get(self.index(cell)?)
    }

    /// Hospitals of the frame per respondent in a cell; `None` where the frame has no hospitals there or nobody of the nation answered.
    pub fn weight(&self, cell: Cell) -> Option<f64> {
        self.group(cell)?.weight()
    }

    /// Index of a cell's group.
    pub(super) fn index(&self, cell: Cell) -> Option<usize> {
        self.group_of.get(&cell).copied()
    }

    /// Hospitals of the frame in a cell, and those that answered.
    pub(super) fn size(&self, cell: Cell) -> Size {
        self.sizes.get(&cell).copied().unwrap_or_default()
    }

    /// Every cell with hospitals.
    pub(super) fn cells(&self) -> impl Iterator<Item = (Cell, Size)> {
        self.sizes.iter().map(|(cell, size)| (*cell, *size))
    }
}

fn check((prefecture, band): Cell, size: Size) -> Result<(), DesignError> {
    if PrefectureCode::new(prefecture).is_err() || Banding::Survey.bands().get(usize::from(band)).is_none() {
        return Err(DesignError::UnknownCell { prefecture, band });
    }
    if size.respondents > size.hospitals {
        return Err(DesignError::MoreRespondentsThanHospitals {
            prefecture,
            band,
            hospitals: size.hospitals,
            respondents: size.respondents,
        });
    }
    Ok(())
}
