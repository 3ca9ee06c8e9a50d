//! A process that measures when it is told to: a command a line, an answer a line of JSON. So both sides can hold their data and take turns.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// Seconds of one measurement.
const TOGETHER: f64 = 0.5;

/// A running process.
pub struct Commanded {
    process: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Commanded {
    /// Starts it; its first line says that its data are there.
    pub fn start(command: &mut Command) -> (Commanded, Value) {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut commanded = Commanded { process, input, output };
        let ready = commanded.answer();
        (commanded, ready)
    }

    /// Tells it, and waits for what it says.
    pub fn tell(&mut self, command: &str) -> Value {
        writeln!(self.input.as_mut().unwrap(), "{command}").unwrap();
        self.answer()
    }

    /// Seconds of something: the fastest of as many runs as fit into half a second, at least one, so that what takes milliseconds is not measured by what
    /// else the machine did in that moment.
    pub fn seconds(&mut self, command: &str) -> f64 {
        let (mut fastest, mut sum) = (f64::INFINITY, 0.0);
        while sum < TOGETHER {
            let taken = self.tell(command)["seconds"].as_f64().unwrap();
            fastest = fastest.min(taken);
            sum += taken;
        }
        fastest
    }

    fn answer(&mut self) -> Value {
        let line = self.output.next().unwrap_or_else(|| panic!("the process ended")).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Ends its input and waits for it.
    pub fn end(mut self) {
        drop(self.input.take());
        assert!(self.process.wait().unwrap().success());
    }
}
