//! What chosa sets in the cluster: `chosa.conf`, who may connect, and as which role. `postgresql.conf` stays the operator's, apart from the line that includes ours.

use std::fmt::Write as _;
use std::fs::DirBuilder;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, fchown};
use std::path::Path;

use nix::unistd::Uid;

use super::Durability;
use super::account::{Account, name_of};
use super::address::{APPLICATION_ROLE, OWNER_ROLE, SUPERUSER_ROLE};
use super::error::PrivatePostgresError;
use super::folder::Folder;

/// Appended to `postgresql.conf` when the cluster is made.
pub(super) const INCLUDE: &str =
    "\n# chosa writes this file anew at every start; what stands here above is yours.\ninclude = 'chosa.conf'\n";

const MAP: &str = "chosa";

/// What the caller may choose.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) durability: Durability,
    pub(super) max_connections: u16,
}

/// What a running postmaster does not know yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Changes {
    /// Settings that need a restart.
    pub(super) conf: bool,
    /// Who may connect, which a reload settles.
    pub(super) access: bool,
}

impl Settings {
    /// Writes the files where they differ.
    pub(super) fn write(&self, folder: &Folder, account: &Account) -> Result<Changes, PrivatePostgresError> {
        let cluster = folder.cluster();
        let logs = folder.logs();
        if !logs.exists() {
            DirBuilder::new()
                .mode(0o700)
                .create(&logs)
                .map_err(PrivatePostgresError::file("make", &logs))?;
            super::initdb::give(&logs, account)?;
        }
        let conf = replace(&cluster.join("chosa.conf"), &self.conf(&logs), account)?;
        let hba = replace(&cluster.join("pg_hba.conf"), &hba(), account)?;
        let ident = replace(&cluster.join("pg_ident.conf"), &ident(&allowed_users(account)), account)?;
        Ok(Changes {
            conf,
            access: hba || ident,
        })
    }

    fn conf(&self, logs: &Path) -> String {
        let logs = logs.to_string_lossy().replace('\'', "''");
        let connections = self.max_connections;
        let mut text = format!(
            "# Written by chosa at every start. Change postgresql.conf instead, above the line that includes this file.
max_connections = {connections}
shared_buffers = 128MB
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
# Compiling a query pays off after seconds; ours take milliseconds and their costs are estimated high by the policies.
jit = off
# Tables fit into memory: looking up a row costs hardly more than reading on.
random_page_cost = 1.1
logging_collector = on
log_directory = '{logs}'
# A week of logs, then over the old ones.
log_filename = 'postgres-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_line_prefix = '%m [%p] %e %q%u@%d '
# Statements and details of errors hold answers and names of people: neither belongs in a log.
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"
        );
        if self.durability == Durability::Fast {
            text.push_str("# For tests: no crash of the machine is survived. Commits still wait for the write: that is what survives a kill.\nfsync = off\nfull_page_writes = off\n");
        }
        text
    }
}

/// Only by the socket, only by who the operating system says one is.
fn hba() -> String {
    format!("# Written by chosa at every start.\nlocal all all peer map={MAP}\n")
}

/// Root, the user as whom Postgres runs, and the user that runs chosa; mostly two of them are one.
fn allowed_users(account: &Account) -> Vec<String> {
    let mut users = vec!["root".to_owned(), account.name.clone(), name_of(Uid::effective())];
    users.sort();
    users.dedup();
    users
}

fn ident(users: &[String]) -> String {
    let mut text = "# Written by chosa at every start.\n".to_owned();
    for user in users {
        let user = user.replace('"', "\"\"");
        for role in [OWNER_ROLE, APPLICATION_ROLE, SUPERUSER_ROLE] {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{MAP} \"{user}\" {role}");
        }
    }
    text
}

/// Replaces a file whole. As root we write into a folder of an unprivileged user: a new file and a rename follow no link that may lie there.
fn replace(path: &Path, text: &str, account: &Account) -> Result<bool, PrivatePostgresError> {
    if std::fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    let folder = path.parent().unwrap_or(path);
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        fchown(file.as_file(), Some(account.uid.as_raw()), Some(account.gid.as_raw()))?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(PrivatePostgresError::file("write", path))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_named_users_may_be_exactly_the_three_roles() {
        let text = ident(&["postgres".to_owned(), "root".to_owned()]);
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "chosa \"postgres\" chosa_owner",
                "chosa \"postgres\" chosa_app",
                "chosa \"postgres\" postgres",
                "chosa \"root\" chosa_owner",
                "chosa \"root\" chosa_app",
                "chosa \"root\" postgres"
            ]
        );
    }

    #[test]
    fn only_fast_gives_up_fsync() {
        let conf = |durability| {
            Settings {
                durability,
                max_connections: 60,
            }
            .conf(Path::new("/a/it's"))
        };
        assert!(!conf(Durability::Safe).contains("fsync"));
        assert!(conf(Durability::Fast).contains("fsync = off"));
        assert!(conf(Durability::Safe).contains("log_directory = '/a/it''s'"));
    }
}
