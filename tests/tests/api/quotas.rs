//! Quotas from files and by hand: all or nothing, with cells of faults, a reason for every change, and a history of it.

use importer::hostile;
use reqwest::Method;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use tests::app::TestApp;
use tests::client::{Answer, Client};

const QUOTAS: &str = "/api/v1/programs/2024/quotas";

async fn upload(client: &Client, query: &str, file: impl Into<Vec<u8>>) -> Answer {
    let path = format!("{QUOTAS}/imports{query}");
    client.request(Method::POST, &path).bytes(file).send().await
}

fn workbook(rows: &[(&str, [u32; 3])]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "支援枠").unwrap();
    for (column, heading) in (0..).zip(["都道府県", "20～199床", "200～399床", "400床以上", "計"]) {
        sheet.write_string(2, column, heading).unwrap();
    }
    let mut sums = [0; 4];
    for (row, (name, numbers)) in (3..).zip(rows) {
        sheet.write_string(row, 0, *name).unwrap();
        let total = numbers.iter().sum::<u32>();
        for (place, number) in numbers.iter().chain([&total]).enumerate() {
            sheet.write_number(row, u16::try_from(place + 1).unwrap(), *number).unwrap();
            sums[place] += number;
        }
    }
    let last = 3 + u32::try_from(rows.len()).unwrap();
    sheet.write_string(last, 0, "計").unwrap();
    for (column, sum) in (1..).zip(sums) {
        sheet.write_number(last, column, sum).unwrap();
    }
    book.save_to_buffer().unwrap()
}

