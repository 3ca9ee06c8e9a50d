//! The Postgres of a run: private, in the safe setting, in a throw-away folder; databases that are made once and cloned for each repetition.

use std::path::{Path, PathBuf};

use chrono::{TimeDelta, Utc};
use secrecy::SecretString;
use server::app::accounts::{self, Speaks};
use server::app::{frames, windows};
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use server::db::migrations;
use server::private_postgres::{Options, PrivatePostgres};
use tests::database::session;
use tests::nation::state_at;
use tests::world::{PASSWORD, done, survey_of};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::made;

/// Who uploads the nation's workbook.
pub const MINISTRY: &str = "administrator";

/// Sessions that the server and pgbench may have together.
const CONNECTIONS: u16 = 200;

/// A running cluster.
pub struct Cluster {
    postgres: PrivatePostgres,
    folder: PathBuf,
}

/// A database in it; somebody else drops it.
#[derive(Debug, Clone)]
pub struct Database {
    pub name: String,
    pub application_url: String,
    pub superuser_url: String,
}

impl Database {
    /// A session as the superuser, whom no policy binds.
    pub async fn superuser(&self) -> Client {
        session(&self.superuser_url).await
    }

    /// One number.
    pub async fn number(&self, sql: &str) -> i64 {
        self.superuser().await.query_one(sql, &[]).await.unwrap().get(0)
    }
}

impl Cluster {
    /// Starts it.
    pub async fn start() -> Cluster {
        let folder = PathBuf::from(format!("/tmp/chosa-bench-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let options = Options {
            folder: Some(folder.join("data")),
            max_connections: CONNECTIONS,
            ..Options::default()
        };
        let postgres = PrivatePostgres::start(options).await;
        let postgres = postgres.unwrap_or_else(|error| panic!("{error}"));
        Cluster { postgres, folder }
    }

    /// Stops it, and removes its folder.
    pub async fn stop(self) {
        self.postgres.stop().await.unwrap_or_else(|error| panic!("{error}"));
        std::fs::remove_dir_all(self.folder).unwrap();
    }

    /// The folder of the run; removed at its end.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of the socket.
    pub fn socket_folder(&self) -> &Path {
        self.postgres.socket_folder()
    }

    /// Postgres' logs.
    pub fn logs(&self) -> PathBuf {
        self.postgres.folder().join("postgres-log")
    }

    fn named(&self, name: &str) -> Database {
        Database {
            name: name.to_owned(),
            application_url: self.postgres.application_url(name),
            superuser_url: self.postgres.superuser_url(name),
        }
    }

    /// An empty database.
    pub async fn empty(&self, name: &str) -> Database {
        self.postgres.address().create_database(name).await.unwrap();
        self.named(name)
    }

    /// Where the owner migrates a database.
    pub fn owner_url(&self, database: &Database) -> String {
        self.postgres.owner_url(&database.name)
    }

    /// Makes a database of so many hospitals: a frame, an open window, the ministry's account. Nobody has answered.
    pub async fn make(&self, name: &str, hospitals: usize) -> Database {
        let database = self.named(name);
        self.postgres.address().create_database(name).await.unwrap();
        let migrated = migrations::run(&self.postgres.owner_url(name)).await;
        migrated.unwrap_or_else(|error| panic!("{}", error.for_operator()));
        let now = Utc::now();
        let state = state_at(&database.application_url, now).await;
        let survey = survey_of(made::SURVEY);
        let frame = made::frame(hospitals);
        done(frames::draw(&state, &Permit::of(Actor::system()).unwrap(), survey, frame).await);
        let window = (now - TimeDelta::minutes(1), now + TimeDelta::days(30));
        done(windows::open(&state, &Permit::of(Actor::system()).unwrap(), survey, window, "測定").await);
        let permit = Permit::of(Actor::system()).unwrap();
        done(
            accounts::create(
                &state,
                &permit,
                MINISTRY,
                SecretString::from(PASSWORD),
                &Speaks::MinistryAdministrator,
            )
            .await,
        );
        drop(state);
        self.settle(&database).await;
        database
    }

    /// Ends every session of a database, so that it can be cloned, and gives its tables their statistics.
    pub async fn settle(&self, database: &Database) {
        database.superuser().await.batch_execute("VACUUM (ANALYZE)").await.unwrap();
        let ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1";
        let maintenance = self.named("postgres").superuser().await;
        maintenance.query(ended, &[&database.name]).await.unwrap();
    }

    /// A copy of a database, with nothing left to be written when the measurement begins.
    pub async fn copy(&self, template: &Database) -> Database {
        let copy = self.named(&format!("copy_{}", Uuid::new_v4().simple()));
        self.postgres.address().clone_database(&copy.name, &template.name).await.unwrap();
        copy.superuser().await.batch_execute("CHECKPOINT").await.unwrap();
        copy
    }

    /// Drops a copy.
    pub async fn drop(&self, database: Database) {
        self.postgres.address().drop_database(&database.name).await.unwrap();
    }
}
