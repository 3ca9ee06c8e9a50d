//! One request of each operation, to one's own, a neighbouring and a foreign hospital or area.

use reqwest::Method;
use serde_json::{Value, json};
use tests::client::{Answer, Client, new_key};
use tests::files;
use tests::world::{self, CITY_WARD, CLIENT, CLIENT_SECRET, FAR, Hospital, OTHER_WARD, OWN, PASSWORD, UNPLACED};

use crate::{Caller, Imports, Target};

/// The hospital that is meant.
pub fn hospital(target: Target) -> Hospital {
    match target {
        Target::Own => OWN,
        Target::Neighbour => OTHER_WARD,
        Target::Foreign => CITY_WARD,
    }
}

/// The area that is meant.
pub fn area(caller: Caller, target: Target) -> &'static str {
    match (target, caller) {
        (Target::Own, Caller::Hospital | Caller::Municipality) => "13104",
        (Target::Own, Caller::Prefecture) => "13",
        (Target::Own, _) => "nation",
        (Target::Neighbour, _) => "13101",
        (Target::Foreign, _) => "14",
    }
}

/// The prefecture that is meant.
pub fn prefecture(target: Target) -> &'static str {
    if target == Target::Foreign { "14" } else { "13" }
}

/// Sends the request of an operation.
pub async fn send(operation: &str, client: &Client, caller: Caller, target: Target, imports: &Imports) -> Answer {
    let (area, prefecture, gmis) = (area(caller, target), prefecture(target), hospital(target).gmis);
    let of_program = format!("/api/v1/programs/2024/prefectures/{prefecture}");
    match operation {
        "live" => client.get("/livez").await,
        "ready" => client.get("/readyz").await,
        "create_session" => {
            client
                .post("/api/v1/sessions", &json!({"login": "tokyo", "password": PASSWORD}))
                .await
        }
        "create_token" => {
            client
                .post("/api/v1/tokens", &json!({"client_id": CLIENT, "client_secret": CLIENT_SECRET}))
                .await
        }
        "delete_session" => client.delete("/api/v1/sessions/current").await,
        "read_me" => client.get("/api/v1/me").await,
        "list_surveys" => client.get("/api/v1/surveys").await,
        "read_survey" => client.get("/api/v1/surveys/2024").await,
        "read_edition" => client.get("/api/v1/surveys/2024/editions/first").await,
        "read_schema" => client.get("/api/v1/surveys/2024/editions/first/schema").await,
        "list_indicators" => client.get("/api/v1/surveys/2024/indicators").await,
        "list_attributes" => client.get("/api/v1/attributes").await,
        "download_template" => client.get("/api/v1/surveys/2024/templates/form").await,
        "download_hospital_template" => {
            client
                .get(&format!("/api/v1/surveys/2024/hospitals/{gmis}/template?prefill=true"))
                .await
        }
        "download_area_template" => client.get("/api/v1/surveys/2024/hospitals-template?prefill=true").await,
        "download_annotated" => {
            client
                .get(&format!("/api/v1/surveys/2024/imports/{}/annotated", imports.of(caller, target)))
                .await
        }
        "open_window" => client.post("/api/v1/surveys/2024/windows", &window()).await,
        "grant_extension" => {
            let whom = if target == Target::Foreign {
                json!({"area": area})
            } else {
                json!({"hospital": gmis})
            };
            client.post("/api/v1/surveys/2024/extensions", &extension(whom)).await
        }
        "list_extensions" => client.get("/api/v1/surveys/2024/extensions").await,
        "close_window" => {
            let survey = client.get("/api/v1/surveys/2024").await.json();
            let id = survey["windows"][0]["id"]
                .as_str()
                .unwrap_or("00000000-0000-4000-8000-000000000000");
            // Each earlier than the one before, and none before today.
            let day = match target {
                Target::Own => "2024-03-01",
                Target::Neighbour => "2024-02-28",
                Target::Foreign => "2024-02-25",
            };
            let closure = json!({"closes": format!("{day}T00:00:00Z"), "reason": "試験"});
            client.post(&format!("/api/v1/surveys/2024/windows/{id}/closure"), &closure).await
        }
        "list_hospitals" => client.get(&format!("/api/v1/surveys/2024/hospitals{}", filter(target))).await,
        "import_master" => client.upload("/api/v1/hospitals/imports", master(gmis, prefecture)).await,
        "draw_frame" => client.post("/api/v1/surveys/2024/frame", &json!({})).await,
        "drop_from_scope" => {
            let path = format!("/api/v1/surveys/2024/hospitals/{gmis}/out-of-scope");
            client.post(&path, &json!({"reason": "廃止"})).await
        }
        "read_submission" => client.get(&submission(gmis)).await,
        "read_receipt" => {
            client
                .get(&format!("/api/v1/surveys/2024/hospitals/{gmis}/revisions/1/receipt"))
                .await
        }
        "list_receipt_keys" => client.get("/api/v1/receipt-keys").await,
        "verify_receipt" => client.post("/api/v1/receipts/verify", &receipt(gmis)).await,
        "submit_answers" => submit(client, gmis, caller).await,
        "read_draft" => client.get(&draft(gmis)).await,
        "save_draft" | "discard_draft" => {
            let stored = client.get(&draft(gmis)).await;
            let method = if operation == "save_draft" { Method::PUT } else { Method::DELETE };
            let request = client.request(method, &draft(gmis));
            let request = if operation == "save_draft" {
                request.json(&json!({"answers": {"ehr_in_use": "yes"}}))
            } else {
                request
            };
            match stored.header("etag") {
                "" => request.header("If-None-Match", "*").send().await,
                tag => request.header("If-Match", tag).send().await,
            }
        }
        "withdraw_answers" => step(client, (gmis, imports), "withdrawal", &json!({"reason": "誤記"})).await,
        "return_answers" => {
            step(
                client,
                (gmis, imports),
                "return",
                &json!({"comments": [{"text": "確認してください"}]}),
            )
            .await
        }
        "accept_answers" => step(client, (gmis, imports), "acceptance", &json!({})).await,
        "submit_batch" => {
            let mut answers = answers(caller);
            answers["respondent"]["organisation"] = json!("一括");
            let line = json!({"hospital": gmis, "answers": answers, "reason": "試験"});
            client.upload("/api/v1/surveys/2024/batches", line.to_string()).await
        }
        "import_answers" => {
            let rows = [(gmis, world::but(answers(caller), "alerts_collected", "no"))];
            let path = format!("/api/v1/surveys/2024/imports?reason={}", caller.login());
            client
                .upload(&path, files::csv(world::survey_of("2024").first_edition(), &rows))
                .await
        }
        "read_job" => client.get(&format!("/api/v1/jobs/{}", imports.job(target))).await,
        "follow_job" => client.get(&format!("/api/v1/jobs/{}/events", imports.job(target))).await,
        "download_job_file" => client.get(&format!("/api/v1/jobs/{}/file", imports.job(target))).await,
        "request_export" => {
            client
                .submit("/api/v1/surveys/2024/exports", &json!({"file": "houkoku.xlsx", "area": area}))
                .await
        }
        "list_imports" => client.get("/api/v1/surveys/2024/imports").await,
        "read_import" => {
            client
                .get(&format!("/api/v1/surveys/2024/imports/{}", imports.of(caller, target)))
                .await
        }
        "create_enrolments" => {
            let list = json!([{"hospital": gmis, "email": "new@example.jp"}, {"hospital": unanswered(target), "email": caller.login().to_owned() + "@example.jp"}]);
            client.submit("/api/v1/accounts/enrolments", &list).await
        }
        "list_enrolments" => client.get("/api/v1/accounts/enrolments").await,
        "redeem_enrolment" => {
            let body = json!({"token": "forged", "password": PASSWORD});
            client.post("/api/v1/enrolments/redeem", &body).await
        }
        "reset_password" => client.post("/api/v1/passwords/reset", &json!({"login": "hospital"})).await,
        "list_missing" => client.get(&format!("/api/v1/surveys/2024/missing?area={area}")).await,
        "send_reminders" => {
            let body = json!({"area": area, "round": format!("{caller:?}-{target:?}")});
            client.submit("/api/v1/surveys/2024/reminders", &body).await
        }
        "read_table" => {
            client
                .get(&format!("/api/v1/surveys/2024/tables?question=ehr_in_use&area={area}&by=band"))
                .await
        }
        "read_response_rates" => {
            client
                .get(&format!("/api/v1/surveys/2024/response-rates?area={area}&by=area"))
                .await
        }
        "read_trend" => {
            client
                .get(&format!(
                    "/api/v1/surveys/2024/trends?from=2022&question=ehr_in_use&area={area}&by=band"
                ))
                .await
        }
        "list_releases" => client.get("/api/v1/surveys/2024/releases").await,
        "preview_release" => client.get("/api/v1/surveys/2024/releases/next").await,
        "read_release" => client.get("/api/v1/surveys/2024/releases/1").await,
        "check_release" => client.get("/api/v1/surveys/2024/releases/1/check").await,
        "download_release_file" => client.get("/api/v1/surveys/2024/releases/1/files/microdata_2024.zip").await,
        "make_release" => client.submit("/api/v1/surveys/2024/releases", &json!({"note": "訂正"})).await,
        "download_statistics" => {
            client
                .get(&format!("/api/v1/surveys/2024/statistics/houkoku.xlsx?area={area}"))
                .await
        }
        "list_programs" => client.get("/api/v1/programs").await,
        "create_program" => client.post("/api/v1/programs", &program(caller, target)).await,
        "list_program_extensions" => client.get("/api/v1/programs/2024/extensions").await,
        "extend_program" => {
            let extension = json!({"prefecture": prefecture, "deadline": "2024-09-30T14:59:59Z", "reason": "災害対応のため"});
            client.post("/api/v1/programs/2024/extensions", &extension).await
        }
        "read_coverage" => client.get(&format!("/api/v1/programs/2024/coverage?prefecture={prefecture}")).await,
        "read_effort" => {
            client
                .get(&format!("/api/v1/programs/2024/effort?of=chosen&teams=2&prefecture={prefecture}"))
                .await
        }
        "read_plan" => {
            client
                .get(&format!("/api/v1/programs/2024/plan?totals=6,2&prefecture={prefecture}"))
                .await
        }
        "list_quotas" => client.get("/api/v1/programs/2024/quotas").await,
        "set_quotas" => {
            let quota = json!([{"prefecture": prefecture, "band": "20-199", "hospitals": 1}]);
            client.put("/api/v1/programs/2024/quotas", &quota).await
        }
        "list_quota_history" => {
            client
                .get(&format!("/api/v1/programs/2024/quotas/history?prefecture={prefecture}"))
                .await
        }
        "import_quotas" => {
            let file = format!("都道府県,20～199床,200～399床,400床以上\n{prefecture},1,1,1\n");
            let request = client.request(Method::POST, "/api/v1/programs/2024/quotas/imports?dry_run=true");
            request.bytes(file).send().await
        }
        "compute_quotas" => {
            let question = json!({"total": 1, "method": "largest_remainder"});
            client.post("/api/v1/programs/2024/quotas/compute", &question).await
        }
        "ask_for_quota" => {
            let cell = |band: &str| json!({"prefecture": prefecture, "band": band});
            let moves = json!([{"from": cell("20-199"), "to": cell("400+"), "hospitals": 1}]);
            client
                .submit("/api/v1/programs/2024/quota-requests", &json!({"moves": moves, "reason": "試験"}))
                .await
        }
        "list_quota_requests" => client.get("/api/v1/programs/2024/quota-requests").await,
        "grant_quota_request" | "refuse_quota_request" => {
            let step = if operation == "grant_quota_request" { "grant" } else { "refuse" };
            let path = format!("/api/v1/programs/2024/quota-requests/{}/{step}", uuid::Uuid::nil());
            client.post(&path, &json!({"reason": "試験"})).await
        }
        "list_nominations" => client.get(&format!("{of_program}/nominations")).await,
        "nominate_hospital" => {
            let said = json!({"hospital": unanswered(target), "reason": "試験"});
            client.submit(&format!("{of_program}/nominations"), &said).await
        }
        "withdraw_nomination" => {
            let path = format!("{of_program}/nominations/{}/withdrawal", unanswered(target));
            client.submit(&path, &json!({"reason": "試験"})).await
        }
        "list_exclusions" => client.get(&format!("{of_program}/exclusions")).await,
        "exclude_hospital" => {
            let said = json!({"hospital": gmis, "reason": "試験"});
            client.submit(&format!("{of_program}/exclusions"), &said).await
        }
        "withdraw_exclusion" => {
            let path = format!("{of_program}/exclusions/{gmis}/withdrawal");
            client.submit(&path, &json!({"reason": "試験"})).await
        }
        "list_inspections" => client.get(&format!("/api/v1/prefectures/{prefecture}/inspections")).await,
        "enter_inspection" => {
            let found = json!({"hospital": gmis, "level": 1, "inspected_on": "2023-10-01", "note": "試験"});
            client
                .submit(&format!("/api/v1/prefectures/{prefecture}/inspections"), &found)
                .await
        }
        "withdraw_inspection" => {
            let path = format!(
                "/api/v1/prefectures/{prefecture}/inspections/{}/withdrawal",
                imports.inspection(target)
            );
            client.submit(&path, &json!({"reason": "試験"})).await
        }
        "read_criteria" => client.get(&format!("{of_program}/criteria")).await,
        "preview_criteria" => client.post(&format!("{of_program}/criteria/preview"), &criteria(target)).await,
        "set_criteria" => {
            let seen = client.get(&format!("{of_program}/criteria")).await;
            let seen = if seen.status == 200 { seen.header("etag") } else { "\"1\"" }.to_owned();
            let request = client.request(Method::PUT, &format!("{of_program}/criteria"));
            request.header("If-Match", &seen).json(&criteria(target)).send().await
        }
        "list_candidates" => client.get(&format!("{of_program}/candidates")).await,
        "choose_hospitals" => {
            client
                .request(Method::POST, &format!("{of_program}/selections"))
                .key(new_key())
                .send()
                .await
        }
        "read_selection" => client.get(&format!("{of_program}/selection")).await,
        "download_selection" => client.get(&format!("{of_program}/selection.xlsx")).await,
        "list_lists" => client.get("/api/v1/programs/2024/lists").await,
        "read_list" => client.get(&format!("{of_program}/list")).await,
        "read_list_history" => client.get(&format!("{of_program}/list/history")).await,
        "adjust_list" => {
            client
                .submit(&format!("{of_program}/list/adjustments"), &json!({"step": "hand_in"}))
                .await
        }
        "decide_list" => {
            client
                .submit(
                    &format!("{of_program}/list/decisions"),
                    &json!({"step": "return", "reason": "確認のため"}),
                )
                .await
        }
        "download_list" => client.get(&format!("{of_program}/list.xlsx")).await,
        "download_national_list" => client.get("/api/v1/programs/2024/lists.xlsx").await,
        "download_hand_over" => client.get("/api/v1/programs/2024/hand-over.xlsx").await,
        "import_results" => {
            let file = "G-MIS ID,実施状況\nNOBODY1,実施中\n";
            let request = client.request(Method::POST, "/api/v1/programs/2024/results/imports?dry_run=true");
            request.bytes(file).send().await
        }
        "list_results" => client.get(&format!("/api/v1/programs/2024/results?prefecture={prefecture}")).await,
        "ask_for_results" => {
            client
                .submit("/api/v1/programs/2024/result-requests", &json!({"reason": "試験"}))
                .await
        }
        "list_result_requests" => client.get("/api/v1/programs/2024/result-requests").await,
        "decide_result_request" => {
            let path = format!("/api/v1/programs/2024/result-requests/{}/decisions", uuid::Uuid::nil());
            client.post(&path, &json!({"decision": "granted", "reason": "試験"})).await
        }
        "list_own_programs" => client.get("/api/v1/programs/mine").await,
        "list_audit" => client.get("/api/v1/audit?limit=500").await,
        operation => panic!("how is {operation} asked for? say so in this function"),
    }
}

