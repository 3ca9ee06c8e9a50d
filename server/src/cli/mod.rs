//! The command line: what is typed becomes one call of a command, and what comes of it an exit code.
//!
//! Data goes to stdout, talk to stderr. Holds no rule of the questionnaire and no right; each command is a file with its arguments and
//! `async fn run(arguments, &Settings) -> Result<(), CliError>`.

mod account;
mod candidate;
mod check;
mod columns;
mod completions;
mod criteria;
mod database;
mod demo;
mod doctor;
mod erase;
mod exit;
mod faults;
mod files;
mod frame;
mod hospital;
mod import;
mod list;
mod mail;
mod microdata;
mod output;
mod program;
mod quota;
mod receipt;
mod release;
mod remind;
mod result;
mod schema;
mod select;
mod serve;
mod tabulate;
mod template;
mod trend;
mod vocabulary;
mod window;
mod wishes;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

pub use exit::{CliError, Exit};

use crate::config::{Flags, Settings};
use crate::telemetry;

/// What is typed after `chosa`.
#[derive(Debug, Parser)]
#[command(
    name = "chosa",
    version,
    about = "病院のサイバーセキュリティ調査を行い、集計し、支援先を選ぶプログラム",
    after_help = "設定は、フラグ、環境変数（CHOSA_*、DATABASE_URL）、設定ファイル、既定値の順に優先します。\n\
                  終了コード: 0 成功、1 失敗、2 使い方の誤り、65 データの誤り、75 後でもう一度、78 設定の誤り",
    arg_required_else_help = true
)]
struct Arguments {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(about = "回答ファイルを取り込まずに検査する（データベースは不要）")]
    Check(check::Arguments),
    #[command(about = "空の調査票を作る（データベースは不要）")]
    Template(template::Arguments),
    #[command(about = "受付票を検証する、検証用の公開鍵を出力する（データベースは不要）")]
    Receipt(receipt::Arguments),
    #[command(about = "回答のJSON Schemaを出力する（データベースは不要）")]
    Schema(schema::Arguments),
    #[command(about = "サーバーを動かす")]
    Serve,
    #[command(about = "データベースを最新にする")]
    Migrate,
    #[command(about = "回答、調査対象名簿、支援枠をファイルから取り込む")]
    Import(import::Arguments),
    #[command(about = "病院マスターを取り込む")]
    Hospital(hospital::Arguments),
    #[command(about = "病院マスターから調査対象名簿を作り、病院を対象から外す")]
    Frame(frame::Arguments),
    #[command(about = "調査期間を設ける、早く終える、延長する、一覧を見る")]
    Window(window::Arguments),
    #[command(about = "集計表、回答率、報告書を作る")]
    Tabulate(tabulate::Arguments),
    #[command(about = "個票データ（1病院1行のコード化した回答）を書き出す")]
    Microdata(microdata::Arguments),
    #[command(about = "前の年の調査と比べた推移を出力する")]
    Trend(trend::Arguments),
    #[command(about = "公表版を作る、一覧を見る、数え直して確かめる")]
    Release(release::Arguments),
    #[command(about = "支援事業のカバー率、人日と日程、年度計画を見る")]
    Program(program::Arguments),
    #[command(about = "支援枠を設定する、計算する、履歴を見る、都道府県の協議に回答する")]
    Quota(quota::Arguments),
    #[command(about = "都道府県の選定基準を見る、変えたときの影響を確かめる、保存する")]
    Criteria(criteria::Arguments),
    #[command(about = "候補病院を見る、推薦や除外をする、立入検査の指摘を記録する")]
    Candidate(candidate::Arguments),
    #[command(about = "都道府県の支援対象病院を選定する")]
    Select(select::Arguments),
    #[command(about = "選定リストを調整する、提出する、受理する、様式や名簿を書き出す")]
    List(list::Arguments),
    #[command(about = "支援した病院の結果を取り込む、見る、都道府県への提供を決める")]
    Result(result::Arguments),
    #[command(about = "未回答の病院に督促のメールを送る、印刷用の一覧を作る")]
    Remind(remind::Arguments),
    #[command(about = "送信待ちのメールを送る、数を表示する")]
    Mail(mail::Arguments),
    #[command(about = "アカウントとAPIクライアントを作る")]
    Account(account::Arguments),
    #[command(about = "保存された回答とコードが一致するか検査する")]
    Doctor,
    #[command(about = "保存期間を過ぎた個人情報（回答者名、連絡先、受け取ったファイル、メールの宛先と本文）を消去する")]
    Erase(erase::Arguments),
    #[command(about = "作った全国のデータで、取込みから選定までを一通り行う")]
    Demo(demo::Arguments),
    #[command(about = "APIの説明（OpenAPI）を出力する")]
    Openapi,
    #[command(about = "シェルの補完スクリプトを出力する")]
    Completions(completions::Arguments),
}

