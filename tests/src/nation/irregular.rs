//! What the made files never hold: corrections by proxy with 無回答, answers to what was not asked, optional questions left out, hospitals that
//! submit by themselves, and submissions and hospitals that must not be counted. Drawn from a seed; must not decide what any of it counts as.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};
use server::app::state::State;
use server::app::submissions::{self, NewAnswers, Way};
use server::auth::actor::{Actor, Role};
use server::auth::permit::Permit;
use survey::hospital::FrameHospital;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::database::session;
use crate::world::{done, survey_of};

const SEED: u64 = 2_024;
/// One of so many hospitals of a frame is corrected.
const ONE_OF: u32 = 3;

const YES_NO: &[&str] = &["yes", "no"];
const THREE: &[&str] = &["three_or_more", "two", "one"];
const DESKS: &[&str] = &["own_institution", "vendor", "other_institution", "other"];

/// A question: its key, the question that must be answered by yes for it to be demanded, and its options; none for a text.
type Question = (&'static str, Option<&'static str>, &'static [&'static str]);

const QUESTIONS_2022: [Question; 13] = [
    ("guideline_in_use", None, YES_NO),
    ("ehr_in_use", None, YES_NO),
    ("ehr_backup", Some("ehr_in_use"), YES_NO),
    ("backup_generations_kept", Some("ehr_in_use"), YES_NO),
    ("backup_disaster_separated", Some("ehr_in_use"), YES_NO),
    ("backup_leak_protection", Some("ehr_in_use"), YES_NO),
    ("vpn_present", None, YES_NO),
    ("vpn_devices", Some("vpn_present"), &[]),
    ("vpn_updates_applied", Some("vpn_present"), YES_NO),
    ("vpn_source_ip_restricted", Some("vpn_present"), YES_NO),
    ("vpn_access_log_reviewed", Some("vpn_present"), YES_NO),
    // Asked of all, but free to leave out without a VPN.
    ("emergency_procedure_drilled", Some("vpn_present"), YES_NO),
    ("security_officer_placed", Some("vpn_present"), YES_NO),
];

const QUESTIONS_2024: [Question; 20] = [
    ("safety_manager_placed", None, YES_NO),
    ("information_policy_defined", None, YES_NO),
    ("responsibility_boundary_agreed", None, YES_NO),
    ("network_map_known", None, YES_NO),
    ("consultation_desk", None, DESKS),
    ("incident_contacts_known", None, YES_NO),
    ("alerts_collected", None, YES_NO),
    ("mds_sds_checked", None, YES_NO),
    ("bcp_defined", None, YES_NO),
    ("bcp_drilled", Some("bcp_defined"), YES_NO),
    ("ehr_in_use", None, YES_NO),
    ("ehr_backup", Some("ehr_in_use"), YES_NO),
    (
        "backup_frequency",
        Some("ehr_backup"),
        &["daily", "weekly", "monthly", "yearly", "other"],
    ),
    ("backup_copies", Some("ehr_backup"), THREE),
    ("backup_generations", Some("ehr_backup"), THREE),
    ("backup_media_kinds", Some("ehr_backup"), THREE),
    ("backup_offline", Some("ehr_backup"), YES_NO),
    ("backup_leak_protection", Some("ehr_backup"), YES_NO),
    ("server_services_stopped", None, YES_NO),
    ("client_services_stopped", None, YES_NO),
];

/// Corrects many hospitals of both surveys, then moves submissions and hospitals to where they are not counted.
pub(crate) async fn make_irregular(application_url: &str, superuser_url: &str) {
    let state = super::state(application_url).await;
    let superuser = session(superuser_url).await;
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    for (survey, questions) in [("2022", QUESTIONS_2022.as_slice()), ("2024", QUESTIONS_2024.as_slice())] {
        let ids = hospital_ids(&superuser, survey).await;
        for hospital in &super::NATION.survey(survey).unwrap().frame {
            if rng.random_range(0..ONE_OF) == 0 {
                for _ in 0..rng.random_range(1..=3) {
                    correct(&state, survey, questions, hospital, ids[hospital.gmis.as_str()], &mut rng).await;
                }
            }
        }
        uncount(&superuser, survey).await;
    }
}

