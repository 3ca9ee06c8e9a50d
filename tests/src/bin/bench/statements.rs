//! Which statements the server sends for one submission, as Postgres' own log tells: not what somebody believes that it sends.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::cluster::{Cluster, Database};
use crate::http::Connection;
use crate::serving::Serving;
use crate::submissions::Ready;

/// A statement as it was executed.
#[derive(Debug, Clone)]
pub struct Statement {
    /// With `$1`, `$2` ...
    pub sql: String,
    /// Values in the text form of Postgres; `None` is NULL.
    pub parameters: Vec<Option<String>>,
}

/// Submits once with every statement logged. Probes of the pool are left out: pgbench needs none.
pub async fn of_one_submission(cluster: &Cluster, template: &Database, one: &Ready) -> Vec<Statement> {
    let database = cluster.copy(template).await;
    let superuser = database.superuser().await;
    for (setting, value) in [
        ("log_statement", "all"),
        ("log_parameter_max_length", "-1"),
        ("log_error_verbosity", "default"),
    ] {
        let sql = format!("ALTER DATABASE {} SET {setting} = '{value}'", database.name);
        superuser.batch_execute(&sql).await.unwrap();
    }
    superuser
        .batch_execute("ALTER SYSTEM SET log_destination = 'jsonlog'")
        .await
        .unwrap();
    superuser.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let serving = Serving::start(&database, cluster.folder());
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (status, body) = Connection::to(&serving.address)
        .await
        .post(&one.path, &one.bearer, &one.key, &one.body)
        .await;
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    serving.stop();
    superuser.batch_execute("ALTER SYSTEM RESET log_destination").await.unwrap();
    superuser.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    drop(superuser);
    // The collector of logs writes in its own time.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let statements = logged(&cluster.logs(), &database.name);
    cluster.drop(database).await;
    of_the_submission(statements)
}

/// What was logged for a database, by the process that executed it.
fn logged(folder: &Path, database: &str) -> Vec<(i64, Statement)> {
    let mut statements = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            let message = entry["message"].as_str().unwrap_or_default();
            let sql = message.strip_prefix("statement: ").or_else(|| {
                let (_, sql) = message.strip_prefix("execute ")?.split_once(": ")?;
                Some(sql)
            });
            let (Some(sql), true) = (sql, entry["dbname"] == database && entry["user"] == "chosa_app") else {
                continue;
            };
            let statement = Statement {
                sql: sql.to_owned(),
                parameters: parameters(entry["detail"].as_str().unwrap_or_default()),
            };
            statements.push((entry["pid"].as_i64().unwrap(), statement));
        }
    }
    statements
}

/// `parameters: $1 = 'a', $2 = NULL`, with quotes doubled inside.
fn parameters(detail: &str) -> Vec<Option<String>> {
    let mut rest = detail.split_once(": ").map_or("", |(_, rest)| rest);
    let mut values = Vec::new();
    while let Some((_, value)) = rest.split_once(" = ") {
        if let Some(after) = value.strip_prefix("NULL") {
            values.push(None);
            rest = after;
            continue;
        }
        let inner = value.strip_prefix('\'').unwrap();
        let mut text = String::new();
        let mut characters = inner.char_indices().peekable();
        let end = loop {
            match characters.next().unwrap() {
                (_, '\'') if characters.next_if(|(_, next)| *next == '\'').is_some() => text.push('\''),
                (place, '\'') => break place + 1,
                (_, character) => text.push(character),
            }
        };
        values.push(Some(text));
        rest = &inner[end..];
    }
    values
}

/// From the authentication to the commit of the transaction that recorded a revision.
fn of_the_submission(logged: Vec<(i64, Statement)>) -> Vec<Statement> {
    let recorded = logged
        .iter()
        .position(|(_, statement)| statement.sql.starts_with("INSERT INTO revision"))
        .unwrap();
    let process = logged[recorded].0;
    let begins = |(pid, statement): &(i64, Statement)| *pid == process && statement.sql.starts_with("BEGIN");
    let ends = |(pid, statement): &(i64, Statement)| *pid == process && statement.sql.starts_with("COMMIT");
    let begin = logged[..recorded].iter().rposition(begins).unwrap();
    let end = recorded + logged[recorded..].iter().position(ends).unwrap();
    let authenticated = logged[..begin]
        .iter()
        .rposition(|(_, statement)| statement.sql.contains("account_for_session"))
        .unwrap();
    let transaction = logged[begin..=end].iter().filter(|(pid, _)| *pid == process);
    std::iter::once(&logged[authenticated])
        .chain(transaction)
        .map(|(_, statement)| statement.clone())
        .collect()
}
