//! What each actor sees of each table: exactly the rows of its area, compared row by row with what the superuser finds by plain SQL.

use std::collections::BTreeSet;

use server::auth::actor::{Actor, Role};
use tests::database::{TestDatabase, tables};

use crate::{begin, cast};

/// On a list that was accepted.
const CHOSEN: &str = "standing = 'chosen' AND (SELECT state FROM prefecture_list p WHERE p.program_id = listed_hospital.program_id AND p.prefecture = listed_hospital.prefecture) = 'accepted'";

/// The condition that a row of a table is for this actor, in SQL that knows no policy. A new table has to be told here.
fn rule(table: &str, actor: &Actor) -> String {
    let account = actor.account().map(|id| id.to_string()).unwrap_or_default();
    let sees_nation = matches!(actor.role(), Role::MinistryAnalyst | Role::MinistryAdministrator | Role::System);
    let area = |hospital: &str| match actor.role() {
        Role::Hospital(id) => format!("{hospital} = '{id}'"),
        Role::Municipality(code) if code.as_str() == "14100" => "municipality BETWEEN '14100' AND '14129'".to_owned(),
        Role::Municipality(code) => format!("municipality = '{code}'"),
        Role::Prefecture(code) => format!("prefecture = {}", code.number()),
        Role::Operator => "false".to_owned(),
        Role::MinistryAnalyst | Role::MinistryAdministrator | Role::System => "true".to_owned(),
    };
    let prefecture = match actor.role() {
        Role::Prefecture(code) => format!("prefecture = {}", code.number()),
        _ => sees_nation.to_string(),
    };
    match table {
        "survey" | "edition" | "survey_window" | "window_closure" | "survey_change" | "receipt_key" => "true".to_owned(),
        "extension" => format!(
            "hospital_id IS NULL OR EXISTS (SELECT FROM (SELECT * FROM frame WHERE {}) f WHERE f.hospital_id = extension.hospital_id)",
            area("hospital_id")
        ),
        "hospital" => area("id"),
        "alias" | "frame" | "submission" | "revision" => area("hospital_id"),
        // Who answered, and files as they were sent, are nothing that an analyst needs.
        "respondent" | "submission_event" | "import" | "import_verdict" if *actor.role() == Role::MinistryAnalyst => "false".to_owned(),
        // What is being typed is read by its own side only.
        "draft" => match actor.role() {
            Role::Hospital(id) => format!("party = 'hospital' AND hospital_id = '{id}'"),
            Role::Prefecture(code) => format!("party = 'proxy' AND prefecture = {}", code.number()),
            role => (*role == Role::System).to_string(),
        },
        "respondent" | "submission_event" | "import" => area("hospital_id"),
        "import_verdict" => format!("import_id IN (SELECT id FROM import WHERE {})", area("hospital_id")),
        // What was sent, and what was made for oneself.
        "blob" => {
            let sent = rule("import", actor);
            let made = rule("job", actor);
            let published = rule("release_file", actor);
            format!(
                "sha256 IN (SELECT blob_sha256 FROM import WHERE {sent}) OR sha256 IN (SELECT output_sha256 FROM job WHERE {made}) \
                 OR sha256 IN (SELECT blob_sha256 FROM release_file WHERE {published})"
            )
        }
        "release" => "true".to_owned(),
        "release_member" => sees_nation.to_string(),
        "release_file" => format!("{sees_nation} OR name NOT LIKE 'microdata%'"),
        // A hospital learns of a programme once an accepted list names it.
        "program" => match actor.role() {
            Role::Hospital(id) => format!("id IN (SELECT program_id FROM listed_hospital WHERE hospital_id = '{id}' AND {CHOSEN})"),
            Role::Prefecture(_) => "true".to_owned(),
            _ => sees_nation.to_string(),
        },
        "listed_hospital" => match actor.role() {
            Role::Hospital(id) => format!("hospital_id = '{id}' AND {CHOSEN}"),
            _ => prefecture,
        },
        "quota" | "selection" | "chosen_hospital" | "program_hospital" | "cell" | "program_extension" | "prefecture_list"
        | "adjustment" => prefecture,
        "quota_request" | "quota_move" | "quota_decision" => match actor.role() {
            Role::Prefecture(code) => {
                let own = code.number();
                let id = if table == "quota_request" { "id" } else { "request_id" };
                format!(
                    "{id} IN (SELECT request_id FROM quota_move WHERE prefecture = {own} OR from_prefecture = {own} OR to_prefecture = {own})"
                )
            }
            _ => sees_nation.to_string(),
        },
        "nomination" | "exclusion" | "inspection" | "program_criteria" | "result_request" | "result_decision" => prefecture,
        "support_result" => match actor.role() {
            Role::Prefecture(code) => {
                let own = code.number();
                format!("prefecture = {own} AND EXISTS (SELECT FROM result_decision WHERE prefecture = {own} AND decision = 'granted')")
            }
            _ => prefecture,
        },
        "account" => match actor.role() {
            Role::MinistryAdministrator | Role::Operator | Role::System => "true".to_owned(),
            _ => format!("id = '{account}'"),
        },
        // Addresses are for those who chase.
        "enrolment" | "outbox"
            if !matches!(
                actor.role(),
                Role::Municipality(_) | Role::Prefecture(_) | Role::MinistryAdministrator | Role::System
            ) =>
        {
            "false".to_owned()
        }
        "enrolment" | "outbox" => area("hospital_id"),
        "api_client" => matches!(actor.role(), Role::Operator | Role::System).to_string(),
        "job" if sees_nation && account.is_empty() => "true".to_owned(),
        "job" => format!("account_id::text = '{account}'"),
        "session" | "second_factor" if *actor.role() == Role::System => "true".to_owned(),
        "sign_in_failure" => (*actor.role() == Role::System).to_string(),
        "session" | "second_factor" | "recovery_code" => format!("account_id::text = '{account}'"),
        "audit" => matches!(actor.role(), Role::MinistryAdministrator | Role::Operator | Role::System).to_string(),
        "idempotency" | "batch_line" if account.is_empty() => "actor_key = 'system'".to_owned(),
        "idempotency" | "batch_line" => format!("actor_key = '{account}'"),
        "master_import" => matches!(actor.role(), Role::MinistryAdministrator | Role::System).to_string(),
        table => panic!("who may see the rows of {table}? say so in this function"),
    }
}

