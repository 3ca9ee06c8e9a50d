//! Where things stand on a sheet: finds the header row of a bulk table or of a form, under titles of any number.
//!
//! A sheet is one of two layouts. Bulk: a row for each hospital, a column for each question. Form: one hospital, a row for each
//! question. Which one it is is recognised, not asked.

mod header;

use std::collections::BTreeMap;

use survey::edition::Edition;
use survey::fault::Fault;
use survey::question::Kind;

use crate::folding::fold;
use crate::headings::{self, Heading, Headings, Item};
use crate::layout::header::HeaderCell;
use crate::place::Place;
use crate::workbook::{Row, Sheet};

/// Rows in which a header is looked for.
pub(crate) const ROWS_LOOKED_AT: usize = 60;

/// The layout of a sheet.
#[derive(Debug)]
pub(crate) enum Layout {
    Bulk(Bulk),
    Form(Form),
}

/// Columns of a table with a hospital in each row. Rows are indices into the sheet's rows.
#[derive(Debug, Default)]
pub(crate) struct Bulk {
    pub(crate) header: usize,
    /// The last row of the header: the same, or the one below it.
    pub(crate) last: usize,
    pub(crate) gmis: Option<u16>,
    pub(crate) institution_code: Option<u16>,
    pub(crate) prefecture: Option<u16>,
    pub(crate) items: BTreeMap<Item, u16>,
    pub(crate) faults: Vec<Fault>,
}

/// Columns of a form with a question in each row.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) header: usize,
    pub(crate) number: Option<u16>,
    pub(crate) wording: Option<u16>,
    pub(crate) answer: u16,
    /// Columns that hold what was written about an earlier copy of the file.
    pub(crate) findings: Vec<u16>,
}

/// Why a sheet has no layout.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Questions in the given row (index), but no column that identifies hospitals.
    Identifier(usize),
    /// Nothing of ours.
    Everything,
}

/// Finds the layout of a sheet.
pub(crate) fn find(sheet: &Sheet, headings: &Headings) -> Result<Layout, Missing> {
    let mut without_identifier = None;
    for (index, row) in sheet.rows.iter().enumerate().take(ROWS_LOOKED_AT) {
        if let Some(form) = form(index, row) {
            return Ok(Layout::Form(form));
        }
        let (cells, last) = header::cells(sheet, index, row, headings);
        let identifies = cells
            .iter()
            .any(|cell| matches!(cell.heading, Heading::Gmis | Heading::InstitutionCode));
        let questions = cells
            .iter()
            .filter(|cell| matches!(cell.heading, Heading::Item(_) | Heading::AmbiguousNumber | Heading::Conflict))
            .count();
        if identifies && questions > 0 {
            return Ok(Layout::Bulk(bulk(sheet, index, last, &cells)));
        }
        // One cell may by chance read like a question, and numbers stand in any table; two questions by name are a header.
        let named = cells.iter().filter(|cell| matches!(cell.heading, Heading::Item(_))).count();
        if named > 1 && without_identifier.is_none() {
            without_identifier = Some(index);
        }
    }
    Err(without_identifier.map_or(Missing::Everything, Missing::Identifier))
}

/// Reads a row as the header of a form.
pub(crate) fn form(header: usize, row: &Row) -> Option<Form> {
    let column = |names: &[&str]| {
        row.cells
            .iter()
            .find(|cell| names.contains(&fold(&cell.value.shown()).as_str()))
            .map(|cell| cell.column)
    };
    let number = column(&["設問番号", "番号", "no", "q番号", "問番号", "問"]);
    let wording = column(&["設問", "設問項目", "質問", "調査項目", "設問内容", "項目"]);
    let answer = column(&["回答", "回答欄", "ご回答"])?;
    let findings = row.cells.iter().filter(|cell| headings::is_findings(&cell.value.shown()));
    (number.is_some() || wording.is_some()).then(|| Form {
        header,
        number,
        wording,
        answer,
        findings: findings.map(|cell| cell.column).collect(),
    })
}

