//! The first of two passes over a file: its rows come one by one, and what has to be known of the whole stays.
//!
//! Kept are the layouts of the sheets, where each hospital with answers stands, and the stamp. Rows are let go as they come, but for the first rows of a
//! sheet until its layout is known, and for the sheet of a form, which is one hospital.

mod strangers;

use survey::edition::Edition;
use survey::fault::Fault;
use survey::frame::Frame;
use survey::survey::Survey;

use crate::examination::Request;
use crate::headings::Headings;
use crate::identity::resolve;
use crate::layout::{self, Layout, ROWS_LOOKED_AT};
use crate::plan::{Hospital, Plan, Planned};
use crate::record::{self, Record};
use crate::stamp::{self, Word};
use crate::workbook::{Row, Sheet};
use strangers::{hidden_answers, layout_unknown, numbering_unknown, stray_fault};

/// Rows that are kept until the layout of a sheet is known: those that may be a header, and one below.
const HEAD: usize = ROWS_LOOKED_AT + 1;

/// A file while its rows come by for the first time.
#[derive(Debug)]
pub struct Outline<'s> {
    survey: &'s Survey,
    edition: &'s Edition,
    request: Request,
    /// The key of stamps, if they are to be checked.
    key: Option<Vec<u8>>,
    headings: Headings,
    /// Why no sheet is looked at.
    refusal: Option<Fault>,
    sheets: Vec<Planned>,
    hospitals: Vec<Hospital>,
    unanswered: usize,
    faults: Vec<Fault>,
    recognised: bool,
    /// What is to be said if no sheet is recognised.
    nearly: Option<Fault>,
    stamp: Option<Sheet>,
    open: Option<Open>,
}

/// The sheet whose rows are coming.
#[derive(Debug)]
struct Open {
    /// With the rows that are kept.
    sheet: Sheet,
    /// Whether they are the stamp.
    stamp: bool,
    state: Progress,
    hospitals: Vec<Hospital>,
    unanswered: usize,
    faults: Vec<Fault>,
    nearly: Option<Fault>,
}

/// What is known of a sheet so far.
#[derive(Debug)]
enum Progress {
    /// Nothing of it is read.
    Passed,
    /// Its layout is not known yet.
    Looking,
    /// Rows are hospitals or a form's.
    Found(Layout),
    /// It has none, or one in doubt.
    Lost { recognised: bool },
}

impl<'s> Outline<'s> {
    /// Begins with a file. With a key, what stamps say counts.
    #[must_use]
    pub fn new(survey: &'s Survey, request: &Request, key: Option<&[u8]>) -> Self {
        let named = request.numbering.as_deref().map(|name| survey.edition(name));
        Self {
            survey,
            edition: named.flatten().unwrap_or_else(|| survey.first_edition()),
            request: request.clone(),
            key: key.map(<[u8]>::to_vec),
            headings: Headings::new(survey, named.flatten()),
            refusal: (named == Some(None)).then(|| numbering_unknown(survey, request)),
            sheets: Vec::new(),
            hospitals: Vec::new(),
            unanswered: 0,
            faults: Vec::new(),
            recognised: false,
            nearly: None,
            stamp: None,
            open: None,
        }
    }

    /// Begins the next sheet.
    pub fn begin(&mut self, name: &str, hidden: bool, frame: &Frame) {
        self.close(frame);
        let sheet = Sheet {
            name: name.to_owned(),
            hidden,
            rows: Vec::new(),
        };
        let stamp = self.stamp.is_none() && name == stamp::SHEET;
        self.open = Some(Open::new(sheet, stamp, self.refusal.is_none()));
    }

    /// Forgets the rows of the sheet that was begun last: they come again.
    pub fn again(&mut self) {
        if let Some(open) = self.open.take() {
            let sheet = Sheet {
                rows: Vec::new(),
                ..open.sheet
            };
            self.open = Some(Open::new(sheet, open.stamp, self.refusal.is_none()));
        }
    }

    /// Takes the next row of the sheet, in ascending order.
    pub fn row(&mut self, row: &Row, frame: &Frame) {
        let Some(open) = &mut self.open else { return };
        if open.stamp {
            open.keep_line(row);
            return;
        }
        match &open.state {
            Progress::Passed | Progress::Lost { .. } => {}
            Progress::Found(Layout::Form(_)) => open.sheet.rows.push(row.clone()),
            Progress::Found(Layout::Bulk(bulk)) => {
                let index = self.sheets.len();
                let record = record::of_row(&open.sheet.name, bulk, row, &self.headings);
                let seen = record.map(|record| seen(&record, index, false, frame));
                open.take(seen);
            }
            Progress::Looking => {
                open.sheet.rows.push(row.clone());
                if open.sheet.rows.len() >= HEAD {
                    open.look(&self.headings, self.edition, self.sheets.len(), frame);
                }
            }
        }
    }

