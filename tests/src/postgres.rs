//! One fast private Postgres for all test programs of this workspace. The first one starts it, the later ones adopt it; `stop-test-postgres` ends it.
//!
//! It lies below `/tmp` and not in the target folder, which may be below root's home, where the unprivileged user of Postgres cannot go.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::Uid;
use server::private_postgres::{self, Address, Durability, Options, PrivatePostgres, PrivatePostgresError};
use tokio::sync::OnceCell;
use tokio_postgres::NoTls;

/// Databases of tests begin with this; those that a killed test left are dropped an hour later.
pub const DATABASE_PREFIX: &str = "test_";

static CLUSTER: OnceCell<Address> = OnceCell::const_new();

/// The cluster of all tests, started at the first call in a process. Each test makes a database of its own in it ([`Address::create_database`],
/// [`Address::clone_database`]), named with [`DATABASE_PREFIX`], and drops it at its end.
///
/// # Panics
/// If it cannot be started: no test that needs it can go on.
pub async fn shared_cluster() -> &'static Address {
    let started = CLUSTER.get_or_try_init(start).await;
    started.unwrap_or_else(|error| panic!("the Postgres of the tests: {error}"))
}

/// Stops the cluster of the tests; `false` if it was not running.
///
/// # Errors
/// As [`private_postgres::stop_left_running`].
pub async fn stop_shared_cluster() -> Result<bool, PrivatePostgresError> {
    private_postgres::stop_left_running(options()).await
}

async fn start() -> Result<Address, PrivatePostgresError> {
    let running = PrivatePostgres::start(options()).await?;
    drop_leftovers(running.address()).await?;
    // The lock ends here: other test programs use the same cluster at the same time.
    Ok(running.leave_running())
}

fn options() -> Options {
    Options {
        folder: Some(folder()),
        durability: Durability::Fast,
        // A test server has a pool for each of its workers, and tests run side by side.
        max_connections: 200,
        lock_patience: Duration::from_secs(120),
        ..Options::default()
    }
}

fn folder() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    Path::new(env!("CARGO_MANIFEST_DIR")).hash(&mut hasher);
    Path::new("/tmp").join(format!("chosa-test-{}-{:016x}", Uid::effective(), hasher.finish()))
}

/// Drops the databases of tests that were killed: unused, and older than any test takes.
async fn drop_leftovers(address: &Address) -> Result<(), PrivatePostgresError> {
    // A database keeps no date; the file of its version is written once, when it is made.
    const UNUSED: &str = "SELECT datname FROM pg_database AS d
        WHERE starts_with(datname, $1) AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datid = d.oid)
        AND (pg_stat_file('base/' || oid || '/PG_VERSION', true)).modification < now() - interval '1 hour'";
    let query = |source| PrivatePostgresError::Query {
        doing: "look for databases of killed tests",
        source,
    };
    let (client, connection) = tokio_postgres::connect(&address.superuser_url("postgres"), NoTls)
        .await
        .map_err(query)?;
    tokio::spawn(connection);
    for row in client.query(UNUSED, &[&DATABASE_PREFIX]).await.map_err(query)? {
        address.drop_database(row.get(0)).await?;
    }
    Ok(())
}
