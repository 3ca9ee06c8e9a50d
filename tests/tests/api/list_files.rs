//! The files of lists: what a prefecture hands in, what the ministry keeps, and what the contractor gets and does not get.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use serde_json::json;
use tests::app::TestApp;
use tests::client::Client;

/// Sheets by name, as rows of text.
pub type Sheets = BTreeMap<String, Vec<Vec<String>>>;

pub fn sheets(workbook: Vec<u8>) -> Sheets {
    let mut workbook = Xlsx::new(Cursor::new(workbook)).unwrap();
    let text = |cell: &Data| cell.to_string();
    let rows = |range: &calamine::Range<Data>| range.rows().map(|row| row.iter().map(text).collect()).collect();
    workbook
        .worksheets()
        .iter()
        .map(|(name, range)| (name.clone(), rows(range)))
        .collect()
}

async fn file(client: &Client, path: &str) -> Sheets {
    sheets(client.get(&format!("/api/v1/programs/2024/{path}")).await.file())
}

/// The column of a table by its head, below the row that has it.
fn column(rows: &[Vec<String>], head: &str) -> Vec<String> {
    let (top, at) = rows
        .iter()
        .enumerate()
        .find_map(|(row, cells)| Some((row, cells.iter().position(|cell| cell == head)?)))
        .unwrap_or_else(|| panic!("no {head} in {rows:?}"));
    rows[top + 1..].iter().map(|row| row[at].clone()).collect()
}