/// Prefecture, band, number and version of what is in force.
fn cells(list: &Value) -> Vec<(String, String, u64, u64)> {
    let text = |cell: &Value, key: &str| cell[key].as_str().unwrap().to_owned();
    let number = |cell: &Value, key: &str| cell[key].as_u64().unwrap();
    list.as_array()
        .unwrap()
        .iter()
        .map(|cell| {
            (
                text(cell, "prefecture"),
                text(cell, "band"),
                number(cell, "hospitals"),
                number(cell, "version"),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_is_tried_and_then_set_with_a_reason_as_new_versions() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let before = administrator.get(QUOTAS).await.expect(200);
    let file = workbook(&[("13 東京都", [1, 0, 3]), ("神奈川", [2, 1, 0])]);

    let tried = upload(&administrator, "?dry_run=true", file.clone()).await.expect(200);
    assert_eq!(
        (&tried["stored"], &tried["cells"], &tried["hospitals"], &tried["reason_needed"]),
        (&json!(false), &json!(6), &json!(7), &json!(true))
    );
    let change = |prefecture: &str, band: &str, before: Value, hospitals: u32, version: u32| json!({"prefecture": prefecture, "band": band, "before": before, "hospitals": hospitals, "version": version});
    assert_eq!(
        tried["changes"],
        json!([
            change("13", "400+", json!(2), 3, 1),
            change("14", "20-199", json!(1), 2, 1),
            change("14", "400+", Value::Null, 0, 0),
        ])
    );
    assert_eq!(administrator.get(QUOTAS).await.expect(200), before, "a dry run stores nothing");

    upload(&administrator, "", file.clone()).await.refused(400, "reason_missing");
    let long = format!("?reason={}", "x".repeat(2_001));
    upload(&administrator, &long, file.clone()).await.refused(400, "reason_too_long");
    upload(&administrator, "?reason=x&hash=0", file.clone())
        .await
        .refused(409, "quota_changed");
    assert_eq!(administrator.get(QUOTAS).await.expect(200), before, "refused: nothing stored");

    let hash = tried["hash"].as_str().unwrap();
    let set = upload(
        &administrator,
        &format!("?reason=%E8%BF%BD%E5%8A%A0&hash={hash}&file_name=quotas.xlsx"),
        file.clone(),
    )
    .await;
    assert_eq!(set.expect(200)["stored"], true);
    let of = |prefecture: &str, band: &str, hospitals, version| (prefecture.to_owned(), band.to_owned(), hospitals, version);
    assert_eq!(
        cells(&administrator.get(QUOTAS).await.expect(200)),
        [
            of("13", "20-199", 1, 1),
            of("13", "200-399", 0, 1),
            of("13", "400+", 3, 2),
            of("14", "20-199", 2, 2),
            of("14", "200-399", 1, 1),
            of("14", "400+", 0, 1),
        ]
    );
    // The same again changes nothing and needs no reason.
    assert_eq!(upload(&administrator, "", file).await.expect(200)["changes"], json!([]));
    let noted = "SELECT count(*) FROM audit WHERE action = 'import_quotas' AND details ->> 'file_name' = 'quotas.xlsx' AND details ->> 'cells' = '3'";
    assert_eq!(app.database.number(noted).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_fault_is_refused_whole_and_names_the_cells() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let before = app.database.counts().await;
    let faulty = "都道府県,20-199,200-399,400+,計\n東京,1,1,1,3\n大坂,1,1,1,3\n神奈川,1,,1,2\n";
    let refused = upload(&administrator, "?reason=x", faulty).await.refused(422, "quotas_faulty");
    let found = |faults: &Value| -> Vec<String> {
        let text = |fault: &Value| format!("{} {}", fault["cell"].as_str().unwrap(), fault["code"].as_str().unwrap());
        faults.as_array().unwrap().iter().map(text).collect()
    };
    assert_eq!(found(&refused["faults"]), ["A3 prefecture_unknown", "C4 quota_blank"]);
    let tried = upload(&administrator, "?dry_run=true", faulty).await.expect(200);
    assert_eq!(
        (found(&tried["faults"]), &tried["hash"], &tried["changes"]),
        (found(&refused["faults"]), &Value::Null, &json!([]))
    );
    let total = "都道府県,病床規模区分,支援枠\n東京,20-199,1\n東京,計,2\n";
    let refused = upload(&administrator, "?reason=x", total).await.refused(422, "quotas_faulty");
    assert_eq!(found(&refused["faults"]), ["C3 quota_total_wrong"]);
    let much = "都道府県,病床規模区分,支援枠\n東京,20-199,4000000000\n";
    upload(&administrator, "?reason=x", much).await.refused(400, "quota_invalid");
    let unknown = administrator
        .request(Method::POST, "/api/v1/programs/2030/quotas/imports")
        .bytes("x")
        .send()
        .await;
    assert!(
        ["404 program_unknown", "422 quotas_faulty"].contains(&unknown.outcome().as_str()),
        "{unknown}"
    );
    assert_eq!(app.database.counts().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_of_quotas_are_refused_and_the_server_goes_on() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let before = app.database.counts().await;
    for file in hostile::described() {
        let refused = upload(&administrator, "?reason=x", file.bytes.clone())
            .await
            .refused(422, "file_refused");
        assert_eq!(refused["faults"][0]["code"], file.code, "{}", file.name);
    }
    assert_eq!(app.database.counts().await, before);
    administrator.get(QUOTAS).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_changed_since_it_was_seen_is_not_overwritten() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let cell = |hospitals: u32, version: i32| json!({"prefecture": "13", "band": "20-199", "hospitals": hospitals, "version": version});
    let with_reason = format!("{QUOTAS}?reason=x");
    administrator.put(QUOTAS, &json!([cell(2, 1)])).await.refused(400, "reason_missing");
    administrator
        .put(&format!("{QUOTAS}?reason=%20"), &json!([cell(2, 1)]))
        .await
        .refused(400, "reason_missing");
    assert_eq!(
        administrator.put(&with_reason, &json!([cell(2, 1)])).await.expect(200)["changed"],
        1
    );
    for seen in [0, 1, 3] {
        let refused = administrator
            .put(&with_reason, &json!([cell(3, seen)]))
            .await
            .refused(409, "quota_changed");
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains("東京都 20～199床") && detail.contains("第2版"), "{detail}");
    }
    // A cell that nobody saw: nothing was there.
    let new = json!([{"prefecture": "14", "band": "400+", "hospitals": 1, "version": 0}, cell(2, 2)]);
    assert_eq!(administrator.put(QUOTAS, &new).await.expect(200)["changed"], 1);
    let versions = "SELECT count(*) FROM quota WHERE prefecture = 13 AND band = '20-199'";
    assert_eq!(app.database.number(versions).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_tells_every_version_with_its_reason_to_whom_it_concerns() {
    let app = TestApp::answered().await;
    let (administrator, tokyo) = (app.sign_in("administrator").await, app.sign_in("tokyo").await);
    let cells = json!([{"prefecture": "13", "band": "400+", "hospitals": 5}, {"prefecture": "14", "band": "20-199", "hospitals": 5}]);
    administrator
        .put(&format!("{QUOTAS}?reason=%E5%A2%97%E6%9E%A0"), &cells)
        .await
        .expect(200);
    let all = administrator.get(&format!("{QUOTAS}/history")).await.expect(200);
    assert_eq!(all.as_array().unwrap().len(), 7);
    let own = tokyo.get(&format!("{QUOTAS}/history")).await.expect(200);
    assert_eq!(own, tokyo.get(&format!("{QUOTAS}/history?prefecture=13")).await.expect(200));
    let told: Vec<(&str, i64, i64, Option<&str>)> = own
        .as_array()
        .unwrap()
        .iter()
        .map(|version| {
            let number = |key: &str| version[key].as_i64().unwrap();
            (
                version["band"].as_str().unwrap(),
                number("version"),
                number("hospitals"),
                version["reason"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("20-199", 1, 1, None),
            ("200-399", 1, 0, None),
            ("400+", 1, 2, None),
            ("400+", 2, 5, Some("増枠")),
        ]
    );
    assert!(
        own[3]["set_by"].is_string() && own[0]["set_by"].is_null() && own[3]["request"].is_null(),
        "{own}"
    );
    tokyo
        .get(&format!("{QUOTAS}/history?prefecture=14"))
        .await
        .refused(403, "prefecture_not_yours");
    tokyo
        .get(&format!("{QUOTAS}/history?prefecture=48"))
        .await
        .refused(400, "prefecture_invalid");
}
