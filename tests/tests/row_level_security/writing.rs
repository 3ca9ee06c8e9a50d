//! What the application may not write: answers of somebody else's hospital, with a forged area or a forged sender, time, quotas, lists.

use server::auth::actor::Actor;
use tests::database::TestDatabase;
use tests::world::{CITY_WARD, FAR, OWN, UNPLACED};
use tokio_postgres::error::SqlState;

use crate::{account, actor, attempt, cast, id_of};

/// A submission of a hospital that has none, as an actor might try to make one.
fn submission(hospital: &str, prefecture: u8, municipality: &str) -> String {
    format!(
        "INSERT INTO submission (id, survey_id, hospital_id, prefecture, municipality, state, updated_at) \
         VALUES (gen_random_uuid(), '2024', '{hospital}', {prefecture}, '{municipality}', 'draft', now())"
    )
}

/// One more revision of a hospital's submission of 2024; area, role and account as said.
fn revision(submission: &str, hospital: &str, area: (u8, &str), sender: (&str, &str)) -> String {
    let ((prefecture, municipality), (role, account)) = (area, sender);
    format!(
        "INSERT INTO revision (submission_id, number, survey_id, hospital_id, prefecture, municipality, edition_id, edition_hash, layout_hash, \
         answers, codes, entry_path, actor, account_id, receipt, received_at, version) \
         VALUES ('{submission}', 99, '2024', '{hospital}', {prefecture}, '{municipality}', '2024-first', '', '', '{{}}', '', 'api', '{role}', \
         {account}, gen_random_uuid(), now(), 99)"
    )
}