/// A hospital that has not answered: in the caller's prefecture, or in the other.
pub fn unanswered(target: Target) -> &'static str {
    if target == Target::Foreign { FAR.gmis } else { UNPLACED.gmis }
}

/// One that was never given: nobody learns from it whether there is such a hospital.
fn receipt(gmis: &str) -> Value {
    json!({
        "receipt": "00000000-0000-4000-8000-000000000000", "survey": "2024", "edition": "2024-first", "edition_hash": "0".repeat(64), "hospital": gmis,
        "revision": 1, "entry_path": "api", "received_at": "2024-02-10T00:00:00Z", "received_sha256": null, "key": "0123456789abcdef", "signature": "",
    })
}

/// Where one's own draft of a hospital's answers is.
fn draft(gmis: &str) -> String {
    format!("/api/v1/surveys/2024/hospitals/{gmis}/draft")
}

/// Takes a step of the submission as it stands, whoever may know how that is.
async fn step(client: &Client, (gmis, imports): (&str, &Imports), step: &str, body: &Value) -> Answer {
    let tag = format!("\"{}\"", imports.version(gmis).await);
    let request = client.request(Method::POST, &format!("{}/{step}", submission(gmis)));
    request.key(new_key()).header("If-Match", &tag).json(body).send().await
}

