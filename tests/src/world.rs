//! A small made world: two prefectures, municipalities and a designated city in them, a frame for each survey, an account of each role.
//!
//! Made through the use cases, as an operator would.

mod answered;
mod secured;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};
use server::app::accounts::{self, Speaks};
use server::app::clock::Clock;
use server::app::state::State;
use server::app::{frames, sessions};
use server::auth::actor::Actor;
use server::auth::permit::{DrawFrame, ManageAccounts, Permit};
use server::error::AppError;
use server::startup;
use survey::area::MunicipalityCode;
use survey::frame::Frame;
use survey::hospital::{Beds, FrameHospital, GmisId};
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;

pub(crate) use answered::answer;

use crate::app::parts;
use crate::database::session;

/// Password of every account.
pub const PASSWORD: &str = "correct horse battery";
/// Client id of a program that acts as the prefecture 13.
pub const CLIENT: &str = "tokyo-uploads";
/// Its secret.
pub const CLIENT_SECRET: &str = "a secret that no person types: 7bKx2Qw9Zr";

/// A hospital of the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hospital {
    /// G-MIS ID.
    pub gmis: &'static str,
    /// JIS X 0401.
    pub prefecture: u8,
    /// Five digits, or empty.
    pub municipality: &'static str,
    /// Licensed beds.
    pub beds: u16,
}

const fn hospital(gmis: &'static str, prefecture: u8, municipality: &'static str, beds: u16) -> Hospital {
    Hospital {
        gmis,
        prefecture,
        municipality,
        beds,
    }
}

/// The hospital that the account `hospital` speaks for.
pub const OWN: Hospital = hospital("SJK0001", 13, "13104", 120);
/// Its neighbour in the same ward.
pub const NEIGHBOUR: Hospital = hospital("SJK0002", 13, "13104", 450);
/// In another ward of the same prefecture.
pub const OTHER_WARD: Hospital = hospital("CYD0001", 13, "13101", 30);
/// In the same prefecture, its municipality not known.
pub const UNPLACED: Hospital = hospital("TKY0001", 13, "", 250);
/// In the other prefecture, in a ward of a designated city.
pub const CITY_WARD: Hospital = hospital("YKH0001", 14, "14101", 300);
/// In the other prefecture, in a ward of another designated city.
pub const OTHER_CITY: Hospital = hospital("KWS0001", 14, "14131", 60);
/// In the other prefecture, its municipality not known.
pub const FAR: Hospital = hospital("KNG0001", 14, "", 210);
/// Only in the frame of 2022.
pub const CLOSED: Hospital = hospital("OLD0001", 13, "13104", 80);
/// A G-MIS ID that no hospital has.
pub const NO_HOSPITAL: &str = "ZZZ9999";

/// The frame of 2024.
pub const FRAME_2024: [Hospital; 7] = [OWN, NEIGHBOUR, OTHER_WARD, UNPLACED, CITY_WARD, OTHER_CITY, FAR];
/// The frame of 2022.
pub const FRAME_2022: [Hospital; 5] = [OWN, NEIGHBOUR, OTHER_WARD, CITY_WARD, CLOSED];
/// Who has answered the survey of 2024 in the world with answers; the first one twice.
pub const ANSWERED_2024: [Hospital; 5] = [OWN, NEIGHBOUR, OTHER_WARD, CITY_WARD, OTHER_CITY];

/// Logins, each with the role and area that it speaks for.
pub fn accounts() -> Vec<(&'static str, Speaks)> {
    let of_hospital = |hospital: Hospital| Speaks::Hospital {
        survey: "2024".to_owned(),
        gmis: hospital.gmis.to_owned(),
    };
    vec![
        ("hospital", of_hospital(OWN)),
        ("yokohama-hospital", of_hospital(CITY_WARD)),
        ("shinjuku", Speaks::Municipality(municipality("13104"))),
        ("yokohama", Speaks::Municipality(municipality("14100"))),
        ("tokyo", Speaks::Prefecture(prefecture(13))),
        ("kanagawa", Speaks::Prefecture(prefecture(14))),
        ("analyst", Speaks::MinistryAnalyst),
        ("administrator", Speaks::MinistryAdministrator),
        ("operator", Speaks::Operator),
    ]
}

/// In the middle of the window of 2024.
pub fn now() -> DateTime<Utc> {
    "2024-02-10T03:00:00Z".parse().unwrap()
}

/// In the first window of 2022.
pub fn in_2022() -> DateTime<Utc> {
    "2022-02-01T03:00:00Z".parse().unwrap()
}