fn bulk(sheet: &Sheet, header: usize, last: usize, cells: &[HeaderCell]) -> Bulk {
    let mut bulk = Bulk {
        header,
        last,
        ..Bulk::default()
    };
    for HeaderCell {
        column,
        row,
        shown,
        heading,
    } in cells
    {
        let place = Place::new(&sheet.name, *column, *row);
        let twice = match heading {
            Heading::Gmis => bulk.gmis.replace(*column),
            Heading::InstitutionCode => bulk.institution_code.replace(*column),
            Heading::Prefecture => bulk.prefecture.replace(*column),
            Heading::Item(item) => bulk.items.insert(item.clone(), *column),
            Heading::Name | Heading::Note => None,
            Heading::AmbiguousNumber | Heading::Conflict | Heading::Undivided | Heading::Unknown => {
                bulk.faults.push(place.mark(column_fault(heading, shown)).found(shown));
                None
            }
        };
        if let Some(first) = twice {
            let row = cells.iter().find(|cell| cell.column == first).map_or(*row, |cell| cell.row);
            let first = Place::new(&sheet.name, first, row).cell();
            let message = format!(
                "「{}」の列が2つあります（{first}と{}）。正しい方だけを残してください。",
                one_line(shown),
                place.cell()
            );
            let fault = place.mark(Fault::error("column_duplicate", message)).found(shown);
            bulk.faults.push(if let Heading::Item(item) = heading {
                fault.question(item.path())
            } else {
                fault
            });
        }
    }
    bulk
}

fn column_fault(heading: &Heading, shown: &str) -> Fault {
    let shown = one_line(shown);
    match heading {
        Heading::AmbiguousNumber => Fault::error(
            "numbering_ambiguous",
            format!(
                "設問番号「{shown}」だけでは、どの設問か決められません（調査票の版によって番号が異なります）。どの版の番号かを指定するか、見出しを設問文にしてください。"
            ),
        ),
        Heading::Conflict => Fault::error(
            "column_conflict",
            format!(
                "見出し「{shown}」は番号と設問文が同じ設問を指していません。調査票と見比べて直してください（設問でなければ番号を外してください）。"
            ),
        ),
        Heading::Undivided => Fault::error(
            "column_undivided",
            "回答者の情報は、氏名・所属・連絡先などの項目ごとに列を分けてください。".to_owned(),
        ),
        _ => Fault::warning(
            "column_unknown",
            format!(
                "見出し「{shown}」の列は、この調査の設問ではないため読み込みません。設問の場合は、見出しを調査票の設問文に合わせて直してください。"
            ),
        ),
    }
}

impl Bulk {
    /// One warning for each thing asked that has no column.
    pub(crate) fn missing_columns(&self, sheet: &Sheet, edition: &Edition) -> Vec<Fault> {
        let header = sheet.rows.get(self.header).map_or(1, |row| row.number);
        items(edition)
            .into_iter()
            .filter(|(item, _)| !self.items.contains_key(item))
            .map(|(item, heading)| {
                let message = format!("「{heading}」の列がありません。回答が必要な病院は、空欄として扱います。");
                let column = self.gmis.or(self.institution_code).unwrap_or(0);
                Place::new(&sheet.name, column, header)
                    .mark(Fault::warning("column_missing", message))
                    .question(item.path())
            })
            .collect()
    }
}

/// Everything that is answered in an edition, in its order, with a short name.
pub(crate) fn items(edition: &Edition) -> Vec<(Item, String)> {
    let mut items = Vec::new();
    for question in edition.questions() {
        let whole = Item {
            question: question.key.clone(),
            field: None,
        };
        match &question.kind {
            Kind::Respondent(fields) => items.extend(fields.iter().map(|field| {
                (
                    Item {
                        field: Some(field.key.clone()),
                        ..whole.clone()
                    },
                    format!("{} {}", question.heading(), field.label),
                )
            })),
            _ => items.push((whole, question.heading())),
        }
    }
    items
}

/// A heading without its line breaks, cut to a readable length.
fn one_line(text: &str) -> String {
    survey::fault::excerpt(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}
