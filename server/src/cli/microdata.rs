//! `chosa microdata`: the coded answers as Parquet by survey and prefecture, CSV or workbook, with the codebook, as the system.

use std::path::PathBuf;

use survey::survey::Survey;

use super::database::with_state;
use super::exit::CliError;
use super::{files, output};
use crate::app::microdata::{self, Form, Wanted};
use crate::app::statistics;
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::config::Settings;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
    survey: &'static Survey,
    #[arg(long, help = "地域: nation、都道府県（01～47）")]
    area: String,
    #[arg(long, value_enum, default_value_t = Format::Zip, help = "形式。zip はParquet（調査・都道府県別）とコードブック")]
    format: Format,
    #[arg(long, value_name = "DIR", help = "このフォルダーに書き出す")]
    out: PathBuf,
    #[arg(
        long,
        value_name = "REASON",
        help = "病院が分かる項目（G-MIS ID、病院名、市区町村、病床数）を含める理由。監査記録に残る"
    )]
    identities: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Zip,
    Csv,
    Xlsx,
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    let form = match arguments.format {
        Format::Zip => Form::Archive,
        Format::Csv => Form::Csv,
        Format::Xlsx => Form::Workbook,
    };
    with_state(settings, async |state| {
        let wanted = Wanted {
            area: statistics::area(&arguments.area)?,
            identities: arguments.identities.clone(),
        };
        let permit = Permit::of(Actor::system())?;
        let failed = |error: std::io::Error| CliError::failed(format!("{} に書き込めません: {error}", arguments.out.display()));
        std::fs::create_dir_all(&arguments.out).map_err(failed)?;
        let codebook = (form != Form::Archive).then_some(Form::Codebook);
        for form in [Some(form), codebook].into_iter().flatten() {
            let bytes = microdata::file(state, &permit, arguments.survey, &wanted, form).await?;
            let path = arguments.out.join(form.name(arguments.survey));
            std::fs::write(&path, bytes).map_err(failed)?;
            output::print(|out| writeln!(out, "{}", path.display()))?;
        }
        Ok(())
    })
    .await
}
