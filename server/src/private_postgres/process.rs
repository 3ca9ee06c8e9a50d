//! Which processes belong to a cluster, read from `/proc`; nothing here ends a process that is not proven to be one.

use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::PrivatePostgresError;
use super::folder::Folder;
use super::socket::name_of_cluster;

/// Whether a living process is a postgres of this folder.
pub(super) fn is_postgres_of(pid: Pid, folder: &Folder) -> bool {
    let proc = Path::new("/proc").join(pid.to_string());
    // The name stays "postgres" whatever the process writes in its title.
    if !std::fs::read_to_string(proc.join("comm")).is_ok_and(|name| name.trim_end() == "postgres") {
        return false;
    }
    match std::fs::read_link(proc.join("cwd")) {
        // Every process of a cluster works in its folder.
        Ok(cwd) => cwd == folder.cluster(),
        // A zombie has no folder; and root in a container may not read that of another user's process.
        Err(_) => std::fs::read(proc.join("cmdline")).is_ok_and(|line| names_cluster(&line, folder)),
    }
}

/// The postmaster keeps its arguments (`-D <cluster>`), the others write `postgres: <cluster_name>: ...`.
fn names_cluster(command_line: &[u8], folder: &Folder) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let cluster = folder.cluster();
    let title = format!("postgres: {}: ", name_of_cluster(folder));
    let mut arguments = command_line.split(|byte| *byte == 0);
    command_line.starts_with(title.as_bytes())
        || (arguments.any(|argument| argument == b"-D") && arguments.next() == Some(cluster.as_os_str().as_bytes()))
}

/// Every postgres process of this folder.
pub(super) fn all_of(folder: &Folder) -> Vec<Pid> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()).map(Pid::from_raw));
    pids.filter(|pid| is_postgres_of(*pid, folder)).collect()
}

/// After a SIGKILL of the postmaster its sessions end by themselves, except one that is deep in a query; while one lives, Postgres refuses to start
/// ("pre-existing shared memory block is still in use"). Those get what the postmaster would have sent them.
pub(super) async fn end_survivors(folder: &Folder) -> Result<(), PrivatePostgresError> {
    const PATIENCE: Duration = Duration::from_secs(2);
    if all_gone(folder, PATIENCE).await {
        return Ok(());
    }
    for signal in [Signal::SIGQUIT, Signal::SIGKILL] {
        for pid in all_of(folder) {
            tracing::warn!(%pid, %signal, "ending a session that outlived its Postgres");
            // Gone already is as good.
            let _ = kill(pid, signal);
        }
        if all_gone(folder, PATIENCE).await {
            return Ok(());
        }
    }
    Err(PrivatePostgresError::Survivors {
        folder: folder.root().to_owned(),
        pids: all_of(folder).into_iter().map(Pid::as_raw).collect(),
    })
}

async fn all_gone(folder: &Folder, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while !all_of(folder).is_empty() {
        if Instant::now() > deadline {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    true
}

/// The end of a program's output, enough to see why it failed.
pub(super) fn last_lines(text: &str) -> String {
    const LINES: usize = 15;
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines
        .iter()
        .skip(lines.len().saturating_sub(LINES))
        .copied()
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_tell_whose_process_it_is() {
        let folder = Folder::resolve(Some("/a".into())).unwrap();
        let title = format!("postgres: {}: checkpointer ", name_of_cluster(&folder));
        assert!(names_cluster(b"/usr/bin/postgres\0-D\0/a/postgres\0-c\0x=\0", &folder));
        assert!(names_cluster(title.as_bytes(), &folder));
        assert!(!names_cluster(b"/usr/bin/postgres\0-D\0/b/postgres\0", &folder));
        assert!(!names_cluster(b"postgres: chosa_app chosa [local] idle", &folder));
    }

    #[test]
    fn this_test_is_no_postgres() {
        let folder = Folder::resolve(Some("/".into())).unwrap();
        assert!(!is_postgres_of(Pid::this(), &folder));
    }
}
