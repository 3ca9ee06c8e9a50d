//! Accounts of hospitals in bulk: one institution, one ID; links that work once, by a real SMTP server; lost passwords; addresses that come back.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::Client;
use tests::smtp::{Arrived, HangUp, SmtpServer};
use tests::world::{CITY_WARD, FAR, OTHER_WARD, OWN, PASSWORD, UNPLACED, now};

use crate::reminders::send_due;

pub const PATH: &str = "/api/v1/accounts/enrolments";
const NEW_PASSWORD: &str = "another horse battery";

pub async fn invite(client: &Client, lines: &[(&str, &str)]) -> Vec<String> {
    let list: Vec<Value> = lines
        .iter()
        .map(|(hospital, email)| json!({"hospital": hospital, "email": email}))
        .collect();
    let report = client.submit(PATH, &list.into()).await.expect(200);
    let lines = report["lines"].as_array().unwrap().clone();
    lines.iter().map(|line| line["verdict"].as_str().unwrap().to_owned()).collect()
}

/// The token at the end of the link of a mail.
pub fn token(mail: &Arrived) -> String {
    let line = mail.body.lines().find(|line| line.starts_with("https://")).unwrap();
    line.strip_prefix("https://chosa.example.jp/enrol/").unwrap().to_owned()
}

pub async fn redeem(app: &TestApp, token: &str, password: &str) -> tests::client::Answer {
    let body = json!({"token": token, "password": password});
    app.nobody().post("/api/v1/enrolments/redeem", &body).await
}

async fn sign_in(app: &TestApp, login: &str, password: &str) -> tests::client::Answer {
    app.nobody()
        .post("/api/v1/sessions", &json!({"login": login, "password": password}))
        .await
}

