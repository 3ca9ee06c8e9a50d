//! The folder of the socket: short (a socket's path may have about 100 bytes, the data folder's may have thousands), 0700, and nobody else's.

use std::fs::DirBuilder;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::account::{Account, name_of};
use super::error::PrivatePostgresError;
use super::folder::Folder;
use super::initdb::give;

/// The socket's file in its folder.
const SOCKET: &str = ".s.PGSQL.5432";

/// `sun_path` has 108 bytes, with a zero at the end; `/.s.PGSQL.5432` has 14, its lock file 5 more.
const LONGEST_FOLDER: usize = 88;

/// A short name for this cluster, the same at every start: of the socket folder, and in the titles of the processes.
pub(super) fn name_of_cluster(folder: &Folder) -> String {
    let mut hasher = DefaultHasher::new();
    folder.cluster().hash(&mut hasher);
    format!("chosa-{:016x}", hasher.finish())
}

/// Makes the socket folder, or takes the one that an earlier start left if it is safe.
pub(super) fn make(folder: &Folder, account: &Account) -> Result<PathBuf, PrivatePostgresError> {
    let name = format!("{}-{}", name_of_cluster(folder), account.uid);
    let mut reasons = Vec::new();
    for place in places() {
        let path = place.join(&name);
        match make_at(&path, account) {
            Ok(()) => return Ok(path),
            Err(reason) => reasons.push(format!("{}: {reason}", path.display())),
        }
    }
    Err(PrivatePostgresError::SocketFolder {
        reason: reasons.join("; "),
    })
}

/// `/run` is root's. `XDG_RUNTIME_DIR` comes last: it is removed when the user logs out, though the server goes on.
fn places() -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute());
    ["/run", "/tmp"].into_iter().map(PathBuf::from).chain(runtime).collect()
}

fn make_at(path: &Path, account: &Account) -> Result<(), String> {
    if path.as_os_str().len() > LONGEST_FOLDER {
        return Err("too long for a socket".to_owned());
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => give(path, account).map_err(|error| error.to_string()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => check(path, account),
        Err(error) => Err(error.to_string()),
    }
}

/// In `/tmp` anybody can have made the folder before us, or a link of its name.
fn check(path: &Path, account: &Account) -> Result<(), String> {
    let data = std::fs::symlink_metadata(path).map_err(|error| error.to_string())?;
    if !data.is_dir() {
        return Err("is no folder; remove it".to_owned());
    }
    if data.uid() != account.uid.as_raw() {
        // Ours from a start that was killed before it handed the folder over.
        if data.uid() == nix::unistd::Uid::effective().as_raw() {
            return give(path, account).map_err(|error| error.to_string());
        }
        return Err(format!("belongs to {}; remove it", name_of(nix::unistd::Uid::from_raw(data.uid()))));
    }
    if data.mode() & 0o077 != 0 {
        return Err("is open to other users; remove it".to_owned());
    }
    Ok(())
}

/// Removes what a killed postmaster left. Its lock file names a process that may be anybody by now, or is empty if the kill came while it was written, and
/// Postgres then refuses to start until somebody removes it. To be called when no process of the cluster lives: the folder is this cluster's alone.
pub(super) fn clear(path: &Path) {
    for name in [SOCKET.to_owned(), format!("{SOCKET}.lock")] {
        match std::fs::remove_file(path.join(&name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => tracing::warn!(%error, name, "a file of the killed Postgres stays"),
            Ok(()) | Err(_) => {}
        }
    }
}

/// After a stop; whatever else lies in there stays, and the folder with it.
pub(super) fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_dir(path) {
        tracing::debug!(%error, folder = %path.display(), "the socket folder stays");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    async fn my_account(folder: &Folder) -> Account {
        Account::choose(folder).await.unwrap()
    }

    #[tokio::test]
    async fn an_open_folder_a_link_and_a_long_name_are_refused() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::resolve(Some(place.path().to_owned())).unwrap();
        let account = my_account(&folder).await;

        let open = place.path().join("open");
        make_at(&open, &account).unwrap();
        make_at(&open, &account).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o770)).unwrap();
        assert!(make_at(&open, &account).unwrap_err().contains("open to other users"));

        let link = place.path().join("link");
        std::os::unix::fs::symlink("/tmp", &link).unwrap();
        assert!(make_at(&link, &account).unwrap_err().contains("no folder"));

        assert!(
            make_at(&place.path().join("x".repeat(100)), &account)
                .unwrap_err()
                .contains("too long")
        );
    }
}
