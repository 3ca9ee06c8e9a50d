//! `chosa completions SHELL`: the completion script of a shell.

use clap::Command;
use clap_complete::Shell;

use super::exit::CliError;
use super::output;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[arg(value_enum, help = "シェル")]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, command: &mut Command) -> Result<(), CliError> {
    // Into memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command, "chosa", &mut script);
    output::print(|out| out.write_all(&script))
}
