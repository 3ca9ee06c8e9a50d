//! The program killed, Postgres killed, both, at any point: the next start has everything that was committed.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{Pid, Uid};
use server::private_postgres::{DATABASE, Durability, Options, PrivatePostgres, PrivatePostgresError, stop_left_running};

use crate::place::{Place, connect, is_running, kill_now, rows, setting, wait_until, write_rows};

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
    wait_until("the session ends", || !is_running(Pid::from_raw(backend)));
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
async fn a_postgres_killed_while_it_writes_its_lock_files_starts_again() {
    let place = Place::new();
    let postgres = place.start().await;
    write_rows(postgres.address(), 10).await;
    let pid_file = place.folder.join("postgres/postmaster.pid");
    let socket_lock = postgres.socket_folder().join(".s.PGSQL.5432.lock");
    for lock_files in [vec![&pid_file], vec![&socket_lock], vec![&pid_file, &socket_lock]] {
        kill_now(postgres.postmaster_pid().unwrap());
        for file in lock_files {
            assert!(file.metadata().unwrap().len() > 0, "{}", file.display());
            std::fs::File::options().write(true).truncate(true).open(file).unwrap();
        }
        postgres.revive().await.unwrap_or_else(|error| panic!("{error}"));
        place.know(postgres.postmaster_pid().unwrap());
        assert_eq!(rows(postgres.address()).await, 10);
    }
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
    wait_until("the postmaster ends", || !is_running(postmaster));
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
async fn a_cluster_left_running_is_stopped_without_starting_anything() {
    let place = Place::new();
    assert!(!stop_left_running(place.options()).await.unwrap());
    assert!(!place.folder.exists());
    let postgres = place.start().await;
    let pid = postgres.postmaster_pid().unwrap();
    drop(postgres);
    assert!(stop_left_running(place.options()).await.unwrap());
    // Its pid file goes a moment before the process does.
    wait_until("the postmaster ends", || !is_running(pid));
    assert!(!stop_left_running(place.options()).await.unwrap());
}