/// Where a hospital's answers are read.
pub fn submission(gmis: &str) -> String {
    format!("/api/v1/surveys/2024/hospitals/{gmis}/submission")
}

/// Submits answers that differ from caller to caller, with a reason where that is needed.
pub async fn submit(client: &Client, gmis: &str, caller: Caller) -> Answer {
    let body = json!({"answers": answers(caller), "reason": "試験"});
    client
        .submit(&format!("/api/v1/surveys/2024/hospitals/{gmis}/revisions"), &body)
        .await
}

fn answers(caller: Caller) -> Value {
    let mut answers = world::answers_2024();
    answers["respondent"]["contact"] = json!(format!("{caller:?}"));
    answers
}

/// Own: all that one sees.
fn filter(target: Target) -> &'static str {
    match target {
        Target::Own => "",
        Target::Neighbour => "?prefecture=13",
        Target::Foreign => "?prefecture=14",
    }
}

/// Other ones for each target.
fn criteria(target: Target) -> Value {
    let item = json!({"key": "beds", "label": "病床", "points": 1, "when": {"beds_at_least": 20}});
    json!({"name": format!("{target:?}"), "items": [item]})
}

fn window() -> Value {
    json!({"opens": "2030-01-01T00:00:00Z", "closes": "2030-02-01T00:00:00Z", "reason": "試験"})
}

fn extension(mut whom: Value) -> Value {
    whom["until"] = json!("2030-01-01T00:00:00Z");
    whom["reason"] = json!("試験");
    whom
}

fn program(caller: Caller, target: Target) -> Value {
    json!({
        "id": format!("{caller:?}-{target:?}").to_lowercase(), "fiscal_year": 2030, "title": "試験事業", "surveys": ["2024"],
        "use_rule": "試験のため", "deadline": "2030-01-01T00:00:00Z",
    })
}

fn master(gmis: &str, prefecture: &str) -> String {
    format!("gmis_id,name,prefecture,beds,closed_on\n{gmis},試験病院,{prefecture},100,\n")
}
