//! One hospital's cells, whichever layout they stood in.

use survey::edition::Edition;

use crate::headings::{Heading, Headings, Item};
use crate::layout::{Bulk, Form, items};
use crate::place::Place;
use crate::workbook::{CellValue, Row};

/// A cell together with where it stands; the value is missing where the cell is blank.
#[derive(Debug, Clone)]
pub(crate) struct Found<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) value: Option<&'a CellValue>,
    /// Whether a formula stands in the cell.
    pub(crate) formula: bool,
}

/// The cells of one hospital.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) sheet: &'a str,
    /// Row of the hospital, or of the form's header.
    pub(crate) row: u32,
    pub(crate) gmis: Option<Found<'a>>,
    pub(crate) institution_code: Option<Found<'a>>,
    pub(crate) prefecture: Option<Found<'a>>,
    /// Where faults go that have no cell of their own.
    pub(crate) anchor: Place<'a>,
    pub(crate) answers: Vec<(Item, Found<'a>)>,
}

/// A row of a form whose question is not known although an answer stands there.
#[derive(Debug)]
pub(crate) struct Stray<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) heading: Heading,
    pub(crate) shown: String,
}

impl Record<'_> {
    /// Whether any answer was written. Templates name every hospital of the frame; those left empty are no submissions.
    pub(crate) fn has_answers(&self) -> bool {
        self.answers.iter().any(|(_, found)| found.value.is_some())
    }

    /// Whether anything identifies a hospital.
    pub(crate) fn is_identified(&self) -> bool {
        [&self.gmis, &self.institution_code]
            .into_iter()
            .flatten()
            .any(|found| found.value.is_some())
    }
}

/// The hospital of a row below the header of a bulk sheet; `None` for a row without anything of a hospital and for a repeated header.
pub(crate) fn of_row<'a>(sheet: &'a str, bulk: &Bulk, row: &'a Row, headings: &Headings) -> Option<Record<'a>> {
    let found = |column: u16| found(sheet, row, column);
    let record = Record {
        sheet,
        row: row.number,
        gmis: bulk.gmis.map(found),
        institution_code: bulk.institution_code.map(found),
        prefecture: bulk.prefecture.map(found),
        anchor: Place::new(sheet, bulk.gmis.or(bulk.institution_code).unwrap_or(0), row.number),
        answers: bulk.items.iter().map(|(item, column)| (item.clone(), found(*column))).collect(),
    };
    ((record.is_identified() || record.has_answers()) && !is_header(&record, headings)).then_some(record)
}

fn found<'a>(sheet: &'a str, row: &'a Row, column: u16) -> Found<'a> {
    let cell = row.cell(column);
    Found {
        place: Place::new(sheet, column, row.number),
        value: cell.map(|cell| &cell.value),
        formula: cell.is_some_and(|cell| cell.formula),
    }
}

/// A header printed again further down, as page by page exports have it.
fn is_header(record: &Record<'_>, headings: &Headings) -> bool {
    let value = record
        .gmis
        .as_ref()
        .or(record.institution_code.as_ref())
        .and_then(|found| found.value);
    value.is_some_and(|value| matches!(headings.identify(&value.shown()), Heading::Gmis | Heading::InstitutionCode))
}

/// The hospital of a form sheet, and answers that stand in rows of unknown questions.
pub(crate) fn of_form<'a>(
    sheet: &'a str,
    rows: &'a [Row],
    form: &Form,
    headings: &Headings,
    edition: &Edition,
) -> (Record<'a>, Vec<Stray<'a>>) {
    let header = rows.get(form.header).map_or(1, |row| row.number);
    let place = |column: u16, row: u32| Place::new(sheet, column, row);
    let mut strays = Vec::new();
    let mut answers: Vec<(Item, Found<'a>)> = Vec::new();
    for row in rows.get(form.header + 1..).unwrap_or_default() {
        let shown = |column: Option<u16>| {
            column
                .and_then(|column| row.value(column))
                .map(CellValue::shown)
                .unwrap_or_default()
        };
        let heading = format!("{} {}", shown(form.number), shown(form.wording));
        let found = found(sheet, row, form.answer);
        match headings.identify(&heading) {
            Heading::Item(item) if !answers.iter().any(|(known, _)| *known == item) => answers.push((item, found)),
            Heading::Item(_) | Heading::AmbiguousNumber | Heading::Conflict | Heading::Undivided | Heading::Unknown
                if found.value.is_some() =>
            {
                strays.push(Stray {
                    place: found.place,
                    heading: headings.identify(&heading),
                    shown: heading.trim().to_owned(),
                });
            }
            _ => {}
        }
    }
    // In the order of the edition, as in a bulk sheet.
    let order: Vec<Item> = items(edition).into_iter().map(|(item, _)| item).collect();
    answers.sort_by_key(|(item, _)| order.iter().position(|known| known == item));
    let beside = |wanted| beside((sheet, rows), headings, &form.findings, wanted);
    let gmis = beside(&Heading::Gmis);
    let institution_code = beside(&Heading::InstitutionCode);
    let anchor = gmis
        .as_ref()
        .or(institution_code.as_ref())
        .map_or(place(form.answer, header), |found| found.place);
    let prefecture = beside(&Heading::Prefecture);
    (
        Record {
            sheet,
            row: header,
            gmis,
            institution_code,
            prefecture,
            anchor,
            answers,
        },
        strays,
    )
}

/// The cell to the right of a caption such as `G-MIS ID`; findings about an earlier copy are none of it.
fn beside<'a>((sheet, rows): (&'a str, &'a [Row]), headings: &Headings, findings: &[u16], wanted: &Heading) -> Option<Found<'a>> {
    for row in rows {
        for (index, cell) in row.cells.iter().enumerate() {
            if headings.identify(&cell.value.shown()) == *wanted {
                let next = row
                    .cells
                    .get(index + 1)
                    .filter(|next| !findings.contains(&next.column))
                    .filter(|next| headings.identify(&next.value.shown()) == Heading::Unknown);
                let column = next.map_or(cell.column.saturating_add(1), |next| next.column);
                return Some(Found {
                    place: Place::new(sheet, column, row.number),
                    value: next.map(|next| &next.value),
                    formula: next.is_some_and(|next| next.formula),
                });
            }
        }
    }
    None
}
