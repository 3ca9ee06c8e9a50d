//! Rights in the database itself: SQL as the application role, past every use case. What the server forgets, Postgres still refuses.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

mod catalogue;
mod escaping;
mod keeping;
mod lists;
mod pool;
mod reading;
mod writing;

use server::auth::actor::{Actor, Role};
use server::db::transaction::settings;
use tests::database::TestDatabase;
use tests::world::{municipality, prefecture};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

/// A transaction as an actor, begun as the server begins its own.
async fn begin<'c>(client: &'c mut Client, actor: &Actor) -> Transaction<'c> {
    let transaction = client.transaction().await.unwrap();
    for (name, value) in settings(actor) {
        transaction
            .execute("SELECT set_config($1, $2, true)", &[&name, &value])
            .await
            .unwrap();
    }
    transaction
}

/// Every kind of actor, by the login of the world's accounts, and the system.
async fn cast(database: &TestDatabase) -> Vec<(String, Actor)> {
    let sql = "SELECT login, id, role, hospital_id, prefecture, municipality FROM account ORDER BY login";
    let rows = database.superuser().await.query(sql, &[]).await.unwrap();
    let mut cast: Vec<(String, Actor)> = rows
        .iter()
        .map(|row| {
            let role = match row.get::<_, &str>("role") {
                "hospital" => Role::Hospital(row.get("hospital_id")),
                "municipality" => Role::Municipality(municipality(row.get("municipality"))),
                "prefecture" => Role::Prefecture(prefecture(row.get::<_, i16>("prefecture").try_into().unwrap())),
                "ministry_analyst" => Role::MinistryAnalyst,
                "ministry_administrator" => Role::MinistryAdministrator,
                "operator" => Role::Operator,
                role => panic!("the role {role} has no actor"),
            };
            (row.get("login"), Actor::of_account(row.get("id"), role))
        })
        .collect();
    cast.push(("system".to_owned(), Actor::system()));
    cast
}

/// One of the cast.
async fn actor(database: &TestDatabase, login: &str) -> Actor {
    cast(database).await.into_iter().find(|(name, _)| name == login).expect(login).1
}

/// The internal id of a hospital.
async fn id_of(database: &TestDatabase, gmis: &str) -> Uuid {
    let sql = "SELECT hospital_id FROM alias WHERE kind = 'gmis_id' AND value = $1";
    database.superuser().await.query_one(sql, &[&gmis]).await.unwrap().get(0)
}

/// Runs one statement in a transaction of its own and says what Postgres thought of it: the rows touched, or its SQLSTATE.
async fn attempt(client: &mut Client, actor: &Actor, sql: &str) -> Result<u64, SqlState> {
    let transaction = begin(client, actor).await;
    let result = transaction.execute(sql, &[]).await.map_err(|error| error.code().unwrap().clone());
    transaction.rollback().await.unwrap();
    result
}

/// The account of an actor as SQL.
fn account(actor: &Actor) -> String {
    actor.account().map_or("NULL".to_owned(), |id| format!("'{id}'"))
}
