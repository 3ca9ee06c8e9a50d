//! The table explorer: what stands in the address bar is what is counted.

use tests::app::TestApp;
use tests::pages::Reader;

use super::{OFFICES, statuses};

const PATH: &str = "/surveys/2024/table";

#[tokio::test(flavor = "multi_thread")]
async fn the_address_bar_says_which_table() {
    let app = TestApp::answered().await;
    assert_eq!(statuses(&app, PATH, &OFFICES).await, [200, 200, 200, 200, 200, 403]);
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let query = "?question=ehr_in_use&by=band&only.band=&given=safety_manager_placed%3Dyes&estimates=yes";
    let html = tokyo.get(&format!("{PATH}{query}")).await.expect(200);
    for words in [
        "Q11 ",
        "<th scope=\"row\">20～99床</th>",
        "推計",
        "value=\"safety_manager_placed=yes\" selected",
        "table.svg?question=ehr_in_use",
        "この表をExcelで",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    // Beside the own numbers stands what was published of the nation, hidden where it was hidden; nothing is published of indicators.
    let whole = tokyo.get(&format!("{PATH}?question=ehr_in_use")).await.expect(200);
    assert!(
        whole.contains("全国との比較（公表版 第1版") && whole.contains("<td class=\"n\">秘匿</td>"),
        "{whole}"
    );
    let indicator = tokyo.get(&format!("{PATH}?question=bcp_defined_and_drilled")).await.expect(200);
    assert!(
        indicator.contains("BCPの策定と訓練") && !indicator.contains("全国との比較"),
        "{indicator}"
    );
    let cross = tokyo
        .get(&format!("{PATH}?question=ehr_in_use&by=prefecture&and=band"))
        .await
        .expect(200);
    assert!(
        cross.contains("東京都</th><th scope=\"row\">20～99床") && !cross.contains("table.svg"),
        "{cross}"
    );
    assert_eq!(
        tokyo
            .get("/surveys/2024/table.svg?question=ehr_in_use&by=prefecture&and=band")
            .await
            .status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn picture_csv_and_workbook_are_of_the_same_table() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let query = "?question=ehr_in_use&by=band";
    let svg = tokyo.get(&format!("{PATH}.svg{query}")).await;
    assert!(
        svg.headers["content-type"] == "image/svg+xml" && svg.html.contains("20～99床"),
        "{}",
        svg.html
    );
    let csv = tokyo.get(&format!("{PATH}.csv{query}")).await;
    assert_eq!(
        csv.headers["content-disposition"],
        "attachment; filename=\"table_2024_ehr_in_use_13.csv\""
    );
    let lines: Vec<&str> = csv.html.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(
        lines[0],
        "病床規模,回答数,母数,はい,はい（%）,いいえ,いいえ（%）,空欄,無回答,非該当"
    );
    assert_eq!(lines[1], "20～99床,1,1,1,100.0,0,0.0,0,0,0");
    assert_eq!(lines[7], "全体,3,3,3,100.0,0,0.0,0,0,0");
    let xlsx = tokyo.get(&format!("{PATH}.xlsx{query}")).await;
    assert!(xlsx.status == 200 && xlsx.html.starts_with("PK"));
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_areas_and_unknown_words_are_refused() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    for (query, status) in [
        ("?area=14", 403),
        ("?area=nation", 403),
        ("?question=nothing", 404),
        ("?by=colour", 400),
        ("?given=nothing", 400),
        ("?banding=x", 400),
        ("?only.region=mars", 400),
    ] {
        for kind in ["", ".svg", ".csv", ".xlsx"] {
            assert_eq!(tokyo.get(&format!("{PATH}{kind}{query}")).await.status, status, "{kind}{query}");
        }
    }
    let ministry = Reader::sign_in(&app, "analyst").await;
    let html = ministry.get(&format!("{PATH}?area=14&by=municipality")).await.expect(200);
    assert!(html.contains("神奈川県") && html.contains("name=\"area\""), "{html}");
}
