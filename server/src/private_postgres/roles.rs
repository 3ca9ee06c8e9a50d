//! The roles and the database of the private Postgres, made once and put right at every start. No tables: those are migrations.

use tokio_postgres::Client;

use super::address::{APPLICATION_ROLE, Address, DATABASE, OWNER_ROLE};
use super::error::PrivatePostgresError;

/// Makes what is missing of roles and database. Every step can be the last one before a kill.
pub(super) async fn ensure(address: &Address) -> Result<(), PrivatePostgresError> {
    let client = address.superuser().await?;
    for role in [OWNER_ROLE, APPLICATION_ROLE] {
        ensure_role(&client, role).await?;
    }
    let exists = client
        .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&DATABASE])
        .await
        .map_err(PrivatePostgresError::query("look for the database"))?
        .is_some();
    if exists {
        // A kill may have come between the making and the granting.
        return grant(&client, DATABASE).await;
    }
    create_database(&client, DATABASE, "template0").await
}

async fn ensure_role(client: &Client, role: &str) -> Result<(), PrivatePostgresError> {
    const RIGHTS: &str = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS";
    let right = client
        .query_opt("SELECT rolcanlogin AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls) FROM pg_roles WHERE rolname = $1", &[&role])
        .await
        .map_err(PrivatePostgresError::query("look for the roles"))?
        .map(|row| row.get::<_, bool>(0));
    let statement = match right {
        Some(true) => return Ok(()),
        Some(false) => format!("ALTER ROLE {} {RIGHTS}", quoted(role)),
        None => format!("CREATE ROLE {} {RIGHTS}", quoted(role)),
    };
    client
        .batch_execute(&statement)
        .await
        .map_err(PrivatePostgresError::query("make the roles"))
}

pub(super) async fn create_database(client: &Client, name: &str, template: &str) -> Result<(), PrivatePostgresError> {
    let statement = format!(
        "CREATE DATABASE {} OWNER {} TEMPLATE {}",
        quoted(name),
        quoted(OWNER_ROLE),
        quoted(template)
    );
    client
        .batch_execute(&statement)
        .await
        .map_err(PrivatePostgresError::query("make the database"))?;
    // The rights of a template are not copied with it.
    grant(client, name).await
}

/// The application role may connect, and make temporary tables; nobody else has any right.
async fn grant(client: &Client, database: &str) -> Result<(), PrivatePostgresError> {
    let database = quoted(database);
    let application = quoted(APPLICATION_ROLE);
    let statements =
        format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC; GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {application}");
    client
        .batch_execute(&statements)
        .await
        .map_err(PrivatePostgresError::query("grant the rights on the database"))
}

pub(super) async fn drop_database(client: &Client, name: &str) -> Result<(), PrivatePostgresError> {
    let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name));
    client
        .batch_execute(&statement)
        .await
        .map_err(PrivatePostgresError::query("drop the database"))
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}
