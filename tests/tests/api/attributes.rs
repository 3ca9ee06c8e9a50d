//! Attributes of the frame: what a file says of hospitals is what is stored, frozen and counted, and an account gets the numbers of its own area by
//! them and no others. Compared with plain SQL over the stored frame.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::binary;
use tests::database::TestDatabase;
use tests::world::{CITY_WARD, FAR, Hospital, NEIGHBOUR, OTHER_CITY, OTHER_WARD, OWN};

/// What the frame of 2024 says; of the others it says nothing.
const SAID: [(Hospital, &str); 6] = [
    (
        OWN,
        r#"{"founder": "medical_corporation", "medical_area": "1304", "medical_area_name": "区西部", "municipality_name": "新宿区"}"#,
    ),
    (
        NEIGHBOUR,
        r#"{"founder": "national", "medical_area": "1304", "emergency": "tertiary", "disaster_base": "yes"}"#,
    ),
    (
        OTHER_WARD,
        r#"{"founder": "medical_corporation", "medical_area": "1301", "emergency": "none"}"#,
    ),
    (
        CITY_WARD,
        r#"{"founder": "municipal", "medical_area": "1401", "medical_area_name": "横浜", "disaster_base": "yes"}"#,
    ),
    (OTHER_CITY, r#"{"founder": "medical_corporation", "medical_area": "1402"}"#),
    (FAR, r#"{"disaster_base": "no"}"#),
];

async fn app() -> TestApp {
    let app = TestApp::answered().await;
    let client = app.database.superuser().await;
    for (hospital, said) in SAID {
        let sql = "UPDATE frame SET attributes = $1::text::jsonb WHERE survey_id = '2024' AND gmis_id = $2";
        assert_eq!(client.execute(sql, &[&said, &hospital.gmis]).await.unwrap(), 1);
    }
    app
}

/// An account's own area, as SQL has it.
const ACCOUNTS: [(&str, &str, &str); 5] = [
    ("tokyo", "13", "f.prefecture = 13"),
    ("kanagawa", "14", "f.prefecture = 14"),
    ("shinjuku", "13104", "f.municipality = '13104'"),
    ("yokohama", "14100", "f.municipality BETWEEN '14101' AND '14118'"),
    ("analyst", "nation", "true"),
];
const BAND: &str = "CASE WHEN f.beds < 100 THEN '20-99' WHEN f.beds < 200 THEN '100-199' WHEN f.beds < 300 THEN '200-299' \
                    WHEN f.beds < 400 THEN '300-399' WHEN f.beds < 500 THEN '400-499' ELSE '500+' END";
/// The dimensions of a cross, and the filters with what they are in SQL.
const ASKED: [(&[&str], &str, &str); 7] = [
    (&["founder"], "", "true"),
    (&["medical_area"], "", "true"),
    (&["founder", "band"], "", "true"),
    (&["emergency", "prefecture", "disaster_base"], "", "true"),
    (&["municipality", "founder"], "", "true"),
    (
        &["emergency"],
        "&filters=founder=medical_corporation|unknown,disaster_base=unknown",
        "coalesce(f.attributes ->> 'founder', 'medical_corporation') = 'medical_corporation' AND NOT f.attributes ? 'disaster_base'",
    ),
    (
        &["band"],
        "&filters=medical_area=1304|1402",
        "f.attributes ->> 'medical_area' IN ('1304', '1402')",
    ),
];

/// Targets and answers of every combination that there is, by SQL.
async fn by_sql(database: &TestDatabase, dimensions: &[&str], of: &str) -> BTreeMap<Vec<String>, (i64, i64)> {
    let column = |dimension: &&str| match *dimension {
        "band" => BAND.to_owned(),
        "prefecture" => "lpad(f.prefecture::text, 2, '0')".to_owned(),
        "municipality" => "coalesce(nullif(f.municipality, ''), 'unknown')".to_owned(),
        attribute => format!("coalesce(f.attributes ->> '{attribute}', 'unknown')"),
    };
    let columns: Vec<String> = dimensions.iter().map(column).collect();
    let sql = format!(
        "SELECT ARRAY[{}] AS place, count(*), count(s.id) FROM frame f LEFT JOIN submission s \
         ON s.survey_id = f.survey_id AND s.hospital_id = f.hospital_id AND s.state IN ('submitted', 'accepted') \
         WHERE f.survey_id = '2024' AND f.out_of_scope_at IS NULL AND {of} GROUP BY 1",
        columns.join(", ")
    );
    let rows = database.superuser().await.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect()
}

/// What the rows of a table or of rates count, by their places; rows without anybody are left out.
fn by_rows(answer: &Value, field: &str) -> BTreeMap<Vec<String>, i64> {
    let rows = answer["rows"].as_array().unwrap().iter();
    let counted = rows.map(|row| {
        let place = row["place"].as_array().unwrap().iter();
        let keys = place.map(|value| value["key"].as_str().unwrap().to_owned()).collect();
        (keys, row[field].as_i64().unwrap())
    });
    let counted: Vec<(Vec<String>, i64)> = counted.collect();
    let places = counted.len();
    let counted: BTreeMap<_, _> = counted.into_iter().collect();
    assert_eq!(counted.len(), places, "a place stands in two rows");
    counted.into_iter().filter(|(_, count)| *count > 0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_attributes_an_account_gets_the_numbers_of_its_own_area_as_sql_counts_them_and_no_others() {
    let app = app().await;
    for (login, own, inside) in ACCOUNTS {
        let client = app.sign_in(login).await;
        for (dimensions, filters, of) in ASKED {
            let by = dimensions.join(",");
            let tables = |area: &str| format!("/api/v1/surveys/2024/tables?question=ehr_in_use&area={area}&by={by}{filters}");
            let rates = |area: &str| format!("/api/v1/surveys/2024/response-rates?area={area}&by={by}{filters}");
            let expected = by_sql(&app.database, dimensions, &format!("{inside} AND {of}")).await;
            let only = |number: fn(&(i64, i64)) -> i64| -> BTreeMap<Vec<String>, i64> {
                let rows = expected.iter().map(|(place, counts)| (place.clone(), number(counts)));
                rows.filter(|(_, count)| *count > 0).collect()
            };
            let rate = client.get(&rates(own)).await.expect(200);
            assert_eq!(by_rows(&rate, "targets"), only(|counts| counts.0), "{login} {by}{filters}");
            assert_eq!(by_rows(&rate, "responses"), only(|counts| counts.1), "{login} {by}{filters}");
            let table = client.get(&tables(own)).await.expect(200);
            assert_eq!(by_rows(&table, "n"), only(|counts| counts.1), "{login} {by}{filters}");
            if own == "nation" {
                continue;
            }
            // Nor does the name of a row tell of somebody else.
            let foreign = if own.starts_with("13") {
                ["1401", "横浜", "14101"]
            } else {
                ["1304", "区西部", "13104"]
            };
            let told = format!("{}{}", table["rows"], rate["rows"]);
            assert!(!foreign.iter().any(|name| told.contains(name)), "{login} {by}: {told}");
            for other in ["nation", if own.starts_with("13") { "14" } else { "13" }] {
                for path in [tables(other), rates(other)] {
                    assert_eq!(client.get(&path).await.outcome(), "403 area_not_yours", "{login} {path}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_the_frame_gives_are_on_the_rows_and_those_of_the_list_or_codes_where_it_gives_none() {
    let app = app().await;
    let analyst = app.sign_in("analyst").await;
    let labels = async |by: &str| {
        let rates = analyst
            .get(&format!("/api/v1/surveys/2024/response-rates?area=nation&by={by}"))
            .await
            .expect(200);
        let rows = rates["rows"].as_array().unwrap().iter();
        rows.map(|row| row["place"][0]["label"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        labels("medical_area").await,
        ["東京都1301", "東京都区西部", "神奈川県横浜", "神奈川県1402", "二次医療圏不明"]
    );
    let towns = labels("municipality").await;
    assert!(
        towns.contains(&"東京都新宿区".to_owned()) && towns.contains(&"東京都千代田区".to_owned()),
        "{towns:?}"
    );
    let founders = labels("founder").await;
    assert_eq!(founders.first().map(String::as_str), Some("国"));
    assert_eq!(founders.last().map(String::as_str), Some("開設者不明"));
    assert_eq!(founders.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_there_is_not_is_refused_with_those_that_there_are() {
    let app = TestApp::answered().await;
    let analyst = app.sign_in("analyst").await;
    for (query, outcome, said) in [
        ("by=shoe", "400 by_invalid", "band、founder、medical_area、emergency、disaster_base"),
        ("by=founder,founder", "400 by_invalid", "founder"),
        ("by=founder,band,emergency,region", "400 by_invalid", "4個"),
        (
            "by=area&filters=emergency=fourth",
            "400 filter_invalid",
            "tertiary、secondary、primary、none、または unknown",
        ),
        ("by=area&filters=medical_area=13", "400 filter_invalid", "4桁のコード"),
        ("by=area&filters=founder", "400 filter_invalid", "founder、medical_area"),
    ] {
        let path = format!("/api/v1/surveys/2024/response-rates?area=nation&{query}");
        let answer = analyst.get(&path).await;
        assert_eq!(answer.outcome(), outcome, "{query}");
        assert!(answer.json().to_string().contains(said), "{query}: {}", answer.json());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn indicators_and_attributes_are_listed_as_tables_take_them() {
    let app = TestApp::answered().await;
    let hospital = app.sign_in("hospital").await;
    let analyst = app.sign_in("analyst").await;
    for survey in ["2022", "2024"] {
        let indicators = hospital.get(&format!("/api/v1/surveys/{survey}/indicators")).await.expect(200);
        for indicator in indicators.as_array().unwrap() {
            let key = indicator["key"].as_str().unwrap();
            let path = format!("/api/v1/surveys/{survey}/tables?question={key}&area=nation&by=area");
            assert_eq!(analyst.get(&path).await.expect(200)["label"], indicator["label"]);
            assert!(!indicator["definition"].as_str().unwrap().is_empty());
            // The hospitals that it counts are those that pass its conditions as filters.
            let conditions: Vec<&str> = ["among", "all"]
                .iter()
                .flat_map(|field| indicator[*field].as_array().unwrap())
                .map(|condition| condition.as_str().unwrap())
                .collect();
            let counted = analyst.get(&path).await.expect(200)["total"]["options"][0]["count"].clone();
            let filtered = analyst.get(&format!("{path}&filters={}", conditions.join(","))).await.expect(200);
            assert_eq!(filtered["total"]["n"], counted, "{key}");
        }
    }
    assert_eq!(
        hospital.get("/api/v1/surveys/1999/indicators").await.outcome(),
        "404 survey_unknown"
    );
    let attributes = hospital.get("/api/v1/attributes").await.expect(200);
    assert_eq!(
        attributes[1],
        json!({"key": "medical_area", "label": "二次医療圏", "values": [], "code_digits": 4})
    );
    for attribute in attributes.as_array().unwrap() {
        let key = attribute["key"].as_str().unwrap();
        let rates = analyst
            .get(&format!("/api/v1/surveys/2024/response-rates?area=nation&by={key}"))
            .await
            .expect(200);
        for (value, row) in attribute["values"]
            .as_array()
            .unwrap()
            .iter()
            .zip(rates["rows"].as_array().unwrap())
        {
            assert_eq!(
                (&value["key"], &value["label"]),
                (&row["place"][0]["key"], &row["place"][0]["label"])
            );
        }
    }
}

/// `chosa` on a database, with a file.
fn run(database: &TestDatabase, folder: &tempfile::TempDir, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = binary::command();
    command
        .args(arguments)
        .current_dir(folder.path())
        .env("DATABASE_URL", database.application_url())
        .env("CHOSA_DATA_FOLDER", folder.path().join("data"))
        .env("CHOSA_LOG_FILTER", "error");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code(), text)
}

async fn stored(database: &TestDatabase, table: &str) -> Vec<Value> {
    let sql = match table {
        "frame" => "SELECT attributes::text FROM frame WHERE survey_id = '2024' ORDER BY gmis_id",
        _ => "SELECT h.attributes::text FROM hospital h JOIN alias a ON a.hospital_id = h.id AND a.kind = 'gmis_id' ORDER BY a.value",
    };
    let rows = database.superuser().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| serde_json::from_str(row.get(0)).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_file_stores_what_it_says_or_nothing_at_all() {
    let database = TestDatabase::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |rows: &str| {
        let head = "G-MIS ID,医療機関名,都道府県,市区町村コード,病床数,開設者,二次医療圏,二次医療圏名,救急,災害拠点病院,市区町村名";
        std::fs::write(folder.path().join("frame.csv"), format!("{head}\n{rows}")).unwrap();
    };
    let import = ["import", "frame", "frame.csv", "--survey", "2024"];
    let good = "AAA0001,あおば病院,北海道,01101,120,国立病院機構,104,札幌,三次,○,札幌市中央区\n";
    write(&format!("{good}AAA0002,いずみ病院,青森県,,50,医療法人,104,,,,\n"));
    let (code, text) = run(&database, &folder, &import);
    assert!(
        code == Some(65) && text.contains("attribute_invalid") && text.contains("G3"),
        "{text}"
    );
    // Starting makes the surveys known; of the frame there is nothing.
    let counts = database.counts().await;
    for table in ["frame", "hospital", "alias", "audit"] {
        assert_eq!(counts[table], 0, "{table}");
    }
    write(&format!("{good}AAA0002,いずみ病院,青森県,,50,,,,,,\n"));
    let (code, text) = run(&database, &folder, &import);
    assert_eq!(code, Some(0), "{text}");
    let said = json!({"founder": "national", "medical_area": "0104", "medical_area_name": "札幌", "emergency": "tertiary",
        "disaster_base": "yes", "municipality_name": "札幌市中央区"});
    assert_eq!(stored(&database, "frame").await, [said, json!({})]);
    let rates = [
        "tabulate",
        "--survey",
        "2024",
        "--by",
        "founder,medical_area",
        "--filter",
        "emergency=tertiary",
        "--json",
    ];
    let (code, text) = run(&database, &folder, &rates);
    assert_eq!(code, Some(0), "{text}");
    let rates: Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(
        by_rows(&rates, "targets"),
        BTreeMap::from([(vec!["national".to_owned(), "0104".to_owned()], 1)])
    );
    assert_eq!(rates["rows"][0]["place"][1]["label"], "北海道札幌");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_changes_what_it_says_and_a_frame_drawn_from_it_keeps_what_it_froze() {
    let database = TestDatabase::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |rows: &str| {
        let head = "G-MIS ID,医療機関名,都道府県,許可病床数,廃止日,founder,medical_area,medical_area_name,emergency";
        std::fs::write(folder.path().join("master.csv"), format!("{head}\n{rows}")).unwrap();
    };
    let import = ["hospital", "import", "master.csv"];
    write("AAA0001,あおば病院,東京都,120,,個人,1304,区西部,\nAAA0002,いずみ病院,東京都,50,,,,,\n");
    assert_eq!(run(&database, &folder, &import).0, Some(0));
    let (code, text) = run(&database, &folder, &["frame", "draw", "--survey", "2024"]);
    assert_eq!(code, Some(0), "{text}");
    let first = [
        json!({"founder": "individual", "medical_area": "1304", "medical_area_name": "区西部"}),
        json!({}),
    ];
    assert_eq!(stored(&database, "frame").await, first);

    write("AAA0001,あおば病院,東京都,120,,医療法人,,,\nAAA0002,いずみ病院,東京都,50,,,,,二次\n");
    let (code, text) = run(&database, &folder, &["hospital", "import", "master.csv", "--dry-run"]);
    let said = ["属性の変更: 2件", "開設者: 個人 → 医療法人", "救急医療体制: 未登録 → 二次救急"];
    assert!(code == Some(0) && said.iter().all(|words| text.contains(words)), "{text}");
    assert_eq!(run(&database, &folder, &import).0, Some(0));
    let (code, text) = run(&database, &folder, &import);
    assert!(code == Some(0) && text.contains("変更はありません"), "{text}");
    let renewed = [
        json!({"founder": "medical_corporation", "medical_area": "1304", "medical_area_name": "区西部"}),
        json!({"emergency": "secondary"}),
    ];
    assert_eq!(stored(&database, "hospital").await, renewed);
    // Who moves to another prefecture leaves its medical area.
    write("AAA0001,あおば病院,神奈川県,120,,,,,\n");
    assert_eq!(run(&database, &folder, &import).0, Some(0));
    assert_eq!(stored(&database, "hospital").await[0], json!({"founder": "medical_corporation"}));
    assert_eq!(stored(&database, "frame").await, first, "frozen");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_keeps_attributes_objects_and_frozen() {
    let database = TestDatabase::world().await;
    let client = database.superuser().await;
    for table in ["frame", "hospital"] {
        let refused = client
            .execute(&format!("UPDATE {table} SET attributes = '[]'"), &[])
            .await
            .unwrap_err();
        let constraint = refused.as_db_error().unwrap().constraint().unwrap().to_owned();
        assert_eq!(constraint, format!("{table}_attributes_object"));
    }
    let sql = "SELECT has_column_privilege('chosa_app', 'frame', 'attributes', 'UPDATE'), has_column_privilege('chosa_app', 'hospital', 'attributes', 'UPDATE')";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (false, true));
}
