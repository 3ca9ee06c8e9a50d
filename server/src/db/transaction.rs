//! One transaction with its actor. Nothing else in the program begins one, so nothing can forget to say who is asking.

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, RunQueryDsl, TransactionManager};
use survey::area::MunicipalityCode;

use crate::auth::actor::{Actor, Role};
use crate::db::pool::{self, ConnectionPool};
use crate::db::prepared::Prepared;
use crate::error::AppError;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Reads and writes, each statement seeing what was committed before it.
    Write,
    /// Reads only, all statements seeing one moment.
    Snapshot,
}

/// Begins a transaction of [`Mode::Snapshot`].
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Runs `work` in one transaction as `actor`; commits if it is `Ok`, else nothing has happened.
///
/// # Errors
/// The error of `work`, or that the database is away.
pub async fn as_actor<T>(
    pool: &ConnectionPool,
    actor: &Actor,
    mode: Mode,
    work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, AppError>,
) -> Result<T, AppError> {
    let mut held = begin(pool, mode).await?;
    let Some(pooled) = held.connection.as_mut() else {
        return Err(AppError::internal("a connection that was just taken is gone"));
    };
    let connection: &mut AsyncPgConnection = pooled;
    let result = match set_actor(connection, actor).await {
        Ok(()) => work(connection).await,
        Err(error) => Err(error),
    };
    let ended = match &result {
        Ok(_) => AnsiTransactionManager::commit_transaction(connection).await,
        Err(_) => AnsiTransactionManager::rollback_transaction(connection).await,
    };
    if ended.is_ok() {
        held.give_back();
    }
    match (result, ended) {
        (Ok(value), Ok(())) => Ok(value),
        (Ok(_), Err(error)) => Err(error.into()),
        (Err(error), ended) => {
            if let Err(rollback) = ended {
                tracing::debug!(%rollback, "rollback failed");
            }
            Err(error)
        }
    }
}

/// What a transaction sees, for others that are to see the same.
#[derive(Debug, Clone)]
pub struct Moment(String);

/// The moment of a transaction of [`Mode::Snapshot`]; it holds as long as that transaction is open.
///
/// # Errors
/// The database is away.
pub async fn moment(connection: &mut AsyncPgConnection) -> Result<Moment, AppError> {
    let exported = diesel::sql_query("SELECT pg_export_snapshot() AS id")
        .get_result::<Exported>(connection)
        .await?;
    // It goes into a statement, which takes no parameter there.
    if exported.id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return Ok(Moment(exported.id));
    }
    Err(AppError::internal(format!("{:?} is no name of a snapshot", exported.id)))
}

#[derive(QueryableByName)]
struct Exported {
    #[diesel(sql_type = Text)]
    id: String,
}

/// Runs `work` in a transaction that only reads, as `actor` and at the moment of another one, beside it. `None`: no connection was free at once, and who
/// has one already waits for no other; or the one that was could not begin.
///
/// # Errors
/// The error of `work`, or that the database is away.
pub async fn beside<T>(
    pool: &ConnectionPool,
    actor: &Actor,
    moment: &Moment,
    work: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, AppError>,
) -> Result<Option<T>, AppError> {
    // What fails below closes it when it is dropped.
    let mut held = Held {
        connection: pool::free(pool).await,
    };
    let Some(pooled) = held.connection.as_mut() else {
        return Ok(None);
    };
    let connection: &mut AsyncPgConnection = pooled;
    let begun = begin_at(connection, moment).await;
    if let Err(error) = begun {
        tracing::debug!(%error, "a transaction could not begin beside another one");
        return Ok(None);
    }
    set_actor(connection, actor).await?;
    let value = work(connection).await?;
    AnsiTransactionManager::commit_transaction(connection).await?;
    held.give_back();
    Ok(Some(value))
}

async fn begin_at(connection: &mut AsyncPgConnection, moment: &Moment) -> diesel::QueryResult<()> {
    AnsiTransactionManager::begin_transaction_sql(connection, SNAPSHOT).await?;
    let at = diesel::sql_query(format!("SET TRANSACTION SNAPSHOT '{}'", moment.0));
    at.execute(connection).await.map(drop)
}

