//! `chosa result`: what the contractor reports of supported hospitals: brought in, shown, and which prefectures may see it. Acts as the system, through the same
//! use cases as the API.

use std::io::{self, Write};
use std::path::PathBuf;

use survey::prefecture::PrefectureCode;
use survey::support::{OfflineBackup, Progress};
use uuid::Uuid;

use super::columns::{self, Align};
use super::database::with_state;
use super::exit::CliError;
use super::{faults, files, list, output};
use crate::app::programs::results::requests::{self, Asked, Decision};
use crate::app::programs::results::{self, ResultFile, ResultReport, Supported};
use crate::app::state::State;
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::Permit;
use crate::config::Settings;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Args)]
struct Of {
    #[arg(long, help = "支援事業")]
    program: String,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Answer {
    #[command(flatten)]
    of: Of,
    #[arg(value_name = "ID", help = "依頼の番号（chosa result requests で表示される）")]
    request: Uuid,
    #[arg(long, help = "理由（都道府県に示され、記録に残る）")]
    reason: String,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    #[command(about = "受託事業者が記入した結果報告を取り込む")]
    Import {
        #[command(flatten)]
        of: Of,
        #[arg(long, help = "取り込まずに、何が変わるかだけを見る")]
        dry_run: bool,
        #[arg(
            value_name = "FILE",
            help = "記入された名簿（chosa list hand-over で書き出したもの）か、同じ列のある表"
        )]
        file: PathBuf,
    },
    #[command(about = "支援結果を見る")]
    Show {
        #[command(flatten)]
        of: Of,
        #[arg(long, value_parser = list::prefecture, help = "都道府県（01～47）。省略すると全国")]
        prefecture: Option<PrefectureCode>,
    },
    #[command(about = "都道府県からの提供の依頼を見る")]
    Requests {
        #[command(flatten)]
        of: Of,
    },
    #[command(about = "都道府県が書面などでした提供の依頼を、代わって記録する")]
    Ask {
        #[command(flatten)]
        of: Of,
        #[arg(long, value_parser = list::prefecture, help = "依頼した都道府県（01～47）")]
        prefecture: PrefectureCode,
        #[arg(long, help = "理由（記録に残る）")]
        reason: String,
    },
    #[command(about = "依頼を認める")]
    Grant(Answer),
    #[command(about = "依頼を断る")]
    Refuse(Answer),
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| match arguments.what {
        What::Import { of, dry_run, file } => {
            let file = ResultFile {
                file_name: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
                bytes: files::read(&file)?,
            };
            let permit = Permit::of(Actor::system())?;
            let report = if dry_run {
                results::preview(state, &permit, &of.program, &file).await
            } else {
                results::bring(state, &permit, &of.program, &file).await
            };
            let report = report?;
            if of.json {
                return output::print_json(&report);
            }
            output::print(|out| brought(out, &report))
        }
        What::Show { of, prefecture } => {
            let all = results::list(state, &Permit::of(Actor::system())?, &of.program, prefecture).await?;
            if of.json {
                return output::print_json(&all);
            }
            output::print(|out| supported(out, &all))
        }
        What::Requests { of } => {
            let all = requests::list(state, &Permit::of(Actor::system())?, &of.program).await?;
            asked(&all, of.json)
        }
        What::Ask { of, prefecture, reason } => {
            // In the prefecture's role and without an account: entered for it.
            let permit = Permit::of(Actor::of_row(None, Role::Prefecture(prefecture)))?;
            requests::ask(state, &permit, &of.program, &reason, None).await?;
            let newest = requests::list(state, &Permit::of(Actor::system())?, &of.program).await?;
            asked(newest.get(..1).unwrap_or_default(), of.json)
        }
        What::Grant(answer) => decide(state, &answer, Decision::Grant).await,
        What::Refuse(answer) => decide(state, &answer, Decision::Refuse).await,
    })
    .await
}

async fn decide(state: &State, answer: &Answer, decision: Decision) -> Result<(), CliError> {
    let permit = Permit::of(Actor::system())?;
    let which = (answer.of.program.as_str(), answer.request);
    let decided = requests::decide(state, &permit, which, decision, &answer.reason).await?;
    asked(&[decided], answer.of.json)
}

fn brought(out: &mut dyn Write, report: &ResultReport) -> io::Result<()> {
    for fault in &report.faults {
        writeln!(out, "{}", faults::line(fault, None))?;
    }
    let what = if report.stored {
        "取り込みました。"
    } else {
        "取り込んでいません（確認のみ）。"
    };
    writeln!(
        out,
        "{}病院の結果のうち、新しいもの{}、変わるもの{}。{what}",
        report.hospitals, report.new, report.changed
    )
}

fn supported(out: &mut dyn Write, all: &[Supported]) -> io::Result<()> {
    let columns = [
        ("都道府県", Align::Left),
        ("G-MIS ID", Align::Left),
        ("実施状況", Align::Left),
        ("調査完了日", Align::Left),
        ("接続点", Align::Right),
        ("要対応", Align::Right),
        ("オフラインバックアップ", Align::Left),
        ("病院名", Align::Left),
    ];
    let count = |count: Option<i32>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    let row = |one: &Supported| {
        let name = PrefectureCode::parse(&one.prefecture).map_or_else(|_unknown| one.prefecture.clone(), |code| code.name().to_owned());
        let result = one.result.as_ref();
        let progress = result.and_then(|result| Progress::parse(&result.progress));
        let backup = result.and_then(|result| OfflineBackup::parse(result.offline_backup.as_deref()?));
        let day = result.and_then(|result| result.surveyed_on);
        vec![
            name,
            one.gmis.clone(),
            progress.map_or("未報告", Progress::label).to_owned(),
            day.map_or_else(|| "-".to_owned(), |day| day.to_string()),
            count(result.and_then(|result| result.connections)),
            count(result.and_then(|result| result.findings)),
            backup.map_or("-", OfflineBackup::label).to_owned(),
            faults::one_line(&one.name),
        ]
    };
    columns::write(out, &columns, &all.iter().map(row).collect::<Vec<_>>())
}

fn asked(all: &[Asked], json: bool) -> Result<(), CliError> {
    if json {
        return output::print_json(&all);
    }
    let columns = [
        ("ID", Align::Left),
        ("都道府県", Align::Left),
        ("状況", Align::Left),
        ("理由", Align::Left),
        ("回答", Align::Left),
    ];
    let row = |one: &Asked| {
        let state = match one.state.as_str() {
            "granted" => "提供",
            "refused" => "不提供",
            _ => "回答待ち",
        };
        vec![
            one.id.to_string(),
            one.prefecture.clone(),
            state.to_owned(),
            faults::one_line(&one.reason),
            faults::one_line(one.answer.as_deref().unwrap_or_default()),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    output::print(|out| columns::write(out, &columns, &rows))
}
