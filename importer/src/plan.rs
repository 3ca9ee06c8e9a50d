//! The second of two passes over a file: each hospital is judged by itself, in any order, with what the first pass found out about the whole.
//!
//! Must not depend on the order in which hospitals are judged, so that whoever records them can take them in the order of its locks, a few at a time.

use std::collections::{BTreeMap, HashMap};

use survey::answer::{EntryPath, HospitalFacts};
use survey::edition::Edition;
use survey::fault::Fault;
use survey::frame::Frame;
use survey::hospital::FrameHospital;

use crate::answers;
use crate::examination::{Decision, Verdict};
use crate::formulas::Cached;
use crate::headings::{Headings, Item};
use crate::identity::resolve;
use crate::layout::Layout;
use crate::place::Place;
use crate::record::{self, Record};
use crate::spelling::Readings;
use crate::stamp::Word;
use crate::workbook::{CellValue, Row};

/// Places that the message of a hospital that stands in a file more than once names; a file may hold nothing but one hospital.
const NAMED: usize = 20;

/// What is known of a file as a whole.
#[derive(Debug)]
pub struct Plan<'s> {
    edition: &'s Edition,
    path: EntryPath,
    headings: Headings,
    sheets: Vec<Planned>,
    /// Hospitals with answers, in the order of the file.
    hospitals: Vec<Hospital>,
    /// Which of them are the same hospital of the frame, by its index there.
    duplicates: HashMap<usize, Vec<usize>>,
    /// Why no sheet was looked at.
    refusal: Option<Fault>,
    faults: Vec<Fault>,
    unanswered: usize,
    word: Word,
}

/// A sheet of the file.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) name: String,
    /// `None` for one that holds no hospitals.
    pub(crate) layout: Option<Layout>,
}

/// Where a hospital with answers stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hospital {
    /// Index of its sheet.
    pub(crate) sheet: usize,
    /// Number of its row, or of the form's header.
    pub(crate) row: u32,
    /// Whether the whole sheet is its form.
    pub(crate) whole: bool,
    /// Column (from 0) and row (from 1) of the cell that identifies it.
    pub(crate) anchor: (u16, u32),
    /// Its index in the frame, if it is known.
    pub(crate) index: Option<usize>,
}

/// Where the rows of a hospital are, and which hospital of the frame it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Index of its sheet in the file, hidden sheets counted.
    pub sheet: usize,
    /// The rows that [`Plan::judge`] has to be given.
    pub rows: Rows,
    /// Index of the hospital in the frame; `None` if it is not known which one is meant.
    pub hospital: Option<usize>,
}

/// Rows of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// The row with this number, from 1.
    One(u32),
    /// All rows of the sheet.
    All,
}

/// What is noticed of single hospitals and said once for the file.
#[derive(Debug, Default)]
pub struct Notes {
    readings: Readings,
    /// One warning for each question whose choices stood as bare digits, at the first of them, with the place of that hospital.
    by_number: BTreeMap<Item, (usize, Fault)>,
    /// Formulas whose kept values were taken.
    cached: Cached,
}

impl<'s> Plan<'s> {
    pub(crate) fn new(
        (edition, path): (&'s Edition, EntryPath),
        (headings, sheets): (Headings, Vec<Planned>),
        hospitals: Vec<Hospital>,
        (refusal, faults, unanswered): (Option<Fault>, Vec<Fault>, usize),
        word: Word,
    ) -> Self {
        let mut duplicates: HashMap<usize, Vec<usize>> = HashMap::new();
        for (ordinal, hospital) in hospitals.iter().enumerate() {
            if let Some(index) = hospital.index {
                duplicates.entry(index).or_default().push(ordinal);
            }
        }
        duplicates.retain(|_, ordinals| ordinals.len() > 1);
        duplicates.shrink_to_fit();
        Self {
            edition,
            path,
            headings,
            sheets,
            hospitals,
            duplicates,
            refusal,
            faults,
            unanswered,
            word,
        }
    }

    /// The edition that answers are evaluated against.
    #[must_use]
    pub fn edition(&self) -> &'s Edition {
        self.edition
    }

    /// How many hospitals have answers in the file: there is a verdict for each.
    #[must_use]
    pub fn hospitals(&self) -> usize {
        self.hospitals.len()
    }

    /// Where a hospital's rows are; `ordinal` counts from 0 in the order of the file.
    #[must_use]
    pub fn place(&self, ordinal: usize) -> Option<Standing> {
        let hospital = self.hospitals.get(ordinal)?;
        Some(Standing {
            sheet: hospital.sheet,
            rows: if hospital.whole { Rows::All } else { Rows::One(hospital.row) },
            hospital: hospital.index,
        })
    }

