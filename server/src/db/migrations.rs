//! The migrations, compiled in, run by the owner role; and the check that the application role is as harmless as it must be.

use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::error::AppError;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// Runs what is pending, as the owner. Needs a multi-thread runtime: diesel's harness blocks its thread.
///
/// # Errors
/// The database is away, or a migration failed; a failed one leaves no trace.
pub async fn run(owner_url: &str) -> Result<Vec<String>, AppError> {
    harness(owner_url, |harness| harness.run_pending_migrations(MIGRATIONS).map(names)).await
}

/// Undoes every migration, the newest first, as the owner. For tests and for giving a database back.
///
/// # Errors
/// The database is away, or a migration failed.
pub async fn revert_all(owner_url: &str) -> Result<Vec<String>, AppError> {
    harness(owner_url, |harness| harness.revert_all_migrations(MIGRATIONS).map(names)).await
}

/// Undoes migrations, the newest first, up to and including the one of this version. For tests of an upgrade of what a database already holds.
///
/// # Errors
/// No such migration is in the database, which is then as before the first; the database is away, or a migration failed.
pub async fn revert_through(owner_url: &str, version: &str) -> Result<Vec<String>, AppError> {
    harness(owner_url, |harness| {
        let mut undone = Vec::new();
        while undone.last().is_none_or(|last| last != version) {
            undone.push(harness.revert_last_migration(MIGRATIONS)?.to_string());
        }
        Ok(undone)
    })
    .await
}

/// Lets Postgres look at what the tables hold now, as the owner, so that its plans fit them.
///
/// # Errors
/// The database is away.
pub async fn gather_statistics(owner_url: &str) -> Result<(), AppError> {
    let mut connection = AsyncPgConnection::establish(owner_url).await.map_err(AppError::unavailable)?;
    diesel::sql_query("ANALYZE").execute(&mut connection).await?;
    Ok(())
}

fn names(versions: Vec<diesel::migration::MigrationVersion<'_>>) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

async fn harness(
    owner_url: &str,
    work: impl FnOnce(&mut AsyncMigrationHarness<AsyncPgConnection>) -> diesel::migration::Result<Vec<String>>,
) -> Result<Vec<String>, AppError> {
    let mut connection = AsyncPgConnection::establish(owner_url).await.map_err(AppError::unavailable)?;
    check_owner_role(&mut connection).await?;
    // Two servers that start at the same time migrate one after the other; the lock ends with the connection.
    diesel::sql_query("SELECT pg_advisory_lock(hashtextextended('chosa migrations', 0))")
        .execute(&mut connection)
        .await?;
    let mut harness = AsyncMigrationHarness::new(connection);
    work(&mut harness).map_err(AppError::internal)
}

/// Refuses a database that acknowledges what it has not written: a receipt would be given for answers that a crash may take back.
async fn check_durability(connection: &mut AsyncPgConnection) -> Result<(), AppError> {
    #[derive(diesel::QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Text)]
        value: String,
    }
    let setting: Setting = diesel::sql_query("SELECT current_setting('synchronous_commit') AS value")
        .get_result(connection)
        .await?;
    if setting.value == "off" {
        return Err(AppError::internal(
            "synchronous_commit is off, so acknowledged answers could be lost; set it to on for this database: ALTER DATABASE .. SET synchronous_commit = on",
        ));
    }
    Ok(())
}

/// Refuses to migrate as anybody but the owner role: its own policies let the sign-in functions see accounts, and nobody else's would.
async fn check_owner_role(connection: &mut AsyncPgConnection) -> Result<(), AppError> {
    #[derive(diesel::QueryableByName)]
    struct Current {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let current: Current = diesel::sql_query("SELECT current_user::text AS name")
        .get_result(connection)
        .await?;
    if current.name == crate::private_postgres::OWNER_ROLE {
        return Ok(());
    }
    Err(AppError::internal(format!(
        "migrations have to run as the role {}, not as {}; let CHOSA_MIGRATE_URL name it",
        crate::private_postgres::OWNER_ROLE,
        current.name
    )))
}

/// Refuses a role that row-level security would not bind.
///
/// # Errors
/// Internal: the role is a superuser, has BYPASSRLS, or owns tables (a member of the owner owns them too); says which and what to do.
pub async fn check_application_role(connection: &mut AsyncPgConnection) -> Result<(), AppError> {
    #[derive(diesel::QueryableByName)]
    struct Finding {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Bool)]
        superuser: bool,
        #[diesel(sql_type = Bool)]
        bypasses: bool,
        #[diesel(sql_type = Bool)]
        owns: bool,
    }
    let finding: Finding = diesel::sql_query(
        "SELECT rolname::text AS name, rolsuper AS superuser, rolbypassrls AS bypasses, \
         EXISTS (SELECT FROM pg_class WHERE pg_has_role(r.oid, relowner, 'MEMBER') AND relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace) AS owns \
         FROM pg_roles r WHERE rolname = current_user",
    )
    .get_result(connection)
    .await?;
    let trouble = match (finding.superuser, finding.bypasses, finding.owns) {
        (true, _, _) => "is a superuser",
        (_, true, _) => "has BYPASSRLS",
        (_, _, true) => "owns tables or may act as the role that does",
        (false, false, false) => return check_durability(connection).await,
    };
    Err(AppError::internal(format!(
        "the database role {} {trouble}, so row-level security would not bind it; let DATABASE_URL name the role chosa_app and CHOSA_MIGRATE_URL the role chosa_owner",
        finding.name
    )))
}
