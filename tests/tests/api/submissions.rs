//! One hospital's answers: submitted, read back, corrected, refused; by itself and by its prefecture.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::Client;
use tests::world::{NEIGHBOUR, OWN, UNPLACED, answers_2022, answers_2024, but, in_2022, now};

use crate::{body, codes, fault_codes, revisions, submission};

async fn submitted(client: &Client, answers: Value, status: u16) -> Value {
    client.submit(&revisions("2024", OWN), &body(answers)).await.expect(status)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_submitted_is_read_back_with_every_revision() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let unanswered = hospital.get(&submission("2024", OWN)).await.expect(200);
    assert_eq!(
        (
            &unanswered["latest_revision"],
            &unanswered["revisions"],
            &unanswered["hospital"]["state"]
        ),
        (&json!(0), &json!([]), &Value::Null)
    );

    let first = submitted(&hospital, answers_2024(), 201).await;
    assert_eq!(first["revision"], 1);
    for (field, value) in [
        ("survey", "2024"),
        ("edition", "2024-first"),
        ("hospital", OWN.gmis),
        ("state", "submitted"),
        ("entry_path", "api"),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    assert_eq!(first["received_at"], json!(now()));
    let second = submitted(&hospital, but(answers_2024(), "ehr_backup", "no"), 201).await;
    assert_eq!(second["revision"], 2);
    assert_ne!(first["receipt"], second["receipt"]);
    // What was answered and is not asked any more is kept, with a warning, and not counted.
    assert!(codes(&second["warnings"]).iter().all(|code| code == "answer_not_asked"), "{second}");
    assert_eq!(second["warnings"].as_array().unwrap().len(), 6);

    let read = hospital.get(&submission("2024", OWN)).await;
    assert_eq!(read.header("cache-control"), "no-store");
    let read = read.expect(200);
    assert_eq!(
        (&read["latest_revision"], &read["hospital"]["state"]),
        (&json!(2), &json!("submitted"))
    );
    assert_eq!(read["revisions"][0]["answers"], answers_2024());
    assert_eq!(read["revisions"][1]["answers"], but(answers_2024(), "ehr_backup", "no"));
    assert_eq!(read["revisions"][1]["receipt"], second["receipt"]);
    assert_eq!(read["revisions"][1]["warnings"], second["warnings"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_stand_apart_from_answers_and_not_in_the_audit() {
    let app = TestApp::spawn().await;
    submitted(&app.sign_in("hospital").await, answers_2024(), 201).await;
    for (table, rows) in [("revision", 0), ("audit", 0), ("respondent", 1)] {
        let sql = format!("SELECT count(*) FROM {table} t WHERE t::text LIKE '%試験 花子%'");
        assert_eq!(app.database.number(&sql).await, rows, "{table}");
    }
    let sql = "SELECT count(*) FROM audit WHERE action = 'submit_answers' AND actor = 'hospital' AND survey_id = '2024' AND account_id IS NOT NULL";
    assert_eq!(app.database.number(sql).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn identical_answers_make_no_revision() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let first = submitted(&hospital, answers_2024(), 201).await;
    // Spaces at the ends and the order of options are no difference.
    let mut again = but(answers_2024(), "consultation_desk", json!(["vendor", "own_institution"]));
    again["respondent"]["name"] = json!(" 試験 花子 ");
    let second = submitted(&hospital, again, 200).await;
    assert_eq!((&second["unchanged"], &second["revision"]), (&json!(true), &json!(1)));
    assert_eq!(
        (&second["receipt"], &second["received_at"]),
        (&first["receipt"], &first["received_at"])
    );
    assert_eq!(app.database.number("SELECT count(*) FROM revision").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_answers_are_refused_with_every_fault_and_nothing_is_stored() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let before = app.database.counts().await;
    let without = |question: &str| {
        let mut answers = answers_2024();
        answers.as_object_mut().unwrap().remove(question);
        answers
    };
    let cases = [
        (without("ehr_in_use"), vec!["required_missing"]),
        (
            but(answers_2024(), "respondent", json!({"name": "試験"})),
            vec!["required_missing"; 3],
        ),
        (but(answers_2024(), "ehr_in_use", "maybe"), vec!["unknown_option"]),
        (but(answers_2024(), "ehr_in_use", json!(["yes"])), vec!["wrong_type"]),
        (
            but(answers_2024(), "consultation_desk", json!(["vendor", "none_wanted"])),
            vec!["exclusive_options"],
        ),
        (but(answers_2024(), "vpn_present", "no"), vec!["unknown_question"]),
        (but(answers_2024(), "ehr_in_use", "no_answer"), vec!["no_answer_not_allowed"]),
        (json!([1, 2]), vec!["answers_not_object"]),
        (
            but(but(answers_2024(), "bcp_defined", "x"), "ehr_backup", Value::Null),
            vec!["unknown_option", "required_missing"],
        ),
    ];
    for (answers, expected) in cases {
        let shown = answers.to_string();
        let answer = hospital.submit(&revisions("2024", OWN), &body(answers)).await;
        let mut found = fault_codes(&answer);
        if expected == ["answers_not_object"] {
            found.truncate(1);
        }
        assert_eq!(found, expected, "{shown}");
        let problem = answer.refused(422, "answers_faulty");
        for fault in problem["faults"].as_array().unwrap() {
            assert!(
                fault["message"].as_str().unwrap().chars().any(|c| ('ぁ'..='ん').contains(&c)),
                "{fault}"
            );
        }
    }
    assert_eq!(app.database.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_surveys_hospitals_and_editions_have_codes_of_their_own() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let before = app.database.counts().await;
    let edition = json!({"edition": "march", "answers": answers_2024()});
    hospital
        .submit(&revisions("2023", OWN), &body(answers_2024()))
        .await
        .refused(404, "survey_unknown");
    hospital
        .submit("/api/v1/surveys/2024/hospitals/ZZZ9999/revisions", &body(answers_2024()))
        .await
        .refused(404, "hospital_unknown");
    hospital
        .submit("/api/v1/surveys/2024/hospitals/x/revisions", &body(answers_2024()))
        .await
        .refused(404, "hospital_unknown");
    hospital
        .submit(&revisions("2024", OWN), &edition)
        .await
        .refused(404, "edition_unknown");
    hospital.get(&submission("2023", OWN)).await.refused(404, "survey_unknown");
    let analyst = app.sign_in("analyst").await;
    let table = |question: &str| format!("/api/v1/surveys/2024/tables?question={question}&area=nation&by=area");
    analyst.get(&table("vpn_present")).await.refused(404, "question_unknown");
    analyst.get(&table("respondent")).await.refused(400, "question_not_coded");
    analyst
        .get("/api/v1/surveys/2024/editions/march")
        .await
        .refused(404, "edition_unknown");
    analyst
        .get("/api/v1/surveys/2024/templates/poster")
        .await
        .refused(404, "template_unknown");
    analyst
        .get("/api/v1/surveys/2024/statistics/all.zip?area=nation")
        .await
        .refused(404, "file_unknown");
    analyst.get("/api/v1/programs/2030/quotas").await.refused(404, "program_unknown");
    // Another account's sessions are not in this count: the analyst signed in.
    let mut after = app.database.counts().await;
    for table in ["session", "audit"] {
        *after.get_mut(table).unwrap() -= 1;
    }
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_is_found_by_its_id_in_any_spelling() {
    let app = TestApp::spawn().await;
    let hospital = app.sign_in("hospital").await;
    let path = "/api/v1/surveys/2024/hospitals/%EF%BC%B3%EF%BC%AA%EF%BC%AB0001/submission";
    assert_eq!(hospital.get(path).await.expect(200)["hospital"]["gmis_id"], OWN.gmis);
    assert_eq!(
        hospital.get("/api/v1/surveys/2024/hospitals/sjk0001/submission").await.expect(200)["hospital"]["gmis_id"],
        OWN.gmis
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefecture_does_not_overwrite_a_hospitals_answers_without_a_reason() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    submitted(&hospital, answers_2024(), 201).await;
    let other = but(answers_2024(), "bcp_drilled", "yes");
    let before = app.database.counts().await;
    let refused = tokyo
        .submit(&revisions("2024", OWN), &body(other.clone()))
        .await
        .refused(409, "already_answered");
    assert!(refused["detail"].as_str().unwrap().contains("理由"), "{refused}");
    tokyo
        .submit(&revisions("2024", OWN), &json!({"answers": other, "reason": "  "}))
        .await
        .refused(409, "already_answered");
    assert_eq!(app.database.counts().await, before);
    // The same answers need none.
    assert_eq!(
        tokyo.submit(&revisions("2024", OWN), &body(answers_2024())).await.expect(200)["unchanged"],
        true
    );

    let replaced = tokyo
        .submit(&revisions("2024", OWN), &json!({"answers": other, "reason": "電話で確認"}))
        .await
        .expect(201);
    assert_eq!((&replaced["revision"], &replaced["entry_path"]), (&json!(2), &json!("proxy")));
    let read = hospital.get(&submission("2024", OWN)).await.expect(200);
    let revision = &read["revisions"][1];
    assert_eq!(
        (&revision["reason"], &revision["actor"]),
        (&json!("電話で確認"), &json!("prefecture"))
    );
    // The hospital may correct it back, without a reason.
    assert_eq!(submitted(&hospital, answers_2024(), 201).await["revision"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_proxy_entry_writes_no_answer() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    let answers = but(answers_2024(), "mds_sds_checked", "no_answer");
    let refused = hospital.submit(&revisions("2024", OWN), &body(answers.clone())).await;
    assert_eq!(fault_codes(&refused), ["no_answer_not_allowed"]);
    tokyo.submit(&revisions("2024", OWN), &body(answers.clone())).await.expect(201);
    let table = tokyo
        .get("/api/v1/surveys/2024/tables?question=mds_sds_checked&area=13&by=area")
        .await
        .expect(200);
    assert_eq!(
        (&table["total"]["n"], &table["total"]["base"], &table["total"]["no_answer"]),
        (&json!(1), &json!(0), &json!(1))
    );
    assert_eq!(
        hospital.get(&submission("2024", OWN)).await.expect(200)["revisions"][0]["answers"],
        answers
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edition_is_the_first_or_the_one_named() {
    let app = TestApp::spawn().await;
    let tokyo = app.sign_in("tokyo").await;
    app.at(in_2022());
    let tokyo_then = app.sign_in("tokyo").await;
    for (hospital, edition, expected) in [(OWN, Value::Null, "2022-january"), (NEIGHBOUR, json!("march"), "2022-march")] {
        let sent = json!({"edition": edition, "answers": answers_2022()});
        let receipt = tokyo_then.submit(&revisions("2022", hospital), &sent).await.expect(201);
        assert_eq!(receipt["edition"], expected);
    }
    app.at(now());
    // Not in the frame of 2022, though the hospital exists.
    tokyo
        .submit(&revisions("2022", UNPLACED), &body(answers_2022()))
        .await
        .refused(404, "hospital_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_two_years_ago_is_compared_with() {
    let app = TestApp::spawn().await;
    app.at(in_2022());
    let hospital = app.sign_in("hospital").await;
    hospital.submit(&revisions("2022", OWN), &body(answers_2022())).await.expect(201);
    app.at(now());
    let hospital = app.sign_in("hospital").await;
    let mut answers = but(answers_2024(), "ehr_in_use", "no");
    for question in [
        "ehr_backup",
        "backup_frequency",
        "backup_copies",
        "backup_generations",
        "backup_media_kinds",
        "backup_offline",
        "backup_leak_protection",
    ] {
        answers.as_object_mut().unwrap().remove(question);
    }
    let receipt = submitted(&hospital, answers, 201).await;
    let warnings = codes(&receipt["warnings"]);
    assert!(warnings.iter().any(|code| code.starts_with("contradiction_")), "{warnings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_submission_is_changed_by_nobody_without_a_reason() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    submitted(&hospital, answers_2024(), 201).await;
    app.database
        .superuser()
        .await
        .batch_execute("UPDATE submission SET state = 'accepted'")
        .await
        .unwrap();
    let other = but(answers_2024(), "bcp_drilled", "yes");
    hospital
        .submit(&revisions("2024", OWN), &body(other.clone()))
        .await
        .refused(409, "submission_accepted");
    tokyo
        .submit(&revisions("2024", OWN), &body(other))
        .await
        .refused(409, "already_answered");
    assert_eq!(submitted(&hospital, answers_2024(), 200).await["unchanged"], true);
}
