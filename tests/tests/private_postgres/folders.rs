//! Folders and programs: what is refused and how it is said, and what a stop leaves.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use nix::unistd::Uid;
use server::private_postgres::{DATABASE, Options, PrivatePostgres, PrivatePostgresError, stop_left_running};

use crate::place::{Place, connect, is_running, rows, wait_until, write_rows};

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
    wait_until("the postmaster ends", || !is_running(pid));
    assert!(!socket_folder.exists());
    assert!(!place.folder.join("postgres/postmaster.pid").exists());

    let postgres = place.start().await;
    assert_eq!(rows(postgres.address()).await, 1000);
    postgres.stop().await.unwrap();
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
