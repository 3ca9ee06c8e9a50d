//! Pages of a list: `{items, next}`, by key, never by offset.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// Give it as `after` for the next page; absent on the last.
    pub next: Option<String>,
}

/// Which page.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next` of the page before.
    pub after: Option<String>,
    /// 1 to 500; 100 if not given.
    pub limit: Option<u16>,
}

impl PageQuery {
    /// How many items.
    pub fn limit(&self) -> i64 {
        i64::from(self.limit.unwrap_or(100).clamp(1, 500))
    }
}

impl<T> Page<T> {
    /// A page from rows that were asked for with the limit; a full page has a next one.
    pub fn of<R>(rows: Vec<R>, limit: i64, key: impl Fn(&R) -> String, item: impl Fn(R) -> T) -> Page<T> {
        let full = i64::try_from(rows.len()).is_ok_and(|count| count >= limit);
        let next = rows.last().filter(|_| full).map(key);
        Page {
            items: rows.into_iter().map(item).collect(),
            next,
        }
    }
}
