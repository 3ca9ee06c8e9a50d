//! Gets a cluster from whatever a kill left to answering, and down again. The caller holds the folder's lock.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;

use super::account::Account;
use super::address::Address;
use super::binaries::Binaries;
use super::error::{PrivatePostgresError, reason_of};
use super::folder::Folder;
use super::postmaster::{self, Postmaster, Standing, standing};
use super::process;
use super::settings::Settings;
use super::socket;

/// How long an orphan that is not starting up may keep silent before it is stopped.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// A cluster that has been made, with all that is needed to start and stop it.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) folder: Folder,
    pub(super) binaries: Binaries,
    pub(super) account: Account,
    pub(super) settings: Settings,
    pub(super) start_timeout: Duration,
}

impl Cluster {
    /// The living postmaster, if there is one.
    pub(super) fn postmaster(&self) -> Result<Option<Postmaster>, PrivatePostgresError> {
        Ok(match standing(&self.folder)? {
            Standing::Running(postmaster) => Some(postmaster),
            Standing::Stopped | Standing::Killed(_) => None,
        })
    }

    /// Adopts the orphan of a killed program if it answers and has the settings asked for; else stops it and starts anew.
    pub(super) async fn bring_up(&self) -> Result<Address, PrivatePostgresError> {
        let changes = self.settings.write(&self.folder, &self.account)?;
        if let Some(orphan) = self.postmaster()? {
            if changes.access && !changes.conf {
                // Who runs chosa may have changed; a reload tells the orphan. If it is gone, the next look finds out.
                let _ = kill(orphan.pid, Signal::SIGHUP);
            }
            if changes.conf {
                tracing::info!(pid = %orphan.pid, "the running Postgres has other settings; restarting it");
            } else if let Some(address) = self.adopt().await? {
                tracing::info!(pid = %orphan.pid, "adopted the Postgres that an earlier run left");
                return Ok(address);
            }
            self.stop().await?;
        }
        let socket_folder = socket::make(&self.folder, &self.account)?;
        if let Err(error) = self.start_at(&socket_folder).await {
            socket::remove(&socket_folder);
            return Err(error);
        }
        Ok(Address::new(socket_folder))
    }

