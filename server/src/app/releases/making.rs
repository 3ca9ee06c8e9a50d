//! Making a release: look first, then count, decide what is hidden, write the files, and store all of it in one transaction.

use analytics::report::{Release, ReportText};
use analytics::suppress::Report;
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use survey::area::Area;
use survey::survey::Survey;
use uuid::Uuid;

use super::Suppression;
use super::basis::Basis;
use super::files::{self, Made};
use crate::app::jobs::{Claim, Phase};
use crate::app::state::State;
use crate::app::statistics::{PUBLISHER, on_thread};
use crate::auth::actor::Actor;
use crate::auth::permit::{MakeReleases, Permit};
use crate::db::releases::{self, FileRow, ReleaseRow};
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::db::{audit, imports};
use crate::error::AppError;

/// The program that makes it.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a release would be.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// The number that it would get.
    pub number: i32,
    /// To when it would count.
    pub as_of: DateTime<Utc>,
    /// Of the frame in scope.
    pub hospitals: usize,
    /// Of those, counted.
    pub responses: usize,
    /// Hospitals that count otherwise than in the last release; `None`: there is none.
    pub differing: Option<usize>,
    /// Survey and number of the release beside which its trends would stand.
    pub compared_with: Option<(String, i32)>,
    /// How much would be hidden.
    pub suppression: Report,
}

/// What a release would be, without making it.
///
/// # Errors
/// `nothing_to_release`; or the database is away.
pub async fn preview(state: &State, _permit: &Permit<MakeReleases>, survey: &'static Survey) -> Result<Preview, AppError> {
    let basis = Basis::read(state, survey).await?;
    let (hospitals, responses) = answered(&basis)?;
    on_thread(move || {
        let (tables, decision) = basis.decide(survey)?;
        Ok(Preview {
            number: basis.number(),
            as_of: basis.as_of,
            hospitals,
            responses,
            differing: basis.differing(),
            compared_with: basis
                .compared
                .as_ref()
                .map(|(_, kept)| (kept.row.survey_id.clone(), kept.row.number)),
            suppression: Report::new(&tables, &decision),
        })
    })
    .await?
}

/// Whether there is something to release that may be released.
///
/// # Errors
/// `nothing_to_release`, `note_missing`, `release_unchanged`; or the database is away.
pub async fn require(state: &State, _permit: &Permit<MakeReleases>, survey: &'static Survey, note: &str) -> Result<(), AppError> {
    let basis = Basis::read(state, survey).await?;
    answered(&basis)?;
    worth_it(&basis, note.trim())
}

/// Makes a release and stores it; gives its number.
///
/// # Errors
/// `nothing_to_release`, `note_missing`, `release_unchanged`, `release_overtaken`; or the database is away.
pub async fn make(
    state: &State,
    permit: &Permit<MakeReleases>,
    survey: &'static Survey,
    note: &str,
    claim: Option<&Claim>,
) -> Result<i32, AppError> {
    let begin = |phase| {
        if let Some(claim) = claim {
            claim.progress.begin(phase, 0);
        }
    };
    begin(Phase::Reading);
    let basis = Basis::read(state, survey).await?;
    let note = note.trim().to_owned();
    answered(&basis)?;
    worth_it(&basis, &note)?;
    begin(Phase::Writing);
    let (basis, note, suppression, files) = on_thread(move || {
        let (suppression, files) = count(survey, &basis, &note)?;
        Ok::<_, AppError>((basis, note, suppression, files))
    })
    .await??;
    begin(Phase::Recording);
    let (actor, now) = (permit.actor(), state.now());
    let row = row(survey, &basis, note, (actor, now))?;
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        take_turn(conn, &format!("release {}", survey.id())).await?;
        if releases::find(conn, &row.survey_id, row.number).await?.is_some() {
            return Err(AppError::conflict(
                "release_overtaken",
                "同じ調査の公表版がほかの操作で先に作られたため、作りませんでした。公表版の一覧を確認し、必要ならもう一度作ってください。",
            ));
        }
        store(conn, &row, &suppression, (&basis, &files)).await?;
        let details = json!({"number": row.number, "note": row.note, "responses": row.responses, "hidden": suppression.report.hidden});
        let entry = audit::Entry {
            action: "make_release",
            survey: Some(&row.survey_id),
            details,
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        if let Some(claim) = claim {
            claim
                .done(conn, 201, &json!({"survey": row.survey_id, "number": row.number}), now)
                .await?;
        }
        Ok(row.number)
    })
    .await
}

