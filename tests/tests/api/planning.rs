//! Coverage, effort and plans over years: of the small world worked by hand, of the made nation against SQL.

use std::collections::BTreeMap;

use analytics::selection::list::Discard;
use serde_json::{Value, json};
use server::app::programs::choosing;
use server::app::programs::planning::terms::Asked;
use server::app::programs::planning::years::Question;
use server::app::programs::planning::{coverage, effort, years};
use server::app::programs::quotas::proposal::Method;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use tests::app::TestApp;
use tests::client::Client;
use tests::database::TestDatabase;
use tests::nation::{self, Files, PROGRAM};
use tests::world::{done, prefecture};

async fn read(client: &Client, what: &str) -> Value {
    client.get(&format!("/api/v1/programs/2024/{what}")).await.expect(200)
}

/// The numbers of a kind that are not 0: `proposed 1, remaining 1`.
fn kind(of: &Value, kind: &str) -> String {
    let numbers = ["supported", "proposed", "handed_in", "returned", "accepted", "remaining"];
    let shown = numbers.iter().filter(|name| of[kind][**name] != 0);
    shown
        .map(|name| format!("{name} {}", of[kind][*name]))
        .collect::<Vec<_>>()
        .join(", ")
}

fn cell<'r>(report: &'r Value, prefecture: &str, band: &str) -> &'r Value {
    let mut cells = report["cells"].as_array().unwrap().iter();
    cells.find(|cell| cell["prefecture"] == prefecture && cell["band"] == band).unwrap()
}

