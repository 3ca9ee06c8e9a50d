//! Every figure of both surveys, counted by polars from codes, against the same figure by plain SQL from the answers as received.

use std::collections::BTreeSet;

use server::app::doctor;
use server::auth::actor::Actor;
use survey::area::Area;
use tests::database::TestDatabase;
use tests::nation;
use tests::world::{done, survey_of};

use crate::figures::{self, SHAPES, differences};
use crate::{notice, sql};

/// For a smaller area than the nation: its whole and its bands.
const OF_AN_AREA: [(analytics::By, survey::band::Banding, &str); 2] = [SHAPES[0], SHAPES[2]];

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_every_table_is_what_plain_sql_counts_from_the_answers() {
    let database = TestDatabase::irregular().await;
    let (state, superuser) = (nation::state(&database.application_url()).await, database.superuser().await);
    for survey in survey::compiled_in() {
        let id = survey.id().as_str();
        let expected = sql::tables(&superuser, id, "true").await;
        let counted = figures::tables(&state, survey, &Area::Nation, &SHAPES).await;
        assert_eq!(differences(&counted, &expected), Vec::<String>::new());
        for figures in counted.values() {
            assert_eq!(figures.base + figures.blank + figures.no_answer + figures.not_asked, figures.n);
        }
        let (counted, expected) = (
            figures::rates(&state, survey, &Area::Nation, &SHAPES).await,
            sql::rates(&superuser, id, "true").await,
        );
        assert_eq!(differences(&counted, &expected), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_area_has_the_figures_of_its_own_hospitals() {
    let database = TestDatabase::irregular().await;
    let (state, superuser) = (nation::state(&database.application_url()).await, database.superuser().await);
    let survey = survey_of("2024");
    for (area, of) in [
        ("01", "f.prefecture = 1"),
        ("22", "f.prefecture = 22"),
        ("27100", "f.municipality = '27100'"),
    ] {
        let parsed = Area::parse(area).unwrap();
        let mut expected = sql::tables(&superuser, "2024", of).await;
        // An area has no rows for the prefecture that it lies in, and no other banding was asked for.
        expected.retain(|(_, (banding, prefecture, _)), _| prefecture == "00" && *banding != "program");
        assert!(!expected.is_empty(), "{area} has no hospitals");
        let counted = figures::tables(&state, survey, &parsed, &OF_AN_AREA).await;
        assert_eq!(differences(&counted, &expected), Vec::<String>::new(), "{area}");
        let mut expected = sql::rates(&superuser, "2024", of).await;
        expected.retain(|(banding, prefecture, _), _| prefecture == "00" && *banding != "program");
        assert_eq!(
            differences(&figures::rates(&state, survey, &parsed, &OF_AN_AREA).await, &expected),
            Vec::<String>::new(),
            "{area}"
        );
    }
}

/// Otherwise the comparison above would prove less than it says.
#[tokio::test(flavor = "multi_thread")]
async fn the_compared_data_hold_every_state_of_submissions_hospitals_and_answers() {
    let database = TestDatabase::irregular().await;
    let superuser = database.superuser().await;
    for survey in ["2022", "2024"] {
        let tables = sql::tables(&superuser, survey, "true").await;
        for question in notice::questions(survey) {
            let whole = &tables[&(question.key, ("all", "00".to_owned(), "all".to_owned()))];
            assert!(whole.base > 0 && whole.no_answer > 0, "{survey} {}: {whole:?}", question.key);
            assert!(
                whole.options.iter().all(|(count, _)| *count > 0),
                "{survey} {}: {whole:?}",
                question.key
            );
            // Where a question hangs on another one, it is not asked of some; and behind 無回答, or without a VPN, left out by some.
            let hangs = question.of != "true";
            let free = hangs || ["emergency_procedure_drilled", "security_officer_placed"].contains(&question.key);
            assert_eq!(
                (whole.not_asked > 0, whole.blank > 0),
                (hangs, free),
                "{survey} {}: {whole:?}",
                question.key
            );
        }
    }
    let words = async |sql: &str| -> BTreeSet<String> { superuser.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect() };
    let states = words("SELECT DISTINCT state FROM submission").await;
    assert_eq!(states.len(), 5, "{states:?}");
    let warnings = words("SELECT DISTINCT w ->> 'code' FROM revision, jsonb_array_elements(warnings) AS w").await;
    let known = [
        "answer_not_asked",
        "contradiction_ehr_gone",
        "contradiction_generations_without_backup",
        "contradiction_media_exceed_copies",
    ];
    assert_eq!(warnings, known.map(str::to_owned).into());
    assert_eq!(
        words("SELECT DISTINCT entry_path FROM revision").await,
        ["api", "proxy"].map(str::to_owned).into()
    );
    let more_than_one = "SELECT count(*) FROM submission WHERE latest_revision > 2 AND state = 'submitted'";
    assert!(database.number(more_than_one).await > 0);
    let counted_if_in_scope = "SELECT count(*) FROM frame f JOIN submission s USING (survey_id, hospital_id) \
                               WHERE f.out_of_scope_at IS NOT NULL AND s.state IN ('submitted', 'accepted')";
    assert!(database.number(counted_if_in_scope).await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_code_is_reported_by_doctor_and_shows_in_the_comparison() {
    let database = TestDatabase::irregular().await;
    let superuser = database.superuser().await;
    let state = nation::state(&database.application_url()).await;
    let sound = done(doctor::examine(&state, &Actor::system()).await);
    let revisions = database.number("SELECT count(*) FROM revision").await;
    assert_eq!(
        (sound.revisions, sound.different),
        (usize::try_from(revisions).unwrap(), Vec::new())
    );

    // One counted hospital that does without an EHR gets the code of one with an EHR. Only the superuser can do that.
    let slot = survey_of("2024").layout().slots_of("ehr_in_use")[0].index;
    let flip = format!(
        "UPDATE revision r SET codes = set_byte(codes, {slot}, 16) FROM submission s, frame f \
         WHERE s.id = r.submission_id AND r.number = s.latest_revision AND f.survey_id = s.survey_id AND f.hospital_id = s.hospital_id \
         AND s.survey_id = '2024' AND s.state = 'submitted' AND f.out_of_scope_at IS NULL AND f.prefecture = 1 \
         AND f.gmis_id = (SELECT min(f.gmis_id) FROM frame f JOIN submission s USING (survey_id, hospital_id) \
             JOIN revision r ON r.submission_id = s.id AND r.number = s.latest_revision \
             WHERE s.survey_id = '2024' AND s.state = 'submitted' AND f.out_of_scope_at IS NULL AND f.prefecture = 1 \
             AND r.answers ->> 'ehr_in_use' = 'no') \
         RETURNING r.submission_id::text || ' ' || r.number"
    );
    let flipped: Vec<String> = superuser.query(&flip, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(flipped.len(), 1);
    assert_eq!(done(doctor::examine(&state, &Actor::system()).await).different, flipped);

    let expected = sql::tables(&superuser, "2024", "true").await;
    let counted = figures::tables(&state, survey_of("2024"), &Area::Nation, &SHAPES).await;
    let different = differences(&counted, &expected);
    // The whole, the prefecture, and two bands each of the nation and the prefecture.
    assert_eq!(different.len(), 6, "{different:#?}");
    assert!(different.iter().all(|line| line.starts_with("(\"ehr_in_use\"")), "{different:#?}");
}
