//! The board as a view: filters and pages in the address bar, the sums above it, and where a step leads back to.

use tests::app::TestApp;
use tests::pages::{Reader, field};
use tests::world::{NEIGHBOUR, OTHER_WARD, OWN, UNPLACED};

use crate::programs::{BOARD, act, chosen_and_other};

#[tokio::test(flavor = "multi_thread")]
async fn a_view_shows_one_band_and_one_standing_and_the_sums_stay() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let (chosen, other) = chosen_and_other(&tokyo.get(BOARD).await.expect(200));
    let shows = |html: &str, gmis: &str| html.contains(&format!("id=\"h-{gmis}\""));

    let html = tokyo.get(&format!("{BOARD}?standing=chosen&band=20-199")).await.expect(200);
    assert!(
        shows(&html, chosen) && !shows(&html, other) && !shows(&html, NEIGHBOUR.gmis),
        "{html}"
    );
    // Whatever somebody looks at, all cells are summed up.
    for id in ["sum-20-199", "sum-200-399", "sum-400-up", "sum-all"] {
        assert!(html.contains(&format!("id=\"{id}\"")), "{id}: {html}");
    }
    assert!(
        html.contains("value=\"chosen\" selected") && html.contains("value=\"20-199\" selected"),
        "{html}"
    );
    let html = tokyo.get(&format!("{BOARD}?standing=reserve")).await.expect(200);
    assert!(shows(&html, other) && !shows(&html, chosen), "{html}");
    let html = tokyo.get(&format!("{BOARD}?standing=nominated")).await.expect(200);
    assert!(
        shows(&html, UNPLACED.gmis) && html.contains("地域の要") && !shows(&html, chosen),
        "{html}"
    );
    let html = tokyo.get(&format!("{BOARD}?standing=excluded")).await.expect(200);
    assert!(html.contains("条件に合う病院はありません"), "{html}");

    // Who is excluded is found by standing and by name, and nowhere else.
    let say = format!("{BOARD}/others");
    let key = field(&tokyo.get(&say).await.expect(200), "key");
    let form = [
        ("act", "exclude"),
        ("hospital", NEIGHBOUR.gmis),
        ("reason", "統合の予定"),
        ("key", key.as_str()),
    ];
    tokyo.post(&say, &form).await.location();
    for view in ["standing=excluded".to_owned(), format!("q={}", NEIGHBOUR.gmis)] {
        let html = tokyo.get(&format!("{BOARD}?{view}")).await.expect(200);
        assert!(shows(&html, NEIGHBOUR.gmis) && html.contains("除外"), "{view}: {html}");
    }
    // A word that there is not, and a page too far, show the board.
    let html = tokyo.get(&format!("{BOARD}?standing=perhaps&page=99")).await.expect(200);
    assert!(shows(&html, chosen) && shows(&html, other), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_leads_back_to_the_view_and_to_the_hospital_while_it_is_in_it() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let (chosen, other) = chosen_and_other(&tokyo.get(BOARD).await.expect(200));
    let dropped = act(
        &tokyo,
        "drop",
        &[("hospital", chosen), ("reason", "辞退"), ("standing", "chosen"), ("page", "1")],
    )
    .await;
    assert_eq!(dropped.location(), format!("{BOARD}?done=drop&standing=chosen"));
    // Chosen now, it is no reserve any more: the list is led to.
    let view = [
        ("hospital", other),
        ("reason", "地域の中核"),
        ("standing", "reserve"),
        ("q", "病院"),
    ];
    let added = act(&tokyo, "add", &view).await;
    let location = added.location();
    assert!(location.starts_with(&format!("{BOARD}?done=add&standing=reserve&q=")), "{location}");
    assert!(location.ends_with("#list"), "{location}");
    // Refused, the view stays.
    let form = [("hospital", chosen), ("reason", ""), ("band", "20-199"), ("standing", "candidate")];
    let html = act(&tokyo, "add", &form).await.expect(422);
    assert!(
        html.contains(&format!("id=\"h-{chosen}\"")) && html.contains("value=\"candidate\" selected"),
        "{html}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefecture_of_six_hundred_hospitals_is_read_page_by_page() {
    let app = TestApp::answered().await;
    // Copies of a hospital that is no candidate: the programme froze them like the others.
    let superuser = app.database.superuser().await;
    let copied = "WITH one AS (SELECT * FROM program_hospital WHERE program_id = '2024' AND gmis_id = $1), \
         copied AS (INSERT INTO hospital (id, name, prefecture) SELECT gen_random_uuid(), '増設病院' || n, 13 FROM generate_series(1, 600) n RETURNING id, name) \
         INSERT INTO program_hospital (program_id, hospital_id, gmis_id, name, prefecture, municipality, beds, band, attributes) \
         SELECT one.program_id, copied.id, 'ZZ' || lpad(substr(copied.name, 5), 5, '0'), copied.name, 13, '', one.beds, one.band, one.attributes FROM one, copied";
    superuser.execute(copied, &[&UNPLACED.gmis]).await.unwrap();
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get(&format!("{BOARD}?standing=ineligible&page=2")).await.expect(200);
    assert!(html.contains("病院のうち51～100病院目"), "{html}");
    assert_eq!(html.matches("<tr id=\"h-").count(), 50);
    assert!(
        html.contains("standing=ineligible&#38;page=3#list") && html.contains("次の50件"),
        "{html}"
    );
    let html = tokyo.get(&format!("{BOARD}?q=増設病院77")).await.expect(200);
    assert_eq!(html.matches("<tr id=\"h-").count(), 1, "{html}");
    // The board itself stays short.
    let html = tokyo.get(BOARD).await.expect(200);
    assert!(
        !html.contains("増設病院") && html.contains(OWN.gmis) && html.contains(OTHER_WARD.gmis),
        "{html}"
    );
}
