//! One hospital's answers: submitting them and reading them back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use survey::answer::EntryPath;
use survey::evaluate::{State as AnswerState, evaluate};
use survey::fault::Fault;
use survey::question::QuestionKey;
use survey::submission::SubmissionState;
use survey::survey::Survey;

use crate::app::idempotency::{Answer, Key, once};
use crate::app::intake::{self, Evaluated, Intake, Outcome, Replace};
use crate::app::receipts::{self, Receipt};
use crate::app::state::State;
use crate::app::times::Times;
use crate::app::versions::{Seen, require_seen};
use crate::app::{frames, surveys};
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{Permit, ReadAnswers, SubmitAnswers};
use crate::db::frames::FrameRow;
use crate::db::steps::StepRow;
use crate::db::transaction::{Mode, as_actor};
use crate::db::{audit, revisions, steps, submissions};
use crate::error::AppError;

/// What somebody wants to submit.
#[derive(Debug)]
pub struct NewAnswers {
    /// G-MIS ID.
    pub hospital: String,
    /// Edition by name or id; the first if none is named.
    pub edition: Option<String>,
    /// Question key to answer.
    pub answers: Value,
    /// Why a prefecture replaces a hospital's answers.
    pub reason: Option<String>,
    /// By which way a hospital sends its own; of anybody else they are proxy entry.
    pub way: Way,
    /// SHA-256 of what was received.
    pub received: [u8; 32],
    /// The version of the submission that the sender saw, if it says one.
    pub seen: Option<Seen>,
}

/// By which way a hospital sends answers one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Typed on a page.
    Page,
    /// By a program.
    Api,
}

impl Way {
    /// The entry path of answers that this actor sends.
    pub fn path(self, actor: &Actor) -> EntryPath {
        match (actor.role(), self) {
            (Role::Hospital(_), Way::Page) => EntryPath::Page,
            (Role::Hospital(_), Way::Api) => EntryPath::Api,
            _ => EntryPath::Proxy,
        }
    }
}

/// What a submitter holds in its hands afterwards.
#[derive(Debug, Serialize)]
pub struct Submitted {
    /// Signed; can be verified by anybody.
    #[serde(flatten)]
    pub receipt: Receipt,
    /// State of the submission.
    pub state: SubmissionState,
    /// Whether the same answers had been there.
    pub unchanged: bool,
    /// Warnings; somebody should look.
    pub warnings: Vec<Fault>,
}

/// Submits one hospital's answers: evaluated, recorded and audited in one transaction, exactly once for a key.
///
/// # Errors
/// `answers_faulty` with every fault; `window_closed`, `already_answered`, `submission_accepted`; `survey_unknown`, `hospital_unknown`;
/// those of idempotency; or the database is away. In each case nothing was stored.
pub async fn submit(
    server: &State,
    permit: &Permit<SubmitAnswers>,
    survey: &Survey,
    new: &NewAnswers,
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    let edition = surveys::edition(survey, new.edition.as_deref())?;
    let path = new.way.path(actor);
    once(server, actor, key, async |conn, now| {
        let hospital = frames::require(conn, survey, &new.hospital).await?;
        if let Some(seen) = new.seen {
            require_seen(conn, survey, &hospital, seen).await?;
        }
        let facts = intake::facts(conn, edition, &[&hospital])
            .await?
            .remove(&hospital.hospital_id)
            .unwrap_or_default();
        let evaluation = evaluate(edition, &facts, &new.answers, path);
        if evaluation.has_errors() {
            return Err(AppError::faulty(
                "answers_faulty",
                "回答に誤りがあるため受け付けませんでした。指摘を確認し、直して送り直してください。",
                evaluation.faults,
            ));
        }
        let warnings = evaluation.faults;
        let replace = match (path, new.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty())) {
            (EntryPath::Proxy, Some(reason)) => Replace::For(reason),
            (EntryPath::Proxy, None) => Replace::Never,
            _ => Replace::Own,
        };
        let evaluated = Evaluated {
            hospital: hospital.clone(),
            answers: evaluation.answers,
            codes: evaluation.codes,
            warnings: warnings.clone(),
            received: new.received,
        };
        let intake = Intake {
            survey,
            edition,
            path,
            replace,
            import: None,
            now,
        };
        let outcome = intake::record(conn, actor, &intake, vec![evaluated]).await?.pop();
        let (number, state, unchanged) = match outcome {
            Some(Outcome::Recorded { number, .. }) => (number, SubmissionState::Submitted, false),
            Some(Outcome::Unchanged { number, state, .. }) => (number, state, true),
            Some(Outcome::Refused(refusal)) => return Err(AppError::Conflict(refusal)),
            None => return Err(AppError::internal("recording one hospital's answers had no outcome")),
        };
        // Of answers that were there: theirs are number, way, time and receipt.
        let receipt = receipts::of_revision(server, conn, survey, &hospital, number).await?;
        let details = json!({"revision": number, "unchanged": unchanged});
        note(conn, actor, now, "submit_answers", survey, &hospital, details).await?;
        let submitted = Submitted {
            receipt,
            state,
            unchanged,
            warnings,
        };
        Ok((if unchanged { 200 } else { 201 }, submitted))
    })
    .await
}

