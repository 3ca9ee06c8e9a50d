//! What a file or a computation would change of the quotas, as a table. Shows only.

use askama::Template;

use super::band_label;
use crate::app::programs::quotas::changes::CellChange;

struct Row {
    prefecture: &'static str,
    band: String,
    before: String,
    after: u32,
    difference: String,
}

/// A table of changes; a sentence where there are none.
#[derive(Template)]
#[template(path = "programs/quota_changes.html")]
pub struct Changes {
    rows: Vec<Row>,
}

impl Changes {
    /// A table of changes.
    pub fn of(changes: &[CellChange]) -> Changes {
        let row = |change: &CellChange| Row {
            prefecture: change.prefecture.name(),
            band: band_label(&change.band),
            before: change.before.map_or_else(|| "未設定".to_owned(), |before| before.to_string()),
            after: change.hospitals,
            difference: format!(
                "{:+}",
                i64::from(change.hospitals).saturating_sub(change.before.map_or(0, i64::from))
            ),
        };
        Changes {
            rows: changes.iter().map(row).collect(),
        }
    }
}

/// Whether a cell that has a version changes, for which a reason has to be given.
pub fn needs_reason(changes: &[CellChange]) -> bool {
    changes.iter().any(|change| change.version > 0)
}
