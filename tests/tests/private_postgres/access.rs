//! Who may do what in a running private Postgres, as whom it runs, and how it is reached.

use std::os::unix::fs::MetadataExt;

use nix::unistd::{Pid, Uid};
use server::private_postgres::{DATABASE, Durability, Options, PrivatePostgres};

use crate::place::{Place, connect, setting};

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