    /// What is known of the whole file.
    #[must_use]
    pub fn finish(mut self, frame: &Frame) -> Plan<'s> {
        self.close(frame);
        if self.refusal.is_none() && !self.recognised {
            self.faults.push(self.nearly.unwrap_or_else(|| layout_unknown(None)));
        }
        let word = self
            .key
            .map_or_else(Word::default, |key| stamp::word(self.stamp.as_ref(), self.survey, &key));
        if word.refusal.is_some() {
            self.hospitals.clear();
        }
        Plan::new(
            (self.edition, self.request.path),
            (self.headings, self.sheets),
            self.hospitals,
            (self.refusal, self.faults, self.unanswered),
            word,
        )
    }

    /// Ends the sheet whose rows were coming.
    fn close(&mut self, frame: &Frame) {
        let Some(mut open) = self.open.take() else { return };
        let index = self.sheets.len();
        if matches!(open.state, Progress::Looking) {
            open.look(&self.headings, self.edition, index, frame);
        }
        if let Progress::Found(Layout::Form(_)) = open.state {
            open.read_form(&self.headings, self.edition, index, frame);
        }
        if open.sheet.hidden {
            // Nobody sees what would be imported from there; nobody knows what is left out, unless it is said.
            self.faults.extend(hidden_answers(&open.sheet.name, open.hospitals.len()));
            open = open.passed();
        }
        self.recognised |= matches!(open.state, Progress::Found(_) | Progress::Lost { recognised: true });
        self.nearly = self.nearly.take().or(open.nearly);
        self.faults.extend(open.faults);
        self.hospitals.extend(open.hospitals);
        self.unanswered += open.unanswered;
        self.sheets.push(Planned {
            name: open.sheet.name.clone(),
            layout: match open.state {
                Progress::Found(layout) => Some(layout),
                _ => None,
            },
        });
        if open.stamp {
            self.stamp = Some(open.sheet);
        }
    }
}

/// A hospital with answers, or whether one without is known.
enum Seen {
    Answered(Hospital),
    Unanswered { known: bool },
}

fn seen(record: &Record<'_>, sheet: usize, whole: bool, frame: &Frame) -> Seen {
    let known = resolve(record, frame).ok();
    if !record.has_answers() {
        return Seen::Unanswered { known: known.is_some() };
    }
    Seen::Answered(Hospital {
        sheet,
        row: record.row,
        whole,
        anchor: record.anchor.numbers(),
        index: known.and_then(|(hospital, _)| frame.index_of(&hospital.gmis)),
    })
}

impl Open {
    fn new(sheet: Sheet, stamp: bool, looking: bool) -> Self {
        Self {
            state: if looking && !sheet.holds_findings() {
                Progress::Looking
            } else {
                Progress::Passed
            },
            sheet,
            stamp,
            hospitals: Vec::new(),
            unanswered: 0,
            faults: Vec::new(),
            nearly: None,
        }
    }

    /// The sheet as if it had not been looked at.
    fn passed(self) -> Self {
        Self::new(self.sheet, self.stamp, false)
    }

    /// Keeps the first of each of the stamp's lines.
    fn keep_line(&mut self, row: &Row) {
        let line = stamp::line(row);
        if line.is_some() && !self.sheet.rows.iter().any(|known| stamp::line(known) == line) {
            self.sheet.rows.push(row.clone());
        }
    }

    fn take(&mut self, seen: Option<Seen>) {
        match seen {
            Some(Seen::Answered(hospital)) => self.hospitals.push(hospital),
            Some(Seen::Unanswered { known: true }) => self.unanswered += 1,
            Some(Seen::Unanswered { known: false }) | None => {}
        }
    }

    /// Finds the layout in the rows that were kept, and lets them go where they are hospitals.
    fn look(&mut self, headings: &Headings, edition: &Edition, index: usize, frame: &Frame) {
        match layout::find(&self.sheet, headings) {
            Ok(Layout::Bulk(bulk)) => {
                self.faults.extend(bulk.faults.iter().cloned());
                // With a column in doubt every row would be; the header has to be mended first.
                if bulk.faults.iter().any(Fault::is_error) {
                    self.state = Progress::Lost { recognised: true };
                    self.sheet.rows.clear();
                    return;
                }
                self.faults.extend(bulk.missing_columns(&self.sheet, edition));
                let rows = std::mem::take(&mut self.sheet.rows);
                for row in rows.get(bulk.last + 1..).unwrap_or_default() {
                    let record = record::of_row(&self.sheet.name, &bulk, row, headings);
                    let seen = record.map(|record| seen(&record, index, false, frame));
                    self.take(seen);
                }
                self.state = Progress::Found(Layout::Bulk(bulk));
            }
            Ok(form) => self.state = Progress::Found(form),
            Err(missing) => {
                self.nearly = Some(layout_unknown(Some((&self.sheet, missing))));
                self.state = Progress::Lost { recognised: false };
                self.sheet.rows.clear();
            }
        }
    }

    /// Reads the form that the rows are.
    fn read_form(&mut self, headings: &Headings, edition: &Edition, index: usize, frame: &Frame) {
        let Progress::Found(Layout::Form(form)) = &self.state else { return };
        let (record, strays) = record::of_form(&self.sheet.name, &self.sheet.rows, form, headings, edition);
        let found: Vec<Fault> = strays.iter().map(stray_fault).collect();
        let doubtful = found.iter().any(Fault::is_error);
        let taken = !doubtful && (record.has_answers() || record.is_identified());
        let seen = taken.then(|| seen(&record, index, true, frame));
        self.faults.extend(found);
        self.take(seen);
    }
}
