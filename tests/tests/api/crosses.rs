//! Tables by any cross, banding and filter as each account gets them: the numbers are those of its own hospitals, counted here from the made world,
//! or there are none.

use serde_json::{Value, json};
use survey::area::Area;
use tests::app::TestApp;
use tests::world::{ANSWERED_2024, FRAME_2024, Hospital, prefecture};

/// Rows, classes and filters that are asked for, and which hospitals the filters let through.
type Asked = (&'static str, &'static str, fn(&Hospital) -> bool);
const ASKED: [Asked; 8] = [
    ("by=area", "", |_| true),
    ("by=region", "", |_| true),
    ("by=region,band&banding=20,100,300", "", |_| true),
    ("by=municipality", "", |_| true),
    ("by=prefecture,municipality,band", "", |_| true),
    ("by=prefecture", "&filters=prefecture=13", |hospital| hospital.prefecture == 13),
    ("by=prefecture", "&filters=prefecture=14|01", |hospital| hospital.prefecture == 14),
    ("by=region", "&filters=municipality=14100|13104,band=100-199|300-399", |hospital| {
        ["14101", "13104"].contains(&hospital.municipality) && (100..200).contains(&hospital.beds)
            || hospital.municipality == "14101" && hospital.beds == 300
    }),
];

/// How many of them are in the area and pass the filter.
fn count(hospitals: &[Hospital], area: &str, passes: fn(&Hospital) -> bool) -> usize {
    let area = Area::parse(area).unwrap();
    let inside = |hospital: &&Hospital| {
        let municipality = (!hospital.municipality.is_empty()).then(|| tests::world::municipality(hospital.municipality));
        area.covers(prefecture(hospital.prefecture), municipality.as_ref())
    };
    hospitals.iter().filter(inside).filter(|hospital| passes(hospital)).count()
}

