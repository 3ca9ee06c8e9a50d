//! `chosa frame`: draws a survey's frame from the hospital master, and takes hospitals out of its scope. A frame from a file is `chosa import frame`.

use chrono::NaiveDate;
use survey::survey::Survey;

use super::database::with_state;
use super::exit::CliError;
use super::{files, output};
use crate::app::frames;
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
    #[command(about = "病院マスターから調査対象名簿を作り、凍結する（1回だけ）")]
    Draw {
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
        #[arg(long, value_name = "DATE", help = "この日に開設している病院（例: 2024-01-01。既定は今日）")]
        on: Option<NaiveDate>,
    },
    #[command(about = "病院を調査対象から外す（回答率、集計、選定から除く）")]
    Drop {
        #[arg(value_name = "GMIS_ID", help = "G-MIS ID")]
        hospital: String,
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
        #[arg(long, help = "外す理由（例: 廃止）")]
        reason: String,
    },
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| {
        let permit = Permit::of(Actor::system())?;
        match arguments.what {
            What::Draw { survey, on } => {
                let drawn = frames::draw_from_master(state, &permit, survey, on).await?;
                output::print(|out| writeln!(out, "{}年調査の調査対象名簿に{drawn}病院を登録しました。", survey.id()))
            }
            What::Drop { hospital, survey, reason } => {
                frames::drop_from_scope(state, &permit, survey, &hospital, &reason).await?;
                output::print(|out| writeln!(out, "{}年調査の調査対象から1病院を外しました。", survey.id()))
            }
        }
    })
    .await
}
