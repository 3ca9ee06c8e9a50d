//! The private Postgres from outside, with real Postgres programs: made, used, refused, killed in every way, and up again. Each test has a folder of
//! its own and ends what it started, by the process numbers that it was told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use server::private_postgres::{Address, DATABASE, Durability, Options, PrivatePostgres, PrivatePostgresError, stop_left_running};
use tokio_postgres::{Client, NoTls};

/// A data folder that the unprivileged user can enter, and the postmasters that were started in it.
struct Place {
    base: tempfile::TempDir,
    folder: PathBuf,
    postmasters: Mutex<Vec<Pid>>,
}

impl Place {
    fn new() -> Self {
        Self::with_folder("data")
    }

    fn with_folder(name: &str) -> Self {
        let base = tempfile::Builder::new().prefix("chosa-pp-").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(base.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let folder = base.path().join(name);
        Self {
            base,
            folder,
            postmasters: Mutex::default(),
        }
    }

    fn options(&self) -> Options {
        Options {
            folder: Some(self.folder.clone()),
            durability: Durability::Fast,
            start_timeout: Duration::from_secs(60),
            ..Options::default()
        }
    }

    async fn start(&self) -> PrivatePostgres {
        let postgres = PrivatePostgres::start(self.options())
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        self.know(postgres.postmaster_pid().unwrap());
        postgres
    }

    fn know(&self, postmaster: Pid) {
        self.postmasters.lock().unwrap().push(postmaster);
    }

    /// Starts the helper program on this folder.
    fn helper(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hold-private-postgres"));
        command.arg(&self.folder).stdout(Stdio::piped()).spawn().unwrap()
    }

    /// Starts the helper program and waits until its Postgres runs.
    fn helper_with_postgres(&self) -> (Child, Pid) {
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
fn is_running(pid: Pid) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        std::thread::yield_now();
    }
}

fn kill_now(pid: Pid) {
    kill(pid, Signal::SIGKILL).unwrap();
    wait_until("the killed process is gone", || !is_running(pid));
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn setting(client: &Client, name: &str) -> String {
    client.query_one("SELECT current_setting($1)", &[&name]).await.unwrap().get(0)
}

async fn write_rows(address: &Address, rows: i32) {
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

async fn rows(address: &Address) -> i64 {
    connect(&address.owner_url(DATABASE))
        .await
        .query_one("SELECT count(*) FROM kept", &[])
        .await
        .unwrap()
        .get(0)
}

#[tokio::test]
async fn it_starts_from_nothing_and_answers_each_role() {
    let place = Place::new();
    let postgres = place.start().await;
    for (url, role) in [
        (postgres.owner_url(DATABASE), "chosa_owner"),
        (postgres.application_url(DATABASE), "chosa_app"),
        (postgres.superuser_url(DATABASE), "postgres"),
    ] {
        let row = connect(&url)
            .await
            .query_one("SELECT current_user::text, session_user::text", &[])
            .await
            .unwrap();
        assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), (role, role));
    }
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn the_application_role_has_no_special_right_and_owns_nothing() {
    let place = Place::new();
    let postgres = place.start().await;
    let client = connect(&postgres.application_url(DATABASE)).await;
    let special: i64 = client
        .query_one(
            "SELECT count(*) FROM pg_roles WHERE rolname IN ('chosa_app', 'chosa_owner') AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication)",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(special, 0);
    let owner: String = client
        .query_one(
            "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = $1",
            &[&DATABASE],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(owner, "chosa_owner");
    assert!(client.batch_execute("CREATE TABLE mine (number integer)").await.is_err());
    assert!(client.batch_execute("SET ROLE chosa_owner").await.is_err());
    // COPY under row-level security goes through one.
    client
        .batch_execute("CREATE TEMPORARY TABLE passing (number integer)")
        .await
        .unwrap();
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_role_that_was_given_too_much_is_put_right_at_the_next_start() {
    let place = Place::new();
    let postgres = place.start().await;
    let superuser = connect(&postgres.superuser_url(DATABASE)).await;
    superuser.batch_execute("ALTER ROLE chosa_app SUPERUSER BYPASSRLS").await.unwrap();
    postgres.stop().await.unwrap();
    let postgres = place.start().await;
    let client = connect(&postgres.application_url(DATABASE)).await;
    let row = client
        .query_one("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user", &[])
        .await
        .unwrap();
    assert_eq!((row.get::<_, bool>(0), row.get::<_, bool>(1)), (false, false));
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn it_listens_on_a_socket_only_in_a_folder_that_is_closed_to_others() {
    let place = Place::new();
    let postgres = place.start().await;
    let client = connect(&postgres.application_url(DATABASE)).await;
    assert_eq!(setting(&client, "listen_addresses").await, "");
    let folder = std::fs::metadata(postgres.socket_folder()).unwrap();
    assert_eq!(folder.mode() & 0o777, 0o700);
    assert!(postgres.socket_folder().join(".s.PGSQL.5432").as_os_str().len() < 100);

    // Line 6 of the file is the address of the TCP port, empty without one.
    let file = std::fs::read_to_string(place.folder.join("postgres/postmaster.pid")).unwrap();
    assert_eq!(file.lines().nth(5), Some(""), "{file}");
    assert_eq!(tcp_sockets(postgres.postmaster_pid().unwrap()), Vec::<String>::new());
    postgres.stop().await.unwrap();
}

/// The lines of the kernel's TCP tables that belong to a process. Root in a container may not look into another user's process and sees none.
fn tcp_sockets(pid: Pid) -> Vec<String> {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten();
    let links = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    let sockets: Vec<String> = links
        .filter_map(|link| {
            let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    let tables = ["tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("/proc/{pid}/net/{table}")));
    let lines = tables.iter().flatten().flat_map(|table| table.lines());
    // The tenth column is the socket's inode.
    let of_process = lines.filter(|line| {
        line.split_whitespace()
            .nth(9)
            .is_some_and(|inode| sockets.iter().any(|socket| socket == inode))
    });
    of_process.map(str::to_owned).collect()
}

#[tokio::test]
async fn it_runs_as_an_unprivileged_user_without_the_groups_of_root() {
    let place = Place::new();
    let postgres = place.start().await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", postgres.postmaster_pid().unwrap())).unwrap();
    let field = |name: &str| -> Vec<String> {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    };
    let owner = std::fs::metadata(postgres.socket_folder()).unwrap().uid().to_string();
    assert_ne!(owner, "0");
    assert!(field("Uid:").iter().all(|uid| *uid == owner), "{status}");
    if Uid::effective().is_root() {
        assert!(field("Gid:").iter().all(|gid| gid != "0"), "{status}");
        assert_eq!(field("Groups:"), Vec::<String>::new(), "{status}");
    }
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn the_settings_are_those_that_were_asked_for() {
    let place = Place::new();
    let options = Options {
        durability: Durability::Safe,
        max_connections: 33,
        ..place.options()
    };
    let postgres = PrivatePostgres::start(options).await.unwrap();
    place.know(postgres.postmaster_pid().unwrap());
    let client = connect(&postgres.superuser_url(DATABASE)).await;
    for (name, value) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("max_connections", "33"),
        ("shared_buffers", "128MB"),
        ("TimeZone", "UTC"),
        ("server_encoding", "UTF8"),
        ("lc_collate", "C"),
        ("lc_ctype", "C.UTF-8"),
    ] {
        // lc_collate and lc_ctype are no settings any more from version 16 on.
        let sql = match name {
            "lc_collate" => "SELECT datcollate::text FROM pg_database WHERE datname = current_database()".to_owned(),
            "lc_ctype" => "SELECT datctype::text FROM pg_database WHERE datname = current_database()".to_owned(),
            name => format!("SELECT current_setting('{name}')"),
        };
        let found: String = client.query_one(&sql, &[]).await.unwrap().get(0);
        assert_eq!(found, value, "{name}");
    }
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_program_on_the_folder_is_refused_and_told_why() {
    let place = Place::new();
    let postgres = place.start().await;
    let error = PrivatePostgres::start(place.options()).await.unwrap_err();
    let message = error.to_string();
    assert!(
        matches!(&error, PrivatePostgresError::FolderInUse { folder, pid: Some(pid) } if *folder == place.folder && *pid == std::process::id()),
        "{message}"
    );
    assert!(message.contains(&place.folder.display().to_string()), "{message}");
    assert!(
        message.contains(&format!("in use by another chosa (process {})", std::process::id())),
        "{message}"
    );
    assert!(message.contains("stop the other one first"), "{message}");
    assert!(matches!(
        stop_left_running(place.options()).await,
        Err(PrivatePostgresError::FolderInUse { .. })
    ));
    // The first one goes on as if nothing had been.
    connect(&postgres.application_url(DATABASE)).await;
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn another_process_on_the_folder_is_refused_too() {
    let place = Place::new();
    let postgres = place.start().await;
    let helper = Command::new(env!("CARGO_BIN_EXE_hold-private-postgres"))
        .arg(&place.folder)
        .output()
        .unwrap();
    assert!(!helper.status.success());
    let message = String::from_utf8(helper.stderr).unwrap();
    assert!(
        message.contains(&format!("in use by another chosa (process {})", std::process::id())),
        "{message}"
    );
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn stop_and_start_keep_the_data_and_leave_no_process_and_no_socket() {
    let place = Place::new();
    let postgres = place.start().await;
    write_rows(postgres.address(), 1000).await;
    let (pid, socket_folder) = (postgres.postmaster_pid().unwrap(), postgres.socket_folder().to_owned());
    // An open session does not hold up the stop.
    let _session = connect(&postgres.application_url(DATABASE)).await;
    postgres.stop().await.unwrap();
    assert!(!is_running(pid));
    assert!(!socket_folder.exists());
    assert!(!place.folder.join("postgres/postmaster.pid").exists());

    let postgres = place.start().await;
    assert_eq!(rows(postgres.address()).await, 1000);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_committed_survives_a_kill_of_the_postmaster() {
    let place = Place::new();
    let postgres = place.start().await;
    for round in 1..=3 {
        write_rows(postgres.address(), 100).await;
        kill_now(postgres.postmaster_pid().unwrap());
        assert_eq!(postgres.postmaster_pid(), None);
        // The living program revives it, at the same place.
        assert!(postgres.revive().await.unwrap());
        place.know(postgres.postmaster_pid().unwrap());
        assert!(!postgres.revive().await.unwrap());
        assert_eq!(rows(postgres.address()).await, round * 100);
    }
    kill_now(postgres.postmaster_pid().unwrap());
    drop(postgres);
    assert!(place.folder.join("postgres/postmaster.pid").exists());
    let postgres = place.start().await;
    assert_eq!(rows(postgres.address()).await, 300);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_session_deep_in_a_query_does_not_keep_a_killed_postgres_from_starting() {
    let place = Place::new();
    let postgres = place.start().await;
    write_rows(postgres.address(), 100).await;
    let client = connect(&postgres.superuser_url(DATABASE)).await;
    let backend: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    // Counts for hours and asks nobody whether the postmaster lives.
    let query = tokio::spawn(async move {
        client
            .batch_execute("SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b")
            .await
    });
    let watcher = connect(&postgres.superuser_url(DATABASE)).await;
    while !watcher
        .query_one(
            "SELECT state = 'active' AND query LIKE 'SELECT count(*) FROM gen%' FROM pg_stat_activity WHERE pid = $1",
            &[&backend],
        )
        .await
        .unwrap()
        .get::<_, bool>(0)
    {
        tokio::task::yield_now().await;
    }
    place.know(Pid::from_raw(backend));
    kill_now(postgres.postmaster_pid().unwrap());
    assert!(is_running(Pid::from_raw(backend)));
    drop(postgres);
    let postgres = place.start().await;
    assert!(!is_running(Pid::from_raw(backend)));
    assert!(query.await.unwrap().is_err());
    assert_eq!(rows(postgres.address()).await, 100);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_stale_process_number_that_somebody_else_has_now_is_no_hindrance() {
    let place = Place::new();
    let postgres = place.start().await;
    write_rows(postgres.address(), 10).await;
    kill_now(postgres.postmaster_pid().unwrap());
    drop(postgres);
    // As in a container, where a new start finds its own small numbers in the old file: a living process of the user that Postgres runs as.
    let file = place.folder.join("postgres/postmaster.pid");
    let owner = std::fs::metadata(&file).unwrap();
    let mut sleeper = {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new("sleep");
        if Uid::effective().is_root() {
            command.uid(owner.uid()).gid(owner.gid());
        }
        command.arg("600").spawn().unwrap()
    };
    let text = std::fs::read_to_string(&file).unwrap();
    let rest = text.split_once('\n').unwrap().1;
    std::fs::write(&file, format!("{}\n{rest}", sleeper.id())).unwrap();

    let started = PrivatePostgres::start(place.options()).await;
    let lived = sleeper.try_wait().unwrap().is_none();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    let postgres = started.unwrap_or_else(|error| panic!("{error}"));
    place.know(postgres.postmaster_pid().unwrap());
    assert!(lived);
    assert_eq!(rows(postgres.address()).await, 10);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn an_orphan_is_adopted() {
    let place = Place::new();
    let postgres = place.start().await;
    let pid = postgres.postmaster_pid().unwrap();
    let address = postgres.leave_running();
    write_rows(&address, 7).await;
    let postgres = place.start().await;
    assert_eq!(postgres.postmaster_pid(), Some(pid));
    assert_eq!(postgres.address(), &address);
    assert_eq!(rows(postgres.address()).await, 7);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn an_orphan_with_other_settings_is_restarted_with_those_asked_for() {
    let place = Place::new();
    let fast = place.start().await;
    let pid = fast.postmaster_pid().unwrap();
    write_rows(fast.address(), 7).await;
    drop(fast);
    let safe = PrivatePostgres::start(Options {
        durability: Durability::Safe,
        ..place.options()
    })
    .await
    .unwrap();
    place.know(safe.postmaster_pid().unwrap());
    assert_ne!(safe.postmaster_pid(), Some(pid));
    assert_eq!(setting(&connect(&safe.superuser_url(DATABASE)).await, "fsync").await, "on");
    assert_eq!(rows(safe.address()).await, 7);
    safe.stop().await.unwrap();
}

#[tokio::test]
async fn an_orphan_whose_socket_is_gone_is_stopped_and_started_again() {
    let place = Place::new();
    let postgres = place.start().await;
    let pid = postgres.postmaster_pid().unwrap();
    write_rows(postgres.address(), 7).await;
    let address = postgres.leave_running();
    // As a cleaner of /tmp does it.
    std::fs::remove_dir_all(address.socket_folder()).unwrap();
    let postgres = place.start().await;
    assert_ne!(postgres.postmaster_pid(), Some(pid));
    assert_eq!(rows(postgres.address()).await, 7);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_program_leaves_an_orphan_that_the_next_one_adopts() {
    let place = Place::new();
    let (mut helper, postmaster) = place.helper_with_postgres();
    let refused = PrivatePostgres::start(place.options()).await.unwrap_err();
    assert!(
        matches!(refused, PrivatePostgresError::FolderInUse { pid: Some(pid), .. } if pid == helper.id()),
        "{refused}"
    );
    helper.kill().unwrap();
    helper.wait().unwrap();
    assert!(is_running(postmaster));

    let postgres = PrivatePostgres::start(Options {
        durability: Durability::Safe,
        ..place.options()
    })
    .await
    .unwrap();
    assert_eq!(postgres.postmaster_pid(), Some(postmaster));
    write_rows(postgres.address(), 3).await;
    postgres.stop().await.unwrap();
    assert!(!is_running(postmaster));
}

#[tokio::test]
async fn program_and_postgres_killed_together_come_back_with_the_data() {
    let place = Place::new();
    let (mut helper, postmaster) = place.helper_with_postgres();
    let socket_folder = {
        let text = std::fs::read_to_string(place.folder.join("postgres/postmaster.pid")).unwrap();
        PathBuf::from(text.lines().nth(4).unwrap())
    };
    let url = format!("postgresql:///{DATABASE}?host={}&user=chosa_owner", socket_folder.display());
    connect(&url)
        .await
        .batch_execute("CREATE TABLE kept (number integer); INSERT INTO kept VALUES (1), (2)")
        .await
        .unwrap();
    helper.kill().unwrap();
    kill_now(postmaster);
    helper.wait().unwrap();
    let postgres = place.start().await;
    assert_eq!(rows(postgres.address()).await, 2);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_program_killed_at_any_point_of_its_first_start_does_no_harm() {
    let place = Place::new();
    for wait in [
        Moment::FolderMade,
        Moment::ClusterBegun,
        Moment::ClusterHalfMade,
        Moment::ClusterMade,
    ] {
        let mut helper = place.helper();
        wait_until("the helper got far enough", || wait.is_reached(&place.folder));
        helper.kill().unwrap();
        helper.wait().unwrap();
    }
    let postgres = place.start().await;
    write_rows(postgres.address(), 1).await;
    let half_made = |name: &str| name.starts_with("postgres.being-made-");
    let left = std::fs::read_dir(&place.folder)
        .unwrap()
        .filter(|entry| half_made(&entry.as_ref().unwrap().file_name().to_string_lossy()))
        .count();
    assert_eq!(left, 0);
    postgres.stop().await.unwrap();
}

#[derive(Debug, Clone, Copy)]
enum Moment {
    FolderMade,
    ClusterBegun,
    ClusterHalfMade,
    ClusterMade,
}

impl Moment {
    fn is_reached(self, folder: &Path) -> bool {
        let half_made = |inside: &str| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries
                .filter(|entry| entry.file_name().to_string_lossy().starts_with("postgres.being-made-"))
                .any(|entry| entry.path().join(inside).exists())
        };
        match self {
            Self::FolderMade => folder.join("in-use.lock").exists(),
            Self::ClusterBegun => half_made("PG_VERSION"),
            Self::ClusterHalfMade => half_made("base/1/PG_VERSION"),
            Self::ClusterMade => folder.join("postgres").exists(),
        }
    }
}

#[tokio::test]
async fn without_programs_the_message_names_the_package() {
    let place = Place::new();
    let empty = place.base.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let without = |options: Options| Options {
        binaries: Some(empty.clone()),
        ..options
    };
    let message = PrivatePostgres::start(without(place.options())).await.unwrap_err().to_string();
    assert!(message.contains("apt-get install postgresql."), "{message}");
    assert!(message.contains(&empty.display().to_string()), "{message}");
    assert!(!place.folder.exists(), "nothing is made when nothing can run");

    // A cluster names its version.
    place.start().await.stop().await.unwrap();
    let version = std::fs::read_to_string(place.folder.join("postgres/PG_VERSION")).unwrap();
    let message = PrivatePostgres::start(without(place.options())).await.unwrap_err().to_string();
    assert!(
        message.contains(&format!("apt-get install postgresql-{}.", version.trim())),
        "{message}"
    );
}

#[tokio::test]
async fn a_long_and_odd_folder_name_works() {
    let name = format!("a folder $(of) 調査 'with' \"quotes\", `and` more/{}", "x".repeat(200));
    let place = Place::with_folder(&name);
    let postgres = place.start().await;
    write_rows(postgres.address(), 5).await;
    drop(postgres);
    let postgres = place.start().await;
    assert_eq!(rows(postgres.address()).await, 5);
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_the_unprivileged_user_cannot_enter_is_named() {
    if !Uid::effective().is_root() {
        return;
    }
    let place = Place::with_folder("closed/data");
    let closed = place.base.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let error = PrivatePostgres::start(place.options()).await.unwrap_err();
    let message = error.to_string();
    assert!(
        matches!(&error, PrivatePostgresError::NotEnterable { path, .. } if *path == place.folder),
        "{message}"
    );
    assert!(message.contains("/var/lib/chosa"), "{message}");
}

#[tokio::test]
async fn a_folder_with_something_else_in_it_is_not_touched() {
    let place = Place::new();
    let cluster = place.folder.join("postgres");
    std::fs::create_dir_all(&cluster).unwrap();
    std::fs::write(cluster.join("letter.txt"), "dear").unwrap();
    let error = PrivatePostgres::start(place.options()).await.unwrap_err();
    assert!(matches!(error, PrivatePostgresError::NotACluster { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(cluster.join("letter.txt")).unwrap(), "dear");
}

#[tokio::test]
async fn a_cluster_that_belongs_to_somebody_else_is_named_with_its_owner() {
    if !Uid::effective().is_root() {
        return;
    }
    let place = Place::new();
    place.start().await.stop().await.unwrap();
    std::os::unix::fs::chown(place.folder.join("postgres"), Some(0), Some(0)).unwrap();
    let error = PrivatePostgres::start(place.options()).await.unwrap_err();
    let message = error.to_string();
    assert!(
        matches!(&error, PrivatePostgresError::WrongOwner { owner, .. } if owner == "root"),
        "{message}"
    );
    assert!(message.contains("chown -R"), "{message}");
}

#[tokio::test]
async fn a_start_that_fails_shows_the_end_of_the_log() {
    let place = Place::new();
    let postgres = place.start().await;
    let socket_folder = postgres.socket_folder().to_owned();
    postgres.stop().await.unwrap();
    std::fs::remove_file(place.folder.join("postgres/global/pg_control")).unwrap();
    let error = PrivatePostgres::start(place.options()).await.unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, PrivatePostgresError::StartFailed { .. }), "{message}");
    assert!(message.contains("pg_control"), "{message}");
    assert!(!socket_folder.exists());
}

#[tokio::test]
async fn a_cluster_left_running_is_stopped_without_starting_anything() {
    let place = Place::new();
    assert!(!stop_left_running(place.options()).await.unwrap());
    assert!(!place.folder.exists());
    let postgres = place.start().await;
    let pid = postgres.postmaster_pid().unwrap();
    drop(postgres);
    assert!(stop_left_running(place.options()).await.unwrap());
    assert!(!is_running(pid));
    assert!(!stop_left_running(place.options()).await.unwrap());
}

#[tokio::test]
async fn databases_are_made_copied_and_dropped() {
    let place = Place::new();
    let postgres = place.start().await;
    let address = postgres.address();
    address.create_database("test_\"one").await.unwrap();
    {
        let owner = connect(&address.owner_url("test_\"one")).await;
        owner.batch_execute("CREATE TABLE kept (number integer)").await.unwrap();
        let superuser = connect(&address.superuser_url("postgres")).await;
        superuser
            .execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1",
                &[&"test_\"one"],
            )
            .await
            .unwrap();
    }
    address.clone_database("test_two", "test_\"one").await.unwrap();
    let application = connect(&address.application_url("test_two")).await;
    assert!(
        application
            .query("SELECT FROM kept", &[])
            .await
            .unwrap_err()
            .as_db_error()
            .is_some_and(|error| error.message().contains("permission denied"))
    );
    // A session in it is no hindrance.
    address.drop_database("test_two").await.unwrap();
    address.drop_database("test_two").await.unwrap();
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn the_shared_cluster_is_one_for_all_and_lets_others_in() {
    let first = tests::postgres::shared_cluster().await;
    let second = tests::postgres::shared_cluster().await;
    assert_eq!(first, second);
    let name = format!("test_shared_{}", std::process::id());
    first.create_database(&name).await.unwrap();
    connect(&first.application_url(&name)).await;
    first.drop_database(&name).await.unwrap();
}
