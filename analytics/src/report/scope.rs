//! What of a survey a file shows: everything of a live count, or what the decision of a release leaves open. Writes no file and decides nothing.
//!
//! A hidden distribution stays behind here: a line that is hidden holds no number but n, so that no sheet and no file can print another one.

use super::release::Release;
use crate::shape::RowNames;
use crate::snapshot::Snapshot;
use crate::suppress::{Domain, Reason};
use crate::table::{Table, TableChoice, TableRow};
use std::sync::Arc;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;
use survey::question::QuestionKey;

/// Why a distribution is not shown. The reasons of the decision itself are not told: "all answers fall in one option" would be an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// Hidden by the rule (秘匿).
    Suppressed,
    /// Its difference from an earlier release would show few hospitals; the earlier number stands.
    Withheld,
}

impl Hidden {
    /// The code of `value_state` in the machine files.
    pub(super) fn state(self) -> &'static str {
        match self {
            Hidden::Suppressed => "suppressed",
            Hidden::Withheld => "withheld",
        }
    }

    /// The mark of the reading workbook: X is that of the government's statistics (e-Stat) for 秘匿.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Hidden::Suppressed => "X",
            Hidden::Withheld => "＊",
        }
    }
}

/// One row of a table as a file may show it.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) names: Arc<RowNames>,
    /// Counted submissions: never hidden, the response rates show them too.
    pub(super) n: u64,
    /// All numbers, with estimates only where they may stand; or why there are none.
    pub(super) counted: Result<TableRow, Hidden>,
}

impl Line {
    /// Everything of a row.
    pub(super) fn open(row: TableRow) -> Line {
        Line {
            names: Arc::clone(&row.names),
            n: row.n,
            counted: Ok(row),
        }
    }

    /// Prefecture and band as printed; `whole` for the area as a whole.
    pub(super) fn label(&self, whole: &str) -> String {
        match (&self.names.prefecture_name, &self.names.band_label) {
            (Some(prefecture), Some(band)) => format!("{prefecture} {band}"),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => whole.to_owned(),
        }
    }
}

/// A table as a file may show it.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    pub(super) question: QuestionKey,
    pub(super) choices: Vec<Arc<TableChoice>>,
    pub(super) rows: Vec<Line>,
    pub(super) total: Line,
}

impl Lines {
    /// All of them, the whole area first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Line> {
        std::iter::once(&self.total).chain(&self.rows)
    }
}

/// A survey and what may be shown of it.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) snapshot: &'a Snapshot,
    release: Option<&'a Release<'a>>,
}

impl<'a> Scope<'a> {
    /// Everything: for those who may read live tables.
    pub(super) fn live(snapshot: &'a Snapshot) -> Scope<'a> {
        Scope { snapshot, release: None }
    }

    /// What a release publishes.
    pub(super) fn of(release: &'a Release<'a>) -> Scope<'a> {
        Scope {
            snapshot: release.snapshot,
            release: Some(release),
        }
    }

    pub(super) fn release(&self) -> Option<&'a Release<'a>> {
        self.release
    }

    /// What was done to keep answers of single hospitals from being inferred.
    pub(super) fn suppression(&self) -> String {
        let Some(release) = self.release else {
            return "秘匿処理を行っていない内部利用のための集計。公表には用いない。".to_owned();
        };
        let rule = release.decision.rule();
        format!(
            "母数が{}未満の分布、すべての回答が1つの選択肢に偏る母数{}未満の分布と、合計との差などからそれらが推測される分布を秘匿した。\
             秘匿した分布は、母数、選択数、割合、空欄、無回答、非該当をすべて示さない。回答数（n）は秘匿しない。分布を示すのは、全国、全国の6区分、\
             都道府県、都道府県の3区分のみで、推計割合は全国と全国の6区分のみ。集計数の分布は示しても、推計割合や推移から秘匿した数が推測される場合は、\
             その推計割合や推移の行を示さない。",
            rule.min_base, rule.min_base_one_option
        )
    }

    /// The lines of a table. `question` is the place of the question among the coded ones: by it a decision names it.
    pub(super) fn lines(&self, question: usize, banding: Banding, table: Table) -> Lines {
        let line = |row: TableRow| self.line(question, banding, row);
        Lines {
            question: table.question,
            choices: table.choices,
            total: line(table.total),
            rows: table.rows.into_iter().map(line).collect(),
        }
    }

    fn line(&self, question: usize, banding: Banding, mut row: TableRow) -> Line {
        let Some(release) = self.release else {
            return Line::open(row);
        };
        let domain = domain(&row, banding);
        let hidden = domain.map_or(Some(Hidden::Suppressed), |domain| hidden(release, domain, question, row.n));
        if !domain.is_some_and(|domain| release.decision.may_print_weighted(domain, question)) {
            row.item_nonresponse = None;
            for option in &mut row.options {
                option.estimate = None;
            }
        }
        let mut line = Line::open(row);
        if let Some(why) = hidden {
            line.counted = Err(why);
        }
        line
    }
}

/// Why a release hides a question in a domain. A domain without a submission has nothing to hide, and may be none of the decision's.
fn hidden(release: &Release<'_>, domain: Domain, question: usize, n: u64) -> Option<Hidden> {
    match release.decision.reason(domain, question) {
        Some(Reason::Revision) => Some(Hidden::Withheld),
        Some(_) => Some(Hidden::Suppressed),
        None if n == 0 || release.decision.is_published(domain, question) => None,
        None => Some(Hidden::Suppressed),
    }
}

/// The domain of the publication plan that a row is about; `None`: the plan has no such rows.
fn domain(row: &TableRow, banding: Banding) -> Option<Domain> {
    let prefecture = || PrefectureCode::parse(row.names.prefecture.as_deref()?).ok();
    let band = || banding.bands().iter().position(|band| Some(band.key) == row.names.band.as_deref());
    match (&row.names.prefecture, &row.names.band, banding) {
        (None, None, _) => Some(Domain::Nation),
        (None, Some(_), Banding::Survey) => Some(Domain::Band(band()?)),
        (Some(_), None, _) => Some(Domain::Prefecture(prefecture()?)),
        (Some(_), Some(_), Banding::Program) => Some(Domain::PrefectureBand(prefecture()?, band()?)),
        (None, Some(_), Banding::Program) | (Some(_), Some(_), Banding::Survey) => None,
    }
}
