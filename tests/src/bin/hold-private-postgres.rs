//! A program for tests to kill: starts the private Postgres of the folder named by its argument, prints the postmaster's process and holds on.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use server::private_postgres::{Options, PrivatePostgres};

#[tokio::main]
async fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    // Safe, not fast: the kills are to hit the real settings.
    match PrivatePostgres::start(Options {
        folder,
        ..Options::default()
    })
    .await
    {
        Ok(postgres) => {
            let pid = postgres.postmaster_pid().map_or(0, |pid| pid.as_raw());
            // Nobody reads any more: then there is nobody to tell either.
            drop(writeln!(std::io::stdout(), "{pid}"));
            std::future::pending::<ExitCode>().await
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
