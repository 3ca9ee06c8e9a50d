//! `chosa serve`: the HTTP server until SIGTERM or SIGINT; `chosa migrate`: only the migrations.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::database::Database;
use super::exit::CliError;
use super::output;
use crate::app::outbox;
use crate::config::Settings;
use crate::db::migrations;
use crate::mailing::Mailer;
use crate::private_postgres::PrivatePostgres;
use crate::startup::Application;

/// How often the private Postgres is looked after.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn run(settings: &Settings) -> Result<(), CliError> {
    let database = Database::open(settings).await?;
    let result = serve(settings, &database).await;
    let closed = database.close().await;
    result.and(closed)
}

/// Serves until a signal comes.
pub(super) async fn serve(settings: &Settings, database: &Database) -> Result<(), CliError> {
    let failed = |error: std::io::Error| CliError::failed(format!("サーバーが動作できません: {error}"));
    let application = Application::build(database.parts(settings)?).await?;
    let address = application.address;
    tracing::info!(%address, "listening");
    output::print(|out| {
        writeln!(
            out,
            "http://{address}/ で待ち受けています（APIは http://{address}/api/v1/。終了は Ctrl-C）"
        )
    })?;
    let handle = application.handle();
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let keeper = database.private.clone().map(|private| tokio::spawn(keep_alive(private)));
    let (stop_mails, stopped) = watch::channel(false);
    let sender = settings
        .mail
        .clone()
        .map(|mail| tokio::spawn(outbox::keep_sending(application.state.clone(), Mailer::new(mail), stopped)));
    if sender.is_none() {
        tracing::warn!("no mail server is set (CHOSA_SMTP_HOST): mails wait in the outbox");
    }
    let stopper = tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        handle.stop(true).await;
    });
    let served = application.run().await.map_err(failed);
    stopper.abort();
    if let Some(sender) = sender {
        let _ = stop_mails.send(true);
        // A mail in hand is finished: given up, nobody would know whether it went out.
        let _ = sender.await;
    }
    if let Some(keeper) = keeper {
        keeper.abort();
        // Awaited so that the keeper's hold on Postgres is gone before it is stopped.
        let _ = keeper.await;
    }
    served
}

/// Starts the private Postgres again when it has died.
async fn keep_alive(private: Arc<PrivatePostgres>) {
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        if let Err(error) = private.revive().await {
            tracing::error!(%error, "the private Postgres cannot be started again");
        }
    }
}

pub(super) async fn migrate(settings: &Settings) -> Result<(), CliError> {
    let applied = match (&settings.database_url, &settings.migrate_url) {
        (Some(_), Some(owner)) => migrations::run(owner.expose_secret()).await?,
        (Some(_), None) => {
            return Err(CliError::usage(
                "CHOSA_MIGRATE_URL に、所有者ロール（chosa_owner）の接続先を指定してください。",
            ));
        }
        (None, _) => {
            let database = Database::open(settings).await?;
            database.close().await?;
            Vec::new()
        }
    };
    output::print(|out| {
        for version in &applied {
            writeln!(out, "{version}")?;
        }
        writeln!(out, "データベースは最新です。")
    })
}