/// Runs what was typed.
pub fn main() -> ExitCode {
    match Arguments::try_parse() {
        Ok(arguments) => exit::report(run(arguments)),
        Err(error) => {
            // Help and version go to stdout, complaints to stderr; if that is closed there is nobody to tell.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.number()))
        }
    }
}

fn run(arguments: Arguments) -> Result<(), CliError> {
    // Completions are asked for by a package's build, where settings are nobody's.
    if let Command::Completions(arguments) = arguments.command {
        return completions::run(&arguments, &mut Arguments::command());
    }
    let settings = Settings::load(arguments.flags)?;
    telemetry::start(&settings)?;
    on_runtime(async {
        match arguments.command {
            Command::Check(arguments) => check::run(arguments, &settings).await,
            Command::Template(arguments) => template::run(arguments, &settings).await,
            Command::Receipt(arguments) => receipt::run(&arguments, &settings),
            Command::Schema(arguments) => schema::run(&arguments),
            Command::Serve => serve::run(&settings).await,
            Command::Migrate => serve::migrate(&settings).await,
            Command::Import(arguments) => import::run(arguments, &settings).await,
            Command::Hospital(arguments) => hospital::run(arguments, &settings).await,
            Command::Frame(arguments) => frame::run(arguments, &settings).await,
            Command::Window(arguments) => window::run(arguments, &settings).await,
            Command::Microdata(arguments) => microdata::run(arguments, &settings).await,
            Command::Trend(arguments) => trend::run(arguments, &settings).await,
            Command::Release(arguments) => release::run(arguments, &settings).await,
            Command::Tabulate(arguments) => tabulate::run(arguments, &settings).await,
            Command::Program(arguments) => program::run(arguments, &settings).await,
            Command::Quota(arguments) => quota::run(arguments, &settings).await,
            Command::Criteria(arguments) => criteria::run(arguments, &settings).await,
            Command::Candidate(arguments) => candidate::run(arguments, &settings).await,
            Command::Select(arguments) => select::run(arguments, &settings).await,
            Command::List(arguments) => list::run(arguments, &settings).await,
            Command::Result(arguments) => result::run(arguments, &settings).await,
            Command::Remind(arguments) => remind::run(arguments, &settings).await,
            Command::Mail(arguments) => mail::run(&arguments, &settings).await,
            Command::Account(arguments) => account::run(arguments, &settings).await,
            Command::Doctor => doctor::run(&settings).await,
            Command::Erase(arguments) => erase::run(&arguments, &settings).await,
            Command::Demo(arguments) => demo::run(arguments, &settings).await,
            Command::Openapi => output::print_json(&crate::openapi::document()),
            Command::Completions(_) => Ok(()),
        }
    })
}

/// Runs a command on a runtime with several threads: migrations and polars need more than one.
fn on_runtime(command: impl Future<Output = Result<(), CliError>>) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime
        .map_err(|error| CliError::failed(format!("実行環境を準備できません: {error}")))?
        .block_on(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn settings_may_stand_before_and_after_the_command() {
        for line in [
            "chosa --workers 3 check a.csv --survey 2024",
            "chosa check a.csv --survey 2024 --workers 3",
        ] {
            let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(arguments.flags.layer.workers.unwrap().get(), 3, "{line}");
        }
    }

    #[test]
    fn no_secret_has_a_flag() {
        for flag in ["--database-url", "--migrate-url", "--token-secret-file", "--token-secret"] {
            assert!(
                Arguments::try_parse_from(["chosa", flag, "x", "completions", "bash"]).is_err(),
                "{flag}"
            );
        }
    }
}
