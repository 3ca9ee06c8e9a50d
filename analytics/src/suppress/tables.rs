//! What a release would publish if nothing were hidden: every question counted in the finest cells (prefecture x six bands), checked to add up.
//! Decides nothing.

use super::domain::{Domain, Grid, SIX};
use super::harmonised::Harmonised;
use std::collections::BTreeMap;
use survey::prefecture::PrefectureCode;

/// A question as far as hiding is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The key, for messages and the report.
    pub key: String,
    /// The options: for each, whether it excludes all others (of a several-choice question).
    pub exclusive: Vec<bool>,
    /// Whether a hospital may choose several options.
    pub several: bool,
    /// Who is asked; `None`: everybody.
    pub gate: Option<Gate>,
}

/// Asked of the hospitals that chose one of these options of an earlier question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Index of the earlier question.
    pub question: usize,
    /// Indices of its options.
    pub options: Vec<usize>,
}

/// One question counted in one cell; hospitals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that answered.
    pub base: u32,
    /// Those that chose each option.
    pub options: Vec<u32>,
    /// Asked, left empty (空欄).
    pub blank: u32,
    /// 無回答.
    pub no_answer: u32,
    /// Not asked (非該当).
    pub not_asked: u32,
}

/// One finest cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Of the frame.
    pub prefecture: PrefectureCode,
    /// Index of the band in the six.
    pub band: usize,
    /// Hospitals of the frame.
    pub frame: u32,
    /// Counted submissions.
    pub n: u32,
    /// In the order of the questions.
    pub questions: Vec<Counts>,
}

/// Why tables are refused: what does not add up cannot be protected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SuppressError {
    /// A gate that refers to itself or to a later question, or to an option that is not there.
    #[error("question {0}: its gate does not name options of an earlier question")]
    Gate(String),
    /// A gate that hangs on more than one answer, or on something else than an answer.
    #[error("question {0}: hiding knows gates on the answer to one question only")]
    GateKind(String),
    /// A cell that stands twice, or of a band that is none of the six.
    #[error("prefecture {prefecture}, band {band}: no cell, or a cell that stands twice")]
    Cell {
        /// Two-digit code.
        prefecture: String,
        /// The index that came.
        band: usize,
    },
    /// Counts of a cell that do not add up.
    #[error("prefecture {prefecture}, band {band}, question {question}: the counts do not add up")]
    Counts {
        /// Two-digit code.
        prefecture: String,
        /// Index of the band.
        band: usize,
        /// The question's key.
        question: String,
    },
    /// A response whose codes its survey's layout cannot read.
    #[error("response {0}: its codes do not fit the survey's layout")]
    Codes(usize),
    /// A place with fewer beds than a hospital has.
    #[error("{0} beds belong to no band")]
    Beds(u16),
    /// A question that the crosswalk counts on a base which the survey's gates do not make.
    #[error("question {0}: the crosswalk counts it among hospitals that its gates do not name, or by options that it does not have")]
    Harmonised(String),
    /// Response counts that no weights follow from.
    #[error("no weights: {0}")]
    Weights(String),
    /// A stored decision that names what the plan does not have.
    #[error("{0}: no distribution of the plan")]
    Stored(String),
    /// An earlier release that is about other domains or other questions.
    #[error("earlier release {0}: its domains or questions are not those of these tables")]
    Earlier(usize),
}

/// All questions of a survey in all finest cells.
#[derive(Debug, Clone)]
pub struct Tables {
    questions: Vec<Question>,
    grid: Grid,
    frame: Vec<u32>,
    n: Vec<u32>,
    /// By question, then by cell.
    counts: Vec<Vec<Counts>>,
    /// What trends tell of it besides.
    harmonised: Vec<Harmonised>,
}

impl Tables {
    /// Puts cells in order. A cell that is not named has no hospital; a prefecture none of whose cells is named is no domain.
    ///
    /// # Errors
    /// [`SuppressError`] for the first thing that does not add up.
    pub fn new(questions: Vec<Question>, cells: Vec<Cell>) -> Result<Tables, SuppressError> {
        check_gates(&questions)?;
        let mut by_place: BTreeMap<(PrefectureCode, usize), Cell> = BTreeMap::new();
        for cell in cells {
            check_cell(&questions, &cell)?;
            let place = (cell.prefecture, cell.band);
            let refused = SuppressError::Cell {
                prefecture: cell.prefecture.code(),
                band: cell.band,
            };
            if cell.band >= SIX || by_place.insert(place, cell).is_some() {
                return Err(refused);
            }
        }
        let mut prefectures: Vec<PrefectureCode> = by_place.keys().map(|(prefecture, _)| *prefecture).collect();
        prefectures.dedup();
        let nothing: Vec<Counts> = questions.iter().map(Counts::none).collect();
        let mut tables = Tables {
            counts: vec![Vec::new(); questions.len()],
            questions,
            frame: Vec::new(),
            n: Vec::new(),
            grid: Grid::new(prefectures.clone()),
            harmonised: Vec::new(),
        };
        for place in prefectures.iter().flat_map(|prefecture| (0..SIX).map(|band| (*prefecture, band))) {
            let cell = by_place.remove(&place);
            tables.frame.push(cell.as_ref().map_or(0, |cell| cell.frame));
            tables.n.push(cell.as_ref().map_or(0, |cell| cell.n));
            let counts = cell.map_or_else(|| nothing.clone(), |cell| cell.questions);
            for (list, counts) in tables.counts.iter_mut().zip(counts) {
                list.push(counts);
            }
        }
        Ok(tables)
    }

