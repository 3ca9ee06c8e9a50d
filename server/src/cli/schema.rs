//! `chosa schema`: the JSON Schema of an edition's answers, for those who write a program that sends them. Needs no database.

use survey::survey::Survey;

use super::exit::CliError;
use super::{files, output};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
    survey: &'static Survey,
    #[arg(long, value_name = "NAME", help = "調査票の版（例: march）。省略すると最初の版")]
    edition: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let edition = files::edition(arguments.survey, arguments.edition.as_deref())?;
    output::print_json(&survey::schema::json_schema(edition))
}
