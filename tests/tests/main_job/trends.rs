//! Two surveys side by side: the counts of a trend are those of plain SQL over the stored answers, by the API and on the command line.

use serde_json::Value;
use tests::app::TestApp;
use tests::binary;
use tests::database::TestDatabase;

use crate::files::analyst;
use crate::one_cell::stdout;

/// What a hospital said to generations: 2 yes, 1 no, 0 outside of the base. Written by the rules of the notices, in SQL.
const SAID: &str = "CREATE FUNCTION pg_temp.said(survey text, answers jsonb) RETURNS int LANGUAGE sql AS $$ SELECT CASE \
     WHEN answers ->> 'ehr_in_use' IS DISTINCT FROM 'yes' THEN 0 \
     WHEN answers ->> 'ehr_backup' = 'no' THEN 1 \
     WHEN survey = '2022' THEN CASE answers ->> 'backup_generations_kept' WHEN 'yes' THEN 2 WHEN 'no' THEN 1 ELSE 0 END \
     ELSE CASE answers ->> 'backup_generations' WHEN 'two' THEN 2 WHEN 'three_or_more' THEN 2 WHEN 'one' THEN 1 ELSE 0 END END $$";

/// Every hospital of either frame, with what it said in each year; -1 where it did not answer, NULL where it is not in the frame.
const YEARS: &str = "WITH said AS (SELECT f.survey_id, f.hospital_id, \
     coalesce((SELECT pg_temp.said(f.survey_id, r.answers) FROM submission s JOIN revision r ON r.submission_id = s.id AND r.number = s.latest_revision \
       WHERE s.survey_id = f.survey_id AND s.hospital_id = f.hospital_id AND s.state IN ('submitted', 'accepted')), -1) AS said \
     FROM frame f WHERE f.out_of_scope_at IS NULL) \
   SELECT e.said, l.said, count(*) FROM (SELECT * FROM said WHERE survey_id = '2022') e \
   FULL JOIN (SELECT * FROM said WHERE survey_id = '2024') l USING (hospital_id) GROUP BY 1, 2";

#[tokio::test(flavor = "multi_thread")]
async fn a_trend_counts_years_and_transitions_as_plain_sql_does() {
    let app = TestApp::on(TestDatabase::irregular().await).await;
    let (client, superuser) = (analyst(&app).await, app.database.superuser().await);
    superuser.batch_execute(SAID).await.unwrap();
    let groups: Vec<(Option<i32>, Option<i32>, i64)> = superuser
        .query(YEARS, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let sum = |keep: &dyn Fn(Option<i32>, Option<i32>) -> bool| -> i64 {
        let kept = groups.iter().filter(|(one, two, _)| keep(*one, *two));
        kept.map(|(_, _, hospitals)| hospitals).sum()
    };
    let path = "/api/v1/surveys/2024/trends?from=2022&question=backup_generations&area=nation&by=band";
    let trend = client.get(path).await.expect(200);
    let (all, panel) = (&trend["total"]["all"], &trend["total"]["panel"]);
    let counts = |share: &Value| ["n", "base", "count"].map(|field| share[field].as_i64().unwrap());
    assert_eq!(counts(&all["earlier"]), [0, 1, 2].map(|least| sum(&|one, _| one >= Some(least))));
    assert_eq!(counts(&all["later"]), [0, 1, 2].map(|least| sum(&|_, two| two >= Some(least))));
    assert_eq!(panel["hospitals"], sum(&|one, two| one.is_some() && two.is_some()));
    assert_eq!(panel["later"]["n"], sum(&|one, two| one >= Some(0) && two >= Some(0)));
    for (name, from, to) in [("gained", 1, 2), ("lost", 2, 1), ("stayed_yes", 2, 2), ("stayed_no", 1, 1)] {
        let counted = panel[name]["count"].as_i64().unwrap();
        assert_eq!(counted, sum(&|one, two| one == Some(from) && two == Some(to)), "{name}");
        assert!(counted > 0, "the made data has no {name}");
    }
    for year in ["earlier", "later"] {
        let estimate = &all[year]["estimate"];
        let [low, share, high] = ["low", "percent", "high"].map(|field| estimate[field].as_f64().unwrap());
        assert!(low < share && share < high, "{estimate}");
        let by_band: i64 = trend["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["all"][year]["base"].as_i64().unwrap())
            .sum();
        assert_eq!(by_band, all[year]["base"].as_i64().unwrap());
    }

    let folder = tempfile::tempdir().unwrap();
    let printed = |more: &[&str]| {
        let mut command = binary::command();
        command
            .env("DATABASE_URL", app.database.application_url())
            .env("CHOSA_DATA_FOLDER", folder.path())
            .args(["trend", "--from", "2022", "--to", "2024", "--question", "backup_generations"])
            .args(more);
        stdout(&command.output().unwrap())
    };
    let text = printed(&["--by", "area"]);
    let gained = panel["gained"]["count"].to_string();
    assert!(
        text.lines()
            .any(|line| line.starts_with("計") && line.split_whitespace().any(|word| word == gained)),
        "{text}"
    );
    assert!(text.contains("注: 2022年の「はい」を、2024年の"), "{text}");
    let json: Value = serde_json::from_str(&printed(&["--json"])).unwrap();
    assert_eq!(json["total"]["panel"], trend["total"]["panel"]);
}