/// UNPLACED with an account, by the link of its mail; the link's token.
pub async fn enrolled(app: &TestApp, smtp: &SmtpServer) -> String {
    let tokyo = app.sign_in("tokyo").await;
    assert_eq!(invite(&tokyo, &[(UNPLACED.gmis, "desk@example.jp")]).await, ["created"]);
    assert_eq!(send_due(app, &smtp.mailer()).await.sent, 1);
    let token = token(&smtp.arrived_for("desk@example.jp")[0]);
    assert_eq!(redeem(app, &token, PASSWORD).await.expect(200), json!({"login": "tky0001"}));
    token
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_gets_a_verdict_a_line_and_each_hospital_one_account() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let lines = [
        (UNPLACED.gmis, "desk@example.jp"),
        ("cyd0001", " office@example.jp "),
        (OWN.gmis, "own@example.jp"),
        (FAR.gmis, "far@example.jp"),
        ("ZZZ9999", "nobody@example.jp"),
        ("no id", "nobody@example.jp"),
        ("SJK0002", "院長@example.jp"),
        (UNPLACED.gmis, "second@example.jp"),
    ];
    let expected = [
        "created",
        "created",
        "exists",
        "hospital_unknown",
        "hospital_unknown",
        "hospital_unknown",
        "email_invalid",
        "duplicate",
    ];
    assert_eq!(invite(&tokyo, &lines).await, expected);
    let count = async |sql: &str| app.database.number(sql).await;
    assert_eq!(
        count("SELECT count(*) FROM account WHERE password_hash = '!' AND role = 'hospital'").await,
        2
    );
    assert_eq!(count("SELECT count(*) FROM outbox WHERE purpose = 'enrol'").await, 2);
    // The same list again makes nothing.
    let before = count("SELECT count(*) FROM enrolment").await;
    assert_eq!(invite(&tokyo, &lines[..2]).await, ["exists", "exists"]);
    assert_eq!(count("SELECT count(*) FROM enrolment").await, before);
    // Nobody signs in with an account that has no password.
    for password in ["!", "", PASSWORD] {
        sign_in(&app, "tky0001", password).await.refused(401, "login_failed");
    }
    tokyo.submit(PATH, &json!([])).await.refused(400, "list_empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_creations_at_once_make_one_account() {
    let app = TestApp::spawn().await;
    let (tokyo, administrator) = (app.sign_in("tokyo").await, app.sign_in("administrator").await);
    for hospital in [UNPLACED, OTHER_WARD] {
        let line = [(hospital.gmis, "desk@example.jp")];
        let (a, b) = tokio::join!(invite(&tokyo, &line), invite(&administrator, &line));
        let mut verdicts = [a, b].concat();
        verdicts.sort();
        assert_eq!(verdicts, ["created", "exists"]);
    }
    let sql = "SELECT count(*) FROM account WHERE role = 'hospital' AND password_hash = '!'";
    assert_eq!(app.database.number(sql).await, 2);
    assert_eq!(app.database.number("SELECT count(*) FROM outbox").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once_until_its_day_and_a_forged_one_never() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    let used = enrolled(&app, &smtp).await;
    let signed_in = app
        .nobody()
        .bearing(sign_in(&app, "TKY0001", PASSWORD).await.expect(201)["token"].as_str().unwrap());
    assert_eq!(signed_in.get("/api/v1/me").await.expect(200)["role"], "hospital");
    let hash = "SELECT count(*) FROM account WHERE login = 'tky0001' AND password_hash LIKE '$argon2id$%'";
    assert_eq!(app.database.number(hash).await, 1);
    let kanagawa = app.sign_in("kanagawa").await;
    invite(&kanagawa, &[(FAR.gmis, "far@example.jp")]).await;
    send_due(&app, &smtp.mailer()).await;
    let good = token(&smtp.arrived_for("far@example.jp")[0]);
    let before = app.database.counts().await;
    for bad in [used.as_str(), "", "forged", &format!("{good}A"), &good.to_uppercase()] {
        redeem(&app, bad, NEW_PASSWORD).await.refused(404, "link_invalid");
    }
    redeem(&app, &good, "too short").await.refused(400, "password_too_short");
    app.at(now() + TimeDelta::days(14));
    redeem(&app, &good, NEW_PASSWORD).await.refused(404, "link_invalid");
    assert_eq!(app.database.counts().await, before);
    app.at(now() + TimeDelta::days(14) - TimeDelta::seconds(1));
    let (a, b) = tokio::join!(redeem(&app, &good, NEW_PASSWORD), redeem(&app, &good, PASSWORD));
    let mut outcomes = [a.outcome(), b.outcome()];
    outcomes.sort();
    assert_eq!(outcomes, ["200", "404 link_invalid"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_stored_nowhere() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    let token = enrolled(&app, &smtp).await;
    let client = app.database.superuser().await;
    for table in tests::database::tables(&client).await {
        let sql = format!("SELECT count(*) FROM {table} x WHERE position('{token}' IN x::text) > 0");
        assert_eq!(app.database.number(&sql).await, 0, "{table}");
    }
    let by_hash = format!("SELECT count(*) FROM enrolment WHERE token_hash = sha256('{token}')");
    assert_eq!(app.database.number(&by_hash).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_comes_back_is_listed_and_corrected_and_the_old_link_is_dead() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    let tokyo = app.sign_in("tokyo").await;
    smtp.refuse("dsek@example.jp", 550);
    invite(
        &tokyo,
        &[(UNPLACED.gmis, "dsek@example.jp"), (OTHER_WARD.gmis, "office@example.jp")],
    )
    .await;
    let tally = send_due(&app, &smtp.mailer()).await;
    assert_eq!((tally.sent, tally.undeliverable), (1, 1));
    let listed = async |state: &str| -> Vec<String> {
        let page = tokyo.get(&format!("{PATH}?state={state}")).await.expect(200);
        let items = page["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["email"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed("undeliverable").await, ["dsek@example.jp"]);
    assert_eq!(listed("sent").await, ["office@example.jp"]);
    assert_eq!(invite(&tokyo, &[(UNPLACED.gmis, "desk@example.jp")]).await, ["reissued"]);
    assert_eq!(listed("waiting").await, ["desk@example.jp"]);
    assert_eq!(listed("undeliverable").await, [""; 0]);
    send_due(&app, &smtp.mailer()).await;
    let first = token(&smtp.arrived_for("desk@example.jp")[0]);
    // Another address once more: what was sent to the one before opens nothing.
    assert_eq!(invite(&tokyo, &[(UNPLACED.gmis, "new@example.jp")]).await, ["reissued"]);
    redeem(&app, &first, PASSWORD).await.refused(404, "link_invalid");
    send_due(&app, &smtp.mailer()).await;
    redeem(&app, &token(&smtp.arrived_for("new@example.jp")[0]), PASSWORD)
        .await
        .expect(200);
    assert_eq!(listed("enrolled").await, ["new@example.jp"]);
    // With a password it is the hospital's: nobody else sends it a link.
    assert_eq!(invite(&tokyo, &[(UNPLACED.gmis, "thief@example.jp")]).await, ["exists"]);
    tokyo.get(&format!("{PATH}?state=lost")).await.refused(400, "state_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_with_a_link_of_which_nobody_knows_is_sent_again_with_a_new_link() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    invite(&app.sign_in("tokyo").await, &[(UNPLACED.gmis, "desk@example.jp")]).await;
    smtp.hang_up(Some(HangUp::AfterData));
    assert_eq!(send_due(&app, &smtp.mailer()).await.later, 1);
    smtp.hang_up(None);
    app.at(now() + TimeDelta::minutes(2));
    assert_eq!(send_due(&app, &smtp.mailer()).await.sent, 1);
    let arrived = smtp.arrived_for("desk@example.jp");
    let tokens: Vec<String> = arrived.iter().map(token).collect();
    assert_eq!(tokens.len(), 2);
    redeem(&app, &tokens[0], PASSWORD).await.refused(404, "link_invalid");
    redeem(&app, &tokens[1], PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_password_is_set_by_link_and_ends_every_session() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    enrolled(&app, &smtp).await;
    let session = sign_in(&app, "tky0001", PASSWORD).await.expect(201);
    let old = app.nobody().bearing(session["token"].as_str().unwrap());
    let ask = async |login: &str| app.nobody().post("/api/v1/passwords/reset", &json!({"login": login})).await;
    // Unknown, without an address, and known: answered alike; asked twice, mailed once.
    let answers = [ask("nobody").await, ask("tokyo").await, ask(" TKY0001").await, ask("tky0001").await];
    for answer in &answers {
        assert_eq!((answer.status, answer.body.len()), (202, 0), "{answer}");
    }
    assert_eq!(send_due(&app, &smtp.mailer()).await.sent, 1);
    // Until it is used, nothing has changed.
    old.get("/api/v1/me").await.expect(200);
    let mails = smtp.arrived_for("desk@example.jp");
    let reset = mails.iter().find(|mail| mail.subject.contains("再設定")).unwrap();
    redeem(&app, &token(reset), NEW_PASSWORD).await.expect(200);
    old.get("/api/v1/me").await.refused(401, "token_invalid");
    sign_in(&app, "tky0001", PASSWORD).await.refused(401, "login_failed");
    sign_in(&app, "tky0001", NEW_PASSWORD).await.expect(201);
    redeem(&app, &token(reset), PASSWORD).await.refused(404, "link_invalid");
    // A link that nobody used in an hour is past.
    app.at(now() + TimeDelta::minutes(20));
    ask("tky0001").await.expect(202);
    send_due(&app, &smtp.mailer()).await;
    let newest = smtp.arrived_for("desk@example.jp").pop().unwrap();
    app.at(now() + TimeDelta::minutes(80));
    redeem(&app, &token(&newest), PASSWORD).await.refused(404, "link_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_for_an_account_that_was_disabled_opens_nothing() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    invite(&app.sign_in("tokyo").await, &[(UNPLACED.gmis, "desk@example.jp")]).await;
    send_due(&app, &smtp.mailer()).await;
    let sql = "UPDATE account SET disabled_at = now() WHERE login = 'tky0001'";
    app.database.superuser().await.batch_execute(sql).await.unwrap();
    let token = token(&smtp.arrived_for("desk@example.jp")[0]);
    redeem(&app, &token, PASSWORD).await.refused(404, "link_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_refuses_a_link_to_an_account_with_a_password_and_to_a_foreign_hospital() {
    let app = TestApp::spawn().await;
    let tokyo = tests::world::actor(&app.state, "tokyo").await;
    let mut application = app.database.application().await;
    let account = tokyo.account().unwrap();
    for (login, gmis) in [("hospital", OWN.gmis), ("yokohama-hospital", CITY_WARD.gmis)] {
        let transaction = application.transaction().await.unwrap();
        let superuser = app.database.superuser().await;
        let row = superuser
            .query_one(
                "SELECT a.id, h.id, h.prefecture, h.municipality FROM account a JOIN hospital h ON h.id = a.hospital_id \
                 JOIN alias x ON x.hospital_id = h.id AND x.value = $2 WHERE a.login = $1",
                &[&login, &gmis],
            )
            .await
            .unwrap();
        let (subject, hospital): (uuid::Uuid, uuid::Uuid) = (row.get(0), row.get(1));
        let (prefecture, municipality): (i16, String) = (row.get(2), row.get(3));
        for (name, value) in server::db::transaction::settings(&tokyo) {
            transaction
                .execute("SELECT set_config($1, $2, true)", &[&name, &value])
                .await
                .unwrap();
        }
        let sql = format!(
            "INSERT INTO enrolment (id, purpose, subject_id, hospital_id, prefecture, municipality, email, actor, account_id, made_at) \
             VALUES (gen_random_uuid(), 'enrol', '{subject}', '{hospital}', {prefecture}, '{municipality}', 'thief@example.jp', 'prefecture', '{account}', now())"
        );
        let refused = transaction.execute(&sql, &[]).await;
        assert!(
            refused.is_err_and(|error| error.code() == Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE)),
            "{login}"
        );
    }
}
