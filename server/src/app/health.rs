//! Whether the program can work.

use diesel_async::RunQueryDsl;

use crate::app::state::State;
use crate::db::pool::ask;
use crate::error::AppError;

/// Asks the database for nothing.
///
/// # Errors
/// The database is away.
pub async fn ready(state: &State) -> Result<(), AppError> {
    ask(&state.pool, async |conn| diesel::sql_query("SELECT 1").execute(conn).await)
        .await
        .map(drop)
}
