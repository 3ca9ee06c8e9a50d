//! Who has not answered, and the mails that remind them, by a real SMTP server: what a dry run shows is what arrives, once each, whatever goes away.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use server::app::outbox::{self, Tally};
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use server::mailing::Mailer;
use tests::app::TestApp;
use tests::client::Client;
use tests::smtp::{Arrived, HangUp, SmtpServer};
use tests::world::{CITY_WARD, FAR, Hospital, OTHER_WARD, UNPLACED, answers_2024, done, now};

use crate::{body, revisions};

const PATH: &str = "/api/v1/surveys/2024/reminders";

/// Sends what is due, as the server does all the time.
pub async fn send_due(app: &TestApp, mailer: &Mailer) -> Tally {
    done(outbox::send_due(&app.state, &Permit::of(Actor::system()).unwrap(), mailer).await)
}

fn address(hospital: Hospital) -> String {
    format!("{}@example.jp", hospital.gmis.to_lowercase())
}

/// Addresses of hospitals, without the mails that bring their links.
async fn with_addresses(app: &TestApp, hospitals: &[Hospital]) {
    let administrator = app.sign_in("administrator").await;
    let list: Vec<Value> = hospitals
        .iter()
        .map(|hospital| json!({"hospital": hospital.gmis, "email": address(*hospital)}))
        .collect();
    let report = administrator.submit("/api/v1/accounts/enrolments", &list.into()).await.expect(200);
    assert!(
        report["lines"].as_array().unwrap().iter().all(|line| line["verdict"] == "created"),
        "{report}"
    );
    let sql = "UPDATE outbox SET state = 'sent', settled_at = now()";
    app.database.superuser().await.batch_execute(sql).await.unwrap();
}

async fn remind(client: &Client, more: Value) -> Value {
    let mut asked = json!({"area": "13"});
    for (key, value) in more.as_object().unwrap() {
        asked[key] = value.clone();
    }
    let status = if asked["dry_run"] == true { 200 } else { 201 };
    client.submit(PATH, &asked).await.expect(status)
}

async fn states(app: &TestApp) -> Vec<String> {
    let sql = "SELECT recipient || ' ' || state FROM outbox WHERE purpose = 'reminder' ORDER BY 1";
    let rows = app.database.superuser().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_writes_nothing_and_shows_exactly_what_arrives() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    // One in the other prefecture: never in a list of Tokyo's.
    with_addresses(&app, &[UNPLACED, OTHER_WARD, FAR]).await;
    let tokyo = app.sign_in("tokyo").await;
    let before = app.database.counts().await;
    let shown = remind(&tokyo, json!({"dry_run": true})).await;
    assert_eq!(app.database.counts().await, before);
    assert_eq!((&shown["missing"], &shown["queued"]), (&json!(4), &json!(2)), "{shown}");
    let unreached: Vec<&str> = shown["without_address"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["hospital"].as_str().unwrap())
        .collect();
    assert_eq!(unreached, ["SJK0001", "SJK0002"]);
    let queued = remind(&tokyo, json!({})).await;
    assert_eq!((&queued["queued"], &queued["mails"]), (&json!(2), &json!([])), "{queued}");
    assert_eq!(send_due(&app, &smtp.mailer()).await.sent, 2);
    let mut expected: Vec<(String, String, String)> = shown["mails"].as_array().unwrap().iter().map(texts).collect();
    expected.sort();
    let arrived: Vec<(String, String, String)> = smtp
        .arrived()
        .into_iter()
        .map(|mail| (mail.recipient, mail.subject, mail.body))
        .collect();
    assert_eq!(arrived, expected);
    for word in [
        "試験TKY0001病院 ご担当者様",
        "2024年3月8日 23時59分",
        "https://chosa.example.jp",
        "東京都",
    ] {
        assert!(arrived[1].2.contains(word), "{word}: {}", arrived[1].2);
    }
}

