//! The private Postgres: a cluster of the machine's own Postgres programs in chosa's data folder, for whoever has no Postgres of their own.
//!
//! Finds the programs, makes the cluster once, drops to an unprivileged user when run by root, starts it on a socket only, makes the roles and the
//! database, and stops it. It survives a SIGKILL of the program (the orphan is adopted) and of Postgres (crash recovery at the next start).
//!
//! It must not know anything of the rest of the server (no configuration, no migrations, no tables), must not open a TCP port, and must never delete
//! a `postmaster.pid` that names a process: that file is what keeps two postmasters off the same files, and Postgres itself knows when it is stale.
//!
//! Linux only: living processes are looked at through `/proc`.

mod account;
mod address;
mod binaries;
mod bring_up;
mod error;
mod folder;
mod initdb;
mod postmaster;
mod process;
mod roles;
mod settings;
mod socket;

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::Pid;
use tokio::sync::Mutex;

pub use self::address::{APPLICATION_ROLE, Address, DATABASE, OWNER_ROLE, SUPERUSER_ROLE};
pub use self::error::PrivatePostgresError;

use self::account::Account;
use self::binaries::{Binaries, Search};
use self::bring_up::Cluster;
use self::folder::{Folder, FolderLock};
use self::settings::Settings;

/// What a crash of the machine may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// What is committed is on the disk. The only choice for real answers.
    #[default]
    Safe,
    /// `fsync` off: survives a kill of any process, not a crash of the machine. For tests only.
    Fast,
}

/// How to start the private Postgres. `Options::default()` is what a server wants.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder; `None` is `/var/lib/chosa` for root, else `$XDG_DATA_HOME/chosa` or `~/.local/share/chosa`.
    pub folder: Option<PathBuf>,
    /// Safe, or fast for tests.
    pub durability: Durability,
    /// The folder that holds `postgres`, `initdb` and `pg_ctl`; `None` looks on `PATH` and where distributions put them.
    pub binaries: Option<PathBuf>,
    /// `max_connections` of the cluster.
    pub max_connections: u16,
    /// How long to wait for another program to let go of the folder before it is refused. Zero refuses at once.
    pub lock_patience: Duration,
    /// How long Postgres may take until it answers; crash recovery of a busy cluster takes minutes.
    pub start_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            folder: None,
            durability: Durability::Safe,
            binaries: None,
            max_connections: 60,
            lock_patience: Duration::ZERO,
            start_timeout: Duration::from_secs(300),
        }
    }
}

/// A running private Postgres, started or adopted, and the lock on its folder.
///
/// Dropping it lets go of the folder and leaves Postgres running; the next start adopts it. End with [`PrivatePostgres::stop`].
#[derive(Debug)]
pub struct PrivatePostgres {
    cluster: Cluster,
    /// So that two revivals do not start two postmasters.
    reviving: Mutex<()>,
    address: Address,
    lock: FolderLock,
}

impl PrivatePostgres {
    /// Starts the cluster of the folder, or adopts the one that a killed program left behind. Makes folder, cluster, roles and database where they are missing.
    ///
    /// # Errors
    /// Every variant of [`PrivatePostgresError`]; their texts say what to do.
    pub async fn start(options: Options) -> Result<Self, PrivatePostgresError> {
        let mut folder = Folder::resolve(options.folder)?;
        let search = Search::of_this_machine(options.binaries);
        let binaries = Binaries::find(&search, folder.cluster_version()?).await?;
        folder.make()?;
        let lock = FolderLock::take(&folder, options.lock_patience).await?;
        let account = Account::choose(&folder).await?;
        account.check_entry(&folder, &binaries).await?;
        initdb::make_cluster_once(&folder, &binaries, &account, options.durability).await?;
        let settings = Settings {
            durability: options.durability,
            max_connections: options.max_connections,
        };
        let cluster = Cluster {
            folder,
            binaries,
            account,
            settings,
            start_timeout: options.start_timeout,
        };
        let address = cluster.bring_up().await?;
        roles::ensure(&address).await?;
        Ok(Self {
            cluster,
            reviving: Mutex::new(()),
            address,
            lock,
        })
    }

