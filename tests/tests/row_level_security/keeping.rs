//! What was kept stays as it is, whoever asks: rows that are never changed nor removed, columns that are frozen, an audit in one's own name.

use server::auth::actor::Actor;
use tests::database::TestDatabase;
use tokio_postgres::error::SqlState;

use crate::{account, attempt, cast};

/// Tables whose rows are never changed nor removed by the application.
const APPEND_ONLY: [&str; 31] = [
    "submission_event",
    "window_closure",
    "receipt_key",
    "batch_line",
    "revision",
    "audit",
    "idempotency",
    "import",
    "import_verdict",
    "master_import",
    "release",
    "release_member",
    "release_file",
    "blob",
    "quota",
    "program_hospital",
    "program_extension",
    "adjustment",
    "quota_request",
    "quota_move",
    "quota_decision",
    "selection",
    "chosen_hospital",
    "nomination",
    "exclusion",
    "inspection",
    "program_criteria",
    "support_result",
    "result_request",
    "result_decision",
    "survey_window",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_is_neither_changed_nor_removed_by_any_actor() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    for (login, actor) in cast(&database).await {
        for table in APPEND_ONLY {
            let column = match table {
                "revision" => "answers = '{}'",
                "audit" => "action = 'nothing'",
                "idempotency" => "status = 200",
                "import" => "accepted = 0",
                "import_verdict" => "verdict = 'accepted'",
                "receipt_key" => "public_key = ''",
                "batch_line" => "verdict = '{}'",
                "master_import" => "changes = '[]'",
                "blob" => "bytes = ''",
                "release" => "note = 'another'",
                "release_member" => "revision = 1",
                "release_file" => "restricted = false",
                "quota" | "quota_move" => "hospitals = 0",
                "program_hospital" => "beds = 20",
                "selection" => "complete = true",
                "chosen_hospital" => "rank = 1",
                "program_criteria" => "criteria = '{}'",
                "support_result" => "remarks = 'none'",
                _ => "reason = 'none'",
            };
            for sql in [
                format!("UPDATE {table} SET {column}"),
                format!("DELETE FROM {table}"),
                format!("TRUNCATE {table} CASCADE"),
            ] {
                let refused = attempt(&mut application, &actor, &sql).await;
                assert_eq!(refused, Err(SqlState::INSUFFICIENT_PRIVILEGE), "{login}: {sql}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_of_any_table_is_deleted() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let system = Actor::system();
    for table in tests::database::tables(&database.superuser().await).await {
        for sql in [format!("DELETE FROM {table}"), format!("TRUNCATE {table} CASCADE")] {
            assert_eq!(
                attempt(&mut application, &system, &sql).await,
                Err(SqlState::INSUFFICIENT_PRIVILEGE),
                "{sql}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_system_erases() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let sql = "SELECT * FROM erase_personal_data('infinity', 'infinity')";
    for (login, actor) in cast(&database).await {
        let expected = if actor == Actor::system() {
            Ok(1)
        } else {
            Err(SqlState::INSUFFICIENT_PRIVILEGE)
        };
        assert_eq!(attempt(&mut application, &actor, sql).await, expected, "{login}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_system_forgets_failures_and_clears_second_factors() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    for (login, actor) in cast(&database).await {
        let is_system = actor == Actor::system();
        let sql = "SELECT forget_sign_in_failures('', '', 'infinity')";
        let expected = if is_system { Ok(1) } else { Err(SqlState::INSUFFICIENT_PRIVILEGE) };
        assert_eq!(attempt(&mut application, &actor, sql).await, expected, "{login}");
        let sql = "UPDATE second_factor SET sealed_key = NULL, removed_at = now() WHERE removed_at IS NULL";
        let own = u64::from(matches!(login.as_str(), "tky0001" | "kng0001"));
        let expected = if is_system { 2 } else { own };
        assert_eq!(attempt(&mut application, &actor, sql).await, Ok(expected), "{login}");
        // The system takes away and sets nothing up; whose row it is stays.
        if is_system {
            let sql = "UPDATE second_factor SET last_step = 0";
            assert_eq!(
                attempt(&mut application, &actor, sql).await,
                Err(SqlState::INSUFFICIENT_PRIVILEGE),
                "{login}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_changes_the_own_password_and_no_other() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let all = u64::try_from(database.number("SELECT count(*) FROM account").await).unwrap();
    for (login, actor) in cast(&database).await {
        let expected = if matches!(login.as_str(), "system" | "operator") { all } else { 1 };
        let sql = "UPDATE account SET password_hash = '$argon2id$x'";
        assert_eq!(attempt(&mut application, &actor, sql).await, Ok(expected), "{login}");
        if expected == 1 {
            let sql = "UPDATE account SET disabled_at = now()";
            assert_eq!(
                attempt(&mut application, &actor, sql).await,
                Err(SqlState::INSUFFICIENT_PRIVILEGE),
                "{login}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_system_binds_a_file_to_a_job() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    for (login, actor) in cast(&database).await {
        // Whoever could name another one's file in a job of their own could read it.
        let sql = "UPDATE job SET output_sha256 = (SELECT output_sha256 FROM job LIMIT 1)";
        let outcome = attempt(&mut application, &actor, sql).await;
        match login.as_str() {
            "system" => assert_eq!(outcome, Ok(2), "{login}"),
            "tokyo" | "kanagawa" => assert_eq!(outcome, Err(SqlState::INSUFFICIENT_PRIVILEGE), "{login}"),
            _ => assert_eq!(outcome, Ok(0), "{login}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_columns_stay() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let cases = [
        "UPDATE respondent SET details = NULL",
        "UPDATE frame SET beds = 20",
        "UPDATE frame SET prefecture = 1",
        "UPDATE submission SET hospital_id = gen_random_uuid()",
        "UPDATE submission SET prefecture = 1",
        "UPDATE job SET parameters = '{}'",
        "UPDATE job SET actor = 'system'",
        "UPDATE draft SET party = 'proxy'",
        "UPDATE draft SET hospital_id = gen_random_uuid()",
        "UPDATE account SET role = 'operator'",
        "UPDATE account SET login = 'root'",
        "UPDATE session SET expires_at = 'infinity'",
        "UPDATE session SET account_id = gen_random_uuid()",
        "UPDATE session SET stage = 'whole'",
        "UPDATE session SET way = 'api'",
        "UPDATE second_factor SET account_id = gen_random_uuid()",
        "UPDATE second_factor SET made_at = 'infinity'",
        "UPDATE recovery_code SET code_hash = ''",
        "UPDATE sign_in_failure SET failed_at = '-infinity'",
        "UPDATE api_client SET account_id = gen_random_uuid()",
        "UPDATE edition SET hash = ''",
        "UPDATE survey_change SET changes = 0",
        "UPDATE enrolment SET email = 'thief@example.jp'",
        "UPDATE enrolment SET subject_id = gen_random_uuid()",
        "UPDATE enrolment SET used_at = NULL",
        "UPDATE enrolment SET email = NULL, erased_at = now()",
        "UPDATE outbox SET recipient = 'thief@example.jp'",
        "UPDATE outbox SET body = ''",
        "UPDATE outbox SET dedupe_key = 'another'",
        "UPDATE outbox SET subject = NULL, body = NULL, erased_at = now()",
        "UPDATE submission_event SET comments = '[]', reason = NULL",
    ];
    for sql in cases {
        assert_eq!(
            attempt(&mut application, &Actor::system(), sql).await,
            Err(SqlState::INSUFFICIENT_PRIVILEGE),
            "{sql}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_as_if_it_had_been_erased() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let enrolment = |email: &str, erased: &str| {
        format!(
            "INSERT INTO enrolment (id, purpose, subject_id, email, erased_at, actor, made_at) \
             SELECT gen_random_uuid(), 'reset', id, {email}, {erased}, 'system', now() FROM account LIMIT 1"
        )
    };
    let event = |erased: &str| {
        format!(
            "INSERT INTO submission_event (id, submission_id, version, survey_id, hospital_id, prefecture, municipality, step, revision, actor, happened_at, \
             erased_at) SELECT gen_random_uuid(), submission_id, version + 1000, survey_id, hospital_id, prefecture, municipality, 'accept', revision, \
             'system', now(), {erased} FROM submission_event LIMIT 1"
        )
    };
    let refused = Err(SqlState::INSUFFICIENT_PRIVILEGE);
    let cases = [
        (enrolment("'desk@example.jp'", "NULL"), Ok(1)),
        (enrolment("NULL", "now()"), refused.clone()),
        (event("NULL"), Ok(1)),
        (event("now()"), refused),
    ];
    for (sql, expected) in cases {
        assert_eq!(attempt(&mut application, &Actor::system(), &sql).await, expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_written_in_ones_own_name_only() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let sql = |actor: &str, account: &str| {
        format!("INSERT INTO audit (id, at, actor, account_id, action) VALUES (gen_random_uuid(), now(), '{actor}', {account}, 'test')")
    };
    let refused = Err(SqlState::INSUFFICIENT_PRIVILEGE);
    for (login, actor) in cast(&database).await {
        let role = actor.role().name();
        assert_eq!(
            attempt(&mut application, &actor, &sql(role, &account(&actor))).await,
            Ok(1),
            "{login}"
        );
        assert_eq!(
            attempt(&mut application, &actor, &sql(role, "gen_random_uuid()")).await,
            refused,
            "{login}"
        );
        let other = if role == "system" { "operator" } else { "system" };
        assert_eq!(
            attempt(&mut application, &actor, &sql(other, &account(&actor))).await,
            refused,
            "{login}"
        );
    }
}