fn texts(mail: &Value) -> (String, String, String) {
    let text = |field: &str| mail[field].as_str().unwrap().to_owned();
    (text("recipient"), text("subject"), text("body"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_gets_one_mail_a_round_whoever_asks() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    with_addresses(&app, &[UNPLACED, OTHER_WARD]).await;
    let (tokyo, administrator) = (app.sign_in("tokyo").await, app.sign_in("administrator").await);
    let at_once = async |client: &Client| remind(client, json!({})).await["queued"].as_u64().unwrap();
    let (a, b) = tokio::join!(at_once(&tokyo), at_once(&administrator));
    assert_eq!(a + b, 2);
    let again = remind(&administrator, json!({"area": "nation"})).await;
    assert_eq!((&again["queued"], &again["already"]), (&json!(0), &json!(2)), "{again}");
    // Another day is another round; who has answered meanwhile is out of it.
    app.at(now() + TimeDelta::days(1));
    let tokyo = app.sign_in("tokyo").await;
    tokyo.submit(&revisions("2024", UNPLACED), &body(answers_2024())).await.expect(201);
    let next = remind(&tokyo, json!({})).await;
    assert_eq!((&next["missing"], &next["queued"]), (&json!(3), &json!(1)), "{next}");
    assert_eq!(send_due(&app, &smtp.mailer()).await.sent, 3);
    assert_eq!(smtp.arrived_for(&address(UNPLACED)).len(), 1);
    assert_eq!(smtp.arrived_for(&address(OTHER_WARD)).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_senders_at_once_send_each_mail_once() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    with_addresses(&app, &[UNPLACED, OTHER_WARD]).await;
    let tokyo = app.sign_in("tokyo").await;
    for round in 0..15 {
        let text = json!({"subject": format!("第{round}回"), "body": "{hospital}"});
        remind(&tokyo, json!({"round": format!("r{round}"), "text": text})).await;
    }
    let mailer = smtp.mailer();
    let (a, b, c) = tokio::join!(send_due(&app, &mailer), send_due(&app, &mailer), send_due(&app, &mailer));
    assert_eq!(a.sent + b.sent + c.sent, 30, "{a:?} {b:?} {c:?}");
    let arrived = smtp.arrived();
    assert_eq!((arrived.len(), arrived.iter().collect::<BTreeSet<&Arrived>>().len()), (30, 30));
    assert_eq!(send_due(&app, &mailer).await, Tally::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_address_is_undeliverable_at_once_and_is_not_written_to_again() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    with_addresses(&app, &[UNPLACED, OTHER_WARD]).await;
    smtp.refuse(&address(UNPLACED), 550);
    // Not now is not never.
    smtp.refuse(&address(OTHER_WARD), 450);
    let tokyo = app.sign_in("tokyo").await;
    remind(&tokyo, json!({})).await;
    let tally = send_due(&app, &smtp.mailer()).await;
    assert_eq!((tally.undeliverable, tally.later, tally.sent), (1, 1, 0));
    assert_eq!(
        states(&app).await,
        ["cyd0001@example.jp pending", "tky0001@example.jp undeliverable"]
    );
    let listed = tokyo.get("/api/v1/accounts/enrolments?state=undeliverable").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&listed["items"][0]["gmis_id"], &listed["items"][0]["email"]),
        (&json!("TKY0001"), &json!("tky0001@example.jp"))
    );
    assert!(
        listed["items"][0]["error"].as_str().unwrap().contains("refused by the test"),
        "{listed}"
    );
    let next = remind(&tokyo, json!({"round": "next", "dry_run": true})).await;
    assert!(
        next["without_address"]
            .as_array()
            .unwrap()
            .contains(&json!({"hospital": "TKY0001", "name": "試験TKY0001病院", "reason": "undeliverable", "email": "tky0001@example.jp"})),
        "{next}"
    );
    assert_eq!(smtp.arrived(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_mail_server_is_away_mails_wait_and_then_go_out_once() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    with_addresses(&app, &[UNPLACED]).await;
    remind(&app.sign_in("tokyo").await, json!({})).await;
    for (minutes, place) in [(0, HangUp::AtOnce), (1, HangUp::BeforeData)] {
        app.at(now() + TimeDelta::minutes(minutes));
        smtp.hang_up(Some(place));
        assert_eq!(send_due(&app, &smtp.mailer()).await.later, 1, "{place:?}");
        // Nothing more is due before its time.
        assert_eq!(send_due(&app, &smtp.mailer()).await, Tally::default());
    }
    assert_eq!(states(&app).await, ["tky0001@example.jp pending"]);
    smtp.hang_up(None);
    app.at(now() + TimeDelta::minutes(3));
    assert_eq!(send_due(&app, &smtp.mailer()).await.sent, 1);
    assert_eq!(smtp.arrived().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_of_which_nobody_knows_is_not_sent_again() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    with_addresses(&app, &[UNPLACED, OTHER_WARD]).await;
    remind(&app.sign_in("tokyo").await, json!({})).await;
    // One sender was killed with the first mail in its hands.
    let sql = "UPDATE outbox SET state = 'sending', attempts = 1, next_attempt = next_attempt + interval '5 minutes' WHERE recipient LIKE 'cyd%' AND purpose = 'reminder'";
    app.database.superuser().await.batch_execute(sql).await.unwrap();
    smtp.hang_up(Some(HangUp::AfterData));
    assert_eq!(send_due(&app, &smtp.mailer()).await.lost, 1);
    assert_eq!(states(&app).await, ["cyd0001@example.jp sending", "tky0001@example.jp uncertain"]);
    smtp.hang_up(None);
    app.at(now() + TimeDelta::days(2));
    assert_eq!(send_due(&app, &smtp.mailer()).await, Tally::default());
    assert_eq!(states(&app).await, ["cyd0001@example.jp uncertain", "tky0001@example.jp uncertain"]);
    // The one mail that the server took without saying so.
    assert_eq!(smtp.arrived().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_lost_its_lease_hands_nothing_over() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    with_addresses(&app, &[UNPLACED]).await;
    remind(&app.sign_in("tokyo").await, json!({})).await;
    let take = "UPDATE outbox SET attempts = attempts + 1, next_attempt = next_attempt + interval '5 minutes' WHERE purpose = 'reminder'";
    app.database.superuser().await.batch_execute(take).await.unwrap();
    assert_eq!(send_due(&app, &smtp.mailer()).await, Tally::default());
    // Its lease is over and it never came to hand it over: somebody else does.
    app.at(now() + TimeDelta::minutes(6));
    assert_eq!(send_due(&app, &smtp.mailer()).await.sent, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_sends_what_waits_and_stops_when_it_is_told_to() {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    with_addresses(&app, &[UNPLACED, OTHER_WARD]).await;
    remind(&app.sign_in("tokyo").await, json!({})).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let sender = tokio::spawn(outbox::keep_sending(app.state.clone(), smtp.mailer(), stopped));
    smtp.wait_for(2).await;
    stop.send(true).unwrap();
    sender.await.unwrap();
    assert_eq!(states(&app).await, ["cyd0001@example.jp sent", "tky0001@example.jp sent"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_cannot_be_sent_are_refused_and_nothing_is_written() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    let before = app.database.counts().await;
    for (more, code) in [
        (
            json!({"text": {"subject": "件名\r\nBcc: b@example.jp", "body": "本文"}}),
            "subject_invalid",
        ),
        (json!({"text": {"subject": "件名", "body": "{password}"}}), "place_unknown"),
        (json!({"text": {"subject": "件名", "body": " "}}), "text_invalid"),
        (json!({"template": "third"}), "template_unknown"),
        (
            json!({"template": "first", "text": {"subject": "件名", "body": "本文"}}),
            "text_or_template",
        ),
        (json!({"bands": ["20-199"]}), "band_invalid"),
        (json!({"round": "第1回"}), "round_invalid"),
        (json!({"area": "99"}), "area_invalid"),
    ] {
        let mut asked = json!({"area": "13"});
        for (key, value) in more.as_object().unwrap() {
            asked[key] = value.clone();
        }
        tokyo.submit(PATH, &asked).await.refused(400, code);
    }
    tokyo
        .post(PATH, &json!({"area": "13"}))
        .await
        .refused(400, "idempotency_key_missing");
    assert_eq!(app.database.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_answered_is_counted_by_area_and_band_and_paged() {
    let app = TestApp::spawn().await;
    let administrator = app.sign_in("administrator").await;
    let hospital = app.sign_in("yokohama-hospital").await;
    hospital
        .submit(&revisions("2024", CITY_WARD), &body(answers_2024()))
        .await
        .expect(201);
    let nation = administrator.get("/api/v1/surveys/2024/missing?area=nation").await.expect(200);
    assert_eq!((&nation["targets"], &nation["missing"]), (&json!(7), &json!(6)));
    let cell = |area: &str, band: &str| {
        let cells = nation["cells"].as_array().unwrap();
        let found = cells.iter().find(|cell| cell["area"] == area && cell["band"] == band);
        found.map(|cell| (cell["targets"].as_u64().unwrap(), cell["missing"].as_u64().unwrap()))
    };
    assert_eq!(cell("14", "300-399"), Some((1, 0)));
    assert_eq!(cell("13", "100-199"), Some((1, 1)));
    assert_eq!(cell("13", "500+"), None);
    let band = administrator
        .get("/api/v1/surveys/2024/missing?area=13&band=20-99")
        .await
        .expect(200);
    assert_eq!(band["hospitals"]["items"][0]["gmis_id"], "CYD0001", "{band}");
    assert_eq!(band["cells"].as_array().unwrap().len(), 1);
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = administrator
            .get(&format!("/api/v1/surveys/2024/missing?area=nation&limit=2{after}"))
            .await
            .expect(200);
        for item in page["hospitals"]["items"].as_array().unwrap() {
            seen.push(item["gmis_id"].as_str().unwrap().to_owned());
        }
        match page["hospitals"]["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["CYD0001", "KNG0001", "KWS0001", "SJK0001", "SJK0002", "TKY0001"]);
}
