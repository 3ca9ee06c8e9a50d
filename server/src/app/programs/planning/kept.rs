//! Coverage that was counted, kept until something that it counts has moved: fifty people who open the same page read eight thousand hospitals once.

use std::sync::Arc;
use std::time::Duration;

use analytics::planning::coverage::Table;
use diesel_async::AsyncPgConnection;
use moka::future::Cache;
use moka::policy::EvictionPolicy;

use crate::auth::actor::Actor;
use crate::db::programs::ProgramRow;
use crate::db::{coverage, snapshots};
use crate::error::AppError;

/// Tables that are kept, 47 prefectures and the nation of a few programmes; one has at most 282 cells.
const MOST: u64 = 256;
/// What nobody has read for so long is let go.
const IDLE: Duration = Duration::from_secs(3_600);

/// Tables by what they were counted from.
pub struct Coverages {
    tables: Cache<Key, Arc<Table>>,
}

impl Default for Coverages {
    fn default() -> Coverages {
        // A key whose counters have moved is never asked for again: what was not read for longest goes first, however often it was read before.
        let tables = Cache::builder().max_capacity(MOST).eviction_policy(EvictionPolicy::lru());
        Coverages {
            tables: tables.time_to_idle(IDLE).build(),
        }
    }
}

/// Whose hospitals, seen by whom, and how often everything that is counted has changed. Hospitals of a programme are frozen; answers and who left the frame
/// move the counters of their surveys, and every step of a list its version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    program: String,
    /// What is kept was read under a role's policies: nobody gets what another role saw.
    role: &'static str,
    prefecture: Option<i16>,
    surveys: Vec<i64>,
    lists: i64,
}

impl Key {
    /// What a table would be counted from in the caller's transaction, which must see one moment.
    pub(super) async fn now(
        conn: &mut AsyncPgConnection,
        actor: &Actor,
        program: &ProgramRow,
        prefecture: Option<i16>,
    ) -> Result<Key, AppError> {
        let mut surveys = Vec::with_capacity(program.surveys.len());
        for survey in std::iter::once(&program.frame_survey).chain(&program.surveys) {
            surveys.push(snapshots::changes(conn, survey).await?);
        }
        Ok(Key {
            program: program.id.clone(),
            role: actor.role().name(),
            prefecture,
            surveys,
            lists: coverage::steps(conn).await?,
        })
    }
}

impl Coverages {
    /// The table of a key, counted unless it is kept; who asks for the same meanwhile waits for the same count. What fails is not kept.
    pub(super) async fn table(&self, key: Key, count: impl Future<Output = Result<Table, AppError>>) -> Result<Arc<Table>, AppError> {
        let counted = async { Ok::<_, AppError>(Arc::new(count.await?)) };
        // The error is shared with whoever waits for the same count, and an error's cause cannot be told twice as it is.
        self.tables.try_get_with(key, counted).await.map_err(|shared| match &*shared {
            AppError::Unavailable(cause) => AppError::unavailable(cause.for_log()),
            AppError::NotFound(refusal) => AppError::NotFound(refusal.clone()),
            other => AppError::internal(other.for_operator()),
        })
    }
}
