//! What a table that was counted looks like outside of a page: as a picture, as a workbook, as CSV. Counts nothing and hides nothing: who has the table
//! may have these.

use std::sync::Arc;

use analytics::picture::{self, Bar, Caption, PictureError, Share};
use analytics::report::{self, ReportError};
use analytics::{RateTable, Table};

use super::{PUBLISHER, on_thread};
use crate::app::times::shown;
use crate::error::AppError;

/// The picture of one option of a table as SVG: of the option of this key, or of the first where the question has no such option.
///
/// # Errors
/// `picture_crossed`: a table with rows of more than one kind has no picture.
pub fn picture(table: &Table, option: &str) -> Result<String, AppError> {
    let option = table
        .choices
        .iter()
        .find(|choice| choice.key == option)
        .map(|choice| choice.key.as_str());
    let source = format!("{PUBLISHER} 内部用の速報（{}時点、秘匿処理なし）", shown(table.as_of));
    picture::of_table(table, option, &source).map_err(|error| match error {
        PictureError::Crossed(_) => AppError::not_found(
            "picture_crossed",
            "行を2つ以上に分けた表の図はありません。行の分け方を1つにしてください。",
        ),
        PictureError::UnknownOption { .. } => AppError::internal(error),
    })
}

/// Response rates as bars.
pub fn rate_picture(rates: &RateTable) -> String {
    let bar = |label: &str, (percent, targets): (Option<f64>, u64)| Bar {
        label: label.to_owned(),
        base: Some(targets),
        share: percent.map_or(Share::Absent, |percent| Share::Shown { percent, interval: None }),
    };
    let named = |row: &analytics::RateRow| {
        let label = row.names.place.first().map_or("全体", |place| place.label.as_str());
        bar(label, (row.percent, row.targets))
    };
    let mut bars: Vec<Bar> = rates.rows.iter().map(named).collect();
    bars.push(bar("全体", (rates.total.percent, rates.total.targets)));
    let caption = Caption {
        title: format!("{}年調査の回答率", rates.survey),
        subtitle: format!("{}、調査対象病院に対する割合", rates.area.name()),
        source: format!("{}時点", shown(rates.as_of)),
    };
    picture::bars(&caption, &bars)
}

/// The table as CSV, as it stands on the page.
///
/// # Errors
/// Internal: it cannot be written.
pub async fn table_csv(table: Arc<Table>) -> Result<Vec<u8>, AppError> {
    written(on_thread(move || report::table_csv(&table)).await?)
}

/// The table as a workbook, as it stands on the page.
///
/// # Errors
/// Internal: it cannot be written.
pub async fn table_xlsx(table: Arc<Table>) -> Result<Vec<u8>, AppError> {
    written(on_thread(move || report::table_xlsx(&table, PUBLISHER)).await?)
}

fn written(bytes: Result<Vec<u8>, ReportError>) -> Result<Vec<u8>, AppError> {
    bytes.map_err(AppError::internal)
}
