//! Live tables and their files.

use std::io::Cursor;

use calamine::{Reader, Xlsx};
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::world::{OWN, answers_2024, but};

use crate::{body, revisions};

/// Every cell of every sheet as text.
pub fn cells(workbook: &[u8]) -> Vec<String> {
    let mut workbook = Xlsx::new(Cursor::new(workbook.to_vec())).unwrap();
    let sheets = workbook.worksheets();
    sheets
        .iter()
        .flat_map(|(_, range)| range.cells().map(|(_, _, cell)| cell.to_string()).collect::<Vec<_>>())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_counts_base_blank_no_answer_and_not_asked_to_n() {
    let app = TestApp::answered().await;
    let analyst = app.sign_in("analyst").await;
    for question in [
        "safety_manager_placed",
        "bcp_drilled",
        "backup_copies",
        "consultation_desk",
        "backup_offline",
    ] {
        let table = analyst
            .get(&format!(
                "/api/v1/surveys/2024/tables?question={question}&area=nation&by=prefecture_band&banding=program"
            ))
            .await
            .expect(200);
        let number = |row: &Value, field: &str| row[field].as_u64().unwrap();
        for row in table["rows"].as_array().unwrap().iter().chain([&table["total"]]) {
            let sum: u64 = ["base", "blank", "no_answer", "not_asked"]
                .iter()
                .map(|field| number(row, field))
                .sum();
            assert_eq!(sum, number(row, "n"), "{question}: {row}");
        }
        assert_eq!(table["total"]["n"], 5, "{question}");
    }
    let manager = analyst
        .get("/api/v1/surveys/2024/tables?question=safety_manager_placed&area=nation&by=area")
        .await
        .expect(200);
    assert_eq!((&manager["total"]["no_answer"], &manager["total"]["base"]), (&json!(1), &json!(4)));
    let drilled = analyst
        .get("/api/v1/surveys/2024/tables?question=bcp_drilled&area=nation&by=area")
        .await
        .expect(200);
    assert_eq!((&drilled["total"]["not_asked"], &drilled["total"]["base"]), (&json!(1), &json!(4)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_answer_is_in_the_next_table() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    let rates = "/api/v1/surveys/2024/response-rates?area=13&by=area";
    assert_eq!(tokyo.get(rates).await.expect(200)["total"]["responses"], 0);
    hospital
        .submit(&revisions("2024", OWN), &body(but(answers_2024(), "backup_offline", "no")))
        .await
        .expect(201);
    // A snapshot is looked at again after a second at most: asked until it is there, for far longer than that.
    let begun = std::time::Instant::now();
    let counted = loop {
        let total = tokyo.get(rates).await.expect(200)["total"].clone();
        if total["responses"] != 0 || begun.elapsed().as_secs() > 20 {
            break total;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(counted["responses"], 1, "{counted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_newest_revision_counts_and_its_layout_has_to_be_known() {
    let app = TestApp::spawn().await;
    let (hospital, tokyo) = (app.sign_in("hospital").await, app.sign_in("tokyo").await);
    for choice in ["no", "yes"] {
        hospital
            .submit(&revisions("2024", OWN), &body(but(answers_2024(), "backup_offline", choice)))
            .await
            .expect(201);
    }
    let superuser = app.database.superuser().await;
    let forget_layout = async |number: i32| {
        let sql = "UPDATE revision SET layout_hash = repeat('0', 64) WHERE number = $1";
        assert_eq!(superuser.execute(sql, &[&number]).await.unwrap(), 1);
    };
    // Nobody counts it any more.
    forget_layout(1).await;
    let path = "/api/v1/surveys/2024/tables?question=backup_offline&area=13&by=area";
    let table = tokyo.get(path).await.expect(200);
    let counted: Vec<&Value> = table["total"]["options"]
        .as_array()
        .unwrap()
        .iter()
        .map(|option| &option["count"])
        .collect();
    assert_eq!((&table["total"]["n"], counted), (&json!(1), vec![&json!(1), &json!(0)]));
    forget_layout(2).await;
    superuser.batch_execute("UPDATE submission SET version = version").await.unwrap();
    let begun = std::time::Instant::now();
    while begun.elapsed().as_secs() < 20 && tokyo.get(path).await.status == 200 {
        tokio::task::yield_now().await;
    }
    tokyo.get(path).await.refused(500, "internal_error");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_with_their_names_and_are_the_same_twice() {
    let app = TestApp::answered().await;
    let analyst = app.sign_in("analyst").await;
    for (file, name) in [
        ("houkoku.xlsx", "houkoku_2024.xlsx"),
        ("data.xlsx", "data_2024.xlsx"),
        ("data.csv", "data_2024.csv"),
        ("code_table.csv", "code_table_2024.csv"),
        ("definitions.csv", "definitions_2024.csv"),
    ] {
        let path = format!("/api/v1/surveys/2024/statistics/{file}?area=nation");
        let answer = analyst.get(&path).await;
        assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{name}\""));
        assert_eq!(
            (answer.header("x-content-type-options"), answer.header("cache-control")),
            ("nosniff", "no-store")
        );
        let bytes = answer.file();
        if file == "houkoku.xlsx" {
            assert_eq!(bytes, analyst.get(&path).await.file(), "the same bytes twice");
        }
        if file.ends_with(".xlsx") {
            assert!(!cells(&bytes).is_empty(), "{file}");
        } else {
            assert!(std::str::from_utf8(&bytes).unwrap().lines().count() > 3, "{file}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_that_left_the_frame_or_whose_answers_went_back_is_not_counted() {
    let app = TestApp::answered().await;
    let analyst = app.sign_in("analyst").await;
    let superuser = app.database.superuser().await;
    superuser
        .batch_execute(
            "UPDATE frame SET out_of_scope_at = now(), out_of_scope_reason = '廃止' WHERE survey_id = '2024' AND gmis_id = 'SJK0001'",
        )
        .await
        .unwrap();
    superuser
        .batch_execute("UPDATE submission SET state = 'returned' WHERE survey_id = '2024' AND prefecture = 14")
        .await
        .unwrap();
    let rates = analyst
        .get("/api/v1/surveys/2024/response-rates?area=nation&by=prefecture")
        .await
        .expect(200);
    assert_eq!((&rates["total"]["targets"], &rates["total"]["responses"]), (&json!(6), &json!(2)));
    let table = analyst
        .get("/api/v1/surveys/2024/tables?question=ehr_in_use&area=nation&by=area")
        .await
        .expect(200);
    assert_eq!(table["total"]["n"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trend_joins_the_years_by_hospital_and_refuses_what_does_not_compare() {
    let app = TestApp::answered().await;
    let (analyst, tokyo) = (app.sign_in("analyst").await, app.sign_in("tokyo").await);
    let path = |from: &str, question: &str, area: &str| format!("/api/v1/surveys/2024/trends?from={from}&question={question}&area={area}");
    let nation = analyst.get(&path("2022", "ehr_in_use", "nation")).await.expect(200)["total"].clone();
    assert_eq!(
        (&nation["all"]["earlier"]["n"], &nation["all"]["later"]["n"]),
        (&json!(3), &json!(5))
    );
    let panel = &nation["panel"];
    assert_eq!(
        (&panel["hospitals"], &panel["earlier"]["n"], &panel["stayed_yes"]["count"]),
        (&json!(4), &json!(2), &json!(2))
    );
    let own = tokyo.get(&path("2022", "ehr_in_use", "13")).await.expect(200)["total"].clone();
    assert_eq!((&own["all"]["earlier"]["n"], &own["panel"]["later"]["n"]), (&json!(2), &json!(1)));
    for (from, question, area, expected) in [
        ("2022", "ehr_in_use", "nation", "403 area_not_yours"),
        ("2022", "ehr_in_use", "14", "403 area_not_yours"),
        ("2022", "backup_offline", "13", "400 question_not_comparable"),
        ("2022", "network_map_known", "13", "400 question_not_comparable"),
        ("2024", "ehr_in_use", "13", "400 question_not_comparable"),
        ("2022", "nothing", "13", "404 question_unknown"),
        ("2020", "ehr_in_use", "13", "404 survey_unknown"),
    ] {
        assert_eq!(
            tokyo.get(&path(from, question, area)).await.outcome(),
            expected,
            "{from} {question} {area}"
        );
    }
    let refused = tokyo.get(&path("2022", "backup_offline", "13")).await.json();
    assert!(refused["detail"].as_str().unwrap().starts_with("比べられません。"), "{refused}");
}
