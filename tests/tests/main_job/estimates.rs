//! Weighted shares, standard errors and intervals of the nation and its six bands, recomputed by plain SQL from the frame and the answers as received: the
//! rule of merged cells by a loop over rows, the variance by `var_samp` over every respondent. Nothing of the program's formulas is in it.

use std::sync::Arc;

use analytics::{By, Known, TableRequest};
use server::app::state::State;
use server::app::statistics;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use survey::area::Area;
use survey::band::Banding;
use survey::question::QuestionKey;
use survey::survey::Survey;
use tests::database::TestDatabase;
use tests::nation;
use tests::world::done;
use tokio_postgres::Client;

use crate::notice::{self, SURVEY_BAND};
use crate::sql;

/// Respondents and hospitals of each prefecture x band, and the groups that cells with few respondents make: docs/methods.md, section 3.
const GROUPS: &str = "
    CREATE TABLE pg_temp.grp (prefecture int, band text, place int, region int, g text);
    CREATE FUNCTION pg_temp.make_groups() RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE
        p record; c record; run int; total bigint; found text; joined bigint := 0;
    BEGIN
        FOR p IN SELECT prefecture, min(region) AS region FROM pg_temp.cell GROUP BY 1 HAVING sum(answered) >= 5 LOOP
            run := 0; total := 5;
            FOR c IN SELECT * FROM pg_temp.cell WHERE prefecture = p.prefecture ORDER BY place LOOP
                IF total >= 5 THEN run := run + 1; total := 0; END IF;
                total := total + c.answered;
                INSERT INTO pg_temp.grp VALUES (c.prefecture, c.band, c.place, c.region, c.prefecture || '-' || run);
            END LOOP;
            IF total < 5 THEN
                UPDATE pg_temp.grp SET g = p.prefecture || '-' || (run - 1) WHERE g = p.prefecture || '-' || run;
            END IF;
        END LOOP;
        CREATE TEMP TABLE first AS SELECT * FROM pg_temp.grp;
        FOR c IN SELECT * FROM pg_temp.cell WHERE prefecture NOT IN (SELECT prefecture FROM first) LOOP
            SELECT f.g INTO found FROM first f WHERE f.region = c.region
            -- The same band, then the larger ones upwards, then the smaller ones downwards; of each the next prefecture round the region.
            ORDER BY CASE WHEN f.place >= c.place THEN f.place - c.place ELSE 100 + c.place - f.place END,
                (f.prefecture - c.prefecture + 48) % 48 LIMIT 1;
            IF found IS NULL THEN RAISE EXCEPTION 'a region without groups is not in this data'; END IF;
            INSERT INTO pg_temp.grp VALUES (c.prefecture, c.band, c.place, c.region, found);
            joined := joined + 1;
        END LOOP;
        RETURN joined;
    END $$";

fn cells(survey: &str) -> String {
    format!(
        "DROP TABLE IF EXISTS pg_temp.cell, pg_temp.grp, pg_temp.first, pg_temp.strata; \
         CREATE TABLE pg_temp.cell AS SELECT f.prefecture::int AS prefecture, {SURVEY_BAND} AS band, \
             min(width_bucket(f.beds, ARRAY[20, 100, 200, 300, 400, 500])) AS place, \
             CASE WHEN min(f.prefecture) = 1 THEN 1 WHEN min(f.prefecture) <= 7 THEN 2 WHEN min(f.prefecture) <= 14 THEN 3 \
                  WHEN min(f.prefecture) <= 23 THEN 4 WHEN min(f.prefecture) <= 30 THEN 5 WHEN min(f.prefecture) <= 35 THEN 6 \
                  WHEN min(f.prefecture) <= 39 THEN 7 ELSE 8 END AS region, \
             count(*) AS frame, \
             count(*) FILTER (WHERE EXISTS (SELECT FROM submission s WHERE s.survey_id = f.survey_id AND s.hospital_id = f.hospital_id \
                 AND s.state IN ('submitted', 'accepted'))) AS answered \
         FROM frame f WHERE f.survey_id = '{survey}' AND f.out_of_scope_at IS NULL GROUP BY 1, 2"
    )
}

/// `w` and `f` by group.
const STRATA: &str = "CREATE TABLE pg_temp.strata AS SELECT g.g, sum(c.frame)::float8 AS n_frame, sum(c.answered)::float8 AS n_answered \
     FROM pg_temp.grp g JOIN pg_temp.cell c USING (prefecture, band) GROUP BY g.g";

