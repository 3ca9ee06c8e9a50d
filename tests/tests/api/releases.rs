//! Releases as their makers and readers meet them: numbered, frozen, had by everybody, corrected by a further one, counted again.

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use server::app::erasure::{Erasing, erase};
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use sha2::{Digest, Sha256};
use tests::app::TestApp;
use tests::client::{Client, new_key};
use tests::world::{NEIGHBOUR, OWN, answers_2024, but, done, now};

use crate::{body, revisions};

const RELEASES: &str = "/api/v1/surveys/2024/releases";

/// One hospital answers otherwise than before.
async fn answer_otherwise(app: &TestApp) {
    let hospital = app.sign_in("hospital").await;
    let answers = but(answers_2024(), "backup_offline", "no");
    hospital.submit(&revisions("2024", OWN), &body(answers)).await.expect(201);
}

async fn make(client: &Client, note: &str) -> Value {
    client.submit(RELEASES, &json!({"note": note})).await.expect(201)
}

/// Name, SHA-256 and bytes of every file of a release that a client may have.
async fn files(client: &Client, number: i32) -> Vec<(String, String, Vec<u8>)> {
    let release = client.get(&format!("{RELEASES}/{number}")).await.expect(200);
    let mut files = Vec::new();
    for file in release["files"].as_array().unwrap() {
        let (name, sha256) = (file["name"].as_str().unwrap(), file["sha256"].as_str().unwrap());
        let answer = client.get(file["place"].as_str().unwrap()).await;
        assert_eq!(answer.status, 200, "{name}: {answer}");
        assert_eq!(file["bytes"], answer.body.len(), "{name}");
        assert_eq!(answer.header("content-type"), file["media_type"], "{name}");
        files.push((name.to_owned(), sha256.to_owned(), answer.body));
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_has_what_is_published_and_the_ministry_alone_the_micro_data() {
    let app = TestApp::answered().await;
    let public = |files: &[(String, String, Vec<u8>)]| files.iter().filter(|file| !file.0.starts_with("microdata")).count();
    let whole = files(&app.sign_in("analyst").await, 1).await;
    assert_eq!(whole.len(), public(&whole) + 1);
    for login in ["hospital", "shinjuku", "tokyo", "operator", "administrator"] {
        let client = app.sign_in(login).await;
        let listed = client.get(RELEASES).await.expect(200);
        assert_eq!(listed.as_array().unwrap().len(), 1, "{login}");
        assert_eq!((&listed[0]["number"], &listed[0]["responses"]), (&json!(1), &json!(5)), "{login}");
        let own = files(&client, 1).await;
        assert_eq!(public(&own), public(&whole), "{login}");
        assert_eq!(own.len() == whole.len(), login == "administrator", "{login}");
        for (name, sha256, bytes) in own {
            assert_eq!(hex::encode(Sha256::digest(&bytes)), sha256, "{login} {name}");
        }
    }
    app.nobody().get(RELEASES).await.refused(401, "token_missing");
    let client = app.sign_in("hospital").await;
    client.get(&format!("{RELEASES}/2")).await.refused(404, "release_unknown");
    client
        .get(&format!("{RELEASES}/1/files/x.csv"))
        .await
        .refused(404, "release_file_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_one_has_is_not_sent_again() {
    let app = TestApp::answered().await;
    let client = app.sign_in("hospital").await;
    let path = format!("{RELEASES}/1/files/data_2024.csv");
    let first = client.get(&path).await;
    let tag = first.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", hex::encode(Sha256::digest(&first.body))));
    let again = client.request(Method::GET, &path).header("If-None-Match", &tag).send().await;
    assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag.as_str()));
    let other = client.request(Method::GET, &path).header("If-None-Match", "\"other\"").send().await;
    assert_eq!(other.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_a_further_release_that_says_what_it_corrects_and_leaves_the_first_as_it_was() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let first = files(&administrator, 1).await;
    let ask = async |note: &str| administrator.submit(RELEASES, &json!({"note": note})).await;
    ask("訂正").await.refused(409, "release_unchanged");
    answer_otherwise(&app).await;
    ask("  ").await.refused(400, "note_missing");
    let next = administrator.get(&format!("{RELEASES}/next")).await.expect(200);
    assert_eq!(
        (&next["number"], &next["differing"], &next["responses"], &next["compared_with"]),
        (&json!(2), &json!(1), &json!(5), &json!({"survey": "2022", "number": 1}))
    );
    let counts = app.database.counts().await;
    assert_eq!(
        make(&administrator, "1病院の回答を訂正").await,
        json!({"survey": "2024", "number": 2})
    );
    let second = administrator.get(&format!("{RELEASES}/2")).await.expect(200);
    assert_eq!((&second["note"], &second["hospitals"]), (&json!("1病院の回答を訂正"), &json!(7)));
    // What stands beside the counts is known when the release is made.
    for what in ["distributions", "primary", "hidden", "least"] {
        assert_eq!(second["suppressed"][what], next["suppressed"][what], "{what}");
    }
    assert_eq!(next["suppressed"].get("estimates"), None);
    for what in ["estimates", "trends"] {
        assert!(second["suppressed"][what]["withheld"].is_u64(), "{what}");
    }
    assert_eq!(files(&administrator, 1).await, first);
    let now = app.database.counts().await;
    let more = |table: &str| now[table] - counts[table];
    assert_eq!((more("release"), more("release_member"), more("audit")), (1, 7, 1));
    let noted = "SELECT count(*) FROM audit WHERE action = 'make_release' AND survey_id = '2024' AND details->>'number' = '2' \
                 AND details->>'note' = '1病院の回答を訂正' AND actor = 'ministry_administrator'";
    assert_eq!(app.database.number(noted).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_makes_one_release_and_of_two_makers_one() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    answer_otherwise(&app).await;
    let ask = async |key: &str, note: &str| {
        let request = administrator.request(Method::POST, RELEASES).key(key).json(&json!({"note": note}));
        request.send().await
    };
    let key = new_key();
    let asked = join_all((0..3).map(|_| ask(&key, "訂正"))).await;
    assert!(asked.iter().all(|answer| [201, 202, 409].contains(&answer.status)), "{asked:?}");
    ask(&key, "別の訂正").await.refused(422, "idempotency_mismatch");
    let made = administrator.submit(RELEASES, &json!({"note": "あとから"})).await;
    assert!(["release_unchanged", "release_overtaken"].contains(&made.code().as_str()), "{made}");
    let number = "SELECT count(*) FROM release WHERE survey_id = '2024'";
    assert_eq!(app.database.number(number).await, 2);
    // Two at the same moment, neither of whom has seen the other's.
    let hospital = app.sign_in("tokyo").await;
    let answers = json!({"answers": but(answers_2024(), "bcp_defined", "no"), "reason": "電話で確認"});
    hospital.submit(&revisions("2024", NEIGHBOUR), &answers).await.expect(201);
    let keys = [new_key(), new_key(), new_key()];
    join_all(keys.iter().map(|key| ask(key, "同時"))).await;
    let mut outcomes = Vec::new();
    for key in &keys {
        loop {
            let answer = ask(key, "同時").await;
            if answer.status != 202 {
                outcomes.push(answer.outcome());
                break;
            }
        }
    }
    outcomes.sort();
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "201").count(), 1, "{outcomes:?}");
    assert!(
        outcomes[1..]
            .iter()
            .all(|outcome| ["409 release_overtaken", "409 release_unchanged"].contains(&outcome.as_str())),
        "{outcomes:?}"
    );
    assert_eq!(app.database.number(number).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn counted_again_every_number_is_the_same_unless_the_data_were_changed_behind() {
    let app = TestApp::answered().await;
    let analyst = app.sign_in("analyst").await;
    // What has come since is not in it.
    answer_otherwise(&app).await;
    for survey in ["2022", "2024"] {
        let again = analyst.get(&format!("/api/v1/surveys/{survey}/releases/1/check")).await.expect(200);
        assert_eq!(again["differences"], json!([]), "{survey}");
        assert!(again["compared"].as_u64().unwrap() > 1_000, "{survey}");
    }
    let superuser = app.database.superuser().await;
    superuser
        .batch_execute("ALTER TABLE release_member DISABLE TRIGGER ALL; UPDATE release_member SET beds = 800 WHERE beds = (SELECT min(beds) FROM release_member)")
        .await
        .unwrap();
    let again = analyst.get(&format!("{RELEASES}/1/check")).await.expect(200);
    let differences = again["differences"].as_array().unwrap();
    assert!(!differences.is_empty());
    let first = differences[0]["of"].as_array().unwrap();
    assert!(
        first.iter().any(|of| of.as_str().unwrap().starts_with("question_key=")),
        "{first:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_files_of_jobs_leaves_those_of_a_release() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let published = files(&administrator, 1).await;
    // The same bytes, once as the file of a job and once of a release.
    let superuser = app.database.superuser().await;
    let sql = "UPDATE job SET output_sha256 = (SELECT blob_sha256 FROM release_file WHERE name = 'code_table_2024.csv' \
               AND release_id = (SELECT id FROM release WHERE survey_id = '2024')) WHERE kind = 'export'";
    assert_eq!(superuser.execute(sql, &[]).await.unwrap(), 2);
    let files_of_jobs = "SELECT count(*) FROM job WHERE output_sha256 IS NOT NULL";
    app.at(now() + TimeDelta::days(30));
    done(erase(&app.state, &Permit::of(Actor::system()).unwrap(), Erasing::Done).await);
    let administrator = app.sign_in("administrator").await;
    assert_eq!(app.database.number(files_of_jobs).await, 0);
    assert_eq!(files(&administrator, 1).await, published);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_there_is_nothing_to_publish() {
    let app = TestApp::spawn().await;
    let administrator = app.sign_in("administrator").await;
    administrator
        .get(&format!("{RELEASES}/next"))
        .await
        .refused(409, "nothing_to_release");
    administrator.submit(RELEASES, &json!({})).await.refused(409, "nothing_to_release");
    assert_eq!(administrator.get(RELEASES).await.expect(200), json!([]));
}
