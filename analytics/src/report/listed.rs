//! The files of the lists of a programme: the form (別紙様式) of a prefecture, the national list, and what the contractor is handed. What is on the lists was
//! decided elsewhere; here it is written down. The notice prints no form: its columns are data of the programme.

mod form;
mod hand_over;
mod national;

pub use form::list_form;
pub use hand_over::hand_over;
pub use national::national_list;

use chrono::{DateTime, NaiveDate, Utc};
use rust_xlsxwriter::XlsxError;
use survey::band::{Band, Banding};
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;

use super::page::{self, Pen};
use crate::program::{Effort, FormColumn};
use crate::selection::list::{ListState, Quotas, Standing};
use std::collections::BTreeMap;

/// A hospital of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListLine {
    /// G-MIS ID.
    pub gmis: String,
    /// 保険医療機関コード, if it has one.
    pub institution_code: Option<String>,
    /// Name.
    pub name: String,
    /// Licensed beds, as frozen when the programme opened.
    pub beds: Beds,
    /// Key of its band.
    pub band: String,
    /// How it stands.
    pub standing: Standing,
    /// 順位 in its cell among those of its standing.
    pub rank: Option<u32>,
    /// Why it was chosen; empty if nothing is to be said.
    pub reason: String,
    /// Whom to call; empty if nobody is known.
    pub contact: String,
}

/// The list of a prefecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefectureList {
    /// Whose.
    pub prefecture: PrefectureCode,
    /// How far it has come; `None`: there is none yet.
    pub state: Option<ListState>,
    /// How many steps it has made.
    pub version: i32,
    /// Last moment to hand it in.
    pub deadline: DateTime<Utc>,
    /// When it was handed in last.
    pub handed_in_at: Option<DateTime<Utc>>,
    /// Hospitals to choose by band.
    pub quotas: Quotas,
    /// By band from small to large, standing and rank.
    pub lines: Vec<ListLine>,
}

/// A hospital that left an accepted list, and who came in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The prefecture.
    pub prefecture: PrefectureCode,
    /// The day in Japan.
    pub on: NaiveDate,
    /// G-MIS ID and name of who left.
    pub left: (String, String),
    /// G-MIS ID and name of who came.
    pub came: (String, String),
}

/// The programme, as its files name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListText {
    /// The programme's title.
    pub title: String,
    /// When the lists were read; every date in the file.
    pub as_of: DateTime<Utc>,
    /// Its bands.
    pub banding: Banding,
    /// Columns of its form.
    pub form: Vec<FormColumn>,
    /// Effort by band.
    pub effort: BTreeMap<String, Effort>,
}

impl PrefectureList {
    fn count(&self, band: &str, standing: Standing) -> u64 {
        let lines = self.lines.iter();
        let count = lines.filter(|line| line.band == band && line.standing == standing).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    fn quota(&self, band: &str) -> u64 {
        self.quotas.get(band).copied().map_or(0, u64::from)
    }

    fn of(&self, standing: Standing) -> impl Iterator<Item = &ListLine> {
        self.lines.iter().filter(move |line| line.standing == standing)
    }
}

/// As on screen; 未作成 before the first run.
fn state_ja(state: Option<ListState>) -> &'static str {
    state.map_or("未作成", ListState::in_japanese)
}

fn band_label(key: &str) -> String {
    Band::of_key(key).map_or_else(|| key.to_owned(), |band| band.label.to_owned())
}

/// What a cell of a line holds.
enum Value<'a> {
    Text(&'a str),
    Owned(String),
    Count(u64),
    /// A number in tenths.
    Tenths(u32),
}

/// Writes a line, with a row as high as its longest text needs in columns of these widths.
fn write_row(pen: &mut Pen<'_>, row: u32, values: &[Value<'_>], widths: &[u32]) -> Result<(), XlsxError> {
    let styles = pen.styles;
    let mut height = 18.0_f64;
    for ((column, value), width) in (0_u16..).zip(values).zip(widths) {
        let text = match value {
            Value::Count(count) => {
                pen.count(row, column, *count)?;
                continue;
            }
            Value::Tenths(tenths) => {
                let days = page::number(u64::from(*tenths)) / 10.0;
                pen.percent(row, column, Some(days))?;
                continue;
            }
            Value::Text(text) => text,
            Value::Owned(text) => text.as_str(),
        };
        pen.text(row, column, text, &styles.wrapped)?;
        // Narrower than it is: where another font stands in for ours, a line holds a letter or two less.
        height = height.max(page::wrapped_height(text, width.saturating_sub(24)));
    }
    pen.sheet.set_row_height(row, height)?;
    Ok(())
}

/// Writes the heads of a table, each as wide as its column.
fn write_heads<'h>(pen: &mut Pen<'_>, row: u32, heads: impl IntoIterator<Item = &'h str>) -> Result<(), XlsxError> {
    let styles = pen.styles;
    for (column, head) in (0_u16..).zip(heads) {
        pen.text(row, column, head, &styles.head)?;
    }
    pen.sheet.set_row_height(row, 34)?;
    Ok(())
}
