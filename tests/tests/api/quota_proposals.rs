//! Quotas computed from a national total: both methods, within candidates, with ties and divisors, set as versions, and why there is no answer.

use std::collections::BTreeMap;

use analytics::quota::{Divisor, Request, Rounding, divisors_prove};
use serde_json::{Value, json};
use server::app::programs::quotas::compute;
use server::app::programs::quotas::proposal::{Ask, Method};
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use tests::app::TestApp;
use tests::client::Client;
use tests::database::TestDatabase;
use tests::nation::{self, Files, NATION, PROGRAM};
use tests::world::done;

const COMPUTE: &str = "/api/v1/programs/2024/quotas/compute";

async fn compute(client: &Client, question: &Value) -> Value {
    client.post(COMPUTE, question).await.expect(200)
}

/// The cells that have a quota.
fn allotted(proposal: &Value) -> Vec<(String, String, u64)> {
    let cells = proposal["cells"].as_array().unwrap().iter();
    cells
        .filter(|cell| cell["hospitals"] != 0)
        .map(|cell| {
            let text = |key: &str| cell[key].as_str().unwrap().to_owned();
            (text("prefecture"), text("band"), cell["hospitals"].as_u64().unwrap())
        })
        .collect()
}

fn of(list: &[(&str, &str, u64)]) -> Vec<(String, String, u64)> {
    list.iter()
        .map(|(prefecture, band, hospitals)| ((*prefecture).to_owned(), (*band).to_owned(), *hospitals))
        .collect()
}

