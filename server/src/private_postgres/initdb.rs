//! Makes the cluster once: `initdb` into a folder of another name, renamed when whole, so that a kill in the middle leaves nothing that looks finished.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::chown;
use std::path::Path;
use std::time::Duration;

use super::Durability;
use super::account::Account;
use super::address::SUPERUSER_ROLE;
use super::binaries::Binaries;
use super::error::PrivatePostgresError;
use super::folder::{BEING_MADE, Folder};
use super::settings;

/// Makes the cluster unless there is one. Call it with the folder's lock.
pub(super) async fn make_cluster_once(
    folder: &Folder,
    binaries: &Binaries,
    account: &Account,
    durability: Durability,
) -> Result<(), PrivatePostgresError> {
    remove_half_made(folder).await?;
    if folder.cluster_version()?.is_some() {
        return Ok(());
    }
    // A name of its own: the `initdb` of a killed program may still be at work under the old one.
    let unfinished = tempfile::Builder::new()
        .prefix(BEING_MADE)
        .tempdir_in(folder.root())
        .map_err(PrivatePostgresError::file("make a folder in", folder.root()))?;
    give(unfinished.path(), account)?;
    run(folder, binaries, account, durability, unfinished.path()).await?;
    let file = unfinished.path().join("postgresql.conf");
    let include = OpenOptions::new()
        .append(true)
        .open(&file)
        .and_then(|mut conf| conf.write_all(settings::INCLUDE.as_bytes()).and_then(|()| conf.sync_all()));
    include.map_err(PrivatePostgresError::file("write", &file))?;

    let cluster = folder.cluster();
    std::fs::rename(unfinished.path(), &cluster).map_err(PrivatePostgresError::file("put the new cluster at", &cluster))?;
    // Gone under its old name, so there is nothing for it to remove.
    let _renamed = unfinished.keep();
    let synced = std::fs::File::open(folder.root()).and_then(|root| root.sync_all());
    synced.map_err(PrivatePostgresError::file("write", folder.root()))
}

async fn run(
    folder: &Folder,
    binaries: &Binaries,
    account: &Account,
    durability: Durability,
    target: &Path,
) -> Result<(), PrivatePostgresError> {
    let program = binaries.initdb();
    let mut command = account.command(&program, folder.root());
    command
        .arg("--pgdata")
        .arg(target)
        .args(["--username", SUPERUSER_ROLE, "--auth", "peer", "--data-checksums"]);
    // Byte order for indices and sorting (the same on every machine), UTF-8 for what is a letter; messages in the language of the manual.
    command.args([
        "--encoding",
        "UTF8",
        "--lc-collate",
        "C",
        "--lc-ctype",
        "C.UTF-8",
        "--lc-messages",
        "C",
    ]);
    command.args(["--lc-monetary", "C", "--lc-numeric", "C", "--lc-time", "C"]);
    if durability == Durability::Fast {
        command.arg("--no-sync");
    }
    let output = command
        .output()
        .await
        .map_err(|source| PrivatePostgresError::Command { program, source })?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(PrivatePostgresError::InitdbFailed {
        folder: folder.root().to_owned(),
        output: super::process::last_lines(&String::from_utf8_lossy(&printed)),
    })
}

/// Removes what a killed start left. An `initdb` that outlived its program may still be adding files, for a second or so.
async fn remove_half_made(folder: &Folder) -> Result<(), PrivatePostgresError> {
    const TRIES: u32 = 50;
    let entries = std::fs::read_dir(folder.root()).map_err(PrivatePostgresError::file("read", folder.root()))?;
    for entry in entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(BEING_MADE))
    {
        let path = entry.path();
        tracing::warn!(folder = %path.display(), "removing a cluster that was never finished");
        for _ in 0..TRIES {
            if std::fs::remove_dir_all(&path).is_ok() || !path.exists() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if path.exists() {
            tracing::warn!(folder = %path.display(), "could not remove it; it takes room but does no harm");
        }
    }
    Ok(())
}

/// Hands a folder of ours to the unprivileged user.
pub(super) fn give(path: &Path, account: &Account) -> Result<(), PrivatePostgresError> {
    if nix::unistd::Uid::effective() == account.uid {
        return Ok(());
    }
    chown(path, Some(account.uid.as_raw()), Some(account.gid.as_raw())).map_err(PrivatePostgresError::file("hand over", path))
}
