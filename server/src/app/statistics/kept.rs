//! What was counted, kept beside the snapshot that it was counted from: fifty people who open the same page count once. It goes with its snapshot, so that
//! nothing here is ever older than the answers.

use std::hash::Hash;
use std::sync::Arc;

use analytics::{RateRequest, RateTable, Snapshot, Table, TableError, TableRequest};
use moka::future::Cache;

use super::words;
use crate::error::AppError;

/// Numbers that are kept beside one snapshot, about 200 bytes each: the tables that pages ask for, and not every condition that somebody ever tried.
const MOST: u64 = 200_000;

/// A snapshot, and what was counted of it.
pub(super) struct Counted {
    pub(super) snapshot: Arc<Snapshot>,
    tables: Cache<TableRequest, Arc<Table>>,
    rates: Cache<RateRequest, Arc<RateTable>>,
}

impl Counted {
    pub(super) fn new(snapshot: Snapshot) -> Counted {
        let numbers = |_: &TableRequest, table: &Arc<Table>| weight(table.rows.len(), table.choices.len() + 5);
        let rates = |_: &RateRequest, table: &Arc<RateTable>| weight(table.rows.len(), 3);
        Counted {
            snapshot: Arc::new(snapshot),
            tables: Cache::builder().max_capacity(MOST).weigher(numbers).build(),
            rates: Cache::builder().max_capacity(MOST).weigher(rates).build(),
        }
    }

    pub(super) async fn table(&self, request: TableRequest) -> Result<Arc<Table>, AppError> {
        self.count(&self.tables, request, analytics::table).await
    }

    pub(super) async fn rates(&self, request: RateRequest) -> Result<Arc<RateTable>, AppError> {
        self.count(&self.rates, request, analytics::response_rates).await
    }

    /// What a request asks for, counted unless it is kept; who asks for the same meanwhile waits for the same count. A refusal is not kept.
    async fn count<R, T>(
        &self,
        kept: &Cache<R, Arc<T>>,
        request: R,
        count: fn(&Snapshot, &R) -> Result<T, TableError>,
    ) -> Result<Arc<T>, AppError>
    where
        R: Clone + Hash + Eq + Send + Sync + 'static,
        T: Send + Sync + 'static,
    {
        let (snapshot, asked) = (Arc::clone(&self.snapshot), request.clone());
        let counted = async move {
            let counted = tokio::task::spawn_blocking(move || count(&snapshot, &asked));
            let counted = counted.await.map_err(|error| TableError::Counting(error.to_string()))?;
            counted.map(Arc::new)
        };
        let table = kept.try_get_with(request, counted).await;
        table.map_err(|refused| words::refused(TableError::clone(&refused)))
    }
}

fn weight(rows: usize, columns: usize) -> u32 {
    u32::try_from((rows + 1) * columns).unwrap_or(u32::MAX)
}