fn sum(table: &Value, field: &str) -> u64 {
    let rows = table["rows"].as_array().unwrap();
    rows.iter().map(|row| row[field].as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_an_account_gets_the_numbers_of_its_own_area_and_no_others() {
    let app = TestApp::answered().await;
    for (login, own) in [
        ("tokyo", "13"),
        ("kanagawa", "14"),
        ("shinjuku", "13104"),
        ("yokohama", "14100"),
        ("analyst", "nation"),
    ] {
        let client = app.sign_in(login).await;
        for (shape, filters, passes) in ASKED {
            let tables = |area: &str| format!("/api/v1/surveys/2024/tables?question=ehr_in_use&area={area}&{shape}{filters}");
            let rates = |area: &str| format!("/api/v1/surveys/2024/response-rates?area={area}&{shape}{filters}");
            let table = client.get(&tables(own)).await.expect(200);
            let answered = u64::try_from(count(&ANSWERED_2024, own, passes)).unwrap();
            assert_eq!(
                (&table["total"]["n"], sum(&table, "n")),
                (&json!(answered), answered),
                "{login} {shape}{filters}"
            );
            let rate = client.get(&rates(own)).await.expect(200);
            let targets = u64::try_from(count(&FRAME_2024, own, passes)).unwrap();
            assert_eq!(
                (&rate["total"]["targets"], sum(&rate, "targets")),
                (&json!(targets), targets),
                "{login} {shape}{filters}"
            );
            assert_eq!(sum(&rate, "responses"), answered, "{login} {shape}{filters}");
            if own != "nation" {
                let foreign = if own.starts_with("13") {
                    ["神奈川県", "14101", "14131"]
                } else {
                    ["東京都", "13104", "13101"]
                };
                let told = format!("{}{}", table["rows"], rate["rows"]);
                assert!(!foreign.iter().any(|name| told.contains(name)), "{login} {shape}{filters}: {told}");
                for other in ["nation", if own.starts_with("13") { "14" } else { "13" }] {
                    assert_eq!(
                        client.get(&tables(other)).await.outcome(),
                        "403 area_not_yours",
                        "{login} {shape}{filters}"
                    );
                    assert_eq!(
                        client.get(&rates(other)).await.outcome(),
                        "403 area_not_yours",
                        "{login} {shape}{filters}"
                    );
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_says_its_place_and_a_several_choice_question_both_percentages() {
    let app = TestApp::answered().await;
    let analyst = app.sign_in("analyst").await;
    let query = "question=consultation_desk&area=nation&by=region,band&banding=20,100,300&filters=region=kanto";
    let table = analyst.get(&format!("/api/v1/surveys/2024/tables?{query}")).await.expect(200);
    assert_eq!(
        (&table["by"], &table["banding"], &table["filters"]),
        (&json!("region,band"), &json!("20,100,300"), &json!(["region=kanto"]))
    );
    let row = &table["rows"][2 * 3 + 1];
    assert_eq!(
        row["place"],
        json!([
            {"dimension": "region", "key": "kanto", "label": "関東"},
            {"dimension": "band", "key": "100-299", "label": "100～299床"},
        ])
    );
    assert_eq!(
        (&row["n"], &row["band"], &row["prefecture"]),
        (&json!(1), &json!("100-299"), &Value::Null)
    );
    let options = table["total"]["options"].as_array().unwrap();
    let chosen: u64 = options.iter().map(|option| option["count"].as_u64().unwrap()).sum();
    assert!(chosen > 0);
    for option in options {
        let of = |all: u64| (1000.0 * option["count"].as_f64().unwrap() / f64::from(u32::try_from(all).unwrap())).round() / 10.0;
        assert_eq!(option["percent"], of(table["total"]["base"].as_u64().unwrap()));
        assert_eq!(option["percent_of_answers"], of(chosen));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_of_filtering_by_an_answer_give_the_same_table() {
    let app = TestApp::answered().await;
    let analyst = app.sign_in("analyst").await;
    let table = async |more: &str| {
        let path = format!("/api/v1/surveys/2024/tables?question=ehr_in_use&area=nation&by=prefecture_band&{more}");
        analyst.get(&path).await.expect(200)
    };
    let short = table("among=bcp_defined.no").await;
    assert_eq!(short, table("filters=bcp_defined=no").await);
    assert_eq!(short["total"]["n"], 1);
    assert_eq!(table("among=bcp_defined.no&filters=prefecture=13").await["total"]["n"], 0);
    assert_eq!(table("filters=bcp_defined=no|yes").await["total"]["n"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_indicator_is_asked_for_like_a_question() {
    let app = TestApp::answered().await;
    let kanagawa = app.sign_in("kanagawa").await;
    let table = async |key: &str| {
        let path = format!("/api/v1/surveys/2024/tables?question={key}&area=14&by=prefecture");
        let table = kanagawa.get(&path).await.expect(200);
        assert_eq!(table["rows"][0]["n"], table["total"]["n"]);
        table
    };
    // One of the two has no BCP, the other one has not drilled it: neither counts, and both are known.
    let drilled = table("bcp_defined_and_drilled").await;
    assert_eq!(drilled["label"], "BCPの策定と訓練");
    let counts = |table: &Value| {
        let options = table["total"]["options"].as_array().unwrap();
        (
            table["total"]["base"].clone(),
            options.iter().map(|option| option["count"].clone()).collect(),
        )
    };
    assert_eq!(counts(&drilled), (json!(2), vec![json!(0), json!(2)]));
    assert_eq!(
        counts(&table("ehr_backup_three_two_one").await),
        (json!(2), vec![json!(2), json!(0)])
    );
    let foreign = "/api/v1/surveys/2024/tables?question=bcp_defined_and_drilled&area=13&by=area";
    assert_eq!(kanagawa.get(foreign).await.outcome(), "403 area_not_yours");
    // Those of another survey are unknown here.
    let other = "/api/v1/surveys/2024/tables?question=vpn_maintained&area=14&by=area";
    assert_eq!(kanagawa.get(other).await.outcome(), "404 question_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_takes_the_same_words_and_counts_the_same() {
    let app = TestApp::answered().await;
    let analyst = app.sign_in("analyst").await;
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = tests::binary::command();
        command
            .env("DATABASE_URL", app.database.application_url())
            .env("CHOSA_DATA_FOLDER", folder.path());
        command.args(["tabulate", "--survey", "2024"]).args(arguments).output().unwrap()
    };
    let words = [
        "--by",
        "region,band",
        "--banding",
        "20,100,300",
        "--filter",
        "ehr_in_use=yes",
        "--filter",
        "prefecture=13|14",
    ];
    let printed = run(&[&["--question", "backup_copies", "--json"], &words[..]].concat());
    assert!(printed.status.success(), "{printed:?}");
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let path = "/api/v1/surveys/2024/tables?question=backup_copies&area=nation&by=region,band&banding=20,100,300";
    let answered = analyst
        .get(&format!("{path}&filters=ehr_in_use=yes,prefecture=13|14"))
        .await
        .expect(200);
    assert_eq!(answered["total"]["n"], 5);
    for field in ["by", "banding", "filters"] {
        assert_eq!(printed[field], answered[field]);
    }
    let numbers = |table: &Value| -> Vec<Value> {
        let rows = table["rows"].as_array().unwrap().iter().chain([&table["total"]]);
        rows.map(|row| json!([row["place"], row["n"], row["base"], row["options"]]))
            .collect()
    };
    assert_eq!(numbers(&printed), numbers(&answered));

    let many = run(&[&["--question", "ehr_in_use,backup_copies", "--json"], &words[..]].concat());
    let many: Value = serde_json::from_slice(&many.stdout).unwrap();
    assert_eq!(many.as_array().unwrap().len(), 2);
    assert_eq!(many[1], printed);
    let all: Value = serde_json::from_slice(&run(&["--question", "all", "--json"]).stdout).unwrap();
    let keys: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|table| table["question"].as_str().unwrap())
        .collect();
    let known: Value = serde_json::from_slice(&run(&["--list", "--json"]).stdout).unwrap();
    let known = ["questions", "indicators"].map(|what| known[what].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()));
    assert_eq!(keys, known.into_iter().flatten().collect::<Vec<&str>>());
    let named = String::from_utf8(run(&["--question", "ehr_in_use,backup_copies"]).stdout).unwrap();
    assert!(
        named.contains("（ehr_in_use）") && named.contains("\n\n") && named.contains("（backup_copies）"),
        "{named}"
    );

    let people = run(&["--by", "municipality", "--filter", "prefecture=14"]);
    let people = String::from_utf8(people.stdout).unwrap();
    assert!(
        people.contains("神奈川県横浜市鶴見区") && people.contains("市区町村不明"),
        "{people}"
    );
    for (arguments, said) in [
        (&["--by", "shoe"][..], "行の分け方「shoe」はありません"),
        (&["--banding", "50,100"], "最初の下限が50床"),
        (&["--filter", "region=kansai"], "「region=kansai」を読み取れません"),
        (
            &["--question", "ehr_in_use,backup_copies", "--picture", "many.svg"],
            "設問を1つだけ指定",
        ),
    ] {
        let refused = run(arguments);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(String::from_utf8(refused.stderr).unwrap().contains(said));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_makes_no_sense_is_refused_by_its_reason() {
    let app = TestApp::answered().await;
    let analyst = app.sign_in("analyst").await;
    for (query, outcome) in [
        ("by=region,shoe", "400 by_invalid"),
        ("by=band,band", "400 by_invalid"),
        ("by=region,prefecture,municipality,band", "400 by_invalid"),
        ("by=band&banding=50,100", "400 banding_invalid"),
        ("by=band&banding=20,100,100", "400 banding_invalid"),
        ("by=band&banding=large", "400 banding_invalid"),
        ("by=area&filters=region", "400 filter_invalid"),
        ("by=area&filters=region=kansai", "400 filter_invalid"),
        ("by=area&filters=prefecture=48", "400 filter_invalid"),
        ("by=area&filters=", "400 filter_invalid"),
        ("by=area&filters=band=20-199", "404 band_unknown"),
        ("by=area&filters=shoe=yes", "404 question_unknown"),
        ("by=area&filters=bcp_defined=perhaps", "404 option_unknown"),
        ("by=area&among=bcp_defined", "400 among_invalid"),
    ] {
        let path = format!("/api/v1/surveys/2024/tables?question=ehr_in_use&area=nation&{query}");
        assert_eq!(analyst.get(&path).await.outcome(), outcome, "{query}");
    }
    let by_answer = "/api/v1/surveys/2024/response-rates?area=nation&by=area&filters=ehr_in_use=yes";
    assert_eq!(analyst.get(by_answer).await.outcome(), "400 filter_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn estimates_stand_in_a_table_only_if_they_are_asked_for() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let path = "/api/v1/surveys/2024/tables?question=ehr_in_use&area=13&by=band";
    let plain = tokyo.get(path).await.expect(200);
    assert!(!plain.to_string().contains("estimate"), "{plain}");
    let table = tokyo.get(&format!("{path}&estimates=true")).await.expect(200);
    for row in table["rows"].as_array().unwrap().iter().chain([&table["total"]]) {
        for option in row["options"].as_array().unwrap() {
            let estimate = &option["estimate"];
            assert_eq!(estimate.is_null(), row["base"] == 0, "{row}");
            if estimate["known"] == "sampled" {
                let [low, percent, high] = ["low", "percent", "high"].map(|field| estimate[field].as_f64().unwrap());
                assert!(0.0 <= low && low <= percent && percent <= high && high <= 100.0, "{estimate}");
            }
        }
        let asked = ["base", "blank", "no_answer"]
            .map(|field| row[field].as_u64().unwrap())
            .iter()
            .sum::<u64>();
        assert_eq!(row["item_nonresponse"]["asked"].as_u64().unwrap_or(0), asked, "{row}");
    }
    assert!(table["total"]["base"].as_u64().unwrap() > 0);
    assert_eq!(tokyo.get(&format!("{path}&estimates=perhaps")).await.outcome(), "400 query_invalid");
}