async fn submission_of(database: &TestDatabase, hospital: &str) -> String {
    let sql = format!("SELECT id::text FROM submission WHERE survey_id = '2024' AND hospital_id = '{hospital}'");
    database.superuser().await.query_one(&sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_is_made_only_in_ones_area_and_with_the_area_of_the_frame() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let (unplaced, far) = (
        id_of(&database, UNPLACED.gmis).await.to_string(),
        id_of(&database, FAR.gmis).await.to_string(),
    );
    let (refused, no_such) = (Err(SqlState::INSUFFICIENT_PRIVILEGE), Err(SqlState::FOREIGN_KEY_VIOLATION));
    let cases = [
        ("tokyo", submission(&unplaced, 13, ""), Ok(1)),
        ("tokyo", submission(&far, 14, ""), refused.clone()),
        // Forged: the policy is content, the frame is not.
        ("tokyo", submission(&far, 13, ""), no_such.clone()),
        ("tokyo", submission(&unplaced, 13, "13104"), no_such.clone()),
        ("kanagawa", submission(&unplaced, 13, ""), refused.clone()),
        ("hospital", submission(&unplaced, 13, ""), refused.clone()),
        ("administrator", submission(&far, 14, ""), Ok(1)),
        ("system", submission(&far, 14, ""), Ok(1)),
        ("shinjuku", submission(&unplaced, 13, "13104"), refused.clone()),
        ("analyst", submission(&far, 14, ""), refused.clone()),
        ("operator", submission(&far, 14, ""), refused.clone()),
    ];
    for (login, sql, expected) in cases {
        assert_eq!(
            attempt(&mut application, &actor(&database, login).await, &sql).await,
            expected,
            "{login}: {sql}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_is_added_only_in_ones_area_and_in_ones_own_name() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let own = id_of(&database, OWN.gmis).await.to_string();
    let foreign = id_of(&database, CITY_WARD.gmis).await.to_string();
    let (of_own, of_foreign) = (submission_of(&database, &own).await, submission_of(&database, &foreign).await);
    let refused = Err(SqlState::INSUFFICIENT_PRIVILEGE);
    let (hospital, tokyo) = (actor(&database, "hospital").await, actor(&database, "tokyo").await);
    let (in_shinjuku, in_yokohama) = ((13, "13104"), (14, "14101"));
    let cases = [
        (
            &hospital,
            revision(&of_own, &own, in_shinjuku, ("hospital", &account(&hospital))),
            Ok(1),
        ),
        (
            &tokyo,
            revision(&of_own, &own, in_shinjuku, ("prefecture", &account(&tokyo))),
            Ok(1),
        ),
        (
            &hospital,
            revision(&of_foreign, &foreign, in_yokohama, ("hospital", &account(&hospital))),
            refused.clone(),
        ),
        (
            &tokyo,
            revision(&of_foreign, &foreign, in_yokohama, ("prefecture", &account(&tokyo))),
            refused.clone(),
        ),
        // With a forged area, and with one's own hospital under somebody else's submission.
        (
            &tokyo,
            revision(&of_foreign, &foreign, (13, "13104"), ("prefecture", &account(&tokyo))),
            Err(SqlState::FOREIGN_KEY_VIOLATION),
        ),
        (
            &hospital,
            revision(&of_foreign, &own, in_shinjuku, ("hospital", &account(&hospital))),
            Err(SqlState::FOREIGN_KEY_VIOLATION),
        ),
        // In another role's or account's name.
        (&hospital, revision(&of_own, &own, in_shinjuku, ("system", "NULL")), refused.clone()),
        (
            &hospital,
            revision(&of_own, &own, in_shinjuku, ("hospital", "gen_random_uuid()")),
            refused.clone(),
        ),
        (
            &hospital,
            revision(&of_own, &own, in_shinjuku, ("prefecture", &account(&hospital))),
            refused.clone(),
        ),
    ];
    for (actor, sql, expected) in cases {
        assert_eq!(
            attempt(&mut application, actor, &sql).await,
            expected,
            "{}: {sql}",
            actor.role().name()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_respondent_belongs_to_the_hospital_of_its_revision() {
    let database = TestDatabase::answered().await;
    let own = id_of(&database, OWN.gmis).await.to_string();
    let foreign = id_of(&database, CITY_WARD.gmis).await.to_string();
    let of_foreign = submission_of(&database, &foreign).await;
    // The foreign revision loses its respondent first, so that no key is in the way.
    database
        .superuser()
        .await
        .execute(&format!("DELETE FROM respondent WHERE hospital_id = '{foreign}'"), &[])
        .await
        .unwrap();
    let sql = |hospital: &str, area: &str| {
        format!(
            "INSERT INTO respondent (submission_id, number, hospital_id, prefecture, municipality, details, retain_until) \
             VALUES ('{of_foreign}', 1, '{hospital}', {area}, '{{}}', '2030-01-01')"
        )
    };
    let mut application = database.application().await;
    let hospital = actor(&database, "hospital").await;
    assert_eq!(
        attempt(&mut application, &hospital, &sql(&own, "13, '13104'")).await,
        Err(SqlState::FOREIGN_KEY_VIOLATION)
    );
    assert_eq!(
        attempt(&mut application, &hospital, &sql(&foreign, "14, '14101'")).await,
        Err(SqlState::INSUFFICIENT_PRIVILEGE)
    );
    let yokohama = actor(&database, "yokohama-hospital").await;
    assert_eq!(attempt(&mut application, &yokohama, &sql(&foreign, "14, '14101'")).await, Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_ministry_and_the_system_grant_time_draw_frames_and_allot() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let hospital = id_of(&database, OWN.gmis).await;
    let statements = [
        "INSERT INTO survey_window (id, survey_id, opens, closes, reason) VALUES (gen_random_uuid(), '2024', now(), 'infinity', 'x')"
            .to_owned(),
        format!(
            "INSERT INTO extension (id, survey_id, hospital_id, until, reason) VALUES (gen_random_uuid(), '2024', '{hospital}', 'infinity', 'x')"
        ),
        "INSERT INTO hospital (id, name, prefecture) VALUES (gen_random_uuid(), 'x', 13)".to_owned(),
        "INSERT INTO quota (program_id, prefecture, band, version, hospitals, set_at, reason) VALUES ('2024', 13, '20-199', 9, 99, now(), 'x')"
            .to_owned(),
    ];
    for (login, actor) in cast(&database).await {
        for sql in &statements {
            let expected = if matches!(login.as_str(), "administrator" | "system") {
                Ok(1)
            } else {
                Err(SqlState::INSUFFICIENT_PRIVILEGE)
            };
            assert_eq!(attempt(&mut application, &actor, sql).await, expected, "{login}: {sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn quota_is_asked_for_by_a_prefecture_in_its_own_name_and_decided_by_the_ministry_once() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    for (login, actor) in cast(&database).await {
        for prefecture in [13, 14] {
            let request = |account: &str| {
                format!(
                    "INSERT INTO quota_request (id, program_id, prefecture, concerns, moves, reason, account_id, asked_at) \
                     VALUES (gen_random_uuid(), '2024', {prefecture}, '{{{prefecture}}}', 1, 'x', {account}, now())"
                )
            };
            let may = (login == "tokyo" && prefecture == 13) || (login == "kanagawa" && prefecture == 14);
            let expected = if may { Ok(1) } else { Err(SqlState::INSUFFICIENT_PRIVILEGE) };
            let own = account(&actor);
            assert_eq!(
                attempt(&mut application, &actor, &request(&own)).await,
                expected,
                "{login} for {prefecture}"
            );
            let forged = attempt(&mut application, &actor, &request("gen_random_uuid()")).await;
            assert_eq!(forged, Err(SqlState::INSUFFICIENT_PRIVILEGE), "{login} in another name");
        }
        // To decide again is refused by the key, to decide at all by the policy.
        let again = format!(
            "INSERT INTO quota_decision (request_id, program_id, prefecture, concerns, moves, decision, reason, account_id, decided_at) \
             SELECT id, program_id, prefecture, concerns, moves, 'granted', 'x', {}, now() FROM quota_request LIMIT 1",
            account(&actor)
        );
        let expected = match login.as_str() {
            "administrator" | "system" => Err(SqlState::UNIQUE_VIOLATION),
            "tokyo" | "kanagawa" | "analyst" => Err(SqlState::INSUFFICIENT_PRIVILEGE),
            _ => Ok(0),
        };
        assert_eq!(attempt(&mut application, &actor, &again).await, expected, "{login} decides");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_move_is_added_to_a_request_and_no_version_names_one_that_was_not_granted() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let tokyo = actor(&database, "tokyo").await;
    for ordinal in [1, 2] {
        let sql = format!(
            "INSERT INTO quota_move SELECT id, {ordinal}, program_id, prefecture, concerns, moves, 13, '20-199', 13, '400+', 5 \
             FROM quota_request WHERE prefecture = 13"
        );
        let expected = [SqlState::UNIQUE_VIOLATION, SqlState::CHECK_VIOLATION][ordinal - 1].clone();
        assert_eq!(attempt(&mut application, &tokyo, &sql).await, Err(expected), "{ordinal}");
    }
    let more = "INSERT INTO quota_move SELECT id, 2, program_id, prefecture, concerns, 2, 13, '20-199', 13, '400+', 5 \
                FROM quota_request WHERE prefecture = 13";
    assert_eq!(attempt(&mut application, &tokyo, more).await, Err(SqlState::FOREIGN_KEY_VIOLATION));
    let refused = "INSERT INTO quota (program_id, prefecture, band, version, hospitals, set_at, reason, request_id) \
                   SELECT '2024', 13, '20-199', 9, 99, now(), 'x', request_id FROM quota_decision LIMIT 1";
    assert_eq!(
        attempt(&mut application, &Actor::system(), refused).await,
        Err(SqlState::FOREIGN_KEY_VIOLATION)
    );
    let unsaid = "INSERT INTO quota (program_id, prefecture, band, version, hospitals, set_at) VALUES ('2024', 13, '20-199', 9, 99, now())";
    assert_eq!(
        attempt(&mut application, &Actor::system(), unsaid).await,
        Err(SqlState::CHECK_VIOLATION)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_prefecture_and_the_system_choose_and_only_in_the_prefecture() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    for (login, actor) in cast(&database).await {
        for prefecture in [13, 14] {
            let sql = format!(
                "INSERT INTO selection (id, program_id, prefecture, number, complete, inputs_hash, result_hash, result, chosen_at) \
                 VALUES (gen_random_uuid(), '2024', {prefecture}, 99, true, '', '', '{{}}', now())"
            );
            let may = login == "system" || (login == "tokyo" && prefecture == 13) || (login == "kanagawa" && prefecture == 14);
            let expected = if may { Ok(1) } else { Err(SqlState::INSUFFICIENT_PRIVILEGE) };
            assert_eq!(attempt(&mut application, &actor, &sql).await, expected, "{login} in {prefecture}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_prefecture_and_the_system_say_by_hand_whom_to_choose_and_only_in_the_prefecture() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let (here, there) = (
        id_of(&database, OWN.gmis).await.to_string(),
        id_of(&database, CITY_WARD.gmis).await.to_string(),
    );
    let statements = |hospital: &str, prefecture: u8| {
        let said = |table: &str| {
            format!(
                "INSERT INTO {table} (program_id, hospital_id, version, prefecture, withdrawn, reason, recorded_at) \
                 VALUES ('2024', '{hospital}', 9, {prefecture}, false, 'x', now())"
            )
        };
        [
            said("nomination"),
            said("exclusion"),
            format!(
                "INSERT INTO inspection (id, version, hospital_id, prefecture, level, inspected_on, note, withdrawn, recorded_at) \
                 VALUES (gen_random_uuid(), 1, '{hospital}', {prefecture}, 1, '2024-01-01', '', false, now())"
            ),
            format!(
                "INSERT INTO program_criteria (program_id, prefecture, version, criteria, set_at) VALUES ('2024', {prefecture}, 9, '{{}}', now())"
            ),
        ]
    };
    for (login, actor) in cast(&database).await {
        for (hospital, prefecture) in [(&here, 13), (&there, 14)] {
            for sql in statements(hospital, prefecture) {
                let may = login == "system" || (login == "tokyo" && prefecture == 13) || (login == "kanagawa" && prefecture == 14);
                let expected = if may { Ok(1) } else { Err(SqlState::INSUFFICIENT_PRIVILEGE) };
                assert_eq!(attempt(&mut application, &actor, &sql).await, expected, "{login}: {sql}");
            }
        }
    }
    // With a forged prefecture: the policy of the first two is content, their key is not; the third sees no such hospital.
    let tokyo = actor(&database, "tokyo").await;
    let [nomination, exclusion, inspection, _] = statements(&there, 13);
    for sql in [nomination, exclusion] {
        assert_eq!(
            attempt(&mut application, &tokyo, &sql).await,
            Err(SqlState::FOREIGN_KEY_VIOLATION),
            "{sql}"
        );
    }
    assert_eq!(
        attempt(&mut application, &tokyo, &inspection).await,
        Err(SqlState::INSUFFICIENT_PRIVILEGE)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_steps_a_submission_outside_of_its_area() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let own = id_of(&database, OWN.gmis).await;
    let cases = [
        ("tokyo", 1),
        ("administrator", 1),
        ("yokohama-hospital", 0),
        ("kanagawa", 0),
        ("shinjuku", 0),
        ("analyst", 0),
        ("operator", 0),
    ];
    for (login, rows) in cases {
        let sql = format!("UPDATE submission SET state = 'returned' WHERE survey_id = '2024' AND hospital_id = '{own}'");
        assert_eq!(
            attempt(&mut application, &actor(&database, login).await, &sql).await,
            Ok(rows),
            "{login}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_pulls_its_answers_back_and_neither_returns_nor_accepts_them() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let hospital = actor(&database, "hospital").await;
    for (state, expected) in [
        ("submitted", Ok(1)),
        ("withdrawn", Ok(1)),
        ("returned", Err(SqlState::INSUFFICIENT_PRIVILEGE)),
        ("accepted", Err(SqlState::INSUFFICIENT_PRIVILEGE)),
    ] {
        let sql = format!("UPDATE submission SET state = '{state}' WHERE survey_id = '2024'");
        assert_eq!(attempt(&mut application, &hospital, &sql).await, expected, "{state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_taken_in_ones_area_by_a_role_that_may_and_in_ones_own_name() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let own = id_of(&database, OWN.gmis).await.to_string();
    let submission = submission_of(&database, &own).await;
    let refused = Err(SqlState::INSUFFICIENT_PRIVILEGE);
    for (login, step, expected) in [
        ("hospital", "withdraw", Ok(1)),
        ("tokyo", "withdraw", Ok(1)),
        ("hospital", "accept", refused.clone()),
        ("tokyo", "accept", Ok(1)),
        ("administrator", "accept", Ok(1)),
        ("administrator", "withdraw", refused.clone()),
        ("kanagawa", "accept", refused.clone()),
        ("yokohama-hospital", "withdraw", refused.clone()),
        ("shinjuku", "accept", refused.clone()),
        ("analyst", "accept", refused.clone()),
        ("operator", "accept", refused.clone()),
    ] {
        let actor = actor(&database, login).await;
        for (name, expected) in [
            (account(&actor), expected.clone()),
            ("gen_random_uuid()".to_owned(), refused.clone()),
        ] {
            let sql = format!(
                "INSERT INTO submission_event (id, submission_id, version, survey_id, hospital_id, prefecture, municipality, step, revision, actor, \
                 account_id, happened_at) VALUES (gen_random_uuid(), '{submission}', 99, '2024', '{own}', 13, '13104', '{step}', 1, '{}', {name}, now())",
                actor.role().name()
            );
            assert_eq!(attempt(&mut application, &actor, &sql).await, expected, "{login} {step} {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_saved_on_ones_own_side_only() {
    let database = TestDatabase::answered().await;
    let mut application = database.application().await;
    let own = id_of(&database, OWN.gmis).await.to_string();
    for (login, changed) in [
        ("hospital", 1),
        ("tokyo", 1),
        ("kanagawa", 1),
        ("yokohama-hospital", 1),
        ("administrator", 0),
        ("shinjuku", 0),
        ("analyst", 0),
        ("operator", 0),
    ] {
        let actor = actor(&database, login).await;
        let sql = format!(
            "UPDATE draft SET answers = '{{}}', actor = '{}', account_id = {}",
            actor.role().name(),
            account(&actor)
        );
        assert_eq!(attempt(&mut application, &actor, &sql).await, Ok(changed), "{login}");
    }
    let tokyo = actor(&database, "tokyo").await;
    let submission = submission_of(&database, &own).await;
    for (party, expected) in [("proxy", Ok(1)), ("hospital", Err(SqlState::INSUFFICIENT_PRIVILEGE))] {
        let sql = format!(
            "INSERT INTO draft (submission_id, party, survey_id, hospital_id, prefecture, municipality, edition_id, answers, tag, actor, account_id, \
             saved_at, retain_until) VALUES ('{submission}', '{party}', '2024', '{own}', 13, '13104', '2024-first', '{{}}', gen_random_uuid(), \
             'prefecture', {}, now(), '2030-01-01')",
            account(&tokyo)
        );
        assert_eq!(attempt(&mut application, &tokyo, &sql).await, expected, "{party}");
    }
}
