//! The reading workbook (報告書): puts cover, contents, response rates, a sheet a question, and method into one file.

use super::front::{self, Entry};
use super::question_sheet::{ByAnswer, QuestionSheet};
use super::rate_sheet::{self, RateSheet};
use super::text::{self, ReportText};
use super::trend_sheet::{self, TrendSheet};
use super::{ReportError, page, workbook_error};
use crate::by::By;
use crate::filter::Filter;
use crate::rate::{RateRequest, RateTable, response_rates};
use crate::snapshot::Snapshot;
use crate::table::{Counted, Table, counted_questions};
use crate::trend::{self, TrendBy, TrendRequest, TrendTable};
use rust_xlsxwriter::XlsxError;
use std::collections::BTreeSet;
use survey::area::Area;
use survey::band::Banding;
use survey::condition::Condition;
use survey::crosswalk::Crosswalk;
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

/// The workbook for reading: A4 across, one sheet a question, charts, method. With an earlier survey also a sheet of what compares (推移). Call it
/// from a plain thread.
///
/// # Errors
/// [`ReportError`]: a defect.
pub fn houkoku(snapshot: &Snapshot, earlier: Option<&Snapshot>, words: &ReportText) -> Result<Vec<u8>, ReportError> {
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
    let mut taken: BTreeSet<String> = [front::COVER, front::CONTENTS, front::METHOD, rate_sheet::NAME, trend_sheet::NAME]
        .map(str::to_owned)
        .into_iter()
        .collect();
    let mut countings = Vec::new();
    for question in counted_questions(snapshot) {
        let counted = Counted::new(snapshot, &question.key, &words.area, Banding::Survey, &[])?;
        countings.push(Counting {
            question,
            sheet: text::sheet_name(&question.heading(), &mut taken),
            by_band: counted.table(By::BAND)?,
            by_prefecture: counted.table(By::PREFECTURE)?,
            by_answer: by_answer(snapshot, question, &words.area)?,
        });
    }
    let trends = earlier
        .map(|earlier| trends(earlier, snapshot, &words.area))
        .transpose()?
        .unwrap_or_default();
    write(snapshot, words, &rates, &countings, &trends).map_err(workbook_error)
}

/// Every question that compares with the earlier survey, in the order of the crosswalk.
fn trends(earlier: &Snapshot, later: &Snapshot, area: &Area) -> Result<Vec<TrendTable>, ReportError> {
    let crosswalk = Crosswalk::compiled_in();
    let table = |question| {
        let request = TrendRequest {
            question,
            area: area.clone(),
            by: TrendBy::Band,
        };
        Ok(trend::trend(earlier, later, crosswalk, &request)?)
    };
    trend::comparable_questions(earlier, later, crosswalk)
        .into_iter()
        .map(table)
        .collect()
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
        rows.push((choice.label.clone(), counted.table(By::AREA)?.total));
    }
    Ok(Some(ByAnswer {
        heading: format!("{}別", gate.label),
        rows,
    }))
}

fn write(
    snapshot: &Snapshot,
    words: &ReportText,
    rates: &Rates,
    countings: &[Counting<'_>],
    trends: &[TrendTable],
) -> Result<Vec<u8>, XlsxError> {
    let (mut workbook, styles) = page::workbook(&words.title, &words.publisher, snapshot.as_of())?;
    let area = text::area_ja(&words.area);
    let several_prefectures = rates.by_prefecture.rows.len() > 1;
    front::write_cover(workbook.add_worksheet(), &styles, snapshot, words, &rates.by_band.total)?;
    front::write_contents(workbook.add_worksheet(), &styles, &words.title, &entries(countings, trends))?;
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
    if !trends.is_empty() {
        let sheet = TrendSheet {
            foot: &words.title,
            area: &area,
            tables: trends,
        };
        sheet.write(workbook.add_worksheet(), &styles)?;
    }
    front::write_method(workbook.add_worksheet(), &styles, words)?;
    workbook.save_to_buffer()
}

fn entries(countings: &[Counting<'_>], trends: &[TrendTable]) -> Vec<Entry> {
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
    if let Some(table) = trends.first() {
        let about = format!(
            "{}年と{}年の比較（比べられる設問、すべての病院と両年に回答した病院、答えの変化）",
            table.earlier.survey, table.later.survey
        );
        entries.push(entry(trend_sheet::NAME, trend_sheet::NAME, &about));
    }
    entries.push(entry(front::METHOD, front::METHOD, "用語の定義、記号、取扱い"));
    entries
}
