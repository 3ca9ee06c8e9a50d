//! `chosa import`: answers, a frame or quotas from a file, as the system, through the same use cases as the API.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use sha2::{Digest, Sha256};
use survey::survey::Survey;
use uuid::Uuid;

use super::database::with_state;
use super::exit::CliError;
use super::{faults, files, output, quota};
use crate::app::frames;
use crate::app::idempotency::Key;
use crate::app::imports::{self, Upload};
use crate::app::jobs::{self, How};
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::{FollowJobs, Permit};
use crate::config::Settings;

/// How often the bar moves.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    #[command(about = "回答ファイルを取り込む（誤りのある病院を除く）")]
    Answers {
        #[arg(value_name = "FILE", help = "回答ファイル（.xlsx、.xlsm、.xls、.ods、CSV、TSV）")]
        file: PathBuf,
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
        #[arg(long, help = "設問番号の版（2022年調査: january、march）")]
        numbering: Option<String>,
        #[arg(long, help = "既にある回答を置き換える理由")]
        reason: Option<String>,
        #[arg(long, help = "以前に取り込んだ同じファイルを、もう一度取り込む")]
        again: bool,
        #[arg(long, help = "検査だけして取り込まない")]
        dry_run: bool,
        #[arg(long, help = "結果をJSONで出力する")]
        json: bool,
    },
    #[command(about = "調査対象名簿を登録する（1回だけ）")]
    Frame {
        #[arg(value_name = "FILE", help = "調査対象名簿（.xlsx、.xls、.ods、CSVなど）")]
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
        #[arg(long, help = "設定済みの支援枠を変える理由")]
        reason: Option<String>,
    },
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| match arguments.what {
        What::Answers {
            file,
            survey,
            numbering,
            reason,
            again,
            dry_run,
            json,
        } => {
            let report = if dry_run {
                foreseen(state, survey, &file, (numbering, reason)).await?
            } else {
                answers(state, survey, &file, (numbering, reason), again).await?
            };
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
        What::Quotas { file, program, reason } => {
            let changed = quota::set(state, &program, &file, reason).await?;
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
        if report.get("repeated").and_then(Value::as_bool) == Some(true) {
            writeln!(
                out,
                "同じファイルは取込み済みのため、何も変更していません（もう一度取り込むには --again）。"
            )?;
        }
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

fn upload(file: &Path, (numbering, reason): (Option<String>, Option<String>)) -> Result<Upload, CliError> {
    let file_name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes = std::fs::read(file).map_err(|error| CliError::failed(format!("ファイル {} を開けません: {error}", file.display())))?;
    Ok(Upload {
        file_name,
        bytes,
        numbering,
        reason,
    })
}

/// Says what importing answers would do.
async fn foreseen(state: &State, survey: &'static Survey, file: &Path, said: (Option<String>, Option<String>)) -> Result<Value, CliError> {
    let report = imports::dry_run(state, &Permit::of(Actor::system())?, survey, &upload(file, said)?).await?;
    serde_json::to_value(report).map_err(|error| CliError::failed(error.to_string()))
}

/// Imports answers as a job of its own, with a bar that shows how far it is.
pub(super) async fn answers(
    state: &State,
    survey: &'static Survey,
    file: &Path,
    said: (Option<String>, Option<String>),
    again: bool,
) -> Result<Value, CliError> {
    let permit = Permit::of(Actor::system())?;
    let upload = upload(file, said)?;
    let key = Key {
        key: Uuid::new_v4().to_string(),
        request_hash: Sha256::digest(&upload.bytes).into(),
    };
    let follow = Permit::of(permit.actor().clone())?;
    let how = How { again, attended: true };
    let job = jobs::ask_import(state, &permit, survey, &upload, how, &key).await?.row.id;
    let work = async {
        let worker = Uuid::new_v4();
        loop {
            jobs::work_one(state, worker, Some(job)).await?;
            let job = jobs::read(state, &follow, job).await?;
            if job.is_over() {
                return Ok::<_, CliError>(job);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let job = tokio::select! {
        job = work => job?,
        error = show(state, &follow, job) => return Err(error),
    };
    job.answer()?
        .map(|(_, report)| report)
        .ok_or_else(|| CliError::failed("取込みが終わりませんでした。もう一度実行してください。"))
}

/// Shows how far a job is, until it is dropped; ends only when that cannot be read.
async fn show(state: &State, permit: &Permit<FollowJobs>, job: Uuid) -> CliError {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}病院");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    loop {
        let row = match jobs::read(state, permit, job).await {
            Ok(job) => job.row,
            Err(error) => return error.into(),
        };
        bar.set_message(match row.phase.as_str() {
            "reading" => "読取り",
            "checking" => "検査",
            "recording" => "登録",
            _ => "待機",
        });
        bar.set_length(u64::try_from(row.total).unwrap_or_default());
        bar.set_position(u64::try_from(row.done).unwrap_or_default());
        tokio::time::sleep(LOOK).await;
    }
}

/// Draws a survey's frame from a file.
pub(super) async fn frame(state: &State, survey: &'static Survey, file: &Path) -> Result<usize, CliError> {
    let (frame, known) = files::frame_with_attributes(&state.shared.parser, file).await?;
    let permit = Permit::of(Actor::system())?;
    Ok(frames::draw_with(state, &permit, survey, frame.hospitals().to_vec(), &known).await?)
}
