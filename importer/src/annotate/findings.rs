//! The faults by sheet, row and cell, and the texts that are written about them.

use std::collections::BTreeMap;

use survey::fault::{Fault, Severity};

use super::MARK;
use super::markup::{cut, position};
use super::outline::Outline;
use crate::workbook::{Workbook, address};

/// Faults that the list holds; Excel follows at most 65,530 links of a sheet.
const LISTED: usize = 20_000;
/// Cells with a note: each is a shape, and tens of thousands of shapes keep Excel busy for minutes.
const NOTES: usize = 5_000;
/// Characters of a note and of a cell of the column.
const NOTE_LENGTH: usize = 2_000;
const CELL_LENGTH: usize = 8_000;

/// All that is to be written into a workbook.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// By name; sheets without a fault are there after an earlier round, to be cleaned.
    pub(super) sheets: BTreeMap<String, SheetFindings>,
    pub(super) listed: Vec<Listed>,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    /// Cells that have no note because there are too many.
    pub(super) without_note: usize,
}

/// What is to be written into a sheet.
#[derive(Debug, Default)]
pub(super) struct SheetFindings {
    /// Row of the header, from 1.
    pub(super) header: Option<u32>,
    /// Column for the faults, from 0.
    pub(super) column: u16,
    /// Whether that column is there from an earlier round.
    pub(super) earlier: bool,
    pub(super) rows: BTreeMap<u32, RowFindings>,
}

/// What is to be written into a row.
#[derive(Debug, Default)]
pub(super) struct RowFindings {
    pub(super) cells: BTreeMap<u16, CellFindings>,
    /// For the column of faults.
    pub(super) text: String,
}

/// What is to be written to a cell.
#[derive(Debug)]
pub(super) struct CellFindings {
    pub(super) severity: Severity,
    /// Empty if the cell gets none.
    pub(super) note: String,
}

/// One line of the list.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) sheet: Option<String>,
    pub(super) cell: Option<String>,
    /// Whether the cell can be jumped to.
    pub(super) linked: bool,
    pub(super) severity: Severity,
    pub(super) subject: String,
    pub(super) found: String,
    pub(super) expected: String,
    pub(super) message: String,
}

/// A severity in words.
pub(super) fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "エラー",
        Severity::Warning => "警告",
    }
}

impl Findings {
    /// Sorts faults into their cells. A fault without a sheet belongs to the only sheet, if there is one only (text files name none).
    pub(super) fn gather(workbook: &Workbook, faults: &[Fault], annotated: bool) -> Self {
        let mut findings = Self::default();
        let only = match workbook.sheets.as_slice() {
            [sheet] => Some(sheet.name.as_str()),
            _ => None,
        };
        let mut placed: BTreeMap<&str, Vec<(u16, u32)>> = BTreeMap::new();
        let place = |fault: &Fault| Some((fault.sheet.as_deref().or(only)?.to_owned(), position(fault.cell.as_deref()?)?));
        for fault in faults {
            if let Some((name, cell)) = place(fault)
                && let Some(sheet) = workbook.sheets.iter().find(|sheet| sheet.name == name)
            {
                placed.entry(sheet.name.as_str()).or_default().push(cell);
            }
        }
        let mut outlines = BTreeMap::new();
        for sheet in workbook.sheets.iter().filter(|sheet| !super::is_ours(&sheet.name)) {
            let cells = placed.remove(sheet.name.as_str()).unwrap_or_default();
            if !cells.is_empty() || (annotated && !sheet.hidden) {
                let outline = Outline::of(sheet, annotated, cells.iter().map(|(_, row)| *row).min());
                findings.sheets.insert(sheet.name.clone(), SheetFindings::of(&outline, &cells));
                outlines.insert(sheet.name.clone(), outline);
            }
        }
        for fault in faults {
            findings.add(fault, place(fault), &outlines);
        }
        findings.drop_notes();
        findings
    }

    fn add(&mut self, fault: &Fault, place: Option<(String, (u16, u32))>, outlines: &BTreeMap<String, Outline<'_>>) {
        match fault.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        let known = place.filter(|(name, _)| self.sheets.contains_key(name));
        let subject = known
            .as_ref()
            .and_then(|(name, (column, row))| outlines.get(name).and_then(|outline| outline.subject(*column, *row)));
        let subject = subject.or_else(|| fault.question.clone()).unwrap_or_default();
        if self.listed.len() < LISTED {
            self.listed.push(Listed {
                sheet: known.as_ref().map(|(name, _)| name.clone()).or_else(|| fault.sheet.clone()),
                cell: known
                    .as_ref()
                    .map(|(_, (column, row))| address(*column, *row))
                    .or_else(|| fault.cell.clone()),
                linked: known.is_some(),
                severity: fault.severity,
                subject,
                found: fault.found.clone().unwrap_or_default(),
                expected: fault.expected.clone().unwrap_or_default(),
                message: fault.message.clone(),
            });
        }
        if let Some((name, (column, row))) = known
            && let Some(sheet) = self.sheets.get_mut(&name)
        {
            sheet.rows.entry(row).or_default().add(fault, &address(column, row), column);
        }
    }

    /// Takes the notes from the cells after the first thousands.
    fn drop_notes(&mut self) {
        let cells = self.sheets.values_mut().flat_map(|sheet| sheet.rows.values_mut());
        for cell in cells.flat_map(|row| row.cells.values_mut()).skip(NOTES) {
            cell.note.clear();
            self.without_note += 1;
        }
    }

    /// Faults that the list does not hold.
    pub(super) fn unlisted(&self) -> usize {
        self.errors + self.warnings - self.listed.len()
    }
}

impl SheetFindings {
    fn of(outline: &Outline<'_>, faults: &[(u16, u32)]) -> Self {
        Self {
            header: outline.header(),
            column: outline.earlier.unwrap_or_else(|| outline.free_column(faults)),
            earlier: outline.earlier.is_some(),
            rows: BTreeMap::new(),
        }
    }
}

impl RowFindings {
    fn add(&mut self, fault: &Fault, cell: &str, column: u16) {
        let name = severity_name(fault.severity);
        if self.text.chars().count() < CELL_LENGTH {
            let line = cut(&format!("{cell}（{name}）：{}", fault.message), NOTE_LENGTH);
            let gap = if self.text.is_empty() { "" } else { "\n" };
            self.text = format!("{}{gap}{line}", self.text);
        }
        let mut lines = vec![format!("{MARK}{name}")];
        lines.extend(fault.found.as_ref().map(|found| format!("見つかった値：{found}")));
        lines.extend(fault.expected.as_ref().map(|expected| format!("求められる値：{expected}")));
        lines.push(format!("直し方：{}", fault.message));
        let note = cut(&lines.join("\n"), NOTE_LENGTH);
        match self.cells.get_mut(&column) {
            Some(known) => {
                known.severity = known.severity.min(fault.severity);
                if known.note.chars().count() < NOTE_LENGTH {
                    known.note = format!("{}\n{note}", known.note);
                }
            }
            None => {
                let severity = fault.severity;
                self.cells.insert(column, CellFindings { severity, note });
            }
        }
    }
}
