//! Made accounts of every role for trying the pages, with a password made for this run.

use secrecy::{ExposeSecret, SecretString};
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;

use super::super::exit::CliError;
use super::super::output;
use crate::app::accounts::{self, Speaks};
use crate::app::frames;
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::auth::session;
use crate::db::frames::{Filter, FrameRow, Wanted};

/// The prefecture whose staff can be tried.
const PREFECTURE: u8 = 13;

/// Makes an account of each role, and says how to sign in.
pub(super) async fn make(state: &State, survey: &'static Survey) -> Result<(), CliError> {
    let prefecture = PrefectureCode::new(PREFECTURE).map_err(|error| CliError::failed(error.to_string()))?;
    let of = |standing: Option<Wanted>| Filter {
        prefecture: Some(prefecture),
        standing,
        ..Filter::default()
    };
    let waiting = first(state, survey, of(Some(Wanted::Unanswered))).await?;
    let done = first(
        state,
        survey,
        of(Some(Wanted::State(survey::submission::SubmissionState::Submitted))),
    )
    .await?;
    let any = first(state, survey, Filter::default()).await?;
    let mut all: Vec<(&str, String, Speaks)> = Vec::new();
    let hospital = |row: &FrameRow| Speaks::Hospital {
        survey: survey.id().to_string(),
        gmis: row.gmis_id.clone(),
    };
    let unanswered = waiting.as_ref().or(any.as_ref());
    if let Some(row) = unanswered {
        all.push(("hospital", format!("{}（{}）", row.name, row.gmis_id), hospital(row)));
    }
    if let Some(row) = done
        .as_ref()
        .filter(|row| unanswered.is_none_or(|other| other.gmis_id != row.gmis_id))
    {
        let words = format!("{}（{}）、{}年調査に回答済み", row.name, row.gmis_id, survey.id());
        all.push(("hospital-done", words, hospital(row)));
    }
    let municipality = [&waiting, &done]
        .into_iter()
        .flatten()
        .find_map(|row| frames::municipality_of(&row.municipality).ok()?);
    if let Some(code) = municipality {
        all.push((
            "city",
            survey::area::Area::Municipality(code.clone()).name(),
            Speaks::Municipality(code),
        ));
    }
    all.push(("tokyo", prefecture.name().to_owned(), Speaks::Prefecture(prefecture)));
    all.push(("analyst", "厚生労働省（集計担当）".to_owned(), Speaks::MinistryAnalyst));
    all.push(("administrator", "厚生労働省（調査担当）".to_owned(), Speaks::MinistryAdministrator));
    all.push(("operator", "運用担当".to_owned(), Speaks::Operator));
    let password = password()?;
    for (login, _, speaks) in &all {
        accounts::create(state, &Permit::of(Actor::system())?, login, password.clone(), speaks).await?;
    }
    output::print(|out| {
        writeln!(out, "\nデモ用アカウント（今回限り。{}年調査は回答を受付中です）", survey.id())?;
        for (login, words, _) in &all {
            writeln!(out, "  {login:<14} {words}")?;
        }
        writeln!(out, "パスワード（共通）: {}\n", password.expose_secret())
    })
}

async fn first(state: &State, survey: &'static Survey, filter: Filter) -> Result<Option<FrameRow>, CliError> {
    let found = frames::list(state, &Permit::of(Actor::system())?, survey, filter, None, 1).await?;
    Ok(found.into_iter().next().map(|(row, _)| row))
}

/// Short enough to be typed, and of this run only: the server is on this machine.
fn password() -> Result<SecretString, CliError> {
    let (token, _) = session::new_token()?;
    let letters: String = token
        .expose_secret()
        .chars()
        .rev()
        .filter(char::is_ascii_alphanumeric)
        .take(12)
        .collect();
    Ok(SecretString::from(format!("Demo-{letters}")))
}
