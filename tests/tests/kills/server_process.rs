//! `chosa serve` as a process: started, killed, ended in order.

use std::fs::OpenOptions;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tests::binary;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::place::{PATIENCE, Place};

/// A server that was started, whether it serves already or not.
pub struct ServerProcess {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl ServerProcess {
    /// Starts it on a free port.
    pub fn begin(place: &Place) -> ServerProcess {
        let log = OpenOptions::new().create(true).append(true).open(place.log()).unwrap();
        let mut command = Command::from(binary::command());
        command
            .arg("serve")
            .args(["--listen", "127.0.0.1:0", "--data-folder"])
            .arg(place.data_folder());
        let mut child = command.stdout(Stdio::piped()).stderr(log).kill_on_drop(true).spawn().unwrap();
        place.know_server(Some(pid_of(&child)));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        ServerProcess { child, lines }
    }

    /// Waits until it serves: `http://127.0.0.1:1234`.
    pub async fn address(&mut self, place: &Place) -> String {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        let line = line
            .unwrap_or_else(|_| panic!("the server does not serve after {PATIENCE:?}"))
            .unwrap();
        let Some(line) = line else {
            panic!(
                "the server ended instead of serving: {:?}\n{}",
                self.child.try_wait(),
                place.log_tail()
            );
        };
        line.split_once("/ ").unwrap_or_else(|| panic!("no address: {line}")).0.to_owned()
    }

    /// Whether it has not ended by itself.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// SIGKILL.
    pub async fn kill(mut self, place: &Place) {
        assert!(self.lives(), "the server ended by itself\n{}", place.log_tail());
        self.child.kill().await.unwrap();
        place.know_server(None);
    }

    /// SIGTERM: it ends by itself and stops its Postgres.
    pub async fn stop(mut self, place: &Place) {
        kill(pid_of(&self.child), Signal::SIGTERM).unwrap();
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = status
            .unwrap_or_else(|_| panic!("the server does not end on SIGTERM after {PATIENCE:?}"))
            .unwrap();
        place.know_server(None);
        assert!(status.success(), "{status}");
        assert_eq!(place.postmaster(), None, "the server stopped its Postgres");
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().unwrap().try_into().unwrap())
}
