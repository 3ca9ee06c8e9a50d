//! The reading workbook (報告書): puts cover, contents, response rates, a sheet a question, and method into one file.

use super::front::{self, Entry};
use super::question_sheet::{ByAnswer, QuestionSheet};
use super::rate_sheet::{self, RateSheet};
use super::text::{self, ReportText};
use super::{ReportError, page, workbook_error};
use crate::by::By;
use crate::filter::Filter;
use crate::rate::{RateRequest, RateTable, response_rates};
use crate::snapshot::Snapshot;
use crate::table::{Counted, Table, counted_questions};
use rust_xlsxwriter::XlsxError;
use std::collections::BTreeSet;
use survey::area::Area;
use survey::band::Banding;
use survey::condition::Condition;
use survey::question::Question;

/// A question with everything that its sheet shows.
struct Counting<'a> {
    question: &'a Question,
    sheet: String,
    by_band: Table,
    by_prefecture: Table,
    by_answer: Option<ByAnswer>,
}

/// The response rates of the workbook.
struct Rates {
    by_band: RateTable,
    by_prefecture: RateTable,
}

/// The workbook for reading: A4 across, one sheet a question, charts, method. Call it from a plain thread.
///
/// # Errors
/// [`ReportError`]: a defect.
pub fn houkoku(snapshot: &Snapshot, words: &ReportText) -> Result<Vec<u8>, ReportError> {
    let rates = |by| {
        response_rates(
            snapshot,
            &RateRequest {
                area: words.area.clone(),
                by,
                banding: Banding::Survey.into(),
                filters: Vec::new(),
            },
        )
    };
    let rates = Rates {
        by_band: rates(By::BAND)?,
        by_prefecture: rates(By::PREFECTURE)?,
    };
    let mut taken: BTreeSet<String> = [front::COVER, front::CONTENTS, front::METHOD, rate_sheet::NAME]
        .map(str::to_owned)
        .into_iter()
        .collect();
    let mut countings = Vec::new();
    for question in counted_questions(snapshot) {
        let counted = Counted::new(snapshot, &question.key, &words.area, Banding::Survey, &[])?;
        countings.push(Counting {
            question,
            sheet: text::sheet_name(&question.heading(), &mut taken),
            by_band: counted.table(By::BAND),
            by_prefecture: counted.table(By::PREFECTURE),
            by_answer: by_answer(snapshot, question, &words.area)?,
        });
    }
    write(snapshot, words, &rates, &countings).map_err(workbook_error)
}

/// A question that an earlier answer frees from (2022: items 13 and 14, which a hospital without a VPN device may leave out) is shown by that answer too.
fn by_answer(snapshot: &Snapshot, question: &Question, area: &Area) -> Result<Option<ByAnswer>, ReportError> {
    let Some(Condition::Answer { question: gate, .. }) = &question.optional_if else {
        return Ok(None);
    };
    let Some(gate) = snapshot.survey().question(gate.as_str()) else {
        return Ok(None);
    };
    let mut rows = Vec::new();
    for choice in gate.choices() {
        let filters = [Filter::answer(gate.key.clone(), &choice.key)];
        let counted = Counted::new(snapshot, &question.key, area, Banding::Survey, &filters)?;
        rows.push((choice.label.clone(), counted.table(By::AREA).total));
    }
    Ok(Some(ByAnswer {
        heading: format!("{}別", gate.label),
        rows,
    }))
}

fn write(snapshot: &Snapshot, words: &ReportText, rates: &Rates, countings: &[Counting<'_>]) -> Result<Vec<u8>, XlsxError> {
    let (mut workbook, styles) = page::workbook(&words.title, &words.publisher, snapshot.as_of())?;
    let area = text::area_ja(&words.area);
    let several_prefectures = rates.by_prefecture.rows.len() > 1;
    front::write_cover(workbook.add_worksheet(), &styles, snapshot, words, &rates.by_band.total)?;
    front::write_contents(workbook.add_worksheet(), &styles, &words.title, &entries(countings))?;
    let rate_sheet = RateSheet {
        foot: &words.title,
        area: &area,
        by_band: &rates.by_band,
        by_prefecture: several_prefectures.then_some(&rates.by_prefecture),
    };
    rate_sheet.write(workbook.add_worksheet(), &styles)?;
    for counting in countings {
        let sheet = QuestionSheet {
            name: &counting.sheet,
            question: counting.question,
            foot: &words.title,
            area: &area,
            by_band: &counting.by_band,
            by_prefecture: several_prefectures.then_some(&counting.by_prefecture),
            by_answer: counting.by_answer.as_ref(),
        };
        sheet.write(workbook.add_worksheet(), &styles)?;
    }
    front::write_method(workbook.add_worksheet(), &styles, words)?;
    workbook.save_to_buffer()
}

fn entries(countings: &[Counting<'_>]) -> Vec<Entry> {
    let entry = |sheet: &str, name: &str, about: &str| Entry {
        sheet: sheet.to_owned(),
        name: name.to_owned(),
        about: about.to_owned(),
    };
    let mut entries = vec![entry(
        rate_sheet::NAME,
        rate_sheet::NAME,
        "調査対象病院数、回答数、回収率（病床規模別、都道府県別）",
    )];
    entries.extend(countings.iter().map(|counting| {
        entry(
            &counting.sheet,
            &counting.question.heading(),
            &text::one_line(&counting.question.item_wording),
        )
    }));
    entries.push(entry(front::METHOD, front::METHOD, "用語の定義、記号、取扱い"));
    entries
}
