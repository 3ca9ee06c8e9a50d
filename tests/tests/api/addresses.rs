//! When mail addresses go, and which one stays: that by which a living account is reached. What the lists say of hospitals stays as it was.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use server::app::erasure::Erasing;
use tests::app::TestApp;
use tests::smtp::SmtpServer;
use tests::world::{OTHER_WARD, PASSWORD, UNPLACED, answers_2024, now};

use crate::enrolments::{PATH, enrolled, invite, redeem, token};
use crate::erasure::run;
use crate::reminders::send_due;
use crate::{body, revisions};

const REMINDERS: &str = "/api/v1/surveys/2024/reminders";

/// What erasing at a moment takes of addresses and mails.
async fn erased_at(app: &TestApp, moment: DateTime<Utc>) -> (i64, i64) {
    app.at(moment);
    let erased = run(app, Erasing::Done).await;
    (erased.addresses, erased.mails)
}

/// The invitation of Tokyo's list that is in a state: address, and what the mail server said.
async fn listed(app: &TestApp, state: &str) -> Vec<(Value, Value)> {
    let tokyo = app.sign_in("tokyo").await;
    let page = tokyo.get(&format!("{PATH}?state={state}")).await.expect(200);
    let items = page["items"].as_array().unwrap().clone();
    items.iter().map(|item| (item["email"].clone(), item["error"].clone())).collect()
}

async fn ask_for_reset(app: &TestApp) {
    let asked = app.nobody().post("/api/v1/passwords/reset", &json!({"login": "tky0001"})).await;
    asked.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_an_account_in_use_stays_and_its_mails_go() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    enrolled(&app, &smtp).await;
    let day = |days| now() + TimeDelta::days(days);
    assert_eq!(erased_at(&app, day(90)).await, (0, 0), "90 days are days of keeping");
    assert_eq!(erased_at(&app, day(91)).await, (0, 1));
    assert_eq!(listed(&app, "enrolled").await, [(json!("desk@example.jp"), Value::Null)]);
    // A lost password still goes there; the link's own note of the address goes when it was used and 90 days are over.
    ask_for_reset(&app).await;
    assert_eq!(send_due(&app, &smtp.mailer()).await.sent, 1);
    let link = token(smtp.arrived_for("desk@example.jp").last().unwrap());
    redeem(&app, &link, PASSWORD).await.expect(200);
    assert_eq!(erased_at(&app, day(91 + 90)).await, (0, 0));
    assert_eq!(erased_at(&app, day(91 + 91)).await, (1, 1));
    assert_eq!(listed(&app, "enrolled").await, [(json!("desk@example.jp"), Value::Null)]);
    // An account that was closed is reached by nobody.
    let sql = format!("UPDATE account SET disabled_at = '{}' WHERE login = 'tky0001'", day(200));
    app.database.superuser().await.batch_execute(&sql).await.unwrap();
    assert_eq!(erased_at(&app, day(290)).await, (0, 0));
    assert_eq!(erased_at(&app, day(291)).await, (1, 0));
    assert_eq!(
        app.database
            .number("SELECT count(*) FROM enrolment WHERE email IS NULL AND used_at IS NOT NULL")
            .await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_whose_link_nobody_used_goes_and_the_hospital_can_be_invited_again() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    let tokyo = app.sign_in("tokyo").await;
    smtp.refuse("dsek@example.jp", 550);
    invite(
        &tokyo,
        &[(UNPLACED.gmis, "dsek@example.jp"), (OTHER_WARD.gmis, "office@example.jp")],
    )
    .await;
    send_due(&app, &smtp.mailer()).await;
    let day = |days| now() + TimeDelta::days(days);
    assert_eq!(erased_at(&app, day(90)).await, (0, 0));
    // The link that never went out first; the other one lives for fourteen days.
    assert_eq!(erased_at(&app, day(91)).await, (1, 2));
    assert_eq!(listed(&app, "undeliverable").await, [(Value::Null, Value::Null)]);
    assert_eq!(listed(&app, "expired").await, [(json!("office@example.jp"), Value::Null)]);
    assert_eq!(
        app.database.number("SELECT count(*) FROM outbox WHERE recipient IS NOT NULL").await,
        0
    );
    assert_eq!(erased_at(&app, day(14 + 90)).await, (0, 0));
    assert_eq!(erased_at(&app, day(14 + 91)).await, (1, 0));
    assert_eq!(listed(&app, "expired").await, [(Value::Null, Value::Null)]);
    let tokyo = app.sign_in("tokyo").await;
    let shown = tokyo.submit(REMINDERS, &json!({"area": "13", "dry_run": true})).await.expect(200);
    assert_eq!(shown["queued"], json!(0), "{shown}");
    assert_eq!(
        invite(
            &tokyo,
            &[(UNPLACED.gmis, "desk@example.jp"), (OTHER_WARD.gmis, "office@example.jp")]
        )
        .await,
        ["reissued", "reissued"]
    );
    // What was replaced goes 90 days later, its mail not sent yet or not.
    assert_eq!(invite(&tokyo, &[(UNPLACED.gmis, "new@example.jp")]).await, ["reissued"]);
    assert_eq!(erased_at(&app, day(105 + 91)).await, (1, 0));
    assert_eq!(listed(&app, "waiting").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_came_back_is_not_written_to_after_its_mails_were_erased() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    enrolled(&app, &smtp).await;
    smtp.refuse("desk@example.jp", 550);
    let tokyo = app.sign_in("tokyo").await;
    tokyo.submit(REMINDERS, &json!({"area": "13"})).await.expect(201);
    assert_eq!(send_due(&app, &smtp.mailer()).await.undeliverable, 1);
    assert_eq!(erased_at(&app, now() + TimeDelta::days(91)).await, (0, 2));
    assert_eq!(app.database.number("SELECT count(*) FROM outbox WHERE body IS NOT NULL").await, 0);
    let tokyo = app.sign_in("tokyo").await;
    let shown = tokyo.submit(REMINDERS, &json!({"area": "13", "dry_run": true})).await.expect(200);
    let unreached = shown["without_address"].as_array().unwrap();
    let refused = unreached.iter().find(|line| line["hospital"] == UNPLACED.gmis).unwrap();
    assert_eq!(
        (&refused["reason"], &refused["email"]),
        (&json!("undeliverable"), &json!("desk@example.jp"))
    );
    assert_eq!(listed(&app, "undeliverable").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_wait_and_answers_are_left_alone() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    tokyo
        .submit(&revisions("2024", OTHER_WARD), &body(answers_2024()))
        .await
        .expect(201);
    invite(&tokyo, &[(UNPLACED.gmis, "desk@example.jp")]).await;
    tokyo.submit(REMINDERS, &json!({"area": "13"})).await.expect(201);
    assert_eq!(
        erased_at(&app, now() + TimeDelta::days(400)).await,
        (0, 0),
        "no mail server is set up yet"
    );
    let smtp = SmtpServer::start().await;
    assert_eq!(send_due(&app, &smtp.mailer()).await.sent, 2);
    let link = smtp
        .arrived_for("desk@example.jp")
        .iter()
        .find(|mail| mail.body.contains("/enrol/"))
        .map(token)
        .unwrap();
    redeem(&app, &link, PASSWORD).await.expect(200);
}