/// Every prefecture's total: these, and 0 elsewhere.
fn totals(of: &[(u32, u64)]) -> Value {
    let of: BTreeMap<u32, u64> = of.iter().copied().collect();
    (1..=47_u32)
        .map(|code| json!({"prefecture": format!("{code:02}"), "hospitals": of.get(&code).copied().unwrap_or(0)}))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_has_totals_ties_and_stores_nothing_until_it_is_told_to() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let before = app.database.counts().await;
    // Candidates: 13 two small and a large one, 14 a small and a middle one.
    let proposal = compute(&administrator, &json!({"total": 3, "method": "largest_remainder"})).await;
    assert_eq!((&proposal["candidates"], &proposal["stored"]), (&json!(5), &json!(false)));
    assert_eq!(
        allotted(&proposal),
        of(&[("13", "20-199", 1), ("13", "400+", 1), ("14", "20-199", 1)])
    );
    assert_eq!(proposal["tied"], true);
    let tied: Vec<&Value> = proposal["cells"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|cell| cell["tied"] == true)
        .collect();
    assert_eq!(tied.len(), 3, "the three single candidates: {tied:?}");
    assert_eq!(app.database.counts().await, before, "a proposal stores nothing");

    let all = compute(&administrator, &json!({"total": 5, "method": "biproportional"})).await;
    assert_eq!(
        allotted(&all),
        of(&[("13", "20-199", 2), ("13", "400+", 1), ("14", "20-199", 1), ("14", "200-399", 1)])
    );
    let tokyo = all["prefectures"]
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["key"] == "13")
        .unwrap();
    assert_eq!(
        (&tokyo["name"], &tokyo["hospitals"], &tokyo["given"]),
        (&json!("東京都"), &json!(3), &json!(false))
    );
    assert!(tokyo["divisor"]["approximate"].as_f64().unwrap() > 0.0);

    let mut question = json!({"total": 5, "method": "biproportional", "store": true, "hash": all["hash"]});
    administrator.post(COMPUTE, &question).await.refused(400, "reason_missing");
    question["reason"] = json!("再計算");
    assert_eq!(compute(&administrator, &question).await["stored"], true);
    let sum =
        "SELECT sum(hospitals) FROM (SELECT DISTINCT ON (prefecture, band) hospitals FROM quota ORDER BY prefecture, band, version DESC) q";
    assert_eq!(app.database.number(sum).await, 5);
    assert_eq!(
        app.database.number("SELECT count(DISTINCT (prefecture, band)) FROM quota").await,
        141
    );
    // What was seen is no longer what would change.
    administrator.post(COMPUTE, &question).await.refused(409, "quota_changed");
    let noted = "SELECT count(*) FROM audit WHERE action = 'compute_quotas' AND details ->> 'method' = 'biproportional'";
    assert_eq!(app.database.number(noted).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_totals_are_met_and_those_that_cannot_be_are_explained() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let bands = |small: u64, middle: u64, large: u64| json!([{"band": "20-199", "hospitals": small}, {"band": "200-399", "hospitals": middle}, {"band": "400+", "hospitals": large}]);
    let given = json!({"method": "biproportional", "prefecture_totals": totals(&[(13, 2), (14, 1)]), "band_totals": bands(1, 1, 1)});
    let proposal = compute(&administrator, &given).await;
    assert_eq!(proposal["total"], 3);
    assert_eq!(
        allotted(&proposal),
        of(&[("13", "20-199", 1), ("13", "400+", 1), ("14", "200-399", 1)])
    );

    for (question, code, says) in [
        (
            json!({"method": "largest_remainder", "total": 6}),
            "422 quota_infeasible",
            "上限の合計は5です。総数を1減らす",
        ),
        (
            json!({"method": "biproportional", "prefecture_totals": totals(&[(13, 4)]), "total": 4}),
            "422 quota_infeasible",
            "東京都の枠は4ですが、上限（候補の数など）の合計は3で、1足りません",
        ),
        // Each total could be met alone: 東京都 has no middle one, 神奈川県 no large one.
        (
            json!({"method": "biproportional", "prefecture_totals": totals(&[(13, 3)]), "band_totals": bands(2, 1, 0)}),
            "422 quota_infeasible",
            "入りません",
        ),
        (
            json!({"method": "largest_remainder", "total": 2, "lower": [{"prefecture": "13", "band": "400+", "hospitals": 2}]}),
            "422 quota_infeasible",
            "東京都・400床以上の下限（2）が上限（1）を超えています",
        ),
        (
            json!({"method": "largest_remainder", "total": 3, "at_least": 1}),
            "422 quota_infeasible",
            "下限の合計は4です。総数を1増やす",
        ),
        (json!({"method": "biproportional"}), "400 quota_total_missing", "総数"),
        (
            json!({"method": "biproportional", "total": 4, "band_totals": bands(1, 1, 1)}),
            "400 quota_totals_invalid",
            "全国の総数は4、区分計の合計は3",
        ),
        (
            json!({"method": "largest_remainder", "total": 3, "band_totals": bands(1, 1, 1)}),
            "400 quota_totals_invalid",
            "二方向比例配分",
        ),
        (
            json!({"method": "biproportional", "prefecture_totals": [{"prefecture": "13", "hospitals": 1}]}),
            "400 quota_totals_invalid",
            "神奈川県",
        ),
        (
            json!({"method": "biproportional", "band_totals": [{"band": "400+", "hospitals": 1}, {"band": "400+", "hospitals": 1}]}),
            "400 quota_totals_invalid",
            "2回",
        ),
        (
            json!({"method": "largest_remainder", "total": u64::MAX}),
            "400 quota_totals_invalid",
            "多すぎます",
        ),
        (json!({"method": "dice", "total": 1}), "400 body_invalid", ""),
    ] {
        let answer = administrator.post(COMPUTE, &question).await;
        assert_eq!(answer.outcome(), code, "{question}: {answer}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(says), "{question}: {detail}");
    }
}

/// Of the candidates 30, 60, 120, 300 and 450 beds, each is in a band of its own or shares it with one of the other prefecture.
#[tokio::test(flavor = "multi_thread")]
async fn a_programme_of_six_bands_is_computed_over_all_of_them() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let six = json!({
        "id": "six", "fiscal_year": 2024, "title": "6区分の事業", "surveys": ["2024", "2022"], "use_rule": "実施要綱による",
        "deadline": "2024-08-31T14:59:59Z", "banding": "survey",
    });
    administrator.post("/api/v1/programs", &six).await.expect(201);
    let path = "/api/v1/programs/six/quotas/compute";
    let bands = |of: [u64; 6]| -> Value {
        let keys = ["20-99", "100-199", "200-299", "300-399", "400-499", "500+"];
        let totals = keys.iter().zip(of);
        totals
            .map(|(band, hospitals)| json!({"band": band, "hospitals": hospitals}))
            .collect()
    };
    let question =
        json!({"method": "biproportional", "band_totals": bands([1, 1, 0, 1, 1, 0]), "prefecture_totals": totals(&[(13, 3), (14, 1)])});
    let proposal = administrator.post(path, &question).await.expect(200);
    assert_eq!(proposal["cells"].as_array().unwrap().len(), 282);
    assert_eq!(
        allotted(&proposal),
        of(&[("13", "20-99", 1), ("13", "100-199", 1), ("13", "400-499", 1), ("14", "300-399", 1)])
    );
    assert_eq!(proposal["bands"][5]["name"], "500床以上");

    let all = json!({"method": "largest_remainder", "total": 5, "store": true});
    assert_eq!(administrator.post(path, &all).await.expect(200)["stored"], true);
    let stored = "SELECT count(*) FROM quota WHERE program_id = 'six'";
    assert_eq!(app.database.number(stored).await, 282);
    for (question, code) in [
        (json!({"method": "largest_remainder", "total": 6}), "422 quota_infeasible"),
        (
            json!({"method": "biproportional", "band_totals": [{"band": "20-199", "hospitals": 1}]}),
            "400 quota_invalid",
        ),
        (
            json!({"method": "largest_remainder", "total": 1, "lower": [{"prefecture": "13", "band": "400+", "hospitals": 1}]}),
            "400 quota_invalid",
        ),
    ] {
        assert_eq!(administrator.post(path, &question).await.outcome(), code, "{question}");
    }
    // Nor has a programme of three bands one of the six.
    let foreign = json!({"method": "largest_remainder", "total": 1, "lower": [{"prefecture": "13", "band": "20-99", "hospitals": 1}]});
    administrator.post(COMPUTE, &foreign).await.refused(400, "quota_invalid");
}

