//! Whom the faults happen to: 50 made hospitals of two prefectures, and the accounts that submit for them.

use std::path::Path;

use chrono::{TimeDelta, Utc};
use secrecy::SecretString;
use server::app::accounts::{self, Speaks};
use server::app::clock::Clock;
use server::app::windows;
use server::auth::actor::Actor;
use server::auth::permit::{GrantTime, ManageAccounts, Permit};
use server::private_postgres::{DATABASE, Options, PrivatePostgres};
use server::startup;
use tests::app::parts;
use tests::{binary, world};

/// The survey that is answered.
pub const SURVEY: &str = "2024";

/// One sender: an account and the hospitals that only this client of the account submits for.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Login of the account.
    pub login: String,
    /// G-MIS IDs.
    pub hospitals: Vec<String>,
}

/// Two hospitals that answer themselves; six officials, three of each prefecture, who answer for eight hospitals each.
pub fn senders() -> Vec<Sender> {
    let own = (0..2).map(|number| Sender {
        login: format!("hospital-{number}"),
        hospitals: vec![format!("OWN000{number}")],
    });
    let officials = (0..6).map(|number| Sender {
        login: format!("prefecture-{}", prefecture_of(number)),
        hospitals: (0..8).map(|hospital| format!("PRF0{number}0{hospital}")).collect(),
    });
    own.chain(officials).collect()
}

fn prefecture_of(official: usize) -> u8 {
    if official.is_multiple_of(2) { 13 } else { 14 }
}

/// Frame by the program itself, accounts and an open window by the use cases that the program has no command for yet. Leaves Postgres running, for the
/// server to adopt.
pub async fn found(data_folder: &Path) {
    let frame = data_folder.with_file_name("frame.csv");
    std::fs::write(&frame, frame_csv()).unwrap();
    let mut command = tokio::process::Command::from(binary::command());
    command
        .args(["import", "frame", "--survey", SURVEY, "--data-folder"])
        .arg(data_folder)
        .arg(&frame)
        .kill_on_drop(true);
    let imported = command.output().await.unwrap();
    assert!(imported.status.success(), "{imported:?}");

    let postgres = PrivatePostgres::start(Options {
        folder: Some(data_folder.to_owned()),
        ..Options::default()
    });
    let postgres = postgres.await.unwrap_or_else(|error| panic!("{error}"));
    let state = startup::state(&parts(&postgres.application_url(DATABASE), Clock::System)).await;
    let state = state.unwrap_or_else(|error| panic!("{}", error.for_operator()));
    let permit = Permit::<GrantTime>::of(Actor::system()).unwrap();
    let times = (Utc::now() - TimeDelta::days(1), Utc::now() + TimeDelta::days(1));
    windows::open(&state, &permit, world::survey_of(SURVEY), times, "故障試験")
        .await
        .unwrap();
    let permit = Permit::<ManageAccounts>::of(Actor::system()).unwrap();
    for (login, speaks) in accounts() {
        accounts::create(&state, &permit, &login, SecretString::from(world::PASSWORD), &speaks)
            .await
            .unwrap();
    }
    drop(postgres.leave_running());
}

fn accounts() -> Vec<(String, Speaks)> {
    let mut accounts = Vec::new();
    for sender in senders() {
        let speaks = match sender.login.strip_prefix("prefecture-") {
            Some(number) => Speaks::Prefecture(world::prefecture(number.parse().unwrap())),
            None => Speaks::Hospital {
                survey: SURVEY.to_owned(),
                gmis: sender.hospitals[0].clone(),
            },
        };
        if !accounts.iter().any(|(login, _)| *login == sender.login) {
            accounts.push((sender.login, speaks));
        }
    }
    accounts
}

fn frame_csv() -> String {
    let mut text = "gmis_id,name,prefecture,beds\n".to_owned();
    for sender in senders() {
        let prefecture = sender.login.strip_prefix("prefecture-").unwrap_or("13");
        for hospital in sender.hospitals {
            text.push_str(&format!("{hospital},試験{hospital}病院,{prefecture},120\n"));
        }
    }
    text
}