    /// Starts Postgres again if it has died under the living program; `true` if it had. Safe to call at any time and from many tasks.
    ///
    /// The socket folder stays the same, so pools that were made from the URLs go on working.
    ///
    /// # Errors
    /// As [`PrivatePostgres::start`].
    pub async fn revive(&self) -> Result<bool, PrivatePostgresError> {
        let _alone = self.reviving.lock().await;
        if self.cluster.postmaster()?.is_some() {
            return Ok(false);
        }
        tracing::warn!(folder = %self.cluster.folder.root().display(), "the private Postgres has died; starting it again");
        self.cluster.start_at(self.address.socket_folder()).await?;
        Ok(true)
    }

    /// Stops Postgres (`pg_ctl stop -m fast`: sessions are ended, everything committed stays) and lets go of the folder.
    ///
    /// # Errors
    /// [`PrivatePostgresError::StopFailed`] if it does not end even on `immediate`.
    pub async fn stop(self) -> Result<(), PrivatePostgresError> {
        let _alone = self.reviving.lock().await;
        self.cluster.stop().await?;
        socket::remove(self.address.socket_folder());
        // Only now may another program take the folder.
        drop(self.lock);
        Ok(())
    }

    /// Lets go of the folder and leaves Postgres running, for the next program to adopt. For tests that share one cluster.
    #[must_use]
    pub fn leave_running(self) -> Address {
        self.address
    }

    /// Where the cluster answers: URLs and socket folder, without the lock.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// URL of a database as [`OWNER_ROLE`], for migrations.
    #[must_use]
    pub fn owner_url(&self, database: &str) -> String {
        self.address.owner_url(database)
    }

    /// URL of a database as [`APPLICATION_ROLE`], for everything else.
    #[must_use]
    pub fn application_url(&self, database: &str) -> String {
        self.address.application_url(database)
    }

    /// URL of a database as the superuser. For tests and restore only.
    #[must_use]
    pub fn superuser_url(&self, database: &str) -> String {
        self.address.superuser_url(database)
    }

    /// The folder of the socket: mode 0700, a path short enough for a socket.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        self.address.socket_folder()
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.cluster.folder.root()
    }

    /// The postmaster's process, or `None` if it has died.
    #[must_use]
    pub fn postmaster_pid(&self) -> Option<Pid> {
        self.cluster.postmaster().ok().flatten().map(|postmaster| postmaster.pid)
    }
}

/// Stops the postmaster of a folder that nobody holds, if one runs; `true` if one did. Makes nothing.
///
/// # Errors
/// [`PrivatePostgresError::FolderInUse`] while a program holds the folder; otherwise as [`PrivatePostgres::stop`].
pub async fn stop_left_running(options: Options) -> Result<bool, PrivatePostgresError> {
    let mut folder = Folder::resolve(options.folder)?;
    let Some(version) = folder.cluster_version()? else {
        return Ok(false);
    };
    let binaries = Binaries::find(&Search::of_this_machine(options.binaries), Some(version)).await?;
    folder.make()?;
    let _lock = FolderLock::take(&folder, options.lock_patience).await?;
    let account = Account::choose(&folder).await?;
    let settings = Settings {
        durability: options.durability,
        max_connections: options.max_connections,
    };
    let cluster = Cluster {
        folder,
        binaries,
        account,
        settings,
        start_timeout: options.start_timeout,
    };
    let Some(postmaster) = cluster.postmaster()? else {
        return Ok(false);
    };
    cluster.stop().await?;
    if let Some(socket_folder) = &postmaster.socket_folder {
        socket::remove(socket_folder);
    }
    Ok(true)
}