async fn chosen(client: &Client, prefecture: &str) -> Vec<String> {
    let list = client
        .get(&format!("/api/v1/programs/2024/prefectures/{prefecture}/list"))
        .await
        .expect(200);
    let cells = list["cells"].as_array().unwrap().iter();
    let chosen = cells.flat_map(|cell| cell["chosen"].as_array().unwrap());
    chosen.map(|one| one["gmis"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_has_the_programmes_columns_and_says_that_it_is_a_draft_until_it_is_handed_in() {
    let app = TestApp::answered().await;
    let (tokyo, kanagawa) = (app.sign_in("tokyo").await, app.sign_in("kanagawa").await);
    let draft = file(&tokyo, "prefectures/13/list.xlsx").await;
    assert_eq!(draft.keys().collect::<Vec<_>>(), ["別紙様式", "補欠", "送付状"]);
    assert!(draft.values().all(|rows| rows[0][0].contains("【案・未提出】")), "{draft:?}");
    let handed_in = file(&kanagawa, "prefectures/14/list.xlsx").await;
    assert!(!format!("{handed_in:?}").contains("案・未提出"), "{handed_in:?}");
    let cover = format!("{:?}", handed_in["送付状"]);
    assert!(cover.contains("受理（第3版）") && cover.contains("過不足なし"), "{cover}");

    let form = &handed_in["別紙様式"];
    let listed = chosen(&kanagawa, "14").await;
    assert_eq!(column(form, "G-MIS ID"), listed);
    assert_eq!(
        column(form, "番号"),
        (1..=listed.len()).map(|number| number.to_string()).collect::<Vec<_>>()
    );
    assert!(column(form, "選定理由").iter().all(|reason| !reason.is_empty()), "{form:?}");
    assert!(
        column(form, "担当者連絡先").iter().all(|contact| contact.contains("試験 花子")),
        "{form:?}"
    );
    // Nobody telephones reserves: their contacts stay where they are.
    let reserves = &draft["補欠"];
    assert!(!format!("{reserves:?}").contains("試験 花子"), "{reserves:?}");
    let read = "SELECT count(*) FROM audit WHERE action = 'read_respondent' AND details ->> 'file' = 'list_form'";
    assert_eq!(app.database.number(read).await, 2);
    let reasons = "SELECT count(*) FROM audit WHERE action = 'read_selection' AND details ->> 'file' = 'list_form'";
    assert_eq!(app.database.number(reasons).await, 2);

    // Another programme's columns, in its order.
    let administrator = app.sign_in("administrator").await;
    let columns = json!([{"field": "name", "header": "名称"}, {"field": "gmis_id", "header": "ID"}, {"field": "rank", "header": "順"}]);
    let program = json!({
        "id": "narrow", "fiscal_year": 2025, "title": "別の事業", "surveys": ["2024"], "use_rule": "試験", "deadline": "2030-01-01T00:00:00Z", "form": columns,
    });
    administrator.post("/api/v1/programs", &program).await.expect(201);
    let quotas = json!([{"prefecture": "13", "band": "20-199", "hospitals": 1}]);
    administrator.put("/api/v1/programs/narrow/quotas", &quotas).await.expect(200);
    tokyo
        .submit("/api/v1/programs/narrow/prefectures/13/selections", &json!({}))
        .await
        .expect(201);
    let narrow = sheets(tokyo.get("/api/v1/programs/narrow/prefectures/13/list.xlsx").await.file());
    assert_eq!(narrow["別紙様式"][2], ["名称", "ID", "順"]);
    assert_eq!(narrow["別紙様式"].len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contractor_gets_accepted_hospitals_and_neither_answers_nor_scores_nor_reasons() {
    let app = TestApp::answered().await;
    let (administrator, kanagawa) = (app.sign_in("administrator").await, app.sign_in("kanagawa").await);
    let handed = file(&administrator, "hand-over.xlsx").await;
    assert_eq!(handed.keys().collect::<Vec<_>>(), ["差替え", "支援対象病院", "結果報告", "表紙"]);
    let listed = chosen(&kanagawa, "14").await;
    assert_eq!(column(&handed["支援対象病院"], "G-MIS ID"), listed);
    assert_eq!(column(&handed["結果報告"], "G-MIS ID"), listed);
    let text = format!("{handed:?}");
    assert!(
        text.contains("東京都") && !text.contains("理由") && !text.contains("得点"),
        "{text}"
    );
    // 5 person-days of a small hospital and 10 of a middle one, as the notice estimates.
    let days: Vec<String> = column(&handed["支援対象病院"], "想定作業量（人日）");
    assert_eq!(days, ["5", "10"]);
    assert_eq!(column(&handed["支援対象病院"], "想定日数（調査員3人）"), ["1.6", "3.3"]);

    let national = file(&administrator, "lists.xlsx").await;
    let read = "SELECT count(*) FROM audit WHERE action = 'read_selection' AND prefecture IS NULL AND details ->> 'file' = 'national_list'";
    assert_eq!(app.database.number(read).await, 1);
    let both = [chosen(&administrator, "13").await, listed.clone()].concat();
    assert_eq!(column(&national["支援対象病院"], "G-MIS ID"), both);
    assert_eq!(column(&national["支援対象病院"], "状況").last().unwrap(), "受理");
    let sums = national["集計"].last().unwrap();
    assert_eq!(sums[0], "全国");
    assert_eq!(sums[sums.len() - 2], both.len().to_string());

    // One leaves: the contractor learns whom not to call any more.
    let list = kanagawa.get("/api/v1/programs/2024/prefectures/14/list").await.expect(200);
    let cell = list["cells"]
        .as_array()
        .unwrap()
        .iter()
        .find(|cell| !cell["reserves"].as_array().unwrap().is_empty());
    if let Some(cell) = cell {
        let leaves = cell["chosen"][0]["gmis"].as_str().unwrap();
        let step = json!({"step": "replace", "hospital": leaves, "reason": "閉院"});
        let replaced = kanagawa
            .submit("/api/v1/programs/2024/prefectures/14/list/adjustments", &step)
            .await;
        replaced.expect(200);
        let again = file(&administrator, "hand-over.xlsx").await;
        assert_eq!(column(&again["差替え"], "外れた病院（G-MIS ID）"), [leaves]);
        assert!(!column(&again["支援対象病院"], "G-MIS ID").contains(&leaves.to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_handed_over_before_a_list_is_accepted() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let program = json!({
        "id": "empty", "fiscal_year": 2025, "title": "別の事業", "surveys": ["2024"], "use_rule": "試験", "deadline": "2030-01-01T00:00:00Z",
    });
    administrator.post("/api/v1/programs", &program).await.expect(201);
    administrator
        .get("/api/v1/programs/empty/hand-over.xlsx")
        .await
        .refused(409, "no_list_accepted");
    administrator
        .get("/api/v1/programs/empty/prefectures/13/list.xlsx")
        .await
        .refused(404, "list_unknown");
    let national = sheets(administrator.get("/api/v1/programs/empty/lists.xlsx").await.file());
    assert_eq!(national["支援対象病院"].len(), 1);
}
