//! The data folder: where it is, what lies where in it, and the lock that keeps a second program out. Knows nothing of processes of Postgres.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::unistd::Uid;

use super::error::PrivatePostgresError;

const ROOTS_FOLDER: &str = "/var/lib/chosa";

/// Name of a cluster that `initdb` is still writing; renamed when it is whole.
pub(super) const BEING_MADE: &str = "postgres.being-made-";

/// The data folder and the names in it.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder asked for, or the default of the user that runs this. Touches nothing.
    pub(super) fn resolve(asked: Option<PathBuf>) -> Result<Self, PrivatePostgresError> {
        let root = match asked {
            Some(folder) => folder,
            None if Uid::effective().is_root() => PathBuf::from(ROOTS_FOLDER),
            None => default_of_user(std::env::var_os("XDG_DATA_HOME").map(PathBuf::from), std::env::home_dir())
                .ok_or(PrivatePostgresError::NoDefaultFolder)?,
        };
        let root = std::path::absolute(&root).map_err(PrivatePostgresError::file("find", &root))?;
        Ok(Self { root })
    }

    /// Makes the folder if it is missing, and settles its real name (processes show their folders without links).
    pub(super) fn make(&mut self) -> Result<(), PrivatePostgresError> {
        // Root's folder is entered by the unprivileged user, who needs to know no names in it.
        let mode = if Uid::effective().is_root() { 0o711 } else { 0o700 };
        let parent = self.root.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(parent).map_err(PrivatePostgresError::file("make", parent))?;
        match std::fs::create_dir(&self.root) {
            // Whatever the umask says; the modes of a folder that somebody else made are theirs.
            Ok(()) => std::fs::set_permissions(&self.root, Permissions::from_mode(mode))
                .map_err(PrivatePostgresError::file("set the mode of", &self.root))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(PrivatePostgresError::file("make the data folder", &self.root)(error));
            }
        }
        self.root = self
            .root
            .canonicalize()
            .map_err(PrivatePostgresError::file("enter the data folder", &self.root))?;
        Ok(())
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The cluster (`PGDATA`).
    pub(super) fn cluster(&self) -> PathBuf {
        self.root.join("postgres")
    }

    /// Where the server's logs go, a file per day of the week.
    pub(super) fn logs(&self) -> PathBuf {
        self.root.join("postgres-log")
    }

    /// What the postmaster prints before its logs are open. In the root folder, so that root never writes in a folder of the unprivileged user.
    pub(super) fn start_log(&self) -> PathBuf {
        self.root.join("postgres-start.log")
    }

    fn lock_file(&self) -> PathBuf {
        self.root.join("in-use.lock")
    }

    /// The major version of the cluster, or `None` if there is no cluster yet.
    pub(super) fn cluster_version(&self) -> Result<Option<u32>, PrivatePostgresError> {
        let cluster = self.cluster();
        let path = cluster.join("PG_VERSION");
        match std::fs::read_to_string(&path) {
            Ok(text) => text
                .trim()
                .parse()
                .map(Some)
                .map_err(|_not_a_number: std::num::ParseIntError| PrivatePostgresError::NotACluster { path: cluster }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let is_empty = std::fs::read_dir(&cluster).map_or(true, |mut entries| entries.next().is_none());
                // `initdb` would refuse it too, but less clearly.
                if is_empty {
                    Ok(None)
                } else {
                    Err(PrivatePostgresError::NotACluster { path: cluster })
                }
            }
            // Not ours to read: `Account::choose` says whose it is, better than a failed read does.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(super::account::wrong_owner(&cluster)),
            Err(error) => Err(PrivatePostgresError::file("read", &path)(error)),
        }
    }
}

/// The XDG base directory specification: a relative `XDG_DATA_HOME` is to be ignored.
fn default_of_user(data_home: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let data_home = data_home.filter(|folder| folder.is_absolute());
    let home = home.filter(|folder| folder.is_absolute());
    data_home
        .or_else(|| home.map(|home| home.join(".local/share")))
        .map(|folder| folder.join("chosa"))
}

/// The operating system's lock on the folder: it ends with the program, however the program ends.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock, waiting at most `patience` for whoever holds it.
    pub(super) async fn take(folder: &Folder, patience: Duration) -> Result<Self, PrivatePostgresError> {
        const BETWEEN_TRIES: Duration = Duration::from_millis(50);
        let path = folder.lock_file();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|source| {
                if source.kind() == ErrorKind::PermissionDenied {
                    super::account::wrong_owner(folder.root())
                } else {
                    PrivatePostgresError::file("open", &path)(source)
                }
            })?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => tokio::time::sleep(BETWEEN_TRIES).await,
                Err(TryLockError::WouldBlock) => {
                    return Err(PrivatePostgresError::FolderInUse {
                        folder: folder.root().to_owned(),
                        pid: holder(&mut file),
                    });
                }
                Err(TryLockError::Error(source)) => {
                    return Err(PrivatePostgresError::file("lock", &path)(source));
                }
            }
        }
        // Only for the message of whoever is refused.
        let noted = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        noted.map_err(PrivatePostgresError::file("write", &path))?;
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.read_to_string(&mut text)).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_folder_of_a_user_follows_xdg() {
        let home = Some(PathBuf::from("/home/a"));
        assert_eq!(
            default_of_user(None, home.clone()),
            Some(PathBuf::from("/home/a/.local/share/chosa"))
        );
        assert_eq!(
            default_of_user(Some(PathBuf::from("/data")), home.clone()),
            Some(PathBuf::from("/data/chosa"))
        );
        assert_eq!(
            default_of_user(Some(PathBuf::from("relative")), home),
            Some(PathBuf::from("/home/a/.local/share/chosa"))
        );
        assert_eq!(default_of_user(None, None), None);
    }

    #[tokio::test]
    async fn the_second_taker_is_told_who_holds_the_folder() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::resolve(Some(place.path().to_owned())).unwrap();
        let first = FolderLock::take(&folder, Duration::ZERO).await.unwrap();
        let refused = FolderLock::take(&folder, Duration::ZERO).await.unwrap_err();
        assert!(matches!(refused, PrivatePostgresError::FolderInUse { pid: Some(pid), .. } if pid == std::process::id()));
        drop(first);
        FolderLock::take(&folder, Duration::ZERO).await.unwrap();
    }

    #[tokio::test]
    async fn a_patient_taker_gets_the_folder_when_it_is_free() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::resolve(Some(place.path().to_owned())).unwrap();
        let first = FolderLock::take(&folder, Duration::ZERO).await.unwrap();
        let (second, ()) = tokio::join!(FolderLock::take(&folder, Duration::from_secs(60)), async { drop(first) });
        second.unwrap();
    }

    #[test]
    fn a_folder_with_something_else_in_it_is_no_cluster() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::resolve(Some(place.path().to_owned())).unwrap();
        assert_eq!(folder.cluster_version().unwrap(), None);
        std::fs::create_dir(folder.cluster()).unwrap();
        assert_eq!(folder.cluster_version().unwrap(), None);
        std::fs::write(folder.cluster().join("letter.txt"), "").unwrap();
        assert!(matches!(folder.cluster_version(), Err(PrivatePostgresError::NotACluster { .. })));
    }
}
