//! Whether the program can work.

use diesel_async::RunQueryDsl;

use crate::app::state::State;
use crate::error::AppError;

/// Asks the database for nothing.
///
/// # Errors
/// The database is away.
pub async fn ready(state: &State) -> Result<(), AppError> {
    let mut conn = state.pool.get().await?;
    diesel::sql_query("SELECT 1").execute(&mut conn).await?;
    Ok(())
}
