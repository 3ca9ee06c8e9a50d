//! `chosa mail`: sends what stands in the outbox, once, as the server does all the time; and tells how many mails there are in which state.

use super::columns::{self, Align};
use super::database::with_state;
use super::exit::{CliError, Exit};
use super::output;
use crate::app::outbox;
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::config::Settings;
use crate::mailing::Mailer;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    #[command(about = "送信待ちのメールを送る（送れなかったものは時間をおいて再送される）")]
    Send {
        #[arg(long, help = "結果をJSONで出力する")]
        json: bool,
    },
    #[command(about = "メールの数を状態ごとに表示する")]
    Status,
}

pub(super) async fn run(arguments: &Arguments, settings: &Settings) -> Result<(), CliError> {
    match arguments.what {
        What::Send { json } => send(settings, json).await,
        What::Status => {
            with_state(settings, async |state| {
                let rows = outbox::overview(state, &Permit::of(Actor::system())?).await?;
                let rows: Vec<Vec<String>> = rows
                    .into_iter()
                    .map(|row| vec![row.purpose, row.state, row.mails.to_string()])
                    .collect();
                let heads = [("種類", Align::Left), ("状態", Align::Left), ("件数", Align::Right)];
                output::print(|out| columns::write(out, &heads, &rows))
            })
            .await
        }
    }
}

async fn send(settings: &Settings, json: bool) -> Result<(), CliError> {
    let mail = settings.mail.clone().ok_or_else(|| {
        CliError::new(
            Exit::Configuration,
            "メールサーバーが設定されていません。CHOSA_SMTP_HOST と CHOSA_SMTP_FROM を指定してください。",
        )
    })?;
    let mailer = Mailer::new(mail);
    with_state(settings, async |state| {
        let tally = outbox::send_due(state, &Permit::of(Actor::system())?, &mailer).await?;
        if json {
            return output::print_json(&tally);
        }
        output::print(|out| {
            writeln!(out, "送信: {}通", tally.sent)?;
            writeln!(out, "宛先不明: {}通", tally.undeliverable)?;
            writeln!(out, "後で再送: {}通", tally.later)?;
            writeln!(out, "送信できたか不明または断念: {}通", tally.lost)
        })
    })
    .await
}