/// Base, share, variance and interval of each option in the nation (`all`) and its bands. `x` is in the base, `y` chose the option.
fn shares(survey: &str, question: &notice::Asked, option: &str) -> String {
    let judged = sql::judged(survey, question);
    let chosen = sql::chosen(question, option);
    format!(
        "WITH judged AS ({judged}), \
         placed AS (SELECT g.g, j.survey_band AS band, (j.state = 'answered') AS x, (j.state = 'answered' AND {chosen}) AS y \
             FROM judged j JOIN pg_temp.grp g ON g.prefecture = j.prefecture AND g.band = j.survey_band), \
         domain AS (SELECT d, p.g, p.x AND d IN ('all', p.band) AS x, p.y AND d IN ('all', p.band) AS y \
             FROM placed p, unnest(ARRAY['all', '20-99', '100-199', '200-299', '300-399', '400-499', '500+']) AS d), \
         ratio AS (SELECT d, count(*) FILTER (WHERE x) AS base, sum(n_frame / n_answered) FILTER (WHERE x) AS wx, \
                 coalesce(sum(n_frame / n_answered) FILTER (WHERE y), 0) / sum(n_frame / n_answered) FILTER (WHERE x) AS p \
             FROM domain JOIN pg_temp.strata USING (g) GROUP BY d), \
         spread AS (SELECT d, g, var_samp((y::int - p * x::int) / wx) AS s2, bool_or(x) AS concerned FROM domain JOIN ratio USING (d) GROUP BY d, g), \
         sampled AS (SELECT d, base, wx, p, bool_and(n_answered = n_frame) FILTER (WHERE concerned) AS complete, \
                 sum(n_frame * (n_frame - n_answered) / n_answered * s2) AS v \
             FROM spread JOIN pg_temp.strata USING (g) JOIN ratio USING (d) GROUP BY d, base, wx, p), \
         effective AS (SELECT *, CASE WHEN v > 1e-18 THEN p * (1 - p) / v ELSE base / (1 - base / wx) END AS n, 1.959963984540054 AS z \
             FROM sampled WHERE NOT complete) \
         SELECT s.d, s.base, s.p, s.complete, sqrt(s.v) AS error, \
             (e.p + z * z / (2 * n) - z * sqrt(e.p * (1 - e.p) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS low, \
             (e.p + z * z / (2 * n) + z * sqrt(e.p * (1 - e.p) / n + z * z / (4 * n * n))) / (1 + z * z / n) AS high \
         FROM sampled s LEFT JOIN effective e USING (d) WHERE s.base > 0"
    )
}

/// What the program hands out: by `all` or the band, each option's estimate.
async fn counted(state: &State, survey: &'static Survey, question: &str) -> analytics::Table {
    let request = TableRequest {
        question: QuestionKey::from(question),
        area: Area::Nation,
        by: By::BAND,
        banding: Banding::Survey.into(),
        filters: Vec::new(),
        estimates: true,
    };
    let permit = Permit::of(Actor::system()).unwrap();
    Arc::unwrap_or_clone(done(statistics::table(state, &permit, survey, request).await))
}

async fn prepare(client: &Client, survey: &str) -> i64 {
    client.batch_execute(&cells(survey)).await.unwrap();
    client.batch_execute(GROUPS).await.unwrap();
    let joined = client.query_one("SELECT pg_temp.make_groups()", &[]).await.unwrap().get(0);
    client.batch_execute("DROP FUNCTION pg_temp.make_groups()").await.unwrap();
    client.batch_execute(STRATA).await.unwrap();
    joined
}

/// Whether a printed number is the unrounded one with so many decimals.
fn is_rounded(printed: f64, exact: f64, decimals: i32) -> bool {
    (printed - exact).abs() <= 0.5 * 10f64.powi(-decimals) + 1e-6
}

#[tokio::test(flavor = "multi_thread")]
async fn every_estimate_of_the_nation_and_its_bands_is_what_plain_sql_computes() {
    let database = TestDatabase::irregular().await;
    let (state, client) = (nation::state(&database.application_url()).await, database.superuser().await);
    let (mut compared, mut complete, mut joined) = (0, 0, 0);
    for survey in survey::compiled_in() {
        let id = survey.id().as_str();
        joined += prepare(&client, id).await;
        for question in notice::questions(id) {
            let table = counted(&state, survey, question.key).await;
            for row in table.rows.iter().chain([&table.total]).filter(|row| row.base > 0) {
                // The counts are held against SQL elsewhere (`oracle`).
                let (silent, item) = (row.blank + row.no_answer, row.item_nonresponse.as_ref().unwrap());
                assert_eq!((item.count, item.asked), (silent, silent + row.base), "{id} {}", question.key);
                let percent = (1_000 * silent + item.asked / 2) / item.asked;
                assert!(
                    (item.percent.unwrap() * 10.0 - f64::from(u32::try_from(percent).unwrap())).abs() < 1e-6,
                    "{row:?}"
                );
            }
            for (place, option) in question.options().iter().enumerate() {
                let rows = client.query(&shares(id, question, option), &[]).await.unwrap();
                let found = table.rows.iter().chain([&table.total]).filter(|row| row.base > 0);
                assert_eq!(rows.len(), found.count(), "{id} {}", question.key);
                for row in rows {
                    let domain: String = row.get("d");
                    let ours = match domain.as_str() {
                        "all" => &table.total,
                        band => table.rows.iter().find(|row| row.names.band.as_deref() == Some(band)).unwrap(),
                    };
                    let estimate = ours.options[place].estimate.as_ref().unwrap();
                    let told = format!("{id} {} {option} {domain}: {estimate:?} {row:?}", question.key);
                    let number = |name: &str| row.get::<_, Option<f64>>(name).map(|value| value * 100.0);
                    assert_eq!(ours.base, u64::try_from(row.get::<_, i64>("base")).unwrap(), "{told}");
                    assert!(is_rounded(estimate.percent, number("p").unwrap(), 1), "{told}");
                    if row.get::<_, bool>("complete") {
                        assert_eq!(
                            (estimate.known, estimate.low, number("low")),
                            (Known::Complete, None, None),
                            "{told}"
                        );
                        complete += 1;
                    } else {
                        assert_eq!(estimate.known, Known::Sampled, "{told}");
                        assert!(is_rounded(estimate.standard_error.unwrap(), number("error").unwrap(), 2), "{told}");
                        assert!(is_rounded(estimate.low.unwrap(), number("low").unwrap(), 1), "{told}");
                        assert!(is_rounded(estimate.high.unwrap(), number("high").unwrap(), 1), "{told}");
                        compared += 1;
                    }
                }
            }
        }
    }
    println!("{compared} estimates with intervals, {complete} complete, {joined} cells joined beyond their prefecture");
    assert!(compared > 500 && joined > 0, "{compared} {joined}");
}
