//! The server under test: the same `Application::build` as `chosa serve`, on a free port, with a clock that the test sets.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::{SecretSlice, SecretString};
use serde_json::json;
use server::app::clock::Clock;
use server::app::state::State;
use server::auth::second_factor::Demand;
use server::db::pool::TimeOuts;
use server::parsing::{self, Parser};
use server::startup::{Application, Parts};

use crate::binary;
use crate::client::Client;
use crate::database::TestDatabase;
use crate::world::{self, PASSWORD};

/// Key of the tokens of the servers under test.
pub const TOKEN_SECRET: [u8; 32] = [7; 32];

/// Secret of the receipts of the servers under test.
pub const RECEIPT_SECRET: [u8; 32] = [9; 32];

/// A running server with a database of its own. Dropping it stops the server and then drops the database.
pub struct TestApp {
    /// Where it listens: `http://127.0.0.1:1234`.
    pub base: String,
    /// The server's time.
    pub clock: Clock,
    /// For use cases outside of HTTP.
    pub state: State,
    handle: actix_web::dev::ServerHandle,
    /// Last, because the server goes first.
    pub database: TestDatabase,
}

impl TestApp {
    /// In the [`world`], while the survey of 2024 is open and nobody has answered.
    pub async fn spawn() -> TestApp {
        Self::on(TestDatabase::world().await).await
    }

    /// In the world with answers.
    pub async fn answered() -> TestApp {
        Self::on(TestDatabase::answered().await).await
    }

    /// On a database.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn on(database: TestDatabase) -> TestApp {
        Self::with(database, |_| {}).await
    }

    /// On a database, made from other parts than usual.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn with(database: TestDatabase, change: impl FnOnce(&mut Parts)) -> TestApp {
        let clock = Clock::set_to(world::now());
        let mut parts = parts(&database.application_url(), clock.clone());
        parts.parser = Arc::new(Parser::new(parsing::Options {
            program: binary::chosa(),
            ..parsing::Options::default()
        }));
        change(&mut parts);
        let (base, state, handle) = serve(parts).await;
        TestApp {
            base,
            clock,
            state,
            handle,
            database,
        }
    }

    /// A client that is nobody.
    pub fn nobody(&self) -> Client {
        Client::nobody(&self.base)
    }

    /// A client that has signed in with the password of the world's accounts.
    pub async fn sign_in(&self, login: &str) -> Client {
        sign_in(&self.nobody(), login).await
    }

    /// Sets the server's time.
    pub fn at(&self, time: DateTime<Utc>) {
        self.clock.move_to(time);
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Sent at once; nobody waits for the connections of a test that is over.
        drop(self.handle.stop(false));
    }
}

/// Starts a server; it runs until its handle stops it.
///
/// # Panics
/// If it does not start.
pub async fn serve(parts: Parts) -> (String, State, actix_web::dev::ServerHandle) {
    let application = Application::build(parts)
        .await
        .unwrap_or_else(|error| panic!("{}", error.for_operator()));
    let base = format!("http://{}", application.address);
    let (state, handle) = (application.state.clone(), application.handle());
    tokio::spawn(application.run());
    (base, state, handle)
}

/// Signs in with the password of the world's accounts.
pub async fn sign_in(nobody: &Client, login: &str) -> Client {
    let session = nobody
        .post("/api/v1/sessions", &json!({"login": login, "password": PASSWORD}))
        .await
        .expect(201);
    nobody.bearing(session["token"].as_str().unwrap())
}

/// What a server under test is made from: two workers, so that pools are several. Its parser is this program itself, which reads no uploads;
/// [`TestApp::on`] names the built one.
pub fn parts(database_url: &str, clock: Clock) -> Parts {
    Parts {
        database_url: SecretString::from(database_url),
        listen: ([127, 0, 0, 1], 0).into(),
        workers: 2,
        job_workers: 2,
        pool_size: 4,
        time_outs: TimeOuts::default(),
        token_secret: SecretSlice::from(TOKEN_SECRET.to_vec()),
        receipt_secret: SecretSlice::from(RECEIPT_SECRET.to_vec()),
        second_factor: Demand::Offered,
        proxies: Vec::new(),
        parser: Arc::new(Parser::new(parsing::Options::default())),
        public_url: "https://chosa.example.jp".to_owned(),
        clock,
    }
}
