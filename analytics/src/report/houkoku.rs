//! The reading workbook (報告書): puts cover, contents, response rates, a sheet a question, trends and method into one file.

use super::counting::{self, Counting};
use super::front::{self, Entry};
use super::question_sheet::QuestionSheet;
use super::rate_cross::{self, RateCross};
use super::rate_sheet::{self, RateSheet};
use super::scope::Scope;
use super::text::{self, ReportText};
use super::trend_sheet::{self, TrendSheet};
use super::trends::{self, ShownTrend};
use super::{ReportError, page, weights, workbook_error};
use crate::by::By;
use crate::rate::{RateRequest, RateTable, response_rates};
use crate::snapshot::Snapshot;
use crate::weigh;
use rust_xlsxwriter::XlsxError;
use std::collections::BTreeSet;
use survey::area::Area;
use survey::band::Banding;

/// The response rates of the workbook.
struct Rates {
    by_band: RateTable,
    by_prefecture: RateTable,
    by_both: RateTable,
}

/// Everything that is counted for the workbook.
struct Content<'a> {
    scope: Scope<'a>,
    words: &'a ReportText,
    rates: Rates,
    countings: Vec<Counting<'a>>,
    trends: Vec<ShownTrend>,
    /// Cells that share a weight, in words.
    merged: Vec<String>,
}

/// The workbook for reading: A4 across, one sheet a question, charts, method. With an earlier survey also a sheet of what compares (推移). Call it
/// from a plain thread.
///
/// # Errors
/// [`ReportError`]: a defect.
pub fn houkoku(snapshot: &Snapshot, earlier: Option<&Snapshot>, words: &ReportText) -> Result<Vec<u8>, ReportError> {
    workbook(Scope::live(snapshot), earlier, words)
}

/// What may be shown, as the workbook for reading.
pub(super) fn workbook(scope: Scope<'_>, earlier: Option<&Snapshot>, words: &ReportText) -> Result<Vec<u8>, ReportError> {
    let rates = |by| {
        let request = RateRequest {
            area: words.area.clone(),
            by,
            banding: Banding::Survey.into(),
            filters: Vec::new(),
        };
        response_rates(scope.snapshot, &request)
    };
    let design = weigh::design(scope.snapshot)?;
    let names = [
        front::COVER,
        front::CONTENTS,
        front::METHOD,
        rate_sheet::NAME,
        rate_cross::NAME,
        trend_sheet::NAME,
    ];
    let mut taken: BTreeSet<String> = names.map(str::to_owned).into_iter().collect();
    let content = Content {
        scope,
        words,
        rates: Rates {
            by_band: rates(By::BAND)?,
            by_prefecture: rates(By::PREFECTURE)?,
            by_both: rates(By::PREFECTURE_BAND)?,
        },
        countings: counting::countings(scope, &words.area, &design, &mut taken)?,
        trends: earlier
            .map(|earlier| trends::shown(scope, earlier, &words.area))
            .transpose()?
            .unwrap_or_default(),
        merged: weights::merged(&design, &words.area),
    };
    content.write().map_err(workbook_error)
}

impl Content<'_> {
    fn write(&self) -> Result<Vec<u8>, XlsxError> {
        let (words, rates) = (self.words, &self.rates);
        let (mut workbook, styles) = page::workbook(&words.title, &words.publisher, self.scope.snapshot.as_of())?;
        let area = words.area.name();
        let nation = words.area == Area::Nation;
        front::write_cover(workbook.add_worksheet(), &styles, self.scope, words, &rates.by_band.total)?;
        front::write_contents(workbook.add_worksheet(), &styles, &words.title, &self.entries())?;
        let rate_sheet = RateSheet {
            foot: &words.title,
            area: &area,
            by_band: &rates.by_band,
            by_prefecture: nation.then_some(&rates.by_prefecture),
        };
        rate_sheet.write(workbook.add_worksheet(), &styles)?;
        if nation {
            let cross = RateCross {
                foot: &words.title,
                area: &area,
                by_band: &rates.by_band,
                by_prefecture: &rates.by_prefecture,
                by_both: &rates.by_both,
            };
            cross.write(workbook.add_worksheet(), &styles)?;
        }
        for counting in &self.countings {
            let sheet = QuestionSheet {
                name: &counting.sheet,
                question: counting.question,
                foot: &words.title,
                area: &area,
                by_band: &counting.by_band,
                by_prefecture: counting.by_prefecture.as_ref(),
                by_prefecture_band: counting.by_prefecture_band.as_ref(),
                by_answer: counting.by_answer.as_ref(),
            };
            sheet.write(workbook.add_worksheet(), &styles)?;
        }
        if !self.trends.is_empty() {
            let sheet = TrendSheet {
                foot: &words.title,
                area: &area,
                trends: &self.trends,
            };
            sheet.write(workbook.add_worksheet(), &styles)?;
        }
        front::write_method(workbook.add_worksheet(), &styles, self.scope, words, &self.merged)?;
        workbook.save_to_buffer()
    }

    fn entries(&self) -> Vec<Entry> {
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
        if self.words.area == Area::Nation {
            let about = "調査対象病院数、回答数、回収率（都道府県ごとの病床規模別）";
            entries.push(entry(rate_cross::NAME, rate_cross::NAME, about));
        }
        entries.extend(self.countings.iter().map(|counting| {
            entry(
                &counting.sheet,
                &counting.question.heading(),
                &text::one_line(&counting.question.item_wording),
            )
        }));
        if let Some(shown) = self.trends.first() {
            let about = format!(
                "{}年と{}年の比較（比べられる設問、すべての病院と両年に回答した病院、答えの変化）",
                shown.table.earlier.survey, shown.table.later.survey
            );
            entries.push(entry(trend_sheet::NAME, trend_sheet::NAME, &about));
        }
        entries.push(entry(front::METHOD, front::METHOD, "用語の定義、記号、取扱い、重み"));
        entries
    }
}
