//! The made nation of the tests of the main job, reduced: written as the files that would arrive, and taken in through the use cases as the demo does.
//!
//! Knows what was made, never what must come out of it: that stands in `made.json` and in the tests.

mod irregular;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use fixtures::{DEFAULT_SEED, Nation, files};
use secrecy::SecretString;
use serde_json::Value;
use server::app::accounts::{self, Speaks};
use server::app::clock::Clock;
use server::app::imports::{self, ImportReport, Upload};
use server::app::programs::{self, NewProgram, Terms};
use server::app::state::State;
use server::app::{frames, windows};
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use server::error::AppError;
use server::parsing::{self, Parser};
use server::startup;
use survey::survey::Survey;
use tempfile::TempDir;

use crate::app::parts;
use crate::binary;
use crate::world::{PASSWORD, done};

pub(crate) use irregular::make_irregular;

/// How much of a nation: the short cell has a candidate, every prefecture a hospital, and the tests take seconds.
pub const SCALE: f64 = 0.08;
/// The programme that the nation's quotas are for.
pub const PROGRAM: &str = "2024";

/// The nation.
pub static NATION: LazyLock<Nation> = LazyLock::new(|| fixtures::make(DEFAULT_SEED, SCALE).unwrap());

/// After both surveys have closed: they are reopened, as in the demo.
pub fn now() -> DateTime<Utc> {
    "2024-06-03T03:00:00Z".parse().unwrap()
}

/// A nation's files in a folder of their own.
#[derive(Debug)]
pub struct Files {
    folder: TempDir,
}

impl Files {
    /// Writes the files of [`NATION`].
    pub fn of_the_nation() -> Files {
        Self::of(&NATION)
    }

    /// Writes the files of a nation.
    pub fn of(nation: &Nation) -> Files {
        let folder = tempfile::tempdir().unwrap();
        files::write(nation, folder.path()).unwrap();
        Files { folder }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The bytes of a file.
    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// `made.json`: what must come out.
    pub fn made(&self) -> Value {
        serde_json::from_slice(&self.read("made.json")).unwrap()
    }

    /// The files of answers to a survey, by name.
    pub fn answers(&self, survey: &str) -> Vec<String> {
        let prefix = format!("answers_{survey}");
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name.starts_with(&prefix));
        names.sort();
        names
    }
}

/// When the last of what [`crate::database::TestDatabase::irregular`] holds happened: hospitals closed.
pub fn last_change() -> DateTime<Utc> {
    now() + TimeDelta::hours(1)
}

/// In which order files are taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By name.
    Names,
    /// By name, the last first.
    Backwards,
}

/// What use cases need, on a database, while the surveys are open again; the built program is the parsing child.
pub async fn state(application_url: &str) -> State {
    state_at(application_url, now()).await
}

/// The same at another time.
pub async fn state_at(application_url: &str, time: DateTime<Utc>) -> State {
    let mut parts = parts(application_url, Clock::set_to(time));
    parts.parser = Arc::new(Parser::new(parsing::Options {
        program: binary::chosa(),
        ..parsing::Options::default()
    }));
    done(startup::state(&parts).await)
}

/// Draws the frames, reopens the surveys and imports every file of answers; the earlier survey first, because the later one looks at it.
pub async fn take_in(state: &State, files: &Files, order: Order) {
    for survey in survey::compiled_in() {
        let id = survey.id().as_str();
        let frame = state.shared.parser.parse(files.read(&format!("frame_{id}.csv"))).await;
        let (rows, faults) = importer::frame::examine_frame_with_attributes(&done(frame).unwrap());
        assert_eq!(faults, []);
        let known = rows
            .iter()
            .map(|(hospital, attributes)| (hospital.gmis.clone(), attributes.clone()))
            .collect();
        let hospitals = rows.into_iter().map(|(hospital, _)| hospital).collect();
        done(frames::draw_with(state, &Permit::of(Actor::system()).unwrap(), survey, hospitals, &known).await);
        let window = (now() - TimeDelta::minutes(1), now() + TimeDelta::days(30));
        done(windows::open(state, &Permit::of(Actor::system()).unwrap(), survey, window, "試験").await);
        let mut names = files.answers(id);
        if order == Order::Backwards {
            names.reverse();
        }
        for name in names {
            done(import(state, &Actor::system(), survey, upload(&name, files.read(&name))).await);
        }
    }
}

/// A file as it is sent, with nothing said about it.
pub fn upload(file_name: &str, bytes: Vec<u8>) -> Upload {
    Upload {
        file_name: file_name.to_owned(),
        bytes,
        numbering: None,
        reason: None,
    }
}

/// Imports a file. The report is what the API would answer.
///
/// # Errors
/// Those of the use case.
pub async fn import(state: &State, actor: &Actor, survey: &'static Survey, upload: Upload) -> Result<Value, AppError> {
    let permit = Permit::of(actor.clone())?;
    let report = imports::import(state, &permit, survey, &upload, false, None).await?;
    serde_json::to_value(report).map_err(AppError::internal)
}

/// Examines a file and stores nothing.
///
/// # Errors
/// Those of the use case.
pub async fn dry_run(state: &State, actor: &Actor, survey: &'static Survey, upload: &Upload) -> Result<ImportReport, AppError> {
    imports::dry_run(state, &Permit::of(actor.clone())?, survey, upload).await
}

/// Opens the programme of 2024 and sets its quotas from the file.
pub async fn open_program(state: &State, files: &Files, title: &str) {
    let new = NewProgram {
        id: PROGRAM.to_owned(),
        fiscal_year: 2024,
        title: title.to_owned(),
        surveys: vec!["2024".to_owned(), "2022".to_owned()],
        use_rule: "試験のため".to_owned(),
        deadline: now() + TimeDelta::days(30),
        terms: Terms::default(),
    };
    done(programs::open(state, &Permit::of(Actor::system()).unwrap(), &new).await);
    let workbook = done(state.shared.parser.parse(files.read("quotas_2024.csv")).await).unwrap();
    let (cells, faults) = importer::quotas::examine_quotas(&workbook, survey::band::Banding::Program);
    assert_eq!(faults, []);
    let quota = |(prefecture, band, hospitals)| analytics::selection::Quota {
        prefecture,
        band,
        hospitals,
    };
    let cells: Vec<_> = cells.into_iter().map(quota).collect();
    assert_eq!(
        done(programs::quotas::set(state, &Permit::of(Actor::system()).unwrap(), PROGRAM, &cells.as_slice().into()).await),
        cells.len()
    );
}

/// An account that may read the nation's numbers, with the password of all test accounts.
pub async fn make_analyst(state: &State, login: &str) {
    let permit = Permit::of(Actor::system()).unwrap();
    done(accounts::create(state, &permit, login, SecretString::from(PASSWORD), &Speaks::MinistryAnalyst).await);
}

/// The nation as its files say: what the template of [`crate::database::TestDatabase::nation`] holds.
pub(crate) async fn make(application_url: &str) {
    take_in(&state(application_url).await, &Files::of_the_nation(), Order::Names).await;
}
