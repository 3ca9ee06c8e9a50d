//! As whom Postgres runs: the user that runs chosa, or, since Postgres refuses root, an unprivileged one. Must never give rights, only take them.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;

use nix::unistd::{Gid, Uid, User};
use tokio::process::Command;

use super::binaries::Binaries;
use super::error::PrivatePostgresError;
use super::folder::Folder;

/// The distribution's user for Postgres, and the one that is made where there is none.
const USUAL_USERS: [&str; 2] = ["postgres", MADE_USER];
const MADE_USER: &str = "chosa-postgres";

/// The user as whom everything of Postgres runs.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: Uid,
    pub(super) gid: Gid,
    /// Whether this program is somebody else (root).
    switch: bool,
}

impl Account {
    /// The owner of the cluster if there is one; else the user that runs this, or for root the unprivileged user.
    pub(super) async fn choose(folder: &Folder) -> Result<Self, PrivatePostgresError> {
        let me = Uid::effective();
        let cluster = folder.cluster();
        let owner = std::fs::metadata(&cluster)
            .ok()
            .map(|data| (Uid::from_raw(data.uid()), Gid::from_raw(data.gid())));
        match (me.is_root(), owner) {
            (false, Some((owner, _))) if owner != me => Err(wrong_owner(&cluster)),
            (false, _) => Ok(Self {
                name: name_of(me),
                uid: me,
                gid: Gid::effective(),
                switch: false,
            }),
            (true, Some((owner, gid))) if !owner.is_root() => Ok(Self {
                name: name_of(owner),
                uid: owner,
                gid,
                switch: true,
            }),
            // An empty folder of root's is harmless: it makes way for the cluster.
            (true, Some(_)) if folder.cluster_version()?.is_some() => Err(wrong_owner(&cluster)),
            (true, _) => Self::unprivileged().await,
        }
    }

    async fn unprivileged() -> Result<Self, PrivatePostgresError> {
        for name in USUAL_USERS {
            if let Some(account) = Self::of_user(name) {
                return Ok(account);
            }
        }
        make_user().await?;
        Self::of_user(MADE_USER).ok_or_else(|| PrivatePostgresError::NoUnprivilegedUser {
            reason: "the new user cannot be found".to_owned(),
        })
    }

    fn of_user(name: &str) -> Option<Self> {
        let user = User::from_name(name).ok().flatten().filter(|user| !user.uid.is_root())?;
        Some(Self {
            name: user.name,
            uid: user.uid,
            gid: user.gid,
            switch: true,
        })
    }

    /// A command as this user, in a folder that it can enter, with nothing of our environment (`PGDATA`, `PGOPTIONS` and `LC_ALL` change what Postgres does).
    pub(super) fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C");
        command.current_dir(folder).stdin(Stdio::null());
        if self.switch {
            // The standard library drops the supplementary groups of root along with its user.
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
        command
    }

    /// Whether this user can get to the data folder and to the programs. By trying: modes, lists and mounts all have a say.
    pub(super) async fn check_entry(&self, folder: &Folder, binaries: &Binaries) -> Result<(), PrivatePostgresError> {
        let program = binaries.postgres();
        for place in [Path::new("/"), folder.root()] {
            match self
                .command(&program, place)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .await
            {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    // At `/` it can only be the program that is out of reach.
                    let path = if place == folder.root() { place } else { &program };
                    return Err(PrivatePostgresError::NotEnterable {
                        path: path.to_owned(),
                        user: self.name.clone(),
                    });
                }
                Err(source) => return Err(PrivatePostgresError::Command { program, source }),
            }
        }
        Ok(())
    }
}

async fn make_user() -> Result<(), PrivatePostgresError> {
    let failed = |reason: String| PrivatePostgresError::NoUnprivilegedUser { reason };
    tracing::info!(user = MADE_USER, "there is no unprivileged user for Postgres; making one");
    let output = Command::new("useradd")
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .args([
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
            MADE_USER,
        ])
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|error| failed(format!("useradd: {error}")))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

/// The error for a path that belongs to another user than the one that runs this.
pub(super) fn wrong_owner(path: &Path) -> PrivatePostgresError {
    let owner = std::fs::metadata(path).map_or_else(|_| "another user".to_owned(), |data| name_of(Uid::from_raw(data.uid())));
    let me = Uid::effective();
    let expected = if me.is_root() { "postgres".to_owned() } else { name_of(me) };
    PrivatePostgresError::WrongOwner {
        path: path.to_owned(),
        owner,
        expected,
    }
}

/// The user's name, or its number where it has none (a container may run as any number).
pub(super) fn name_of(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}
