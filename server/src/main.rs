//! The program `chosa`: the limited child first, everything else through the command line. Decides nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before tokio, tracing and clap: the child has to limit its memory while it is still one small thread.
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == server::parsing::child::COMMAND) {
        return server::parsing::child::run(arguments);
    }
    server::cli::main()
}