fn line<'r>(lines: &'r Value, key: &str) -> &'r Value {
    lines.as_array().unwrap().iter().find(|line| line["key"] == key).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn coverage_counts_support_by_state_and_silence_apart() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let report = read(&administrator, "coverage").await;
    assert_eq!(report["cells"].as_array().unwrap().len(), 141);
    // Tokyo's list is being made: one of its two small ones and the large one. Kanagawa's was accepted.
    assert_eq!(kind(cell(&report, "13", "20-199"), "ehr"), "proposed 1, remaining 1");
    assert_eq!(kind(cell(&report, "13", "400+"), "ehr"), "proposed 1");
    assert_eq!(kind(cell(&report, "14", "20-199"), "ehr"), "accepted 1");
    assert_eq!(kind(cell(&report, "14", "200-399"), "ehr"), "accepted 1");
    // Nominated or not: who did not answer is neither with nor without.
    for prefecture in ["13", "14"] {
        assert_eq!(kind(cell(&report, prefecture, "200-399"), "unanswered"), "remaining 1");
    }
    assert_eq!(
        (&report["total"]["hospitals"], &report["total"]["no_ehr"]["hospitals"]),
        (&json!(7), &json!(0))
    );
    assert_eq!(kind(&report["total"], "ehr"), "proposed 2, accepted 2, remaining 1");
    assert_eq!(kind(line(&report["prefectures"], "13"), "ehr"), "proposed 2, remaining 1");
    assert_eq!(kind(line(&report["bands"], "20-199"), "ehr"), "proposed 1, accepted 1, remaining 1");

    let tokyo = app.sign_in("tokyo").await;
    let own = read(&tokyo, "coverage").await;
    assert_eq!(own["cells"].as_array().unwrap().len(), 3);
    assert_eq!(own["cells"], read(&administrator, "coverage?prefecture=13").await["cells"]);
    assert_eq!(kind(&own["total"], "ehr"), "proposed 2, remaining 1");
    let shinjuku = app.sign_in("shinjuku").await;
    shinjuku
        .get("/api/v1/programs/2024/coverage")
        .await
        .refused(403, "role_not_permitted");
    administrator
        .get("/api/v1/programs/none/coverage")
        .await
        .refused(404, "program_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_year_counts_accepted_lists_as_supported() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let next = json!({
        "id": "2025", "fiscal_year": 2025, "title": "次年度", "surveys": ["2024", "2022"], "use_rule": "実施要綱による",
        "deadline": "2025-08-31T14:59:59Z", "banding": "survey",
    });
    administrator.post("/api/v1/programs", &next).await.expect(201);
    let report = administrator.get("/api/v1/programs/2025/coverage").await.expect(200);
    assert_eq!(report["cells"].as_array().unwrap().len(), 282);
    // Tokyo's list was never accepted.
    assert_eq!(kind(&report["total"], "ehr"), "supported 2, remaining 3");
    assert_eq!(kind(cell(&report, "14", "300-399"), "ehr"), "supported 1");
    let plan = administrator.get("/api/v1/programs/2025/plan?totals=2,2").await.expect(200);
    assert_eq!(
        (&plan["open"], &plan["unknown"], &plan["uncovered"]),
        (&json!(3), &json!(2), &json!(0))
    );
    assert_eq!(plan["years"][0]["fiscal_year"], 2025);
    assert_eq!(
        (&plan["years"][1]["beyond_remaining"], &plan["years"][1]["total"]["hospitals"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn effort_is_counted_and_dated_as_by_hand() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    // Quotas: 東京都 one small and two large, 神奈川県 one small and one middle: 5 + 40 + 5 + 10 person-days.
    let effort = read(&administrator, "effort?teams=1").await;
    assert_eq!(
        (
            &effort["total"]["hospitals"],
            &effort["total"]["person_days"],
            &effort["total"]["team_days"]
        ),
        (&json!(5), &json!(600), &json!({"2": 300, "3": 197}))
    );
    // 19.7 days from Monday 1 April; Golden Week begins after the twentieth.
    let calendar = &effort["total"]["calendar"];
    assert_eq!(
        (&calendar["working_days"], &calendar["ends_on"]),
        (&json!(20), &json!("2024-04-26"))
    );
    let two = read(&administrator, "effort?teams=1&surveyors=2").await;
    // Thirty days: twenty in April before the 29th, then 30 April, 1, 2, 7 to 10, and 13 to 15 May.
    assert_eq!(two["total"]["calendar"]["ends_on"], "2024-05-15");
    let teams = read(&administrator, "effort?teams=2&until=2024-04-12").await;
    // 6.6 and 3.3 | 6.6, 1.6 and 1.6: ten days each, which two teams need and one has not.
    assert_eq!(
        (
            &teams["total"]["calendar"]["working_days"],
            &teams["total"]["calendar"]["teams_needed"]
        ),
        (&json!(10), &json!(2))
    );
    let short = read(&administrator, "effort?until=2024-04-05").await;
    assert_eq!(
        short["total"]["calendar"]["teams_needed"],
        Value::Null,
        "a large one takes longer than five days"
    );
    let each = read(&administrator, "effort?teams=1&per=prefecture").await;
    assert_eq!(line(&each["prefectures"], "13")["calendar"]["ends_on"], "2024-04-19");
    assert_eq!(line(&each["prefectures"], "14")["calendar"]["working_days"], 5);
    assert_eq!(each["total"]["calendar"]["ends_on"], "2024-04-19");
    // What-if: 1, 2 and 3 person-days, shared by two.
    let less = read(&administrator, "effort?person_days=1,2,3&surveyors=2&teams=1&from=2024-04-27").await;
    assert_eq!(
        (
            &less["total"]["person_days"],
            &less["total"]["team_days"]["2"],
            &less["terms"]["what_if"]
        ),
        (&json!(100), &json!(50), &json!(true))
    );
    // From a Saturday: 30 April, 1, 2, 7 and 8 May.
    assert_eq!(less["total"]["calendar"]["ends_on"], "2024-05-08");
    let chosen = read(&administrator, "effort?of=chosen").await;
    assert_eq!(chosen["total"]["hospitals"], 4);
    assert_eq!(read(&administrator, "effort?of=remaining").await["total"]["person_days"], 50);
    let later = read(&administrator, "effort?teams=1&from=2027-12-27").await;
    assert_eq!(
        (&later["total"]["calendar"]["holidays_known"], &later["terms"]["holidays_until"]),
        (&json!(false), &json!(2027))
    );
    let own = read(&app.sign_in("kanagawa").await, "effort?teams=1").await;
    assert_eq!(
        (&own["total"]["hospitals"], &own["terms"]["per"]),
        (&json!(2), &json!("prefecture"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_begins_with_what_is_chosen_and_says_what_it_leaves() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    let kanagawa = app.sign_in("kanagawa").await;
    let before = app.database.counts().await;
    let plan = read(&administrator, "plan?totals=4,9&teams=1").await;
    let (first, second) = (&plan["years"][0], &plan["years"][1]);
    assert_eq!(
        (&first["asked"], &first["total"]["hospitals"], &first["remaining"]),
        (&json!(4), &json!(4), &json!(1))
    );
    assert_eq!(
        (&cell(first, "13", "20-199")["hospitals"], &cell(first, "13", "20-199")["remaining"]),
        (&json!(1), &json!(1))
    );
    assert_eq!((&second["beyond_remaining"], &second["total"]["hospitals"]), (&json!(8), &json!(1)));
    assert_eq!(second["total"]["calendar"]["from"], "2025-04-01");
    assert_eq!((&plan["uncovered"], &plan["unknown"]), (&json!(0), &json!(2)));
    let leaves = read(&administrator, "plan?totals=4&method=biproportional").await;
    assert_eq!(leaves["uncovered"], 1);
    // A prefecture sees its own rows of the nation's plan, and no number of the nation.
    let own = read(&kanagawa, "plan?totals=4,9").await;
    assert_eq!(own["years"][0]["cells"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&own["years"][0]["total"]["hospitals"], &own["open"], &own["uncovered"]),
        (&json!(2), &json!(2), &json!(0))
    );
    assert!(own["years"][1].get("beyond_remaining").is_none());
    let of_ministry = read(&administrator, "plan?totals=4,9&prefecture=14").await;
    for place in 0..2 {
        assert_eq!(own["years"][place]["cells"], of_ministry["years"][place]["cells"], "the same plan");
    }
    // What-if changes what the years take, and not whom they are for.
    let dear = read(&administrator, "plan?totals=4,9&person_days=50,100,200&teams=1&per=prefecture").await;
    assert_eq!(dear["years"][1]["cells"], plan["years"][1]["cells"]);
    assert_eq!(
        (&dear["years"][1]["total"]["person_days"], &plan["years"][1]["total"]["person_days"]),
        (&json!(500), &json!(50))
    );
    let late = line(&dear["years"][0]["prefectures"], "13");
    // 16.6 and 66.6 days of three, one after the other.
    assert_eq!(
        (&late["team_days"]["3"], &late["calendar"]["working_days"]),
        (&json!(832), &json!(84))
    );
    assert_eq!(app.database.counts().await, before, "nothing is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_make_no_sense_say_what_to_give_instead() {
    let app = TestApp::answered().await;
    let administrator = app.sign_in("administrator").await;
    for (question, expected, field, says) in [
        ("effort?person_days=5,10", "400 planning_invalid", "person_days", "3個の数"),
        ("effort?person_days=5,10,2.55", "400 planning_invalid", "person_days", "小数第1位"),
        ("effort?days=1,2,3", "400 planning_invalid", "surveyors", "調査員の数も"),
        ("effort?surveyors=4", "400 planning_invalid", "surveyors", "2、3 のいずれか"),
        ("effort?surveyors=0", "400 planning_invalid", "surveyors", "1以上"),
        ("effort?surveyors=4&days=1,2,3", "200", "", ""),
        ("effort?teams=0", "400 planning_invalid", "teams", "班の数"),
        (
            "effort?from=2024-04-02&until=2024-04-01",
            "400 planning_invalid",
            "until",
            "始める日",
        ),
        ("effort?from=1999-04-01", "400 planning_invalid", "from", "2000年"),
        ("effort?from=2024-02-30", "400 query_invalid", "", ""),
        ("effort?of=all", "400 query_invalid", "", ""),
        ("coverage?prefecture=48", "400 prefecture_invalid", "", ""),
        ("plan", "400 query_invalid", "", ""),
        ("plan?totals=", "400 planning_invalid", "totals", "2000,2000"),
        ("plan?totals=-1", "400 planning_invalid", "totals", "2000,2000"),
        ("plan?totals=5,1000001", "400 planning_invalid", "totals", "1000000以下"),
        ("plan?totals=3", "400 planning_invalid", "totals", "既に4病院"),
    ] {
        let answer = administrator.get(&format!("/api/v1/programs/2024/{question}")).await;
        assert_eq!(answer.outcome(), expected, "{question}: {answer}");
        if answer.status != 200 {
            let problem = answer.json();
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(says), "{question}: {detail}");
            assert_eq!(problem["field"].as_str().unwrap_or_default(), field, "{question}");
        }
    }
    let many = vec!["1"; 21].join(",");
    administrator
        .get(&format!("/api/v1/programs/2024/plan?totals={many}"))
        .await
        .refused(400, "planning_invalid");
    let tokyo = app.sign_in("tokyo").await;
    tokyo
        .get("/api/v1/programs/2024/effort?teams=1&per=nation")
        .await
        .refused(400, "planning_invalid");
    tokyo
        .get("/api/v1/programs/2024/plan?totals=9&prefecture=14")
        .await
        .refused(403, "prefecture_not_yours");
}

/// Of each cell: all, with a health record, without, not told, not answered, chosen; straight from the answers as received.
const BY_SQL: &str = "
    WITH said AS (
        SELECT h.prefecture, h.band, l.standing = 'chosen' AS chosen, latest.survey_id IS NOT NULL AS answered, latest.ehr
        FROM program_hospital h
        LEFT JOIN listed_hospital l ON l.program_id = h.program_id AND l.hospital_id = h.hospital_id
        LEFT JOIN LATERAL (
            SELECT s.survey_id, r.answers ->> 'ehr_in_use' AS ehr FROM submission s
            JOIN revision r ON r.submission_id = s.id AND r.number = s.latest_revision
            WHERE s.hospital_id = h.hospital_id AND s.survey_id IN ('2022', '2024') AND s.state IN ('submitted', 'accepted')
            ORDER BY s.survey_id DESC LIMIT 1
        ) latest ON true
        WHERE h.program_id = '2024' AND h.band IS NOT NULL
    )
    SELECT prefecture, band, count(*), count(*) FILTER (WHERE ehr = 'yes'), count(*) FILTER (WHERE ehr = 'no'),
        count(*) FILTER (WHERE answered AND coalesce(ehr, '') NOT IN ('yes', 'no')), count(*) FILTER (WHERE NOT answered),
        count(*) FILTER (WHERE chosen)
    FROM said GROUP BY prefecture, band";

async fn by_sql(database: &TestDatabase) -> BTreeMap<(String, String), [i64; 6]> {
    let rows = database.superuser().await.query(BY_SQL, &[]).await.unwrap();
    rows.iter()
        .map(|row| {
            let place = (format!("{:02}", row.get::<_, i16>(0)), row.get::<_, String>(1));
            (place, [2, 3, 4, 5, 6, 7].map(|column| row.get::<_, i64>(column)))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_made_nation_is_counted_as_sql_counts_it_and_a_plan_covers_it() {
    let database = TestDatabase::nation().await;
    let state = nation::state(&database.application_url()).await;
    nation::open_program(&state, &Files::of_the_nation(), "試験支援事業").await;
    let system = Permit::of(Actor::system()).unwrap();
    for number in [13, 27] {
        done(choosing::choose(&state, &system, PROGRAM, prefecture(number), Discard::Nothing, None).await);
    }
    let read = Permit::of(Actor::system()).unwrap();
    let report = serde_json::to_value(done(coverage::read(&state, &read, PROGRAM, None).await)).unwrap();
    let expected = by_sql(&database).await;
    assert!(expected.values().any(|numbers| numbers[4] > 0) && expected.values().any(|numbers| numbers[5] > 0));
    let (mut open, mut chosen_by_sql) = (0, 0);
    for cell in report["cells"].as_array().unwrap() {
        let place = (
            cell["prefecture"].as_str().unwrap().to_owned(),
            cell["band"].as_str().unwrap().to_owned(),
        );
        let numbers = expected.get(&place).copied().unwrap_or_default();
        let counted = ["ehr", "no_ehr", "unclear", "unanswered"].map(|kind| cell[kind]["hospitals"].as_i64().unwrap());
        assert_eq!(
            (cell["hospitals"].as_i64().unwrap(), counted),
            (numbers[0], [numbers[1], numbers[2], numbers[3], numbers[4]]),
            "{place:?}"
        );
        let proposed: i64 = ["ehr", "no_ehr", "unclear", "unanswered"]
            .iter()
            .map(|kind| cell[kind]["proposed"].as_i64().unwrap())
            .sum();
        assert_eq!(proposed, numbers[5], "{place:?}");
        open += numbers[1];
        chosen_by_sql += numbers[5];
    }
    assert_eq!(report["total"]["ehr"]["hospitals"], open);

    let third = u64::try_from(open).unwrap() / 3;
    let question = Question {
        totals: format!("{third},{third},{}", u64::try_from(open).unwrap()),
        method: Method::LargestRemainder,
        prefecture: None,
    };
    let asked = Asked {
        teams: Some(10),
        ..Asked::default()
    };
    assert!(u64::try_from(chosen_by_sql).unwrap() <= third, "the test's own totals");
    let plan = serde_json::to_value(done(years::read(&state, &read, PROGRAM, &question, &asked).await)).unwrap();
    let year = |place: usize| &plan["years"][place];
    for place in 0..2 {
        assert_eq!(
            (&year(place)["total"]["hospitals"], &year(place)["beyond_remaining"]),
            (&json!(third), &json!(0))
        );
    }
    assert_eq!((&plan["uncovered"], &year(2)["remaining"]), (&json!(0), &json!(0)));
    assert_eq!(year(2)["beyond_remaining"], 2 * third);
    let planned: u64 = (0..3).map(|place| year(place)["total"]["hospitals"].as_u64().unwrap()).sum();
    assert_eq!(planned, u64::try_from(open).unwrap(), "every hospital with a health record once");
    for (cell, numbers) in report["cells"].as_array().unwrap().iter().filter_map(|cell| {
        let place = (cell["prefecture"].as_str()?.to_owned(), cell["band"].as_str()?.to_owned());
        Some((place.clone(), expected.get(&place)?))
    }) {
        let of_years = (0..3).map(|place| self::cell(year(place), &cell.0, &cell.1)["hospitals"].as_i64().unwrap());
        assert_eq!(of_years.sum::<i64>(), numbers[1], "{cell:?}");
    }

    // Quotas as the file says them, times the effort of the notice.
    let effort = serde_json::to_value(done(
        effort::read(&state, &read, PROGRAM, (effort::Of::Quota, None), &Asked::default()).await,
    ))
    .unwrap();
    let days = "SELECT sum(q.hospitals * CASE q.band WHEN '20-199' THEN 50 WHEN '200-399' THEN 100 ELSE 200 END)::bigint FROM quota q WHERE program_id = '2024'";
    assert_eq!(effort["total"]["person_days"].as_i64().unwrap(), database.number(days).await);
}
