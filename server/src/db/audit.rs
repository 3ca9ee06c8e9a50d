//! Audit rows: plain INSERTs in the transaction of the act.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::auth::actor::Actor;
use crate::db::prepared::Prepared;
use crate::db::schema::audit;

/// What is noted of an act; never personal data.
#[derive(Debug, Default)]
pub struct Entry<'a> {
    /// Verb and noun.
    pub action: &'static str,
    /// The survey, where there is one.
    pub survey: Option<&'a str>,
    /// The hospital, where there is one.
    pub hospital: Option<Uuid>,
    /// The prefecture, where there is one.
    pub prefecture: Option<i16>,
    /// What else explains the act.
    pub details: Value,
}

/// One row as read back.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = audit)]
pub struct AuditRow {
    /// UUID version 7.
    pub id: Uuid,
    /// By the server's clock.
    pub at: DateTime<Utc>,
    /// Role name.
    pub actor: String,
    /// The account; `None` for the system.
    pub account_id: Option<Uuid>,
    /// Verb and noun.
    pub action: String,
    /// The survey, where there is one.
    pub survey_id: Option<String>,
    /// The hospital, where there is one.
    pub hospital_id: Option<Uuid>,
    /// The prefecture, where there is one.
    pub prefecture: Option<i16>,
    /// What else explains the act.
    pub details: Value,
    /// Network address of who asked.
    pub origin: Option<String>,
}

/// Notes an act of the transaction's own actor.
pub async fn insert(conn: &mut AsyncPgConnection, actor: &Actor, now: DateTime<Utc>, entry: Entry<'_>) -> QueryResult<()> {
    let details = if entry.details.is_null() {
        Value::Object(serde_json::Map::new())
    } else {
        entry.details
    };
    let query = diesel::insert_into(audit::table).values((
        audit::id.eq(Uuid::now_v7()),
        audit::at.eq(now),
        audit::actor.eq(actor.role().name()),
        audit::account_id.eq(actor.account()),
        audit::action.eq(entry.action),
        audit::survey_id.eq(entry.survey),
        audit::hospital_id.eq(entry.hospital),
        audit::prefecture.eq(entry.prefecture),
        audit::municipality.eq(""),
        audit::details.eq(details),
    ));
    Prepared(query).execute(conn).await.map(drop)
}

/// A page of the audit, newest first, older than `before`, of one kind of acts or of all.
pub async fn page(conn: &mut AsyncPgConnection, before: Option<Uuid>, action: Option<&str>, limit: i64) -> QueryResult<Vec<AuditRow>> {
    let mut query = audit::table
        .select(AuditRow::as_select())
        .order(audit::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(audit::id.lt(before));
    }
    if let Some(action) = action {
        query = query.filter(audit::action.eq(action.to_owned()));
    }
    query.load(conn).await
}
