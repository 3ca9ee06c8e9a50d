//! Stops the Postgres that the tests share; harmless if none runs. For the end of a test run.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match tests::postgres::stop_shared_cluster().await {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