/// The sizes of frame and answers, if there is anything to publish.
fn answered(basis: &Basis) -> Result<(usize, usize), AppError> {
    match basis.sizes() {
        (_, 0) => Err(AppError::conflict(
            "nothing_to_release",
            "集計する回答がないため、公表版を作れません。回答が提出されてから作ってください。",
        )),
        sizes => Ok(sizes),
    }
}

/// A release stays for ever: a further one must say why, and say something new.
fn worth_it(basis: &Basis, note: &str) -> Result<(), AppError> {
    let Some(last) = basis.earlier.last().map(|kept| &kept.row) else {
        return Ok(());
    };
    if note.is_empty() {
        return Err(AppError::invalid(
            "note_missing",
            format!(
                "第{}版が公表済みです。新しい版を作るには、何を訂正したか（note）を書いてください。",
                last.number
            ),
        ));
    }
    let compared = basis.compared.as_ref().map(|(_, kept)| kept.row.id);
    if last.compared_with == compared && last.program_version == VERSION && basis.differing() == Some(0) {
        return Err(AppError::conflict(
            "release_unchanged",
            format!(
                "第{}版から集計する回答が変わっていないため、新しい版は作りませんでした。",
                last.number
            ),
        ));
    }
    Ok(())
}

/// Decides what is hidden and writes the files.
fn count(survey: &'static Survey, basis: &Basis, note: &str) -> Result<(Suppression, Vec<Made>), AppError> {
    let (tables, decision) = basis.decide(survey)?;
    let before = basis.decisions(survey)?;
    let decision = decision
        .audited(&tables, &before.iter().collect::<Vec<_>>())
        .map_err(AppError::internal)?;
    let report = Report::new(&tables, &decision);
    let snapshot = super::basis::snapshot(survey, basis.as_of, &basis.members)?;
    let earlier = match &basis.compared {
        Some((before, kept)) => Some((kept.snapshot(before)?, kept.decision(before)?)),
        None => None,
    };
    let release = Release {
        snapshot: &snapshot,
        number: u32::try_from(basis.number()).map_err(AppError::internal)?,
        note: Some(note).filter(|note| !note.is_empty()),
        decision: &decision,
        earlier: earlier.as_ref().map(|(snapshot, decision)| (snapshot, decision)),
    };
    let files = files::write(survey, &release, &words(survey), &basis.members)?;
    let suppression = Suppression {
        rule: *decision.rule(),
        report,
        hidden: decision.hidden(survey).map_err(AppError::internal)?,
        withheld: Some(decision.withheld_numbers(survey).map_err(AppError::internal)?),
    };
    Ok((suppression, files))
}

fn words(survey: &Survey) -> ReportText {
    ReportText {
        title: format!("{}（{}年） 集計結果", survey.title(), survey.id()),
        publisher: PUBLISHER.to_owned(),
        area: Area::Nation,
        notes: Vec::new(),
    }
}

fn row(survey: &Survey, basis: &Basis, note: String, (actor, now): (&Actor, DateTime<Utc>)) -> Result<ReleaseRow, AppError> {
    let (hospitals, responses) = basis.sizes();
    Ok(ReleaseRow {
        id: Uuid::now_v7(),
        survey_id: survey.id().as_str().to_owned(),
        number: basis.number(),
        note,
        as_of: basis.as_of,
        changes: basis.changes,
        layout_hash: survey.layout().hash().to_owned(),
        program_version: VERSION.to_owned(),
        compared_with: basis.compared.as_ref().map(|(_, kept)| kept.row.id),
        hospitals: i32::try_from(hospitals).map_err(AppError::internal)?,
        responses: i32::try_from(responses).map_err(AppError::internal)?,
        actor: actor.role().name().to_owned(),
        account_id: actor.account(),
        made_at: now,
    })
}

async fn store(
    conn: &mut AsyncPgConnection,
    row: &ReleaseRow,
    suppression: &Suppression,
    (basis, files): (&Basis, &[Made]),
) -> Result<(), AppError> {
    let suppression = serde_json::to_value(suppression).map_err(AppError::internal)?;
    releases::insert(conn, row, &suppression, &basis.members).await?;
    for file in files {
        let sha256 = Sha256::digest(&file.bytes).to_vec();
        imports::insert_blob(conn, &sha256, &file.bytes).await?;
        let named = FileRow {
            release_id: row.id,
            name: file.name.clone(),
            media_type: file.media_type.to_owned(),
            blob_sha256: sha256,
            size: i64::try_from(file.bytes.len()).map_err(AppError::internal)?,
            restricted: file.restricted,
        };
        releases::add_file(conn, &named).await?;
    }
    Ok(())
}
