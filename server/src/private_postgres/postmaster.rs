//! What `postmaster.pid` says. The file is Postgres's own: it is read, and only an empty one is ever removed.

use std::io::ErrorKind;
use std::path::PathBuf;

use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use super::error::PrivatePostgresError;
use super::folder::Folder;
use super::process;

const FILE: &str = "postmaster.pid";

/// A living postmaster of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) pid: Pid,
    /// Where it listens; not yet known in its first moments.
    pub(super) socket_folder: Option<PathBuf>,
    /// Whether it says that it takes sessions, and neither recovers nor stops.
    pub(super) ready: bool,
}

/// What the file says about the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// No file: never started, or stopped in order.
    Stopped,
    /// The file of a postmaster that was killed. Its number may be anybody's by now.
    Killed(Pid),
    /// It lives.
    Running(Postmaster),
}

/// Reads the file and looks whether its process lives and is this folder's.
pub(super) fn standing(folder: &Folder) -> Result<Standing, PrivatePostgresError> {
    let path = folder.cluster().join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Standing::Stopped),
        Err(error) => return Err(PrivatePostgresError::file("read", &path)(error)),
    };
    let Some(postmaster) = parse(&text) else {
        // Empty for a moment while it is being written, and after a full disk.
        return Ok(Standing::Stopped);
    };
    if process::is_postgres_of(postmaster.pid, folder) {
        return Ok(Standing::Running(postmaster));
    }
    // If it was a child of ours it is a zombie until somebody asks; to Postgres a zombie looks alive.
    let _ = waitpid(postmaster.pid, Some(WaitPidFlag::WNOHANG));
    Ok(Standing::Killed(postmaster.pid))
}

/// Removes `postmaster.pid` if it is empty, as it is left by a kill, or a crash of the machine, while it was being written: Postgres refuses to start beside
/// such a one until somebody removes it. To be called when no process of the cluster lives, so that nobody is left who could fill it; one that starts meanwhile
/// works in the folder before it looks for the file, makes it only where there is none, and ends at an empty one.
pub(super) fn remove_if_empty(folder: &Folder) -> Result<(), PrivatePostgresError> {
    let path = folder.cluster().join(FILE);
    match std::fs::metadata(&path) {
        Ok(file) if file.len() == 0 && process::all_of(folder).is_empty() => {
            tracing::warn!(path = %path.display(), "removing the empty lock file of a Postgres that was killed while it started");
            std::fs::remove_file(&path).map_err(PrivatePostgresError::file("remove", &path))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(PrivatePostgresError::file("look at", &path)(error)),
    }
}

/// Lines: process, data folder, start time, port, socket folder, listen address, shared memory, status (`pidfile.h`).
fn parse(text: &str) -> Option<Postmaster> {
    let mut lines = text.lines();
    // Negative for a postgres in single-user mode.
    let pid = lines.next()?.trim().parse::<i32>().ok()?.checked_abs().filter(|pid| *pid > 1)?;
    let socket_folder = lines.nth(3).filter(|line| !line.is_empty()).map(PathBuf::from);
    // Three lines further; the status is padded.
    let ready = lines.nth(2).is_some_and(|status| status.trim_end() == "ready");
    let pid = Pid::from_raw(pid);
    Some(Postmaster { pid, socket_folder, ready })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_names_process_socket_folder_and_status() {
        let of_status = |status| format!("4711\n/data/postgres\n1700000000\n5432\n/run/chosa-1\n\n  1 2\n{status}\n");
        let (pid, socket_folder) = (Pid::from_raw(4711), Some(PathBuf::from("/run/chosa-1")));
        let running = Postmaster {
            pid,
            socket_folder,
            ready: true,
        };
        assert_eq!(parse(&of_status("ready   ")), Some(running.clone()));
        let starting = Postmaster { ready: false, ..running };
        assert_eq!(parse(&of_status("starting")), Some(starting));
    }

    #[test]
    fn a_half_written_file_is_understood_as_far_as_it_goes() {
        let begun = Postmaster {
            pid: Pid::from_raw(12),
            socket_folder: None,
            ready: false,
        };
        assert_eq!(parse(""), None);
        assert_eq!(parse("12\n/x\n1\n5432\n\n"), Some(begun));
        assert_eq!(parse("1\n"), None);
    }

    #[test]
    fn a_number_that_somebody_else_has_now_counts_as_killed() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::resolve(Some(place.path().to_owned())).unwrap();
        std::fs::create_dir(folder.cluster()).unwrap();
        assert_eq!(standing(&folder).unwrap(), Standing::Stopped);
        std::fs::write(folder.cluster().join(FILE), format!("{}\n/x\n", std::process::id())).unwrap();
        assert_eq!(standing(&folder).unwrap(), Standing::Killed(Pid::this()));
    }
}