    /// Judges a hospital by the rows that [`Plan::place`] names, with the frame of the first pass. `None` if those are other rows.
    pub fn judge(
        &self,
        ordinal: usize,
        rows: &[Row],
        frame: &Frame,
        facts: &dyn Fn(&FrameHospital) -> HospitalFacts,
        notes: &mut Notes,
    ) -> Option<Verdict> {
        let hospital = self.hospitals.get(ordinal)?;
        let sheet = self.sheets.get(hospital.sheet)?;
        let record = match sheet.layout.as_ref()? {
            Layout::Bulk(bulk) => record::of_row(&sheet.name, bulk, rows.first()?, &self.headings)?,
            Layout::Form(form) => record::of_form(&sheet.name, rows, form, &self.headings, self.edition).0,
        };
        notes.note_formulas(ordinal, &record, self.edition);
        let mut verdict = Verdict {
            hospital: String::new(),
            sheet: record.sheet.to_owned(),
            row: record.row,
            verdict: Decision::Rejected,
            answers: survey::answer::Answers::new(),
            states: BTreeMap::new(),
            faults: Vec::new(),
            codes: Vec::new(),
        };
        match resolve(&record, frame) {
            Err(faults) => {
                let found = [&record.gmis, &record.institution_code]
                    .into_iter()
                    .flatten()
                    .find_map(|found| found.value);
                verdict.hospital = found.map(CellValue::shown).unwrap_or_default();
                verdict.faults = faults;
            }
            Ok((hospital, warnings)) => {
                let outcome = answers::examine(&record, self.edition, self.path, &facts(hospital), &mut notes.readings);
                for item in &outcome.by_number {
                    notes.note_number(ordinal, &record, item, self.edition);
                }
                verdict.hospital = hospital.gmis.as_str().to_owned();
                verdict.faults = warnings;
                verdict.faults.extend(outcome.evaluation.faults);
                verdict.answers = outcome.evaluation.answers;
                verdict.states = outcome.evaluation.states;
                verdict.codes = outcome.evaluation.codes;
            }
        }
        self.mark_duplicate(ordinal, hospital, &mut verdict);
        verdict.decide();
        self.word.judge(&mut verdict);
        Some(verdict)
    }

    /// A hospital that stands in a file twice is rejected both times: nobody can say which row is meant.
    fn mark_duplicate(&self, ordinal: usize, hospital: &Hospital, verdict: &mut Verdict) {
        let Some(ordinals) = hospital.index.and_then(|index| self.duplicates.get(&index)) else {
            return;
        };
        let others = ordinals.iter().filter(|&&other| other != ordinal);
        let mut places: Vec<String> = others.take(NAMED).filter_map(|&other| Some(self.anchor(other)?.full())).collect();
        let unnamed = ordinals.len().saturating_sub(1 + NAMED);
        if unnamed > 0 {
            places.push(format!("ほか{unnamed}か所"));
        }
        let message = format!(
            "同じ病院がこのファイルに{}回あります（{}にも）。1つだけを残してください。",
            ordinals.len(),
            places.join("、")
        );
        let fault = Fault::error("hospital_duplicate", message).found(&verdict.hospital);
        let fault = match self.anchor(ordinal) {
            Some(place) => place.mark(fault),
            None => fault,
        };
        verdict.faults.insert(0, fault);
    }

    fn anchor(&self, ordinal: usize) -> Option<Place<'_>> {
        let hospital = self.hospitals.get(ordinal)?;
        let (column, row) = hospital.anchor;
        Some(Place::new(&self.sheets.get(hospital.sheet)?.name, column, row))
    }

    /// The faults of the file as a whole, once every hospital has been judged.
    #[must_use]
    pub fn faults(&self, notes: Notes) -> Vec<Fault> {
        let mut faults = self.faults.clone();
        if let Some(refusal) = &self.refusal {
            faults.push(refusal.clone());
        } else {
            faults.extend(notes.by_number.into_values().map(|(_, fault)| fault));
            faults.extend(notes.cached.into_faults());
            faults.extend(self.missing(&faults));
        }
        self.word.add_to(&mut faults);
        faults
    }

    /// What is said of hospitals without answers, and of a file of nothing else.
    fn missing(&self, found: &[Fault]) -> Vec<Fault> {
        let mut faults = Vec::new();
        let unanswered = self.unanswered;
        if unanswered > 0 {
            let message = format!("回答が1つも記入されていない病院が{unanswered}件あります。これらは取り込みません。");
            faults.push(Fault::warning("hospitals_without_answers", message).found(unanswered.to_string()));
        }
        if self.hospitals.is_empty() && !found.iter().any(Fault::is_error) {
            let message = "このファイルには、取り込める回答が1つもありません。回答を記入して保存したファイルかを確かめてください。";
            faults.push(Fault::error("answers_missing", message));
        }
        faults
    }
}

impl Notes {
    fn note_formulas(&mut self, ordinal: usize, record: &Record<'_>, edition: &Edition) {
        for (name, found) in [("G-MIS ID", &record.gmis), ("医療機関コード", &record.institution_code)] {
            if let Some(found) = found {
                self.cached.note(name, || name.to_owned(), false, (ordinal, found));
            }
        }
        for (item, found) in record.answers.iter().filter(|(_, found)| found.formula) {
            self.cached.note(&item.path(), || heading(edition, item), true, (ordinal, found));
        }
    }

    fn note_number(&mut self, ordinal: usize, record: &Record<'_>, item: &Item, edition: &Edition) {
        if self.by_number.get(item).is_some_and(|(first, _)| *first <= ordinal) {
            return;
        }
        let Some((_, found)) = record.answers.iter().find(|(known, _)| known == item) else {
            return;
        };
        let heading = heading(edition, item);
        let message = format!("「{heading}」の数字は、選択肢の番号（①、②…）として読み取りました。個数などを記入した場合は直してください。");
        let fault = found.place.mark(Fault::warning("choice_by_number", message)).question(item.path());
        let fault = if let Some(value) = found.value {
            fault.found(value.shown())
        } else {
            fault
        };
        self.by_number.insert(item.clone(), (ordinal, fault));
    }
}

fn heading(edition: &Edition, item: &Item) -> String {
    let question = edition.question(item.question.as_str());
    question.map(survey::question::Question::heading).unwrap_or_default()
}

#[cfg(test)]
mod tests;
