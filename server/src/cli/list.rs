//! `chosa list`: the lists of prefectures on their way from the run to acceptance, and their files. Acts as the system, through the same use cases as the API.

mod show;

use std::path::PathBuf;

use survey::prefecture::PrefectureCode;

use super::database::with_state;
use super::exit::CliError;
use super::{files as local, output};
use crate::app::programs::lists::steps::{self, Adjustment, Decision};
use crate::app::programs::lists::{self, files};
use crate::app::state::State;
use crate::auth::actor::Actor;
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
struct Whose {
    #[command(flatten)]
    of: Of,
    #[arg(long, value_parser = prefecture, help = "都道府県（01～47）")]
    prefecture: PrefectureCode,
}

#[derive(Debug, clap::Args)]
struct Hospital {
    #[command(flatten)]
    whose: Whose,
    #[arg(value_name = "G-MIS_ID", help = "病院のG-MIS ID")]
    hospital: String,
}

#[derive(Debug, clap::Args)]
struct Reason {
    #[arg(long, help = "理由（記録に残る）")]
    reason: String,
}

#[derive(Debug, clap::Args)]
struct Out {
    #[arg(short, long, value_name = "FILE", help = "書き出すExcelファイル")]
    output: PathBuf,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    #[command(about = "都道府県ごとの状況（作成中、提出済み、差戻し、受理）と、枠の埋まり方を見る")]
    Progress {
        #[command(flatten)]
        of: Of,
    },
    #[command(about = "都道府県のリストを見る")]
    Show {
        #[command(flatten)]
        whose: Whose,
    },
    #[command(about = "リストの操作の履歴を見る")]
    History {
        #[command(flatten)]
        whose: Whose,
    },
    #[command(about = "病院を手作業で加える")]
    Add {
        #[command(flatten)]
        hospital: Hospital,
        #[arg(long, help = "順位（省略すると最後）")]
        rank: Option<u32>,
        #[command(flatten)]
        why: Reason,
    },
    #[command(about = "病院を手作業で外す")]
    Drop {
        #[command(flatten)]
        hospital: Hospital,
        #[command(flatten)]
        why: Reason,
    },
    #[command(about = "病院の順位を変える")]
    Rank {
        #[command(flatten)]
        hospital: Hospital,
        #[arg(help = "新しい順位（1から）")]
        rank: u32,
    },
    #[command(about = "リストを提出する（すべての枠が過不足なく埋まっていること）")]
    HandIn {
        #[command(flatten)]
        whose: Whose,
    },
    #[command(about = "提出されたリストを受理する")]
    Accept {
        #[command(flatten)]
        whose: Whose,
    },
    #[command(about = "リストを差し戻す")]
    Return {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        why: Reason,
    },
    #[command(about = "受理の後に、辞退や閉院した病院を補欠と入れ替える")]
    Replace {
        #[command(flatten)]
        hospital: Hospital,
        #[arg(long, value_name = "G-MIS_ID", help = "後任の補欠（省略すると、選定できる最初の補欠）")]
        by: Option<String>,
        #[command(flatten)]
        why: Reason,
    },
    #[command(about = "都道府県の様式（送付状、別紙様式、補欠）を書き出す")]
    Form {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        out: Out,
    },
    #[command(about = "全国のリストを書き出す")]
    National {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        out: Out,
    },
    #[command(about = "受託事業者に渡す名簿（結果報告の様式を含む）を書き出す")]
    HandOver {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        out: Out,
    },
}

pub(super) fn prefecture(text: &str) -> Result<PrefectureCode, String> {
    PrefectureCode::parse(text).map_err(|_unknown| "都道府県を 01～47 の番号か名前で指定してください。".to_owned())
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| match arguments.what {
        What::Progress { of } => {
            let progress = lists::progress(state, &Permit::of(Actor::system())?, &of.program).await?;
            show::progress(&progress, of.json)
        }
        What::Show { whose } => shown(state, &whose).await,
        What::History { whose } => {
            let steps = lists::history(state, &Permit::of(Actor::system())?, &whose.of.program, whose.prefecture).await?;
            show::history(&steps, whose.of.json)
        }
        What::Add { hospital, rank, why } => {
            let Hospital { whose, hospital } = hospital;
            let reason = why.reason;
            adjust(state, &whose, Adjustment::Add { hospital, rank, reason }).await
        }
        What::Drop { hospital, why } => {
            let Hospital { whose, hospital } = hospital;
            let reason = why.reason;
            adjust(state, &whose, Adjustment::Drop { hospital, reason }).await
        }
        What::Rank { hospital, rank } => {
            let Hospital { whose, hospital } = hospital;
            adjust(state, &whose, Adjustment::Rank { hospital, rank }).await
        }
        What::HandIn { whose } => adjust(state, &whose, Adjustment::HandIn).await,
        What::Accept { whose } => decide(state, &whose, Decision::Accept).await,
        What::Return { whose, why } => decide(state, &whose, Decision::Return { reason: why.reason }).await,
        What::Replace { hospital, by, why } => {
            let Hospital { whose, hospital } = hospital;
            let reason = why.reason;
            adjust(state, &whose, Adjustment::Replace { hospital, by, reason }).await
        }
        What::Form { whose, out } => {
            let permit = Permit::of(Actor::system())?;
            written(&out, &files::form(state, &permit, &whose.of.program, whose.prefecture).await?)
        }
        What::National { of, out } => written(&out, &files::national(state, &Permit::of(Actor::system())?, &of.program).await?),
        What::HandOver { of, out } => written(&out, &files::hand_over(state, &Permit::of(Actor::system())?, &of.program).await?),
    })
    .await
}

fn written(out: &Out, bytes: &[u8]) -> Result<(), CliError> {
    local::write(&out.output, bytes)?;
    output::talk(&format!("{} に書き出しました。", out.output.display()));
    Ok(())
}

async fn shown(state: &State, whose: &Whose) -> Result<(), CliError> {
    let list = lists::read(state, &Permit::of(Actor::system())?, &whose.of.program, whose.prefecture).await?;
    show::list(&list, whose.of.json)
}

async fn adjust(state: &State, whose: &Whose, adjustment: Adjustment) -> Result<(), CliError> {
    let place = (whose.of.program.as_str(), whose.prefecture);
    steps::adjust(state, &Permit::of(Actor::system())?, place, (None, &adjustment), None).await?;
    shown(state, whose).await
}

async fn decide(state: &State, whose: &Whose, decision: Decision) -> Result<(), CliError> {
    let place = (whose.of.program.as_str(), whose.prefecture);
    steps::decide(state, &Permit::of(Actor::system())?, place, (None, &decision), None).await?;
    shown(state, whose).await
}
