//! The data folder of one run and the Postgres in it, seen from outside through `postmaster.pid` and `/proc`. Whatever is left of it when the test ends,
//! in whichever way, is ended by its number.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use server::private_postgres::{APPLICATION_ROLE, DATABASE, SUPERUSER_ROLE};

/// How long anything may take before the test says that it hangs.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A data folder that the unprivileged user of Postgres can enter.
pub struct Place {
    base: tempfile::TempDir,
    /// The living server, for the end.
    server: Mutex<Option<Pid>>,
}

impl Place {
    pub fn new() -> Place {
        let base = tempfile::Builder::new().prefix("chosa-kills-").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(base.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Place {
            base,
            server: Mutex::new(None),
        }
    }

    /// The program's data folder.
    pub fn data_folder(&self) -> PathBuf {
        self.base.path().join("data")
    }

    /// Where the servers log, one after the other.
    pub fn log(&self) -> PathBuf {
        self.base.path().join("server.log")
    }

    /// The last lines of the log, for a failure's text.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        // What every request was told while there was no Postgres would be all that is left.
        let lines: Vec<&str> = text.lines().filter(|line| !line.contains("problem: unavailable")).collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Remembers the living server for the end.
    pub fn know_server(&self, pid: Option<Pid>) {
        *self.server.lock().unwrap() = pid;
    }

    /// The living postmaster. Its number is only believed if a postgres of this folder has it.
    pub fn postmaster(&self) -> Option<Pid> {
        let pid = Pid::from_raw(self.pid_file()?.lines().next()?.trim().parse().ok()?);
        (is_running(pid) && is_of(pid, &self.cluster())).then_some(pid)
    }

    /// Whether the postmaster says that it takes sessions.
    pub fn postgres_is_ready(&self) -> bool {
        self.postmaster().is_some()
            && self
                .pid_file()
                .is_some_and(|text| text.lines().nth(7).is_some_and(|status| status.trim_end() == "ready"))
    }

    /// The sessions of the server: children of the postmaster with the application's role in their titles.
    pub fn sessions(&self) -> Vec<Pid> {
        let Some(postmaster) = self.postmaster() else { return Vec::new() };
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .map(Pid::from_raw);
        let title = format!(": {APPLICATION_ROLE} {DATABASE} ");
        pids.filter(|pid| parent_of(*pid) == Some(postmaster) && command_line(*pid).contains(&title))
            .collect()
    }

    /// URL of the database as the superuser, who sees every row.
    pub fn superuser_url(&self) -> String {
        self.url(SUPERUSER_ROLE)
    }

    /// URL of the database as the application.
    pub fn application_url(&self) -> String {
        self.url(APPLICATION_ROLE)
    }

    fn url(&self, role: &str) -> String {
        format!(
            "postgresql:///{DATABASE}?host={}&user={role}",
            self.socket_folder().unwrap().display()
        )
    }

    fn socket_folder(&self) -> Option<PathBuf> {
        self.pid_file()?.lines().nth(4).filter(|line| !line.is_empty()).map(PathBuf::from)
    }

    fn pid_file(&self) -> Option<String> {
        std::fs::read_to_string(self.cluster().join("postmaster.pid")).ok()
    }

    fn cluster(&self) -> PathBuf {
        self.data_folder().join("postgres")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Nothing is left of a run that went well. The server first: it would start Postgres again.
        let server = self.server.get_mut().unwrap().take();
        for pid in server.into_iter().filter(|pid| is_running(*pid)) {
            if kill(pid, Signal::SIGKILL).is_ok() {
                wait_for_end(pid);
            }
        }
        let socket_folder = self.socket_folder();
        if let Some(pid) = self.postmaster() {
            // Ends the sessions too, at once.
            if kill(pid, Signal::SIGQUIT).is_ok() {
                wait_for_end(pid);
            }
        }
        if let Some(folder) = socket_folder.filter(|folder| folder.is_dir()) {
            drop(std::fs::remove_file(folder.join(".s.PGSQL.5432")));
            drop(std::fs::remove_file(folder.join(".s.PGSQL.5432.lock")));
            drop(std::fs::remove_dir(folder));
        }
        if std::thread::panicking() {
            println!("the last lines of the servers' log:\n{}", self.log_tail());
        }
    }
}

/// Living, and no zombie.
pub fn is_running(pid: Pid) -> bool {
    stat(pid).is_some_and(|fields| !fields.starts_with('Z'))
}

/// Waits without an async runtime: also for a panic's way out.
fn wait_for_end(pid: Pid) {
    let began = Instant::now();
    while is_running(pid) && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_of(pid: Pid, cluster: &Path) -> bool {
    command_line(pid).contains(&format!("-D\0{}\0", cluster.display()))
}

fn command_line(pid: Pid) -> String {
    std::fs::read(format!("/proc/{pid}/cmdline"))
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

fn parent_of(pid: Pid) -> Option<Pid> {
    stat(pid)?.split(' ').nth(1)?.parse().ok().map(Pid::from_raw)
}

/// State, parent and so on: what follows the name, which may itself have blanks and brackets.
fn stat(pid: Pid) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(") ")?.1.to_owned())
}