/// A connection on which a transaction has begun; another one when that of the pool is gone.
async fn begin(pool: &ConnectionPool, mode: Mode) -> Result<Held, AppError> {
    let sql = match mode {
        Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        Mode::Snapshot => SNAPSHOT,
    };
    let mut left = pool::patience(pool);
    loop {
        let mut connection = pool.get().await?;
        let begun = AnsiTransactionManager::begin_transaction_sql(&mut *connection, sql).await;
        let held = Held {
            connection: Some(connection),
        };
        match begun {
            // It is closed when it is dropped here.
            Err(error) if left > 0 && pool::is_gone(&error) => drop(held),
            begun => return Ok(begun.map(|()| held)?),
        }
        left -= 1;
    }
}

/// A connection in a transaction. Where the caller goes away in the middle (a request that is reset drops its future), the connection is closed
/// instead of going back to the pool: only so does Postgres let go of its locks at once.
struct Held {
    connection: Option<Object<AsyncPgConnection>>,
}

impl Held {
    fn give_back(&mut self) {
        drop(self.connection.take());
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

/// Lets one transaction at a time do what bears this name; the others wait until it ends.
///
/// # Errors
/// The database is away, or the wait was too long.
pub async fn take_turn(connection: &mut AsyncPgConnection, name: &str) -> Result<(), AppError> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind::<Text, _>(name)
        .execute(connection)
        .await?;
    Ok(())
}

/// Tells the policies who is asking, for this transaction only.
///
/// # Errors
/// The database is away.
pub async fn set_actor(connection: &mut AsyncPgConnection, actor: &Actor) -> Result<(), AppError> {
    let [actor, account, hospital, prefecture, municipalities, origin] = settings(actor);
    let query = diesel::sql_query(
        "SELECT set_config($1, $2, true), set_config($3, $4, true), set_config($5, $6, true), set_config($7, $8, true), set_config($9, $10, true), \
         set_config($11, $12, true)",
    )
    .bind::<Text, _>(actor.0)
    .bind::<Text, _>(actor.1)
    .bind::<Text, _>(account.0)
    .bind::<Text, _>(account.1)
    .bind::<Text, _>(hospital.0)
    .bind::<Text, _>(hospital.1)
    .bind::<Text, _>(prefecture.0)
    .bind::<Text, _>(prefecture.1)
    .bind::<Text, _>(municipalities.0)
    .bind::<Text, _>(municipalities.1)
    .bind::<Text, _>(origin.0)
    .bind::<Text, _>(origin.1);
    Prepared(query).execute(connection).await?;
    Ok(())
}

/// The settings that policies read, all of them for every actor: what an actor does not have is empty.
pub fn settings(actor: &Actor) -> [(&'static str, String); 6] {
    let prefecture = match actor.role() {
        Role::Prefecture(code) => code.number().to_string(),
        _ => String::new(),
    };
    let municipalities = match actor.role() {
        Role::Municipality(code) => with_wards(code),
        _ => String::new(),
    };
    [
        ("chosa.actor", actor.role().name().to_owned()),
        ("chosa.account", actor.account().map(|id| id.to_string()).unwrap_or_default()),
        ("chosa.hospital", actor.hospital().map(|id| id.to_string()).unwrap_or_default()),
        ("chosa.prefecture", prefecture),
        ("chosa.municipalities", municipalities),
        (
            "chosa.origin",
            actor.origin().map(|address| address.to_string()).unwrap_or_default(),
        ),
    ]
}

/// A municipality with the wards in it, as tables count them ([`MunicipalityCode::contains`]). Only numbers 100 to 199 of a prefecture are wards.
fn with_wards(own: &MunicipalityCode) -> String {
    let prefecture = own.prefecture().code();
    let wards = (100..200).filter_map(|number| MunicipalityCode::parse(&format!("{prefecture}{number}")).ok());
    let wards = wards.filter(|ward| ward != own && own.contains(ward));
    std::iter::once(own.clone())
        .chain(wards)
        .map(|code| code.to_string())
        .collect::<Vec<_>>()
        .join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_designated_city_speaks_for_its_wards_and_a_tokyo_ward_for_itself() {
        let yokohama = with_wards(&MunicipalityCode::parse("14100").unwrap());
        assert!(yokohama.starts_with("14100,14101,") && yokohama.contains(",14118"), "{yokohama}");
        assert!(
            !yokohama.contains("14130") && !yokohama.contains("14131"),
            "川崎市 is another city: {yokohama}"
        );
        assert_eq!(with_wards(&MunicipalityCode::parse("13104").unwrap()), "13104");
    }
}
