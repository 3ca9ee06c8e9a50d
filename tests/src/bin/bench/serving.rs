//! The real `chosa serve` on a database, as a process of its own with the settings that it has by default.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::binary;
use tests::client::Client;

use crate::cluster::Database;

/// A running server.
pub struct Serving {
    process: Child,
    /// Where it listens: `127.0.0.1:1234`.
    pub address: String,
}

impl Serving {
    /// Starts it and waits until it listens.
    pub fn start(database: &Database, folder: &Path) -> Serving {
        let log = std::fs::File::create(folder.join("serve.log")).unwrap();
        let mut process = binary::command()
            .arg("serve")
            .env("DATABASE_URL", &database.application_url)
            .env("CHOSA_LISTEN", "127.0.0.1:0")
            // What is measured is reading, with accounts made for this run.
            .env("CHOSA_SECOND_FACTOR", "offered")
            .env("CHOSA_DATA_FOLDER", folder.join("serve"))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("http://").and_then(|rest| rest.split('/').next());
        let address = address
            .unwrap_or_else(|| panic!("chosa serve said {line:?}; see serve.log"))
            .to_owned();
        Serving { process, address }
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// A client with the session of an account of the world's password.
    pub async fn sign_in(&self, login: &str) -> Client {
        tests::app::sign_in(&Client::nobody(format!("http://{}", self.address)), login).await
    }

    /// Stops it as an operator would.
    pub fn stop(mut self) {
        kill(Pid::from_raw(i32::try_from(self.process.id()).unwrap()), Signal::SIGTERM).unwrap();
        assert!(self.process.wait().unwrap().success(), "chosa serve did not end well");
    }
}
