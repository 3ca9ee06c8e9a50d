//! Finds the Postgres programs of this machine, of the version that an existing cluster needs, else the newest. Installs nothing.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::error::PrivatePostgresError;

/// The oldest major version that chosa is tested with (Debian 12's).
pub(super) const OLDEST_VERSION: u32 = 15;

const PROGRAMS: [&str; 3] = ["postgres", "initdb", "pg_ctl"];

/// Where to look.
#[derive(Debug, Clone)]
pub(super) struct Search {
    /// Only here, if given.
    pub(super) only: Option<PathBuf>,
    /// `PATH`.
    pub(super) path: Option<OsString>,
    /// Folders with a folder per version, as `<root>/<version>/bin`.
    pub(super) roots: Vec<PathBuf>,
}

impl Search {
    pub(super) fn of_this_machine(only: Option<PathBuf>) -> Self {
        // Debian and Ubuntu keep initdb and pg_ctl off PATH; `/usr` holds the pgsql-<version> folders of the Postgres project's RPMs.
        let roots = vec![PathBuf::from("/usr/lib/postgresql"), PathBuf::from("/usr")];
        Self {
            only,
            path: std::env::var_os("PATH"),
            roots,
        }
    }

    /// Every folder to look at, in order, without repetition.
    fn folders(&self) -> Vec<PathBuf> {
        if let Some(only) = &self.only {
            return vec![std::path::absolute(only).unwrap_or_else(|_| only.clone())];
        }
        let mut folders: Vec<PathBuf> = self
            .path
            .iter()
            .flat_map(std::env::split_paths)
            .filter(|folder| folder.is_absolute())
            .collect();
        for root in &self.roots {
            let versions = std::fs::read_dir(root).into_iter().flatten().flatten();
            let names = versions.filter(|entry| version_of_folder(&entry.file_name().to_string_lossy()).is_some());
            folders.extend(names.map(|entry| entry.path().join("bin")));
        }
        let mut seen = BTreeSet::new();
        folders.retain(|folder| seen.insert(folder.clone()));
        folders
    }
}

/// `15` (Debian) or `pgsql-15` (RPM).
fn version_of_folder(name: &str) -> Option<u32> {
    name.strip_prefix("pgsql-").unwrap_or(name).parse().ok()
}

/// The programs of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    folder: PathBuf,
    version: u32,
}

impl Binaries {
    /// The programs of version `required`, or the newest ones that are not too old.
    pub(super) async fn find(search: &Search, required: Option<u32>) -> Result<Self, PrivatePostgresError> {
        let looked = search.folders();
        let mut all: Vec<Self> = Vec::new();
        for folder in &looked {
            // A folder of PATH may hold links: initdb finds its files beside the real program.
            let Ok(real) = folder.join("postgres").canonicalize() else {
                continue;
            };
            let Some(folder) = real.parent().filter(|folder| is_complete(folder)) else {
                continue;
            };
            if all.iter().any(|binaries| binaries.folder == folder) {
                continue;
            }
            if let Some(version) = version_of(&real).await {
                all.push(Self {
                    folder: folder.to_owned(),
                    version,
                });
            }
        }
        let serves = |binaries: &&Self| required.map_or(binaries.version >= OLDEST_VERSION, |version| binaries.version == version);
        // The first of equals: PATH goes before the usual places.
        let chosen = all.iter().filter(serves).rev().max_by_key(|binaries| binaries.version).cloned();
        let found: BTreeSet<u32> = all.iter().map(|binaries| binaries.version).collect();
        chosen.ok_or_else(|| PrivatePostgresError::BinariesMissing {
            version: required,
            looked,
            found: found.into_iter().collect(),
        })
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub(super) fn pg_ctl(&self) -> PathBuf {
        self.folder.join("pg_ctl")
    }
}

fn is_complete(folder: &Path) -> bool {
    PROGRAMS
        .iter()
        .all(|program| std::fs::metadata(folder.join(program)).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0))
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `postgres (PostgreSQL) 18beta1`.
async fn version_of(postgres: &Path) -> Option<u32> {
    let output = Command::new(postgres).arg("--version").output().await.ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

fn parse_version(text: &str) -> Option<u32> {
    let number = text.split_once("(PostgreSQL) ")?.1;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(root: &Path, folder: &str, version: &str) -> PathBuf {
        let folder = root.join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        for program in PROGRAMS {
            let path = folder.join(program);
            std::fs::write(&path, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    fn search(root: &Path, path: Option<&Path>) -> Search {
        Search {
            only: None,
            path: path.map(|folder| folder.as_os_str().to_owned()),
            roots: vec![root.to_owned()],
        }
    }

    #[test]
    fn version_is_the_major_number() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_version("something else"), None);
    }

    #[tokio::test]
    async fn the_newest_is_taken_unless_a_version_is_required() {
        let root = tempfile::tempdir().unwrap();
        install(root.path(), "15/bin", "15.18");
        install(root.path(), "17/bin", "17.2");
        install(root.path(), "9.6/bin", "9.6.1");
        let search = search(root.path(), None);
        assert_eq!(Binaries::find(&search, None).await.unwrap().version, 17);
        assert_eq!(Binaries::find(&search, Some(15)).await.unwrap().version, 15);
    }

    #[tokio::test]
    async fn a_link_on_path_leads_to_the_real_programs() {
        let root = tempfile::tempdir().unwrap();
        let real = install(root.path(), "elsewhere", "16.1").canonicalize().unwrap();
        let path = root.path().join("path");
        std::fs::create_dir(&path).unwrap();
        std::os::unix::fs::symlink(real.join("postgres"), path.join("postgres")).unwrap();
        assert_eq!(Binaries::find(&search(root.path(), Some(&path)), None).await.unwrap().folder, real);
    }

    #[tokio::test]
    async fn a_missing_version_names_its_package_and_what_was_found() {
        let root = tempfile::tempdir().unwrap();
        install(root.path(), "15/bin", "15.18");
        let message = Binaries::find(&search(root.path(), None), Some(16)).await.unwrap_err().to_string();
        assert!(message.contains("apt-get install postgresql-16."), "{message}");
        assert!(message.contains("Found, but of no use here: 15."), "{message}");
    }

    #[tokio::test]
    async fn an_old_version_does_not_serve_a_new_cluster() {
        let root = tempfile::tempdir().unwrap();
        install(root.path(), "13/bin", "13.4");
        let message = Binaries::find(&search(root.path(), None), None).await.unwrap_err().to_string();
        assert!(message.contains("apt-get install postgresql."), "{message}");
        assert!(message.contains("PostgreSQL 15 or newer"), "{message}");
    }

    #[tokio::test]
    async fn a_folder_without_initdb_does_not_count() {
        let root = tempfile::tempdir().unwrap();
        let folder = install(root.path(), "15/bin", "15.18");
        std::fs::remove_file(folder.join("initdb")).unwrap();
        assert!(matches!(
            Binaries::find(&search(root.path(), None), None).await,
            Err(PrivatePostgresError::BinariesMissing { .. })
        ));
    }
}
