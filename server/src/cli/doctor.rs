//! `chosa doctor`: looks whether what is stored agrees with itself. Recomputes the codes of every counted revision from its answers and compares.

use super::database::with_state;
use super::exit::CliError;
use super::output;
use crate::app::doctor;
use crate::auth::actor::Actor;
use crate::config::Settings;

pub(super) async fn run(settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| {
        let findings = doctor::examine(state, &Actor::system()).await?;
        output::print(|out| {
            writeln!(out, "検査した版: {}件", findings.revisions)?;
            for finding in &findings.different {
                writeln!(out, "相違: {finding}")?;
            }
            Ok(())
        })?;
        if findings.different.is_empty() {
            return output::print(|out| writeln!(out, "回答とコードは一致しています。"));
        }
        Err(CliError::bad_data(format!(
            "回答とコードが一致しない版が{}件あります。運用担当者は復元手順を確認してください。",
            findings.different.len()
        )))
    })
    .await
}
