//! `chosa hospital`: the hospital master from a file, as the system, through the same use case as the API.

use std::path::PathBuf;

use super::database::with_state;
use super::exit::CliError;
use super::{faults, output};
use crate::app::masters::{self, MasterReport, MasterUpload};
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::config::Settings;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    #[command(about = "病院マスターを取り込む（開設、廃止、統合、名称・番号・病床数の変更）")]
    Import {
        #[arg(value_name = "FILE", help = "病院マスター（.xlsx、CSV）")]
        file: PathBuf,
        #[arg(long, help = "変更の内容を表示するだけで取り込まない")]
        dry_run: bool,
        #[arg(long, value_name = "HASH", help = "--dry-run で表示された値。内容がそれと異なれば取り込まない")]
        hash: Option<String>,
        #[arg(long, help = "結果をJSONで出力する")]
        json: bool,
    },
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    let What::Import { file, dry_run, hash, json } = arguments.what;
    let bytes = std::fs::read(&file).map_err(|error| CliError::failed(format!("ファイル {} を開けません: {error}", file.display())))?;
    let upload = MasterUpload {
        file_name: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        bytes,
        expected: hash,
    };
    with_state(settings, async |state| {
        let permit = Permit::of(Actor::system())?;
        let report = if dry_run {
            masters::preview(state, &permit, &upload).await?
        } else {
            masters::apply(state, &permit, &upload).await?
        };
        told(&report, json)?;
        if report.hash.is_some() {
            Ok(())
        } else {
            Err(CliError::bad_data(
                "病院マスターに誤りがあります。直してから、もう一度実行してください。",
            ))
        }
    })
    .await
}

fn told(report: &MasterReport, json: bool) -> Result<(), CliError> {
    if json {
        return output::print_json(report);
    }
    output::print(|out| {
        for fault in &report.faults {
            writeln!(out, "{}", faults::line(fault, None))?;
        }
        for planned in &report.changes {
            // Names are shown as an excerpt: a terminal obeys control characters.
            writeln!(out, "{} {}", planned.gmis_id, survey::fault::excerpt(&planned.name))?;
            for change in &planned.changes {
                writeln!(out, "  {}", serde_json::to_string(change)?)?;
            }
        }
        for row in &report.out_of_scope {
            writeln!(out, "調査対象から外す候補: {}年調査 {}", row.survey, row.gmis_id)?;
        }
        for (kind, count) in &report.summary {
            writeln!(out, "{kind}: {count}")?;
        }
        match (&report.hash, report.import) {
            (Some(hash), None) => writeln!(out, "何も保存していません。内容のハッシュ: {hash}"),
            (_, Some(_)) => writeln!(out, "取り込みました。"),
            (None, None) => Ok(()),
        }
    })
}
