//! Killed while hospitals submit: the server, Postgres, one of its sessions, and server and Postgres at once. What was acknowledged is there exactly
//! once, as it was sent; what was sent again with its key was recorded once; nothing else is there. Killed while it imports a file: another server does
//! the whole of it, once.
//!
//! `CHOSA_KILLS` says how many kills of each kind (default 5), `CHOSA_KILLS_SEED` where their times begin. The real program with a private Postgres of
//! its own, in the settings that a real one has; every process is ended by its number.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in what it is made of too"
)]
#![expect(clippy::print_stdout, reason = "the numbers are what a run with `--nocapture` is for")]

mod afterwards;
mod clients;
mod damage;
mod importing;
mod nation;
mod oracle;
mod place;
mod records;
mod run;
mod server_process;
mod stored;

use std::time::Duration;

use rand::RngExt;

use crate::run::Run;

/// Kills of each kind.
const KILLS: &str = "CHOSA_KILLS";
/// Where the random times begin.
const SEED: &str = "CHOSA_KILLS_SEED";

/// A number of the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name}: {error}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_the_server_is_killed() {
    Run::bounded("server", 1, async |run| {
        while run.hits() < run.kills {
            let number = run.hits();
            run.start_server().await;
            if number % 2 == 1 {
                // The other half may hit the first requests of all, while connections are made.
                run.until_acknowledged().await;
            }
            run.pause_under_load().await;
            run.kill_server().await;
            run.count_kill();
            if number % 5 == 0 {
                // While it starts: migrating, adopting, binding.
                run.begin_server();
                run.pause(5..400).await;
                run.kill_server().await;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_postgres_is_killed() {
    Run::bounded("Postgres", 2, async |run| {
        run.start_server().await;
        while run.hits() < run.kills {
            let number = run.hits();
            run.until_acknowledged().await;
            run.pause_under_load().await;
            let before = run.kill_postgres().await;
            run.count_kill();
            if number % 5 == 0 {
                // While it recovers from the first one.
                run.until_another_postgres(before).await;
                run.pause(0..100).await;
                run.kill_postgres().await;
            }
            run.server_lives();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_server_and_postgres_are_killed_at_once() {
    Run::bounded("both", 3, async |run| {
        while run.hits() < run.kills.div_ceil(5) {
            run.start_server().await;
            run.until_acknowledged().await;
            run.pause_under_load().await;
            if run.random.random() {
                run.kill_server().await;
                run.count_kill();
                run.kill_postgres().await;
            } else {
                run.kill_postgres().await;
                run.count_kill();
                run.kill_server().await;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_a_session_of_postgres_is_killed() {
    Run::bounded("session", 4, async |run| {
        run.start_server().await;
        while run.hits() < run.kills.div_ceil(5) {
            run.until_acknowledged().await;
            run.pause_under_load().await;
            // As the kernel does when memory runs out: Postgres ends every other session too and recovers by itself.
            run.kill_session_of_postgres().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            run.server_lives();
        }
    })
    .await;
}
