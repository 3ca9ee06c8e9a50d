//! The list of a prefecture: proposed, adjusted, handed in, returned, accepted, replaced; what is refused, and who learns of it.

use reqwest::Method;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::{Client, new_key};
use tests::world::{NEIGHBOUR, OTHER_WARD, OWN, answers_2024};

use crate::{body, revisions};

const LIST: &str = "/api/v1/programs/2024/prefectures/13/list";

async fn adjust(client: &Client, step: &Value) -> tests::client::Answer {
    client.submit(&format!("{LIST}/adjustments"), step).await
}

async fn decide(client: &Client, step: &Value) -> tests::client::Answer {
    client.submit(&format!("{LIST}/decisions"), step).await
}

async fn choose(client: &Client, query: &str) -> tests::client::Answer {
    client
        .request(Method::POST, &format!("/api/v1/programs/2024/prefectures/13/selections{query}"))
        .key(new_key())
        .send()
        .await
}

fn ids(list: &Value, band: &str, part: &str) -> Vec<String> {
    let cell = list["cells"].as_array().unwrap().iter().find(|cell| cell["band"] == band).unwrap();
    cell[part]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["gmis"].as_str().unwrap().to_owned())
        .collect()
}

/// A programme with one place for hospitals under 200 beds, for which two hospitals of Tokyo are candidates.
async fn opened(app: &TestApp, deadline: &str) -> (Client, Client) {
    let (administrator, tokyo) = (app.sign_in("administrator").await, app.sign_in("tokyo").await);
    for hospital in [OWN, NEIGHBOUR, OTHER_WARD] {
        tokyo.submit(&revisions("2024", hospital), &body(answers_2024())).await.expect(201);
    }
    let program = json!({
        "id": "2024", "fiscal_year": 2024, "title": "支援事業", "surveys": ["2024", "2022"], "use_rule": "実施要綱による", "deadline": deadline,
    });
    administrator.post("/api/v1/programs", &program).await.expect(201);
    let bands: Vec<Value> = tokyo.get("/api/v1/programs/2024/prefectures/13/candidates").await.expect(200)["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|candidate| candidate["band"].clone())
        .collect();
    assert_eq!(bands.len(), 3);
    let quotas = json!([{"prefecture": "13", "band": "20-199", "hospitals": 1}, {"prefecture": "13", "band": "400+", "hospitals": 1}]);
    administrator.put("/api/v1/programs/2024/quotas", &quotas).await.expect(200);
    (administrator, tokyo)
}

/// Hospitals of Tokyo with a health record as the coverage counts them, in what is not 0. Everybody reads the same, counted or kept.
async fn covered(readers: [&Client; 2]) -> String {
    let mut seen = Vec::new();
    for reader in [readers[0], readers[1], readers[0]] {
        let report = reader.get("/api/v1/programs/2024/coverage?prefecture=13").await.expect(200);
        let ehr = report["total"]["ehr"].as_object().unwrap().clone();
        let shown = ["hospitals", "proposed", "handed_in", "returned", "accepted"]
            .iter()
            .filter(|name| ehr[**name] != 0);
        seen.push(shown.map(|name| format!("{name} {}", ehr[*name])).collect::<Vec<_>>().join(", "));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
    seen.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn coverage_that_is_kept_follows_every_step_of_a_list_and_every_answer() {
    let app = TestApp::spawn().await;
    let (administrator, tokyo) = opened(&app, "2024-12-31T14:59:59Z").await;
    let readers = [&administrator, &tokyo];
    assert_eq!(covered(readers).await, "hospitals 3");
    choose(&tokyo, "").await.expect(201);
    assert_eq!(covered(readers).await, "hospitals 3, proposed 2");
    let list = tokyo.get(LIST).await.expect(200);
    let (first, second) = (&ids(&list, "20-199", "chosen")[0], &ids(&list, "20-199", "reserves")[0]);
    adjust(&tokyo, &json!({"step": "drop", "hospital": first, "reason": "移転のため"}))
        .await
        .expect(200);
    assert_eq!(covered(readers).await, "hospitals 3, proposed 1");
    choose(&tokyo, "?discard_adjustments=true").await.expect(201);
    assert_eq!(covered(readers).await, "hospitals 3, proposed 2");
    adjust(&tokyo, &json!({"step": "drop", "hospital": first, "reason": "移転のため"}))
        .await
        .expect(200);
    adjust(&tokyo, &json!({"step": "add", "hospital": second, "reason": "救急告示"}))
        .await
        .expect(200);
    adjust(&tokyo, &json!({"step": "hand_in"})).await.expect(200);
    assert_eq!(covered(readers).await, "hospitals 3, handed_in 2");
    decide(&administrator, &json!({"step": "return", "reason": "理由を補ってください"}))
        .await
        .expect(200);
    assert_eq!(covered(readers).await, "hospitals 3, returned 2");
    adjust(&tokyo, &json!({"step": "hand_in"})).await.expect(200);
    decide(&administrator, &json!({"step": "accept"})).await.expect(200);
    assert_eq!(covered(readers).await, "hospitals 3, accepted 2");
    let mut answers = answers_2024();
    answers["ehr_in_use"] = json!("no");
    let mut replacing = body(answers);
    replacing["reason"] = json!("電話で確認");
    tokyo.submit(&revisions("2024", OTHER_WARD), &replacing).await.expect(201);
    assert!(covered(readers).await.starts_with("hospitals 2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_from_the_run_to_acceptance_and_a_replacement_and_the_hospital_learns_of_it() {
    let app = TestApp::spawn().await;
    let (administrator, tokyo) = opened(&app, "2024-12-31T14:59:59Z").await;
    tokyo.get(LIST).await.refused(404, "list_unknown");
    choose(&tokyo, "").await.expect(201);
    let list = tokyo.get(LIST).await.expect(200);
    assert_eq!(
        (&list["state"], &list["version"], &list["message"]),
        (&json!("proposed"), &json!(1), &json!(""))
    );
    let (chosen, reserves) = (ids(&list, "20-199", "chosen"), ids(&list, "20-199", "reserves"));
    assert_eq!((chosen.len(), reserves.len()), (1, 1));
    let (first, second) = (chosen[0].as_str(), reserves[0].as_str());

    adjust(&tokyo, &json!({"step": "add", "hospital": second, "reason": "救急告示"}))
        .await
        .refused(409, "cell_full");
    adjust(&tokyo, &json!({"step": "drop", "hospital": first, "reason": " "}))
        .await
        .refused(400, "reason_missing");
    let dropped = adjust(&tokyo, &json!({"step": "drop", "hospital": first, "reason": "移転のため"}))
        .await
        .expect(200);
    assert_eq!(ids(&dropped, "20-199", "off"), [first]);
    let refusal = adjust(&tokyo, &json!({"step": "hand_in"})).await;
    assert!(
        refusal.json()["detail"]
            .as_str()
            .unwrap()
            .contains("20～199床は枠1病院に対して選定0病院"),
        "{}",
        refusal.json()
    );
    refusal.refused(409, "list_not_exact");
    choose(&tokyo, "").await.refused(409, "list_adjusted");
    adjust(&tokyo, &json!({"step": "add", "hospital": second, "reason": "救急告示"}))
        .await
        .expect(200);
    let stale = tokyo
        .request(Method::POST, &format!("{LIST}/adjustments"))
        .key(new_key())
        .header("If-Match", "\"1\"")
        .json(&json!({"step": "hand_in"}))
        .send()
        .await;
    stale.refused(412, "list_changed");
    decide(&administrator, &json!({"step": "accept"})).await.refused(409, "list_state");
    adjust(&tokyo, &json!({"step": "hand_in"})).await.expect(200);
    adjust(&tokyo, &json!({"step": "drop", "hospital": second, "reason": "辞退"}))
        .await
        .refused(409, "list_state");
    choose(&tokyo, "?discard_adjustments=true").await.refused(409, "list_state");

    let hospital = app.sign_in("hospital").await;
    decide(&administrator, &json!({"step": "return", "reason": "理由を補ってください"}))
        .await
        .expect(200);
    adjust(&tokyo, &json!({"step": "hand_in"})).await.expect(200);
    assert_eq!(hospital.get("/api/v1/programs/mine").await.expect(200), json!([]));
    let accepted = decide(&administrator, &json!({"step": "accept"})).await.expect(200);
    assert_eq!(accepted["state"], "accepted");
    let replaced = adjust(&tokyo, &json!({"step": "replace", "hospital": second, "reason": "閉院"})).await;
    // The other was dropped by hand, so nobody is left.
    replaced.refused(409, "no_reserve");

    let mine = hospital.get("/api/v1/programs/mine").await.expect(200);
    let is_chosen = ids(&accepted, "20-199", "chosen")
        .iter()
        .chain(&ids(&accepted, "400+", "chosen"))
        .any(|gmis| gmis == OWN.gmis);
    assert_eq!(!mine.as_array().unwrap().is_empty(), is_chosen, "{mine}");
    hospital.get(LIST).await.refused(403, "role_not_permitted");

    let history = tokyo.get(&format!("{LIST}/history")).await.expect(200);
    let steps: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["propose", "drop", "add", "hand_in", "return", "hand_in", "accept"]);
    assert_eq!(
        (&history[1]["hospital"], &history[1]["reason"]),
        (&json!(first), &json!("移転のため"))
    );
    assert_eq!(history[4]["reason"], "理由を補ってください");
    let progress = administrator.get("/api/v1/programs/2024/lists").await.expect(200);
    let of_tokyo = progress.as_array().unwrap().iter().find(|one| one["prefecture"] == "13").unwrap();
    assert_eq!(of_tokyo["state"], "accepted");
    assert_eq!(progress.as_array().unwrap().len(), 47);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserve_takes_the_place_of_one_that_leaves_after_acceptance() {
    let app = TestApp::spawn().await;
    let (administrator, tokyo) = opened(&app, "2024-12-31T14:59:59Z").await;
    choose(&tokyo, "").await.expect(201);
    adjust(&tokyo, &json!({"step": "hand_in"})).await.expect(200);
    let accepted = decide(&administrator, &json!({"step": "accept"})).await.expect(200);
    let (first, second) = (ids(&accepted, "20-199", "chosen"), ids(&accepted, "20-199", "reserves"));
    let key = new_key();
    let replace = async || {
        tokyo
            .request(Method::POST, &format!("{LIST}/adjustments"))
            .key(key.clone())
            .json(&json!({"step": "replace", "hospital": first[0], "reason": "閉院のため"}))
            .send()
            .await
    };
    let replaced = replace().await.expect(200);
    assert_eq!(ids(&replaced, "20-199", "chosen"), second);
    assert_eq!(ids(&replaced, "20-199", "off"), first);
    // The same again is the same answer, not a further step.
    assert_eq!(replace().await.expect(200), replaced);
    let history = tokyo.get(&format!("{LIST}/history")).await.expect(200);
    let last = history.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["step"], &last["hospital"], &last["successor"], &last["rank"]),
        (&json!("replace"), &json!(first[0]), &json!(second[0]), &json!(1))
    );
    adjust(
        &tokyo,
        &json!({"step": "replace", "hospital": second[0], "by": first[0], "reason": "閉院"}),
    )
    .await
    .refused(409, "reserve_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_handed_in_until_the_deadline_or_what_was_granted_instead() {
    let app = TestApp::spawn().await;
    // The clock of the tests stands in 2024.
    let (administrator, tokyo) = opened(&app, "2024-01-02T00:00:00Z").await;
    choose(&tokyo, "").await.expect(201);
    adjust(&tokyo, &json!({"step": "hand_in"})).await.refused(409, "deadline_past");
    let extension = json!({"prefecture": "13", "deadline": "2024-12-31T14:59:59Z", "reason": "災害対応のため"});
    tokyo
        .post("/api/v1/programs/2024/extensions", &extension)
        .await
        .refused(403, "role_not_permitted");
    administrator.post("/api/v1/programs/2024/extensions", &extension).await.expect(201);
    assert_eq!(tokyo.get(LIST).await.expect(200)["deadline"], extension["deadline"]);
    adjust(&tokyo, &json!({"step": "hand_in"})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_says_what_it_is() {
    let app = TestApp::spawn().await;
    let administrator = app.sign_in("administrator").await;
    let program = |more: Value| {
        let mut program = json!({
            "id": "p", "fiscal_year": 2025, "title": "支援事業", "surveys": ["2024"], "use_rule": "実施要綱による", "deadline": "2025-08-31T14:59:59Z",
        });
        program.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        program
    };
    for wrong in [
        json!({"banding": "six"}),
        json!({"consent": "recorded"}),
        json!({"effort": {"400+": {"person_days": 1, "days": {"2": 1}}}}),
        json!({"form": [{"field": "name", "header": "病院名"}]}),
        json!({"form": [{"field": "gmis_id", "header": ""}, {"field": "name", "header": "病院名"}]}),
    ] {
        administrator
            .post("/api/v1/programs", &program(wrong))
            .await
            .refused(400, "program_invalid");
    }
    administrator
        .post("/api/v1/programs", &program(json!({"intake_survey": "1999"})))
        .await
        .refused(404, "survey_unknown");
    let opened = administrator
        .post("/api/v1/programs", &program(json!({"banding": "survey"})))
        .await
        .expect(201);
    assert_eq!(
        (&opened["banding"], &opened["effort"]["500+"]["person_days"]),
        (&json!("survey"), &json!(200))
    );
    assert_eq!(opened["form"][0], json!({"field": "number", "header": "番号"}));
    let quota = |band: &str| json!([{"prefecture": "13", "band": band, "hospitals": 1}]);
    administrator
        .put("/api/v1/programs/p/quotas", &quota("400+"))
        .await
        .refused(400, "quota_invalid");
    administrator.put("/api/v1/programs/p/quotas", &quota("400-499")).await.expect(200);
}