/// A survey by its id.
pub fn survey_of(id: &str) -> &'static Survey {
    survey::survey::find(id).unwrap()
}

/// A prefecture by its number.
pub fn prefecture(number: u8) -> PrefectureCode {
    PrefectureCode::new(number).unwrap()
}

/// A municipality by its five digits.
pub fn municipality(code: &str) -> MunicipalityCode {
    MunicipalityCode::parse(code).unwrap()
}

/// The hospitals as the frame of a survey has them.
pub fn frame(hospitals: &[Hospital]) -> Frame {
    Frame::new(hospitals.iter().map(in_frame).collect()).unwrap()
}

fn in_frame(hospital: &Hospital) -> FrameHospital {
    FrameHospital {
        gmis: GmisId::parse(hospital.gmis).unwrap(),
        institution_code: None,
        name: format!("試験{}病院", hospital.gmis),
        prefecture: prefecture(hospital.prefecture),
        municipality: (!hospital.municipality.is_empty()).then(|| municipality(hospital.municipality)),
        beds: Beds::new(hospital.beds).unwrap(),
    }
}

/// Faultless answers of 2024 of a hospital with an electronic health record and a backup.
pub fn answers_2024() -> Value {
    json!({
        "respondent": {"name": "試験 花子", "corporation": "試験法人", "organisation": "情報課", "contact": "03-0000-0000"},
        "safety_manager_placed": "yes", "information_policy_defined": "yes", "responsibility_boundary_agreed": "no",
        "network_map_known": "yes", "consultation_desk": ["own_institution", "vendor"], "incident_contacts_known": "yes",
        "alerts_collected": "yes", "mds_sds_checked": "no", "bcp_defined": "yes", "bcp_drilled": "no", "ehr_in_use": "yes",
        "ehr_backup": "yes", "backup_frequency": "daily", "backup_copies": "three_or_more", "backup_generations": "two",
        "backup_media_kinds": "two", "backup_offline": "yes", "backup_leak_protection": "yes",
        "server_services_stopped": "yes", "client_services_stopped": "no",
    })
}

/// Faultless answers of 2022.
pub fn answers_2022() -> Value {
    json!({
        "respondent": {"name": "試験 太郎", "organisation": "事務部", "contact": "03-0000-0001"},
        "guideline_in_use": "yes", "ehr_in_use": "yes", "ehr_backup": "yes", "backup_generations_kept": "yes",
        "backup_disaster_separated": "no", "backup_leak_protection": "yes", "vpn_present": "no",
    })
}

/// The same answers with one of them changed.
#[must_use]
pub fn but(mut answers: Value, question: &str, answer: impl Into<Value>) -> Value {
    answers[question] = answer.into();
    answers
}

/// Frames and accounts.
pub(crate) async fn make(application_url: &str) {
    let state = state(application_url, now()).await;
    let permit = Permit::<DrawFrame>::of(Actor::system()).unwrap();
    for (id, hospitals) in [("2022", FRAME_2022.as_slice()), ("2024", FRAME_2024.as_slice())] {
        let rows = hospitals.iter().map(in_frame).collect();
        done(frames::draw(&state, &permit, survey_of(id), rows).await);
    }
    let permit = Permit::<ManageAccounts>::of(Actor::system()).unwrap();
    for (login, speaks) in accounts() {
        done(accounts::create(&state, &permit, login, SecretString::from(PASSWORD), &speaks).await);
    }
    done(accounts::create_client(&state, &permit, CLIENT, "tokyo", SecretString::from(CLIENT_SECRET)).await);
}

/// A session of an account of the world, begun as a program begins one.
pub(crate) async fn sign_in(state: &State, login: &str) -> Result<sessions::Begun, AppError> {
    let asking = sessions::Asking::default();
    sessions::sign_in(state, login, SecretString::from(PASSWORD), sessions::Second::Given(None), &asking).await
}

/// The actor of an account of the world.
pub async fn actor(state: &State, login: &str) -> Actor {
    let session = done(sign_in(state, login).await);
    done(sessions::authenticate(state, &session.token).await)
}

async fn state(application_url: &str, now: DateTime<Utc>) -> State {
    // Fails here with a sentence if the database is not there.
    drop(session(application_url).await);
    done(startup::state(&parts(application_url, Clock::set_to(now))).await)
}

/// The value of a use case that has to work.
///
/// # Panics
/// With the operator's line if it did not.
#[track_caller]
pub fn done<T>(result: Result<T, AppError>) -> T {
    result.unwrap_or_else(|error| panic!("{}", error.for_operator()))
}