pub(super) async fn note(
    conn: &mut diesel_async::AsyncPgConnection,
    actor: &Actor,
    now: DateTime<Utc>,
    action: &'static str,
    survey: &Survey,
    hospital: &FrameRow,
    details: Value,
) -> Result<(), AppError> {
    let mut details = details;
    if let Some(details) = details.as_object_mut() {
        // The internal id means nothing to who reads the audit.
        details.insert("hospital".to_owned(), Value::String(hospital.gmis_id.clone()));
    }
    let entry = audit::Entry {
        action,
        survey: Some(survey.id().as_str()),
        hospital: Some(hospital.hospital_id),
        prefecture: Some(hospital.prefecture),
        details,
    };
    Ok(audit::insert(conn, actor, now, entry).await?)
}

/// A submission with its revisions, the oldest first.
#[derive(Debug)]
pub struct ReadBack {
    /// The hospital.
    pub hospital: FrameRow,
    /// `None` while unanswered.
    pub submission: Option<submissions::SubmissionRow>,
    /// Each with the respondent where the actor may see one.
    pub revisions: Vec<(revisions::RevisionRow, Option<Value>)>,
    /// Steps that are no revisions, the oldest first.
    pub steps: Vec<StepRow>,
    /// Until when answers are taken as things stand; `None` while they are not.
    pub open_until: Option<DateTime<Utc>>,
}

/// Reads a hospital's answers back. Reading a respondent's name and contact of somebody else is noted in the audit.
///
/// # Errors
/// `hospital_unknown`, for somebody else's too; or the database is away.
pub async fn read(state: &State, permit: &Permit<ReadAnswers>, survey: &Survey, gmis: &str) -> Result<ReadBack, AppError> {
    let actor = permit.actor();
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let hospital = frames::require(conn, survey, gmis).await?;
        let submission = submissions::find(conn, survey.id().as_str(), hospital.hospital_id).await?;
        let revisions = match &submission {
            Some(submission) => revisions::list(conn, submission.id).await?,
            None => Vec::new(),
        };
        let steps = match &submission {
            Some(submission) => steps::list(conn, submission.id).await?,
            None => Vec::new(),
        };
        let granted = submission.as_ref().and_then(|row| row.resubmit_until);
        let open_until = Times::load(conn, survey).await?.open_until(&hospital, granted, now);
        let personal = revisions.iter().any(|(_, respondent)| respondent.is_some());
        if personal && actor.hospital() != Some(hospital.hospital_id) {
            note(
                conn,
                actor,
                now,
                "read_respondent",
                survey,
                &hospital,
                json!({"revisions": revisions.len()}),
            )
            .await?;
        }
        Ok(ReadBack {
            hospital,
            submission,
            revisions,
            steps,
            open_until,
        })
    })
    .await
}

/// How each question of the latest revision stands, by its key: answered, left blank, not asked; nothing before the first revision.
///
/// # Errors
/// `edition_unknown`; or the database is away.
pub async fn standings(
    state: &State,
    permit: &Permit<ReadAnswers>,
    survey: &'static Survey,
    read: &ReadBack,
) -> Result<BTreeMap<QuestionKey, AnswerState>, AppError> {
    let Some((row, respondent)) = read.revisions.last() else {
        return Ok(BTreeMap::new());
    };
    let edition = surveys::edition(survey, Some(&row.edition_id))?;
    let answers = intake::together(row.answers.clone(), respondent.clone());
    let mut facts = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        intake::facts(conn, edition, &[&read.hospital]).await
    })
    .await?;
    let facts = facts.remove(&read.hospital.hospital_id).unwrap_or_default();
    // Of the ways in, proxy entry alone takes every answer that may be stored.
    Ok(evaluate(edition, &facts, &answers, EntryPath::Proxy).states)
}
