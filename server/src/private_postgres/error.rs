//! What can go wrong with the private Postgres, one variant for each thing that somebody can act on. The texts say what to do next.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::binaries::OLDEST_VERSION;

/// Why the private Postgres could not be started, used or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivatePostgresError {
    /// No folder was given and none can be derived.
    #[error("there is no data folder: neither XDG_DATA_HOME nor HOME is set. Name a data folder")]
    NoDefaultFolder,

    /// Another program holds the folder.
    #[error(
        "the data folder {folder} is in use by another chosa{process}. One folder serves one program at a time: stop the other one first, or give this one a data folder of its own",
        folder = folder.display(), process = Process(*pid)
    )]
    FolderInUse {
        /// The folder asked for.
        folder: PathBuf,
        /// Who holds it, as far as it said.
        pid: Option<u32>,
    },

    /// The unprivileged user cannot get to a path.
    #[error(
        "the user {user}, as whom Postgres has to run, cannot enter {path}. A folder below root's or another user's home cannot be entered after dropping rights: choose another one (for root /var/lib/chosa is usual), or open the folders above it with chmod o+x",
        path = path.display()
    )]
    NotEnterable {
        /// What could not be entered.
        path: PathBuf,
        /// The unprivileged user.
        user: String,
    },

    /// The cluster belongs to somebody else.
    #[error(
        "{path} belongs to {owner}, but Postgres has to run as {expected}. Run chosa as {owner}, or give the folder over: chown -R {expected} '{path}'",
        path = path.display()
    )]
    WrongOwner {
        /// The folder or file.
        path: PathBuf,
        /// Whose it is.
        owner: String,
        /// Whose it should be.
        expected: String,
    },

    /// There is something, but no cluster.
    #[error("{path} is not empty and no Postgres cluster (it has no readable PG_VERSION). Move it away, or choose another data folder", path = path.display())]
    NotACluster {
        /// The folder that should be a cluster.
        path: PathBuf,
    },

    /// No Postgres programs, or not those of the version that the cluster needs.
    #[error("{}", Missing { version: *version, looked, found })]
    BinariesMissing {
        /// The major version that the existing cluster needs, if there is one.
        version: Option<u32>,
        /// Every folder that was looked at.
        looked: Vec<PathBuf>,
        /// The versions that were found and do not serve.
        found: Vec<u32>,
    },

    /// Root, but nobody to drop to.
    #[error(
        "Postgres refuses to run as root, there is no user postgres or chosa-postgres, and making one failed: {reason}. Make one (useradd --system chosa-postgres), or do not run chosa as root"
    )]
    NoUnprivilegedUser {
        /// What went wrong with `useradd`.
        reason: String,
    },

    /// No place for the socket.
    #[error("there is no safe place for the Postgres socket: {reason}")]
    SocketFolder {
        /// What is wrong with each place.
        reason: String,
    },

    /// `initdb` failed.
    #[error("the Postgres cluster in {folder} could not be made. initdb said:\n{output}", folder = folder.display())]
    InitdbFailed {
        /// The data folder.
        folder: PathBuf,
        /// The end of what it printed.
        output: String,
    },

    /// Postgres did not come up.
    #[error("the Postgres in {folder} did not start: {reason}. The end of its log:\n{log}", folder = folder.display())]
    StartFailed {
        /// The data folder.
        folder: PathBuf,
        /// How it failed.
        reason: String,
        /// The end of the start log and of the server log.
        log: String,
    },

    /// Postgres does not end.
    #[error("the Postgres in {folder} (process {pid}) does not stop: {reason}", folder = folder.display())]
    StopFailed {
        /// The data folder.
        folder: PathBuf,
        /// The postmaster.
        pid: i32,
        /// What `pg_ctl` said.
        reason: String,
    },

    /// The postmaster is dead, but its sessions hold on to the shared memory.
    #[error("Postgres was killed, and the processes {pids:?} that it left behind in {folder} do not end. End them, then start again", folder = folder.display())]
    Survivors {
        /// The data folder.
        folder: PathBuf,
        /// The processes.
        pids: Vec<i32>,
    },

    /// A file operation failed.
    #[error("could not {doing} {path}: {source}", path = path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },

    /// A program could not be run at all.
    #[error("could not run {program}: {source}", program = program.display())]
    Command {
        /// The program.
        program: PathBuf,
        /// The cause.
        source: io::Error,
    },

    /// A statement of our own failed.
    #[error("could not {doing}: {}", reason_of(source))]
    Query {
        /// What was tried.
        doing: &'static str,
        /// The cause.
        source: tokio_postgres::Error,
    },
}

impl PrivatePostgresError {
    /// For `map_err`: a failed file operation.
    pub(super) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            doing,
            path: path.to_owned(),
            source,
        }
    }

    /// For `map_err`: a failed statement.
    pub(super) fn query(doing: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |source| Self::Query { doing, source }
    }
}

/// tokio-postgres prints a server's error as "db error" and hides the message in its source.
pub(super) fn reason_of(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(
        || error.to_string(),
        |server| format!("{} ({})", server.message(), server.code().code()),
    )
}

struct Process(Option<u32>);

impl fmt::Display for Process {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(pid) => write!(out, " (process {pid})"),
            None => Ok(()),
        }
    }
}

struct Missing<'a> {
    version: Option<u32>,
    looked: &'a [PathBuf],
    found: &'a [u32],
}

impl fmt::Display for Missing<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(
                out,
                "the data folder needs the programs of PostgreSQL {version} (its PG_VERSION says so), which are not on this machine."
            )?,
            None => write!(
                out,
                "there are no programs of PostgreSQL {OLDEST_VERSION} or newer (postgres, initdb, pg_ctl) on this machine."
            )?,
        }
        let package = self
            .version
            .map_or_else(|| "postgresql".to_owned(), |version| format!("postgresql-{version}"));
        write!(
            out,
            " Install them: apt-get install {package}. Or name the folder that holds them in CHOSA_PG_BIN, or use a Postgres of your own with DATABASE_URL."
        )?;
        if !self.found.is_empty() {
            let found: Vec<String> = self.found.iter().map(u32::to_string).collect();
            write!(out, " Found, but of no use here: {}.", found.join(", "))?;
        }
        let looked: Vec<String> = self.looked.iter().map(|folder| folder.display().to_string()).collect();
        write!(out, " Looked in: {}.", looked.join(", "))
    }
}
