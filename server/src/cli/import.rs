//! `chosa import`: answers, a frame or quotas from a file, as the system, through the same use cases as the API.

use std::path::{Path, PathBuf};

use analytics::selection::Quota;
use serde_json::Value;
use survey::survey::Survey;

use super::database::with_state;
use super::exit::CliError;
use super::{faults, files, output};
use crate::app::imports::{self, Upload};
use crate::app::state::State;
use crate::app::{frames, programs};
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
    #[command(about = "回答ファイルを取り込む（誤りのある病院を除く）")]
    Answers {
        #[arg(value_name = "FILE", help = "回答ファイル（.xlsx、CSV）")]
        file: PathBuf,
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
        #[arg(long, help = "設問番号の版（2022年調査: january、march）")]
        numbering: Option<String>,
        #[arg(long, help = "既にある回答を置き換える理由")]
        reason: Option<String>,
        #[arg(long, help = "検査だけして取り込まない")]
        dry_run: bool,
        #[arg(long, help = "結果をJSONで出力する")]
        json: bool,
    },
    #[command(about = "調査対象名簿を登録する（1回だけ）")]
    Frame {
        #[arg(value_name = "FILE", help = "調査対象名簿（.xlsx、CSV）")]
        file: PathBuf,
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
    },
    #[command(about = "支援枠を設定する")]
    Quotas {
        #[arg(value_name = "FILE", help = "支援枠（都道府県、病床規模区分、病院数）")]
        file: PathBuf,
        #[arg(long, help = "支援事業")]
        program: String,
    },
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| match arguments.what {
        What::Answers {
            file,
            survey,
            numbering,
            reason,
            dry_run,
            json,
        } => {
            let report = answers(state, survey, &file, (numbering, reason), dry_run).await?;
            told(&report, json)?;
            match report.get("rejected").and_then(Value::as_u64) {
                None | Some(0) => Ok(()),
                Some(rejected) => Err(CliError::bad_data(format!(
                    "{rejected}病院の回答に誤りがあり、取り込みませんでした。"
                ))),
            }
        }
        What::Frame { file, survey } => {
            let drawn = frame(state, survey, &file).await?;
            output::print(|out| writeln!(out, "{}年調査の調査対象名簿に{drawn}病院を登録しました。", survey.id()))
        }
        What::Quotas { file, program } => {
            let changed = quotas(state, &program, &file).await?;
            output::print(|out| writeln!(out, "支援枠を{changed}枠 更新しました。"))
        }
    })
    .await
}

fn told(report: &Value, json: bool) -> Result<(), CliError> {
    if json {
        return output::print_json(report);
    }
    let number = |key: &str| report.get(key).and_then(Value::as_u64).unwrap_or_default();
    output::print(|out| {
        writeln!(
            out,
            "受付 {}件、変更なし {}件、要修正 {}件",
            number("accepted"),
            number("unchanged"),
            number("rejected")
        )?;
        for hospital in report.get("hospitals").and_then(Value::as_array).into_iter().flatten() {
            for fault in hospital.get("faults").and_then(Value::as_array).into_iter().flatten() {
                if let Ok(fault) = serde_json::from_value(fault.clone()) {
                    writeln!(
                        out,
                        "  {} {}",
                        hospital.get("hospital").and_then(Value::as_str).unwrap_or_default(),
                        faults::line(&fault, None)
                    )?;
                }
            }
        }
        Ok(())
    })
}

/// Imports answers, or examines them.
pub(super) async fn answers(
    state: &State,
    survey: &'static Survey,
    file: &Path,
    (numbering, reason): (Option<String>, Option<String>),
    dry_run: bool,
) -> Result<Value, CliError> {
    let permit = Permit::of(Actor::system())?;
    let file_name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes = std::fs::read(file).map_err(|error| CliError::failed(format!("ファイル {} を開けません: {error}", file.display())))?;
    let upload = Upload {
        file_name,
        bytes,
        numbering,
        reason,
    };
    if dry_run {
        let report = imports::dry_run(state, &permit, survey, &upload).await?;
        return serde_json::to_value(report).map_err(|error| CliError::failed(error.to_string()));
    }
    Ok(imports::import(state, &permit, survey, &upload, None).await?.body)
}

/// Draws a survey's frame from a file.
pub(super) async fn frame(state: &State, survey: &'static Survey, file: &Path) -> Result<usize, CliError> {
    let frame = files::frame(&state.shared.parser, file).await?;
    Ok(frames::draw(state, &Permit::of(Actor::system())?, survey, frame.hospitals().to_vec()).await?)
}

/// Sets a programme's quotas from a file.
pub(super) async fn quotas(state: &State, program: &str, file: &Path) -> Result<usize, CliError> {
    let refused = |found: &[survey::fault::Fault]| {
        let lines: String = found.iter().map(|fault| format!("\n  {}", faults::line(fault, None))).collect();
        CliError::bad_data(format!(
            "支援枠のファイル {} に誤りがあります。直してから、もう一度実行してください。{lines}",
            file.display()
        ))
    };
    let workbook = files::workbook(&state.shared.parser, file)
        .await?
        .map_err(|fault| refused(&[fault]))?;
    let (cells, found) = importer::quotas::examine_quotas(&workbook);
    if found.iter().any(survey::fault::Fault::is_error) {
        return Err(refused(&found));
    }
    let cells: Vec<Quota> = cells
        .into_iter()
        .map(|(prefecture, band, hospitals)| Quota {
            prefecture,
            band,
            hospitals,
        })
        .collect();
    Ok(programs::set_quotas(state, &Permit::of(Actor::system())?, program, &cells).await?)
}
