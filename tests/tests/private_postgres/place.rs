//! A folder for one private Postgres, whatever a test starts in it, and the little that every test here needs.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use server::private_postgres::{Address, DATABASE, Durability, Options, PrivatePostgres};
use tokio_postgres::{Client, NoTls};

/// A data folder that the unprivileged user can enter, and the postmasters that were started in it.
pub(crate) struct Place {
    pub(crate) base: tempfile::TempDir,
    pub(crate) folder: PathBuf,
    postmasters: Mutex<Vec<Pid>>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::with_folder("data")
    }

    pub(crate) fn with_folder(name: &str) -> Self {
        let base = tempfile::Builder::new().prefix("chosa-pp-").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(base.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let folder = base.path().join(name);
        Self {
            base,
            folder,
            postmasters: Mutex::default(),
        }
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            folder: Some(self.folder.clone()),
            durability: Durability::Fast,
            start_timeout: Duration::from_secs(60),
            ..Options::default()
        }
    }

    pub(crate) async fn start(&self) -> PrivatePostgres {
        let postgres = PrivatePostgres::start(self.options())
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        self.know(postgres.postmaster_pid().unwrap());
        postgres
    }

    pub(crate) fn know(&self, postmaster: Pid) {
        self.postmasters.lock().unwrap().push(postmaster);
    }

    /// Starts the helper program on this folder.
    pub(crate) fn helper(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hold-private-postgres"));
        command.arg(&self.folder).stdout(Stdio::piped()).spawn().unwrap()
    }

    /// Starts the helper program and waits until its Postgres runs.
    pub(crate) fn helper_with_postgres(&self) -> (Child, Pid) {
        use std::io::BufRead;
        let mut helper = self.helper();
        let mut line = String::new();
        std::io::BufReader::new(helper.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let postmaster = Pid::from_raw(line.trim().parse().unwrap());
        self.know(postmaster);
        (helper, postmaster)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Only what a failed test left: the rest has ended, and the number may be somebody else's.
        for pid in self.postmasters.get_mut().unwrap().drain(..).filter(|pid| is_running(*pid)) {
            // Every process of a cluster works in its folder.
            let ours = std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(self.base.path()));
            if ours && kill(pid, Signal::SIGQUIT).is_ok() {
                wait_until("a Postgres that a failed test left has ended", || !is_running(pid));
            }
        }
    }
}

/// Living, and no zombie.
pub(crate) fn is_running(pid: Pid) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

pub(crate) fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        std::thread::yield_now();
    }
}

pub(crate) fn kill_now(pid: Pid) {
    kill(pid, Signal::SIGKILL).unwrap();
    wait_until("the killed process is gone", || !is_running(pid));
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) async fn setting(client: &Client, name: &str) -> String {
    client.query_one("SELECT current_setting($1)", &[&name]).await.unwrap().get(0)
}

pub(crate) async fn write_rows(address: &Address, rows: i32) {
    let client = connect(&address.owner_url(DATABASE)).await;
    client
        .batch_execute("CREATE TABLE IF NOT EXISTS kept (number integer)")
        .await
        .unwrap();
    client
        .execute("INSERT INTO kept SELECT generate_series(1, $1::integer)", &[&rows])
        .await
        .unwrap();
}

pub(crate) async fn rows(address: &Address) -> i64 {
    connect(&address.owner_url(DATABASE))
        .await
        .query_one("SELECT count(*) FROM kept", &[])
        .await
        .unwrap()
        .get(0)
}