    /// The questions, in the order in which everything else names them.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// The domains of the plan: nation, six bands, prefectures, prefectures x three bands.
    pub fn domains(&self) -> &[Domain] {
        self.grid.domains()
    }

    /// Counted submissions of a domain; 0 for a domain that the tables do not have.
    pub fn n(&self, domain: Domain) -> u32 {
        self.cells_of(domain)
            .into_iter()
            .map(|cell| self.n.get(cell).copied().unwrap_or(0))
            .sum()
    }

    /// A question counted in a domain; `None` for a domain or question that the tables do not have.
    pub fn counts(&self, domain: Domain, question: usize) -> Option<Counts> {
        self.grid.domains().contains(&domain).then_some(())?;
        let mut sum = Counts::none(self.questions.get(question)?);
        for counts in self.cells_of(domain).into_iter().filter_map(|cell| self.cell(question, cell)) {
            sum.add(counts);
        }
        Some(sum)
    }

    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    pub(crate) fn question(&self, question: usize) -> Option<&Question> {
        self.questions.get(question)
    }

    pub(crate) fn cell(&self, question: usize, cell: usize) -> Option<&Counts> {
        self.counts.get(question)?.get(cell)
    }

    /// Questions on another base than their own.
    pub(crate) fn harmonised(&self) -> &[Harmonised] {
        &self.harmonised
    }

    pub(crate) fn with_harmonised(self, harmonised: Vec<Harmonised>) -> Tables {
        Tables { harmonised, ..self }
    }

    pub(crate) fn frame_of(&self, cell: usize) -> u32 {
        self.frame.get(cell).copied().unwrap_or(0)
    }

    pub(crate) fn n_of(&self, cell: usize) -> u32 {
        self.n.get(cell).copied().unwrap_or(0)
    }

    /// The number of a cell: prefectures in the order of their codes, six bands each; `None` for a prefecture that is no domain.
    pub fn cell_at(&self, prefecture: PrefectureCode, band: usize) -> Option<usize> {
        let index = self.grid.prefectures().iter().position(|other| *other == prefecture)?;
        (band < SIX).then_some(index * SIX + band)
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.grid.cells()
    }

    /// The questions that hang on one, each with the options that ask it.
    pub(crate) fn children(&self, question: usize) -> impl Iterator<Item = (usize, &[usize])> {
        let gates = self.questions.iter().enumerate();
        gates.filter_map(move |(index, other)| {
            let gate = other.gate.as_ref().filter(|gate| gate.question == question)?;
            Some((index, gate.options.as_slice()))
        })
    }

    /// The questions that hang on no other.
    pub(crate) fn roots(&self) -> impl Iterator<Item = usize> {
        let questions = self.questions.iter().enumerate();
        questions.filter_map(|(index, question)| question.gate.is_none().then_some(index))
    }

    /// The questions that hang on one, at any depth.
    pub(crate) fn descendants(&self, question: usize) -> Vec<usize> {
        let mut found: Vec<usize> = self.children(question).map(|(index, _)| index).collect();
        let deeper: Vec<usize> = found.iter().flat_map(|child| self.descendants(*child)).collect();
        found.extend(deeper);
        found
    }

    fn cells_of(&self, domain: Domain) -> Vec<usize> {
        let index = self.grid.domains().iter().position(|other| *other == domain);
        index.map_or_else(Vec::new, |index| self.grid.cells_of(index))
    }
}

impl Counts {
    pub(crate) fn none(question: &Question) -> Counts {
        Counts {
            options: vec![0; question.exclusive.len()],
            ..Counts::default()
        }
    }

    /// Those that chose an option.
    pub fn option(&self, option: usize) -> u32 {
        self.options.get(option).copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, other: &Counts) {
        self.base += other.base;
        self.blank += other.blank;
        self.no_answer += other.no_answer;
        self.not_asked += other.not_asked;
        for (sum, count) in self.options.iter_mut().zip(&other.options) {
            *sum += count;
        }
    }

    fn adds_up(&self, n: u32, question: &Question) -> bool {
        let sum: u64 = self.options.iter().copied().map(u64::from).sum();
        let states = [self.base, self.blank, self.no_answer, self.not_asked].into_iter().map(u64::from);
        let options = if question.several {
            sum >= u64::from(self.base) && self.options.iter().all(|count| *count <= self.base)
        } else {
            sum == u64::from(self.base)
        };
        options && self.options.len() == question.exclusive.len() && states.sum::<u64>() == u64::from(n)
    }
}

fn check_gates(questions: &[Question]) -> Result<(), SuppressError> {
    for (index, question) in questions.iter().enumerate() {
        let Some(gate) = &question.gate else { continue };
        let earlier = questions.get(gate.question).filter(|_| gate.question < index);
        let there = earlier.is_some_and(|earlier| gate.options.iter().all(|option| *option < earlier.exclusive.len()));
        if !there || gate.options.is_empty() {
            return Err(SuppressError::Gate(question.key.clone()));
        }
    }
    Ok(())
}

fn check_cell(questions: &[Question], cell: &Cell) -> Result<(), SuppressError> {
    let refused = |question: &str| SuppressError::Counts {
        prefecture: cell.prefecture.code(),
        band: cell.band,
        question: question.to_owned(),
    };
    if cell.n > cell.frame || cell.questions.len() != questions.len() {
        return Err(refused("n"));
    }
    let mut counted = questions.iter().zip(&cell.questions);
    match counted.find(|(question, counts)| !counts.adds_up(cell.n, question)) {
        Some((question, _)) => Err(refused(&question.key)),
        None => Ok(()),
    }
}