fn divisors(lines: &Value) -> Vec<Divisor> {
    let divisor =
        |line: &Value| serde_json::from_value(json!({"over": line["divisor"]["over"], "under": line["divisor"]["under"]})).unwrap();
    lines.as_array().unwrap().iter().map(divisor).collect()
}

fn matrix(proposal: &Value, key: &str) -> Vec<Vec<u64>> {
    let numbers: Vec<u64> = proposal["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell[key].as_u64().unwrap())
        .collect();
    numbers.chunks(3).map(<[u64]>::to_vec).collect()
}

/// Of the made nation: its candidates are counted as choosing counts them, and what is answered proves itself.
#[tokio::test(flavor = "multi_thread")]
async fn half_the_candidates_of_a_nation_are_allotted_and_the_answer_proves_itself() {
    let database = TestDatabase::nation().await;
    let state = nation::state(&database.application_url()).await;
    nation::open_program(&state, &Files::of_the_nation(), "試験支援事業").await;
    let ask = Ask {
        total: Some(NATION.quotas.iter().map(|quota| u64::from(quota.candidates)).sum::<u64>() / 2),
        method: Method::Biproportional,
        rounding: Rounding::Standard,
        prefecture_totals: None,
        band_totals: None,
        at_least: 1,
        lower: Vec::new(),
    };
    let begun = std::time::Instant::now();
    let compute = async || {
        let permit = Permit::of(Actor::system()).unwrap();
        serde_json::to_value(done(compute::preview(&state, &permit, PROGRAM, &ask).await)).unwrap()
    };
    let proposal = compute().await;
    println!("{:?}", begun.elapsed());
    for quota in &NATION.quotas {
        let is_it = |cell: &&Value| cell["prefecture"] == quota.prefecture.code() && cell["band"] == *quota.band;
        let cell = proposal["cells"].as_array().unwrap().iter().find(is_it).unwrap();
        assert_eq!(cell["candidates"], quota.candidates, "{quota:?}");
    }
    let (weights, lower, seats) = (
        matrix(&proposal, "candidates"),
        matrix(&proposal, "lower"),
        matrix(&proposal, "hospitals"),
    );
    let totals = |lines: &Value| -> Vec<u64> {
        let lines = lines.as_array().unwrap().iter();
        lines.map(|line| line["hospitals"].as_u64().unwrap()).collect()
    };
    let (rows, columns) = (totals(&proposal["prefectures"]), totals(&proposal["bands"]));
    assert_eq!((Some(rows.iter().sum()), Some(columns.iter().sum())), (ask.total, ask.total));
    let request = Request {
        weights: &weights,
        row_totals: &rows,
        column_totals: &columns,
        lower: Some(&lower),
        upper: Some(&weights),
        rounding: Rounding::Standard,
    };
    let (of_rows, of_columns) = (divisors(&proposal["prefectures"]), divisors(&proposal["bands"]));
    assert!(divisors_prove(&request, &seats, &of_rows, &of_columns));
    assert_eq!(compute().await, proposal, "the same question has the same answer");
}
