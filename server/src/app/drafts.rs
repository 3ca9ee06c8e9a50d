//! Drafts (一時保存): what is being typed, complete or not. Its faults come along and block nothing; it is never counted and read by nobody else.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::Value;
use survey::answer::EntryPath;
use survey::evaluate::{self, Evaluation, evaluate};
use survey::fault::Fault;
use survey::question::QuestionKey;
use survey::submission::Step;
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::state::State;
use crate::app::times::Times;
use crate::app::versions::differences;
use crate::app::{frames, intake, surveys};
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{Permit, SubmitAnswers};
use crate::db::drafts::{self, DraftRow};
use crate::db::frames::FrameRow;
use crate::db::submissions::{self, SubmissionRow};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// How long a draft is kept: a year after it was saved last, longer than any survey is open (an assumption; no notice says).
const LIFE: TimeDelta = TimeDelta::days(365);

/// On whose side a draft is: neither sees the other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The hospital's own.
    Hospital,
    /// Of who enters answers for it.
    Proxy,
}

impl Party {
    /// The side of an actor.
    pub fn of(actor: &Actor) -> Party {
        if matches!(actor.role(), Role::Hospital(_)) {
            Party::Hospital
        } else {
            Party::Proxy
        }
    }

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Party::Hospital => "hospital",
            Party::Proxy => "proxy",
        }
    }

    /// By which way its answers come: 無回答 is a value for a proxy only.
    pub fn path(self) -> EntryPath {
        match self {
            Party::Hospital => EntryPath::Api,
            Party::Proxy => EntryPath::Proxy,
        }
    }
}

/// Which draft somebody saw before they save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenDraft {
    /// None: this is to be the first.
    None,
    /// The one with this tag.
    Tag(Uuid),
    /// One that never was.
    Unknown,
}

/// What is to be saved.
#[derive(Debug)]
pub struct NewDraft {
    /// Edition by name or id; the first if none is named.
    pub edition: Option<String>,
    /// Question key to answer, complete or not.
    pub answers: Value,
}

/// A draft with what the evaluator says of it.
#[derive(Debug)]
pub struct Draft {
    /// New with every save.
    pub tag: Uuid,
    /// The printed version.
    pub edition: String,
    /// As typed.
    pub answers: Value,
    /// The state of each answer.
    pub states: BTreeMap<QuestionKey, evaluate::State>,
    /// What would keep it from being submitted, and warnings.
    pub faults: Vec<Fault>,
    /// By the server's clock.
    pub saved_at: DateTime<Utc>,
    /// Until when it may be submitted; `None` when it may not.
    pub open_until: Option<DateTime<Utc>>,
}

/// Saves a draft over the one that was seen.
///
/// # Errors
/// `draft_changed` with the fields that differ; `window_closed`, `window_not_yet`, `submission_accepted`; `answers_invalid`, `edition_unknown`,
/// `hospital_unknown`; or the database is away. In each case nothing was saved.
pub async fn save(
    state: &State,
    permit: &Permit<SubmitAnswers>,
    survey: &Survey,
    gmis: &str,
    new: NewDraft,
    seen: SeenDraft,
) -> Result<Draft, AppError> {
    let edition = surveys::edition(survey, new.edition.as_deref())?;
    if !new.answers.is_object() {
        return Err(AppError::invalid(
            "answers_invalid",
            "回答（answers）は、設問キーと回答を組にしたJSONオブジェクトで送ってください。",
        ));
    }
    let (actor, now) = (permit.actor(), state.now());
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let place = Place::open(conn, survey, actor, gmis, now).await?;
        let stored = place.stored(conn).await?;
        if !is_seen(stored.as_ref(), seen) {
            return match stored {
                // The save whose answer was lost: it is there.
                Some(stored) if stored.answers.as_ref() == Some(&new.answers) && stored.edition_id == edition.id().as_str() => {
                    place.evaluated(conn, survey, stored, now).await
                }
                stored => Err(changed(stored.as_ref(), &new.answers)),
            };
        }
        let row = DraftRow {
            submission_id: place.submission.id,
            party: place.party.as_str().to_owned(),
            survey_id: survey.id().as_str().to_owned(),
            hospital_id: place.hospital.hospital_id,
            prefecture: place.hospital.prefecture,
            municipality: place.hospital.municipality.clone(),
            edition_id: edition.id().as_str().to_owned(),
            answers: Some(new.answers),
            tag: Uuid::new_v4(),
            actor: actor.role().name().to_owned(),
            account_id: actor.account(),
            saved_at: now,
            retain_until: frames::day_in_japan(now + LIFE),
        };
        drafts::save(conn, &row).await?;
        place.evaluated(conn, survey, row, now).await
    })
    .await
}