fn columns(table: &str) -> &'static str {
    match table {
        "account" => "id, login, role, hospital_id, prefecture, municipality, disabled_at, created_at",
        "enrolment" => {
            "id, purpose, subject_id, hospital_id, prefecture, municipality, email, expires_at, used_at, actor, account_id, made_at"
        }
        "api_client" => "id, account_id, disabled_at, created_at",
        _ => "*",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_actor_sees_exactly_its_own_rows_of_every_table() {
    let database = TestDatabase::answered().await;
    let superuser = database.superuser().await;
    let mut application = database.application().await;
    let tables = tables(&superuser).await;
    let rows = |rows: Vec<tokio_postgres::Row>| rows.iter().map(|row| row.get::<_, String>(0)).collect::<BTreeSet<String>>();
    for (login, actor) in cast(&database).await {
        let transaction = begin(&mut application, &actor).await;
        for table in &tables {
            let select = format!("SELECT x::text FROM (SELECT {} FROM {table}", columns(table));
            let expected = rows(
                superuser
                    .query(&format!("{select} WHERE {}) x", rule(table, &actor)), &[])
                    .await
                    .unwrap(),
            );
            let seen = rows(transaction.query(&format!("{select}) x"), &[]).await.unwrap());
            assert_eq!(seen, expected, "{login} and {table}");
        }
        transaction.rollback().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn areas_hold_what_the_world_put_in_them() {
    // Guards the test above against a world in which "own" and "all" are the same.
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let mut seen = Vec::new();
    for (login, actor) in cast(&database).await {
        let transaction = begin(&mut application, &actor).await;
        let count = async |sql: &str| transaction.query_one(sql, &[]).await.unwrap().get::<_, i64>(0);
        let frame = count("SELECT count(*) FROM frame WHERE survey_id = '2024'").await;
        let revisions = count("SELECT count(*) FROM revision WHERE survey_id = '2024'").await;
        let respondents = count("SELECT count(*) FROM respondent").await;
        seen.push(format!("{login}: frame {frame}, revisions {revisions}, respondents {respondents}"));
        transaction.rollback().await.unwrap();
    }
    let expected = [
        "administrator: frame 7, revisions 6, respondents 9",
        "analyst: frame 7, revisions 6, respondents 0",
        "hospital: frame 1, revisions 2, respondents 3",
        "kanagawa: frame 3, revisions 2, respondents 3",
        "kng0001: frame 1, revisions 0, respondents 0",
        "operator: frame 0, revisions 0, respondents 0",
        "shinjuku: frame 2, revisions 3, respondents 5",
        "tky0001: frame 1, revisions 0, respondents 0",
        "tokyo: frame 4, revisions 4, respondents 6",
        "yokohama: frame 1, revisions 1, respondents 2",
        "yokohama-hospital: frame 1, revisions 1, respondents 2",
        "system: frame 7, revisions 6, respondents 9",
    ];
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_read_by_nobody() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    for (login, actor) in cast(&database).await {
        for sql in [
            "SELECT password_hash FROM account",
            "SELECT * FROM account",
            "SELECT secret_hash FROM api_client",
            "SELECT * FROM api_client",
            "SELECT token_hash FROM enrolment",
            "SELECT * FROM enrolment",
        ] {
            let refused = crate::attempt(&mut application, &actor, sql).await;
            assert_eq!(
                refused,
                Err(tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE),
                "{login}: {sql}"
            );
        }
    }
}