    /// `None` if the orphan does not answer, or ends meanwhile (a program can be killed while it is stopping Postgres).
    async fn adopt(&self) -> Result<Option<Address>, PrivatePostgresError> {
        let began = Instant::now();
        while let Some(orphan) = self.postmaster()? {
            // Recovering from a crash takes its time, and so does stopping.
            let patience = if orphan.ready { ORPHAN_PATIENCE } else { self.start_timeout };
            if let Some(socket_folder) = orphan.socket_folder.filter(|_| orphan.ready) {
                if !socket_folder.exists() {
                    tracing::warn!(pid = %orphan.pid, "the socket of the running Postgres is gone; restarting it");
                    break;
                }
                let address = Address::new(socket_folder);
                match probe(&address).await {
                    Ok(()) => return Ok(Some(address)),
                    Err(reason) => tracing::debug!(reason, "the orphan does not answer"),
                }
            }
            if began.elapsed() > patience {
                tracing::warn!(pid = %orphan.pid, "the Postgres that an earlier run left does not answer; stopping it");
                break;
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
        Ok(None)
    }

    /// Starts the postmaster and waits until it answers.
    pub(super) async fn start_at(&self, socket_folder: &Path) -> Result<(), PrivatePostgresError> {
        let state = standing(&self.folder)?;
        if let Standing::Running(postmaster) = &state {
            tracing::debug!(pid = %postmaster.pid, "Postgres is running already");
            return Ok(());
        }
        process::end_survivors(&self.folder).await?;
        postmaster::remove_if_empty(&self.folder)?;
        socket::clear(socket_folder);
        let stale = if let Standing::Killed(pid) = state { Some(pid) } else { None };
        let mut child = self.spawn(socket_folder, stale)?;
        let address = Address::new(socket_folder.to_owned());
        let began = Instant::now();
        let reason = loop {
            if let Some(reason) = end_of(&mut child) {
                break reason;
            }
            // Asking before it says so would only fill its log with refusals.
            let answer = match self.postmaster()? {
                Some(postmaster) if postmaster.ready => probe(&address).await,
                _ => Err("it is still starting or recovering".to_owned()),
            };
            let Err(silence) = answer else { return Ok(()) };
            if began.elapsed() > self.start_timeout {
                self.give_up(&mut child).await;
                break format!("it did not answer within {} s ({silence})", self.start_timeout.as_secs());
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
        };
        Err(PrivatePostgresError::StartFailed {
            folder: self.folder.root().to_owned(),
            reason,
            log: self.log_tail(),
        })
    }

    fn spawn(&self, socket_folder: &Path, stale: Option<Pid>) -> Result<Child, PrivatePostgresError> {
        let start_log = self.folder.start_log();
        let log = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&start_log)
            .map_err(PrivatePostgresError::file("write", &start_log))?;
        let errors = log.try_clone().map_err(PrivatePostgresError::file("write", &start_log))?;
        let program = self.binaries.postgres();
        let mut command = self.account.command(&program, self.folder.root());
        command.arg("-D").arg(self.folder.cluster());
        // On the command line, where neither postgresql.conf nor ALTER SYSTEM can open a port.
        command.args(["-c", "listen_addresses=", "-c", "port=5432", "-c", "unix_socket_permissions=0700"]);
        command.arg("-c").arg(setting("unix_socket_directories", socket_folder));
        command
            .arg("-c")
            .arg(format!("cluster_name={}", socket::name_of_cluster(&self.folder)));
        if let Some(pid) = stale {
            // postmaster.pid names a dead postmaster, but its number may belong to a thread or process of ours by now (a container starts with the same
            // small numbers every time), and Postgres would take that for a living one. It makes an exception for its own ancestors, told by this
            // variable, as pg_ctl uses it; its check for surviving sessions stays.
            command.env("PG_GRANDPARENT_PID", pid.to_string());
        }
        // A process group of its own: Ctrl-C in the terminal is for us, and we stop Postgres in order.
        command.process_group(0).stdout(Stdio::from(log)).stderr(Stdio::from(errors));
        command.spawn().map_err(|source| PrivatePostgresError::Command { program, source })
    }

    /// A start that takes too long is ended, or the next one would find it half-way.
    async fn give_up(&self, child: &mut Child) {
        if let Err(error) = self.stop().await {
            tracing::warn!(%error, "a Postgres that did not start does not stop either");
            drop(child.start_kill());
        }
    }

    /// Stops the postmaster, if one runs: `fast`, then `immediate` (which costs a crash recovery, never data).
    pub(super) async fn stop(&self) -> Result<(), PrivatePostgresError> {
        let program = self.binaries.pg_ctl();
        let mut reason = String::new();
        for (mode, seconds) in [("fast", "60"), ("immediate", "20")] {
            if self.postmaster()?.is_none() {
                return Ok(());
            }
            let mut command = self.account.command(&program, self.folder.root());
            command
                .args(["stop", "-w", "-m", mode, "-t", seconds, "-D"])
                .arg(self.folder.cluster());
            let output = command.output().await.map_err(|source| PrivatePostgresError::Command {
                program: program.clone(),
                source,
            })?;
            reason = process::last_lines(&String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
        }
        match self.postmaster()? {
            None => Ok(()),
            Some(postmaster) => Err(PrivatePostgresError::StopFailed {
                folder: self.folder.root().to_owned(),
                pid: postmaster.pid.as_raw(),
                reason,
            }),
        }
    }

    /// The end of what was printed at the start, and of the newest log.
    fn log_tail(&self) -> String {
        let logs = std::fs::read_dir(self.folder.logs()).into_iter().flatten().flatten();
        let newest = logs
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .max();
        let files: Vec<PathBuf> = std::iter::once(self.folder.start_log())
            .chain(newest.map(|(_, path)| path))
            .collect();
        let texts = files.iter().filter_map(|path| std::fs::read(path).ok());
        texts
            .map(|bytes| process::last_lines(&String::from_utf8_lossy(&bytes)))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// `unix_socket_directories` is a list: quoted, so that a comma in a name does no harm.
fn setting(name: &str, folder: &Path) -> OsString {
    let mut text = OsString::from(name);
    text.push("=\"");
    text.push(folder);
    text.push("\"");
    text
}

/// Why a child is no more; `None` while it lives. One killed between two looks may have been asked after by `standing` already, so that nobody can be told
/// how it ended: it is no more all the same, and waiting for it would take the whole time that a start may take.
fn end_of(child: &mut Child) -> Option<String> {
    match child.try_wait() {
        Ok(None) => None,
        Ok(Some(status)) => Some(format!("it ended with {status}")),
        Err(error) => Some(format!("it ended ({error})")),
    }
}

/// Asks for a session and a row; `Err` says why there was none.
async fn probe(address: &Address) -> Result<(), String> {
    let ask = async {
        let client = address.connect().await?;
        client.query_one("SELECT 1", &[]).await
    };
    match tokio::time::timeout(Duration::from_secs(5), ask).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(reason_of(&error)),
        Err(_elapsed) => Err("no answer for 5 s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::wait::waitpid;
    use tokio::process::Command;

    #[tokio::test]
    async fn a_child_that_somebody_else_asked_after_has_ended_too() {
        let mut lives = Command::new("sleep").arg("60").kill_on_drop(true).spawn().unwrap();
        assert_eq!(end_of(&mut lives), None);
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap());
        kill(pid, Signal::SIGKILL).unwrap();
        waitpid(pid, None).unwrap();
        assert!(end_of(&mut child).unwrap().starts_with("it ended"));
    }
}
