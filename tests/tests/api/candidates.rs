//! Whom a prefecture may choose, beyond the score: nominations, exclusions, findings of inspections, wish and consent.

use reqwest::Method;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::{Client, new_key};
use tests::world::{FRAME_2024, Hospital, NEIGHBOUR, OTHER_WARD, OWN, UNPLACED};

use crate::revisions;

const TOKYO: &str = "/api/v1/programs/2024/prefectures/13";

/// The candidates of a programme in Tokyo.
async fn candidates(client: &Client, program: &str) -> Value {
    client
        .get(&format!("/api/v1/programs/{program}/prefectures/13/candidates"))
        .await
        .expect(200)
}

fn ids(list: &Value, key: &str) -> Vec<String> {
    let mut ids: Vec<String> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one[key].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

fn one<'a>(list: &'a Value, key: &str, hospital: Hospital) -> &'a Value {
    list.as_array().unwrap().iter().find(|one| one[key] == hospital.gmis).unwrap()
}

async fn inputs_hash(client: &Client) -> Value {
    let choice = client.request(Method::POST, &format!("{TOKYO}/selections")).key(new_key());
    choice.send().await.expect(201)["selection"]["inputs_hash"].clone()
}

fn said(hospital: Hospital, reason: &str) -> Value {
    json!({"hospital": hospital.gmis, "reason": reason})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nominated_hospital_stands_apart_and_no_run_sees_it() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let nominations = format!("{TOKYO}/nominations");
    let all = candidates(&tokyo, "2024").await;
    let nominated = one(&all["nominated"], "gmis", UNPLACED);
    assert_eq!(
        (&nominated["nomination"], &nominated["otherwise"]["reason"], &nominated["answers"]),
        (&json!("地域の要"), &json!("no_submission"), &json!({}))
    );
    // 250 beds, and nothing that its answers could give.
    assert_eq!((&nominated["score"], &nominated["groups"]["need"]), (&json!(10), &json!(0)));
    assert!(!ids(&all["excluded"], "hospital").contains(&UNPLACED.gmis.to_owned()));
    let before = inputs_hash(&tokyo).await;

    let taken_back = tokyo
        .submit(&format!("{nominations}/{}/withdrawal", UNPLACED.gmis), &json!({"reason": "辞退"}))
        .await;
    assert_eq!(taken_back.expect(200)["in_force"], false);
    assert_eq!(tokyo.get(&nominations).await.expect(200), json!([]));
    let all = candidates(&tokyo, "2024").await;
    assert_eq!(one(&all["excluded"], "hospital", UNPLACED)["reason"], "no_submission");
    assert_eq!(inputs_hash(&tokyo).await, before, "a nomination changes no run");
    tokyo
        .submit(&format!("{nominations}/{}/withdrawal", UNPLACED.gmis), &json!({"reason": "辞退"}))
        .await
        .refused(409, "not_nominated");

    // Again, with the same key and with the same reason: one version.
    let again = async |key: &str| {
        let request = tokyo.request(Method::POST, &nominations).key(key);
        request.json(&said(UNPLACED, "やはり")).send().await
    };
    let (first, replayed, same) = (again("n-1").await, again("n-1").await, again("n-2").await);
    assert_eq!(replayed.header("idempotency-replayed"), "true");
    assert_eq!((first.expect(201), same.status), (replayed.expect(201), 200));
    let versions = "SELECT max(version)::bigint FROM nomination WHERE prefecture = 13";
    assert_eq!(app.database.number(versions).await, 3);
    assert_eq!(ids(&tokyo.get(&nominations).await.expect(200), "hospital"), [UNPLACED.gmis]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_excluded_hospital_is_no_candidate_until_that_is_taken_back() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let before = inputs_hash(&tokyo).await;
    let exclusions = format!("{TOKYO}/exclusions");
    tokyo.submit(&exclusions, &said(OWN, "移転のため")).await.expect(201);
    let all = candidates(&tokyo, "2024").await;
    let excluded = one(&all["excluded"], "hospital", OWN);
    assert_eq!(
        (&excluded["reason"], &excluded["why"]),
        (&json!("excluded_by_hand"), &json!("移転のため"))
    );
    assert!(excluded["message"].as_str().unwrap().contains("移転のため"));
    assert!(!ids(&all["candidates"], "gmis").contains(&OWN.gmis.to_owned()));
    assert_ne!(inputs_hash(&tokyo).await, before);
    // What is excluded is not nominated in the same breath.
    tokyo
        .submit(&format!("{TOKYO}/nominations"), &said(OWN, "必要"))
        .await
        .refused(409, "nomination_not_possible");
    tokyo
        .submit(&format!("{exclusions}/{}/withdrawal", OWN.gmis), &json!({"reason": "移転の中止"}))
        .await
        .expect(200);
    assert_eq!(inputs_hash(&tokyo).await, before);
    let acts = "SELECT count(*) FROM audit WHERE action IN ('exclude_hospital', 'withdraw_exclusion') AND details ->> 'reason' LIKE '移転%' \
                AND hospital_id IS NOT NULL AND prefecture = 13";
    assert_eq!(app.database.number(acts).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_badly_is_refused_and_not_stored() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let before = app.database.counts().await;
    for book in ["nominations", "exclusions"] {
        let path = format!("{TOKYO}/{book}");
        for (body, expected) in [
            (json!({"hospital": OWN.gmis, "reason": " "}), "400 reason_missing"),
            (json!({"hospital": OWN.gmis, "reason": "長".repeat(1_001)}), "400 reason_too_long"),
            (json!({"hospital": OWN.gmis}), "400 body_invalid"),
            (json!({"hospital": "YKH0001", "reason": "隣の県"}), "404 hospital_unknown"),
            (json!({"hospital": "-", "reason": "番号"}), "404 hospital_unknown"),
        ] {
            assert_eq!(tokyo.submit(&path, &body).await.outcome(), expected, "{path} {body}");
        }
        tokyo.post(&path, &said(OWN, "鍵")).await.refused(400, "idempotency_key_missing");
        tokyo
            .submit(&format!("/api/v1/programs/2030/prefectures/13/{book}"), &said(OWN, "年"))
            .await
            .refused(404, "program_unknown");
    }
    let inspections = "/api/v1/prefectures/13/inspections";
    let found = |field: &str, value: Value| {
        let mut found = json!({"hospital": OWN.gmis, "level": 2, "inspected_on": "2023-06-01", "note": ""});
        found[field] = value;
        found
    };
    for (body, expected) in [
        (found("level", json!(0)), "400 inspection_invalid"),
        (found("level", json!(4)), "400 inspection_invalid"),
        (found("level", json!("2")), "400 body_invalid"),
        (found("inspected_on", json!("2099-01-01")), "400 inspection_invalid"),
        (found("inspected_on", json!("1999-12-31")), "400 inspection_invalid"),
        (found("inspected_on", json!("2023-02-29")), "400 body_invalid"),
        (found("note", json!("長".repeat(1_001))), "400 inspection_invalid"),
        (found("hospital", json!("YKH0001")), "404 hospital_unknown"),
    ] {
        assert_eq!(tokyo.submit(inspections, &body).await.outcome(), expected, "{body}");
    }
    assert_eq!(app.database.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_gives_points_until_it_is_taken_back() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let score = async |tokyo: &Client| one(&candidates(tokyo, "2024").await["candidates"], "gmis", OTHER_WARD).clone();
    // The world's finding is advice by word of mouth: no criterion of the national default asks for it.
    let (before, hash) = (score(&tokyo).await, inputs_hash(&tokyo).await);
    assert_eq!(before["facts"]["findings"][0]["level"], 1);
    let found = json!({"hospital": OTHER_WARD.gmis, "level": 3, "inspected_on": "2023-12-01", "note": "外部から接続できる"});
    let entered = tokyo.submit("/api/v1/prefectures/13/inspections", &found).await.expect(201);
    let after = score(&tokyo).await;
    assert_eq!(after["score"].as_u64().unwrap(), before["score"].as_u64().unwrap() + 30);
    assert_eq!(after["groups"]["region"], before["groups"]["region"]);
    let keys = ids(&after["parts"], "criterion");
    assert!(
        ["finding_grave", "finding_written"]
            .iter()
            .all(|key| keys.contains(&(*key).to_owned())),
        "{keys:?}"
    );
    assert_ne!(inputs_hash(&tokyo).await, hash);
    let listed = tokyo.get("/api/v1/prefectures/13/inspections").await.expect(200);
    assert_eq!(
        (listed.as_array().unwrap().len(), &listed[0]["note"]),
        (2, &json!("外部から接続できる"))
    );

    let path = format!("/api/v1/prefectures/13/inspections/{}/withdrawal", entered["id"].as_str().unwrap());
    tokyo.submit(&path, &json!({"reason": "別の病院"})).await.expect(200);
    tokyo
        .submit(&path, &json!({"reason": "別の病院"}))
        .await
        .refused(404, "inspection_unknown");
    assert_eq!(score(&tokyo).await, before);
    assert_eq!(inputs_hash(&tokyo).await, hash);
}

fn intake(wanted: &str, usable: &str) -> Value {
    json!({"answers": {
        "respondent": {"name": "試験 花子", "organisation": "試験病院", "contact": "03-0000-0000"},
        "ehr_plan": "in_use", "support_wanted": wanted, "answers_usable": usable, "remarks": "",
    }})
}

#[tokio::test(flavor = "multi_thread")]
async fn with_recorded_consent_only_who_consented_in_the_intake_form_is_a_candidate() {
    let app = TestApp::answered().await;
    let (administrator, tokyo) = (app.sign_in("administrator").await, app.sign_in("tokyo").await);
    let frame = tests::world::frame(&FRAME_2024);
    let draw = server::auth::permit::Permit::of(server::auth::actor::Actor::system()).unwrap();
    let hospitals = tests::world::done(
        server::app::frames::draw(
            &app.state,
            &draw,
            tests::world::survey_of("2024_intake"),
            frame.hospitals().to_vec(),
        )
        .await,
    );
    assert_eq!(hospitals, FRAME_2024.len());
    for (id, consent) in [("by-rule", "rule"), ("by-consent", "recorded")] {
        let program = json!({
            "id": id, "fiscal_year": 2024, "title": "支援事業", "surveys": ["2024"], "use_rule": "意向調査の同意による", "consent": consent,
            "intake_survey": "2024_intake", "deadline": "2024-08-31T14:59:59Z",
        });
        administrator.post("/api/v1/programs", &program).await.expect(201);
    }
    let window = json!({"opens": "2024-02-01T00:00:00Z", "closes": "2030-02-01T00:00:00Z", "reason": "試験"});
    administrator.post("/api/v1/surveys/2024_intake/windows", &window).await.expect(201);
    for (hospital, wanted, usable) in [(OWN, "yes", "yes"), (NEIGHBOUR, "no", "no")] {
        tokyo
            .submit(&revisions("2024_intake", hospital), &intake(wanted, usable))
            .await
            .expect(201);
    }
    let by_rule = candidates(&tokyo, "by-rule").await;
    assert_eq!(ids(&by_rule["candidates"], "gmis"), [OTHER_WARD.gmis, OWN.gmis, NEIGHBOUR.gmis]);
    for (hospital, wish) in [(OWN, "wanted"), (NEIGHBOUR, "not_wanted"), (OTHER_WARD, "unanswered")] {
        assert_eq!(one(&by_rule["candidates"], "gmis", hospital)["facts"]["wish"], wish);
    }
    let by_consent = candidates(&tokyo, "by-consent").await;
    assert_eq!(ids(&by_consent["candidates"], "gmis"), [OWN.gmis]);
    for (hospital, refused, wish) in [(NEIGHBOUR, true, "not_wanted"), (OTHER_WARD, false, "unanswered")] {
        let none = one(&by_consent["excluded"], "hospital", hospital);
        assert_eq!(
            (&none["reason"], &none["refused"], &none["wish"]),
            (&json!("no_consent"), &json!(refused), &json!(wish))
        );
    }
    // Nominated all the same, without a look at what it answered.
    let path = "/api/v1/programs/by-consent/prefectures/13/nominations";
    tokyo.submit(path, &said(NEIGHBOUR, "災害時の要")).await.expect(201);
    let by_consent = candidates(&tokyo, "by-consent").await;
    let nominated = one(&by_consent["nominated"], "gmis", NEIGHBOUR);
    assert_eq!((&nominated["answers"], &nominated["groups"]["need"]), (&json!({}), &json!(0)));
    // A consent that was given later counts.
    tokyo
        .submit(&revisions("2024_intake", OTHER_WARD), &intake("yes", "yes"))
        .await
        .expect(201);
    assert_eq!(
        ids(&candidates(&tokyo, "by-consent").await["candidates"], "gmis"),
        [OTHER_WARD.gmis, OWN.gmis]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intake_form_is_no_survey_to_choose_by_and_a_survey_no_intake_form() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let before = app.database.counts().await;
    for (surveys, intake) in [(json!(["2024_intake", "2024"]), json!(null)), (json!(["2024"]), json!("2022"))] {
        let program = json!({
            "id": "2025", "fiscal_year": 2025, "title": "支援事業", "surveys": surveys, "use_rule": "要綱", "intake_survey": intake,
            "deadline": "2025-08-31T14:59:59Z",
        });
        administrator
            .post("/api/v1/programs", &program)
            .await
            .refused(400, "program_invalid");
    }
    assert_eq!(app.database.counts().await, before);
}
