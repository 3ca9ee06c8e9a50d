//! `chosa quota`: quotas from a file, computed, shown, their history, and what prefectures ask of them, as the system, through the same use cases as
//! the API. What a prefecture asked on paper is entered for it, in its role and without an account.

mod compute;
mod show;

use std::path::{Path, PathBuf};

use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::database::with_state;
use super::exit::CliError;
use super::{files, list, output};
use crate::app::programs::quotas;
use crate::app::programs::quotas::files::{QuotaFile, QuotaReport};
use crate::app::programs::quotas::moves::{self, Cell, Decision, Move};
use crate::app::state::State;
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::Permit;
use crate::config::Settings;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    #[command(about = "支援枠をファイルから設定する（1枠1行、または都道府県ごとに1行で区分が列の表）")]
    Import(ImportArguments),
    #[command(about = "全国の総数から支援枠を計算する（--store を付けなければ保存しない）")]
    Compute(compute::Arguments),
    #[command(about = "現在の支援枠を表示する")]
    List(OfProgram),
    #[command(about = "支援枠の変更の履歴を表示する")]
    History {
        #[command(flatten)]
        of: OfProgram,
        #[arg(long, help = "都道府県（01～47）")]
        prefecture: Option<String>,
    },
    #[command(about = "都道府県からの支援枠の変更の協議を表示する")]
    Requests(OfProgram),
    #[command(about = "都道府県が書面などで求めた支援枠の変更の協議を、代わって記録する")]
    Ask {
        #[arg(long, help = "支援事業")]
        program: String,
        #[arg(long, value_parser = list::prefecture, help = "求めた都道府県（01～47）")]
        prefecture: PrefectureCode,
        #[arg(long, value_name = "CELL", value_parser = cell, help = "減らす枠（例: 13:20-199）")]
        from: Cell,
        #[arg(long, value_name = "CELL", value_parser = cell, help = "増やす枠（例: 13:400+）")]
        to: Cell,
        #[arg(long, help = "移す病院数")]
        hospitals: u32,
        #[arg(long, help = "理由")]
        reason: String,
    },
    #[command(about = "支援枠の変更の協議を認め、枠を移す")]
    Grant(DecisionArguments),
    #[command(about = "支援枠の変更の協議を認めない")]
    Refuse(DecisionArguments),
}

#[derive(Debug, clap::Args)]
struct OfProgram {
    #[arg(long, help = "支援事業")]
    program: String,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct ImportArguments {
    #[arg(value_name = "FILE", help = "支援枠（.xlsx、.xls、.ods、CSVなど）")]
    file: PathBuf,
    #[arg(long, help = "支援事業")]
    program: String,
    #[arg(long, help = "設定済みの支援枠を変える理由")]
    reason: Option<String>,
    #[arg(long, help = "変更の内容を表示するだけで設定しない")]
    dry_run: bool,
    #[arg(long, value_name = "HASH", help = "--dry-run で表示された値。内容がそれと異なれば設定しない")]
    hash: Option<String>,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct DecisionArguments {
    #[arg(value_name = "ID", help = "協議の番号（chosa quota requests で表示される）")]
    request: Uuid,
    #[arg(long, help = "支援事業")]
    program: String,
    #[arg(long, help = "理由")]
    reason: String,
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| match arguments.what {
        What::Import(arguments) => {
            let report = import(state, &arguments).await?;
            show::report(&report, arguments.json)?;
            if report.hash.is_some() {
                Ok(())
            } else {
                Err(CliError::bad_data(
                    "支援枠のファイルに誤りがあります。直してから、もう一度実行してください。",
                ))
            }
        }
        What::Compute(arguments) => compute::run(arguments, state).await,
        What::List(of) => show::in_force(&quotas::list(state, &Permit::of(Actor::system())?, &of.program).await?, of.json),
        What::History { of, prefecture } => {
            let prefecture = prefecture.as_deref().map(code).transpose()?;
            let versions = quotas::history(state, &Permit::of(Actor::system())?, &of.program, prefecture).await?;
            show::history(&versions, of.json)
        }
        What::Requests(of) => show::requests(&moves::list(state, &Permit::of(Actor::system())?, &of.program).await?, of.json),
        What::Ask {
            program,
            prefecture,
            from,
            to,
            hospitals,
            reason,
        } => {
            let permit = Permit::of(Actor::of_row(None, Role::Prefecture(prefecture)))?;
            let moves = [Move { from, to, hospitals }];
            moves::ask(state, &permit, &program, &moves, &reason, None).await?;
            let read = Permit::of(Actor::system())?;
            let newest = moves::list(state, &read, &program).await?;
            show::requests(newest.get(..1).unwrap_or_default(), false)
        }
        What::Grant(arguments) => decide(state, &arguments, Decision::Grant).await,
        What::Refuse(arguments) => decide(state, &arguments, Decision::Refuse).await,
    })
    .await
}

/// A cell as `13:20-199`.
fn cell(text: &str) -> Result<Cell, String> {
    let wrong = || "枠は、都道府県の番号と病床規模区分で 13:20-199 のように指定してください。".to_owned();
    let (prefecture, band) = text.split_once(':').ok_or_else(wrong)?;
    Ok(Cell {
        prefecture: list::prefecture(prefecture)?,
        band: band.to_owned(),
    })
}

fn code(text: &str) -> Result<PrefectureCode, CliError> {
    PrefectureCode::parse(text).map_err(|error| {
        tracing::debug!(%error, "prefecture refused");
        CliError::usage("--prefecture には都道府県を 01～47 の番号か名前で指定してください。")
    })
}

async fn decide(state: &State, arguments: &DecisionArguments, decision: Decision) -> Result<(), CliError> {
    let permit = Permit::of(Actor::system())?;
    let asked = moves::decide(state, &permit, &arguments.program, arguments.request, decision, &arguments.reason).await?;
    show::requests(&[asked], false)
}

async fn import(state: &State, arguments: &ImportArguments) -> Result<QuotaReport, CliError> {
    let file = QuotaFile {
        expected: arguments.hash.clone(),
        ..file(&arguments.file, arguments.reason.clone())?
    };
    let permit = Permit::of(Actor::system())?;
    Ok(if arguments.dry_run {
        quotas::files::preview(state, &permit, &arguments.program, &file).await?
    } else {
        quotas::files::apply(state, &permit, &arguments.program, &file).await?
    })
}

fn file(path: &Path, reason: Option<String>) -> Result<QuotaFile, CliError> {
    Ok(QuotaFile {
        file_name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        bytes: files::read(path)?,
        reason,
        expected: None,
    })
}

/// Sets a programme's quotas from a file; how many cells changed.
pub(super) async fn set(state: &State, program: &str, path: &Path, reason: Option<String>) -> Result<usize, CliError> {
    let permit = Permit::of(Actor::system())?;
    let report = quotas::files::apply(state, &permit, program, &file(path, reason)?).await?;
    for fault in &report.faults {
        output::talk(&format!("{}: {}", path.display(), super::faults::line(fault, None)));
    }
    Ok(report.changes.len())
}