async fn hospital_ids(superuser: &Client, survey: &str) -> BTreeMap<String, Uuid> {
    let rows = superuser
        .query("SELECT gmis_id, hospital_id FROM frame WHERE survey_id = $1", &[&survey])
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// One more revision: nine times of ten by the prefecture, else by the hospital itself, which may not write 無回答.
async fn correct(state: &State, survey: &str, questions: &[Question], hospital: &FrameHospital, id: Uuid, rng: &mut ChaCha8Rng) {
    let by_proxy = rng.random_range(0..10) > 0;
    let role = if by_proxy {
        Role::Prefecture(hospital.prefecture)
    } else {
        Role::Hospital(id)
    };
    let permit = Permit::of(Actor::of_account(Uuid::from_u128(1), role)).unwrap();
    let new = NewAnswers {
        hospital: hospital.gmis.to_string(),
        edition: None,
        answers: answers(survey, questions, by_proxy, rng),
        seen: None,
        reason: by_proxy.then(|| "電話で確認".to_owned()),
        way: Way::Api,
        received: [2; 32],
    };
    done(submissions::submit(state, &permit, survey_of(survey), &new, None).await);
}

fn answers(survey: &str, questions: &[Question], by_proxy: bool, rng: &mut ChaCha8Rng) -> Value {
    let mut answers = Map::new();
    for (key, gate, options) in questions {
        let demanded = gate.is_none_or(|gate| answers.get(gate) == Some(&json!("yes")));
        // Where it is not demanded it is sometimes given all the same: a warning if it was not asked, kept if it was free.
        if demanded || rng.random_range(0..5) < 2 {
            let no_answer = by_proxy && rng.random_range(0..8) == 0;
            answers.insert(
                (*key).to_owned(),
                if no_answer { json!("no_answer") } else { answer(key, options, rng) },
            );
        }
    }
    let mut respondent =
        json!({"name": "試験 花子", "organisation": "情報課", "contact": format!("03-0000-{:04}", rng.random_range(0..10_000))});
    if survey == "2024" {
        respondent["corporation"] = json!("試験法人");
    }
    answers.insert("respondent".to_owned(), respondent);
    Value::Object(answers)
}

fn answer(key: &str, options: &[&str], rng: &mut ChaCha8Rng) -> Value {
    match key {
        "vpn_devices" => json!("=試験機 X-1 2台"),
        "consultation_desk" if rng.random_range(0..5) == 0 => json!(["none_wanted"]),
        "consultation_desk" => {
            let mut desks: Vec<&str> = options.iter().copied().filter(|_| rng.random_range(0..2) == 0).collect();
            // The order of the sender is not the order of the questionnaire.
            desks.reverse();
            if desks.is_empty() { json!(["none_unwanted"]) } else { json!(desks) }
        }
        _ => json!(options[rng.random_range(0..options.len())]),
    }
}

/// By SQL, because there is no use case for it yet: other states of submissions, drafts without a revision, hospitals that closed.
async fn uncount(superuser: &Client, survey: &str) {
    let statements = [
        "UPDATE submission s SET state = CASE abs(hashtext(f.gmis_id)) % 12 WHEN 0 THEN 'withdrawn' WHEN 1 THEN 'returned' WHEN 2 THEN 'draft' \
         WHEN 3 THEN 'accepted' WHEN 4 THEN 'accepted' ELSE 'submitted' END, updated_at = $2 \
         FROM frame f WHERE f.survey_id = s.survey_id AND f.hospital_id = s.hospital_id AND s.survey_id = $1",
        "INSERT INTO submission (id, survey_id, hospital_id, prefecture, municipality, state, latest_revision, updated_at) \
         SELECT gen_random_uuid(), f.survey_id, f.hospital_id, f.prefecture, f.municipality, 'draft', 0, $2 FROM frame f \
         WHERE f.survey_id = $1 AND abs(hashtext(f.gmis_id)) % 2 = 0 \
         AND NOT EXISTS (SELECT FROM submission s WHERE s.survey_id = f.survey_id AND s.hospital_id = f.hospital_id)",
        "UPDATE frame SET out_of_scope_at = $2::timestamptz + interval '1 hour', out_of_scope_reason = '閉院' WHERE survey_id = $1 AND abs(hashtext(gmis_id)) % 17 = 5",
    ];
    for statement in statements {
        assert!(
            superuser.execute(statement, &[&survey, &super::now()]).await.unwrap() > 0,
            "{statement}"
        );
    }
}