/// Reads one's own draft of a hospital's answers.
///
/// # Errors
/// `draft_missing` when nothing is saved; `hospital_unknown`; or the database is away.
pub async fn read(state: &State, permit: &Permit<SubmitAnswers>, survey: &Survey, gmis: &str) -> Result<Draft, AppError> {
    let (actor, now) = (permit.actor(), state.now());
    as_actor(&state.pool, actor, Mode::Snapshot, async |conn| {
        let hospital = frames::require(conn, survey, gmis).await?;
        let submission = submissions::find(conn, survey.id().as_str(), hospital.hospital_id).await?;
        let place = Place {
            hospital,
            submission: submission.ok_or_else(missing)?,
            party: Party::of(actor),
            times: Times::load(conn, survey).await?,
        };
        let stored = place.stored(conn).await?.ok_or_else(missing)?;
        place.evaluated(conn, survey, stored, now).await
    })
    .await
}

/// Discards the draft that was seen.
///
/// # Errors
/// `draft_missing`, `draft_changed`; `hospital_unknown`; or the database is away.
pub async fn discard(state: &State, permit: &Permit<SubmitAnswers>, survey: &Survey, gmis: &str, seen: SeenDraft) -> Result<(), AppError> {
    let (actor, now) = (permit.actor(), state.now());
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let hospital = frames::require(conn, survey, gmis).await?;
        let submission = submissions::lock(conn, survey.id().as_str(), &[hospital.hospital_id]).await?.pop();
        let submission = submission.ok_or_else(missing)?;
        let party = Party::of(actor).as_str();
        let stored = drafts::find(conn, submission.id, party).await?.ok_or_else(missing)?;
        if !is_seen(Some(&stored), seen) {
            return Err(changed(Some(&stored), &Value::Null));
        }
        Ok(drafts::empty(conn, &[submission.id], party, (actor.role().name(), actor.account()), now).await?)
    })
    .await
}

/// Where a draft is kept, and what decides over it.
struct Place {
    hospital: FrameRow,
    submission: SubmissionRow,
    party: Party,
    times: Times,
}

impl Place {
    /// The place in the locked submission of a hospital that may change its answers now; made if there is none.
    async fn open(conn: &mut AsyncPgConnection, survey: &Survey, actor: &Actor, gmis: &str, now: DateTime<Utc>) -> Result<Place, AppError> {
        let id = survey.id().as_str();
        let hospital = frames::require(conn, survey, gmis).await?;
        let times = Times::load(conn, survey).await?;
        let existing = submissions::lock(conn, id, &[hospital.hospital_id]).await?.pop();
        times.require_open(&hospital, existing.as_ref().and_then(|row| row.resubmit_until), now)?;
        let submission = match existing {
            Some(submission) => submission,
            None => {
                submissions::make(conn, id, &[&hospital], now).await?;
                let made = submissions::lock(conn, id, &[hospital.hospital_id]).await?.pop();
                made.ok_or_else(|| AppError::internal(format!("the submission of {} was not made", hospital.gmis_id)))?
            }
        };
        if submission.state.after(Step::Submit).is_none() {
            return Err(AppError::Conflict(intake::accepted()));
        }
        Ok(Place {
            hospital,
            submission,
            party: Party::of(actor),
            times,
        })
    }

    async fn stored(&self, conn: &mut AsyncPgConnection) -> Result<Option<DraftRow>, AppError> {
        Ok(drafts::find(conn, self.submission.id, self.party.as_str()).await?)
    }

    async fn evaluated(self, conn: &mut AsyncPgConnection, survey: &Survey, row: DraftRow, now: DateTime<Utc>) -> Result<Draft, AppError> {
        let edition = surveys::edition(survey, Some(&row.edition_id))?;
        let facts = intake::facts(conn, edition, &[&self.hospital])
            .await?
            .remove(&self.hospital.hospital_id)
            .unwrap_or_default();
        let answers = row.answers.unwrap_or_default();
        let Evaluation { states, faults, .. } = evaluate(edition, &facts, &answers, self.party.path());
        Ok(Draft {
            tag: row.tag,
            edition: row.edition_id,
            answers,
            states,
            faults,
            saved_at: row.saved_at,
            open_until: self.times.open_until(&self.hospital, self.submission.resubmit_until, now),
        })
    }
}

fn is_seen(stored: Option<&DraftRow>, seen: SeenDraft) -> bool {
    match (stored, seen) {
        (None, SeenDraft::None) => true,
        (Some(stored), SeenDraft::Tag(tag)) => stored.tag == tag,
        _ => false,
    }
}

fn missing() -> AppError {
    AppError::not_found(
        "draft_missing",
        "一時保存はありません。入力した内容を保存するか、そのまま提出してください。",
    )
}

fn changed(stored: Option<&DraftRow>, yours: &Value) -> AppError {
    let Some(stored) = stored else {
        return AppError::stale(
            "draft_changed",
            "この一時保存は、その後に提出または破棄されました。最新の状態を読み直してから、入力をやり直してください。",
            Vec::new(),
        );
    };
    AppError::stale(
        "draft_changed",
        "別の画面または担当者が、この一時保存を変更しました。異なる項目を見比べ、最新の内容に直してから保存し直してください。",
        differences(stored.answers.as_ref().unwrap_or(&Value::Null), yours),
    )
}
