//! Everything that is estimated of one question in one domain, and response rates. Knows counts and their meaning, not where they come from.

use super::design::Design;
use super::proportion::{EstimateError, Part, Proportion, within};
use super::{Cell, real};
use serde::Serialize;
use std::collections::BTreeMap;

/// One question counted in one cell, or in the part of it that lies in a domain. `base + blank + no_answer + not_asked = n`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuestionCounts {
    /// Counted submissions (hospitals).
    pub n: u64,
    /// Of those, the ones that answered the question.
    pub base: u64,
    /// Asked, left empty (空欄).
    pub blank: u64,
    /// 無回答.
    pub no_answer: u64,
    /// Not asked (非該当).
    pub not_asked: u64,
    /// How many chose each option, in the order of the questionnaire.
    pub options: Vec<u64>,
}

impl QuestionCounts {
    /// From the numbers of a cell in the order in which the cube counts a question: n, base, blank, no answer, not asked, then the options.
    /// `None` for fewer than five numbers.
    pub fn from_measures(measures: &[u64]) -> Option<QuestionCounts> {
        let [n, base, blank, no_answer, not_asked, options @ ..] = measures else {
            return None;
        };
        Some(QuestionCounts {
            n: *n,
            base: *base,
            blank: *blank,
            no_answer: *no_answer,
            not_asked: *not_asked,
            options: options.to_vec(),
        })
    }

    /// Hospitals that had to say something: all but those that were not asked.
    pub fn asked(&self) -> u64 {
        self.base + self.blank + self.no_answer
    }

    fn check(&self, cell: Cell) -> Result<(), EstimateError> {
        let states = self.asked() + self.not_asked;
        if states != self.n {
            return Err(EstimateError::StatesDoNotAddUp {
                prefecture: cell.0,
                band: cell.1,
                states,
                n: self.n,
            });
        }
        self.options.iter().try_for_each(|option| within(cell, *option, self.base))
    }

    fn add(&mut self, other: &QuestionCounts) {
        self.n += other.n;
        self.base += other.base;
        self.blank += other.blank;
        self.no_answer += other.no_answer;
        self.not_asked += other.not_asked;
        let options = self.options.len().max(other.options.len());
        self.options.resize(options, 0);
        for (sum, option) in self.options.iter_mut().zip(&other.options) {
            *sum += option;
        }
    }
}

/// One question in one domain.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionEstimate {
    /// The unweighted counts of the domain.
    pub counts: QuestionCounts,
    /// Item non-response: blank and no answer, over asked. `None` where nobody was asked.
    pub item_nonresponse: Option<Proportion>,
    /// Every option in the order of the questionnaire. `None` where nobody answered.
    pub options: Vec<Option<Proportion>>,
}

/// Unit response: how many of the frame's hospitals answered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ResponseRate {
    /// Hospitals of the frame.
    pub hospitals: u64,
    /// Counted submissions.
    pub respondents: u64,
    /// `respondents / hospitals`, unrounded; `None` without hospitals.
    pub rate: Option<f64>,
}

impl ResponseRate {
    /// The rate of counts of any domain, below the prefecture too.
    pub fn new(hospitals: u64, respondents: u64) -> ResponseRate {
        ResponseRate {
            hospitals,
            respondents,
            rate: (hospitals > 0).then(|| real(respondents) / real(hospitals)),
        }
    }
}

impl Design {
    /// Unit response of the cells that are kept. It needs no weight: frame and respondents are both counted whole.
    pub fn response_rate(&self, keep: impl Fn(Cell) -> bool) -> ResponseRate {
        let kept = || self.cells().filter(|(cell, _)| keep(*cell));
        ResponseRate::new(
            kept().map(|(_, size)| size.hospitals).sum(),
            kept().map(|(_, size)| size.respondents).sum(),
        )
    }

    /// Estimates one question from its counts in the cells that are kept. Counts of the hospitals of a municipality, or of those with another
    /// answer, make estimates for such hospitals; `keep` chooses prefectures, regions and bands.
    ///
    /// # Errors
    /// [`EstimateError`]: counts that do not add up, or cannot be of this design's respondents. Cells that are not kept are not looked at.
    pub fn question(&self, cells: &BTreeMap<Cell, QuestionCounts>, keep: impl Fn(Cell) -> bool) -> Result<QuestionEstimate, EstimateError> {
        let kept = || cells.iter().filter(|(cell, _)| keep(**cell));
        let mut counts = QuestionCounts::default();
        for (cell, cell_counts) in kept() {
            cell_counts.check(*cell)?;
            self.fits(*cell, cell_counts.n)?;
            counts.add(cell_counts);
        }
        let proportion =
            |part: &dyn Fn(&QuestionCounts) -> Part| self.proportion(&kept().map(|(cell, counts)| (*cell, part(counts))).collect());
        let item_nonresponse = proportion(&|counts| Part {
            base: counts.asked(),
            count: counts.blank + counts.no_answer,
        })?;
        let option = |index: usize| {
            proportion(&|counts| Part {
                base: counts.base,
                count: counts.options.get(index).copied().unwrap_or(0),
            })
        };
        Ok(QuestionEstimate {
            options: (0..counts.options.len()).map(option).collect::<Result<_, _>>()?,
            counts,
            item_nonresponse,
        })
    }
}
