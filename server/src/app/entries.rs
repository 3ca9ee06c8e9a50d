//! What somebody needs who fills in a hospital's questionnaire: the answers as they stand, what the evaluator says of them, how long there is time, what was
//! asked to be corrected, and what the hospital said in the survey before. Read in one transaction; changes nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::Value;
use survey::answer::EntryPath;
use survey::crosswalk::Crosswalk;
use survey::edition::Edition;
use survey::evaluate::{Evaluation, evaluate};
use survey::submission::SubmissionState;
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::drafts::Party;
use crate::app::state::State;
use crate::app::steps::Comment;
use crate::app::submissions::Way;
use crate::app::times::Times;
use crate::app::{frames, intake, surveys};
use crate::auth::actor::Actor;
use crate::auth::permit::{Permit, SubmitAnswers};
use crate::db::frames::FrameRow;
use crate::db::submissions::SubmissionRow;
use crate::db::transaction::{Mode, as_actor};
use crate::db::{drafts, revisions, steps, submissions};
use crate::error::AppError;

/// A questionnaire as it is being filled in.
#[derive(Debug)]
pub struct Entry {
    /// Of the frame.
    pub hospital: FrameRow,
    /// The printing that is answered: the draft's, that of the latest revision, or the first.
    pub edition: &'static Edition,
    /// By which way the answers would come.
    pub path: EntryPath,
    /// `None` while nothing was begun.
    pub state: Option<SubmissionState>,
    /// Of the submission; 0 before the first step.
    pub version: i32,
    /// Number of the latest revision; 0 before the first.
    pub latest_revision: i32,
    /// Tag and moment of one's draft.
    pub draft: Option<(Uuid, DateTime<Utc>)>,
    /// The draft's, else those submitted last, else none.
    pub answers: Value,
    /// Those submitted last.
    pub submitted: Option<Value>,
    /// What the evaluator says of `answers`.
    pub evaluation: Evaluation,
    /// What is to be corrected, while the answers are returned.
    pub comments: Vec<Comment>,
    /// Last second, included, in which answers are taken; `None` while they are not.
    pub open_until: Option<DateTime<Utc>>,
    /// By question: what the hospital answered before.
    pub earlier: BTreeMap<String, Earlier>,
}

/// What a hospital said in an earlier survey to a question that compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// The survey.
    pub survey: String,
    /// The answer as it reads.
    pub answer: String,
    /// With what reservation the two compare.
    pub note: &'static str,
}

impl Entry {
    /// Whether something is saved that was not submitted.
    pub fn is_unsubmitted(&self) -> bool {
        self.draft.is_some() && self.submitted.as_ref() != Some(&self.answers)
    }
}

/// Opens a hospital's questionnaire.
///
/// # Errors
/// `hospital_unknown`; or the database is away.
pub async fn open(state: &State, permit: &Permit<SubmitAnswers>, survey: &'static Survey, gmis: &str) -> Result<Entry, AppError> {
    let (actor, now) = (permit.actor(), state.now());
    as_actor(&state.pool, actor, Mode::Snapshot, async |conn| {
        let hospital = frames::require(conn, survey, gmis).await?;
        let submission = submissions::find(conn, survey.id().as_str(), hospital.hospital_id).await?;
        entry(conn, actor, survey, (hospital, submission), now).await
    })
    .await
}

async fn entry(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    survey: &'static Survey,
    (hospital, submission): (FrameRow, Option<SubmissionRow>),
    now: DateTime<Utc>,
) -> Result<Entry, AppError> {
    let mut latest = None;
    let mut draft = None;
    let mut comments = Vec::new();
    if let Some(row) = &submission {
        latest = revisions::latest(conn, &[row.id]).await?.pop();
        draft = drafts::find(conn, row.id, Party::of(actor).as_str()).await?;
        if row.state == SubmissionState::Returned {
            let last = steps::list(conn, row.id).await?.into_iter().rfind(|step| step.step == "return");
            comments = last
                .map(|step| serde_json::from_value(step.comments))
                .transpose()
                .map_err(AppError::internal)?
                .unwrap_or_default();
        }
    }
    let edition_id = draft
        .as_ref()
        .map(|draft| draft.edition_id.clone())
        .or_else(|| latest.as_ref().map(|latest| latest.edition_id.clone()));
    let edition = surveys::edition(survey, edition_id.as_deref())?;
    let submitted = latest.map(|latest| intake::together(latest.answers, latest.respondent));
    let tag = draft.as_ref().map(|draft| (draft.tag, draft.saved_at));
    let answers = draft
        .and_then(|draft| draft.answers)
        .or_else(|| submitted.clone())
        .unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    let facts = intake::facts(conn, edition, &[&hospital]).await?.remove(&hospital.hospital_id);
    let path = Way::Page.path(actor);
    let evaluation = evaluate(edition, &facts.unwrap_or_default(), &answers, path);
    let granted = submission.as_ref().and_then(|row| row.resubmit_until);
    let open_until = Times::load(conn, survey).await?.open_until(&hospital, granted, now);
    let earlier = earlier(conn, survey, edition, &hospital).await?;
    Ok(Entry {
        edition,
        path,
        state: submission.as_ref().map(|row| row.state),
        version: submission.as_ref().map_or(0, |row| row.version),
        latest_revision: submission.as_ref().map_or(0, |row| row.latest_revision),
        draft: tag,
        answers,
        submitted,
        evaluation,
        comments,
        open_until,
        earlier,
        hospital,
    })
}

/// What the hospital submitted to the newest survey that something of this one compares with, by the questions of this one.
async fn earlier(
    conn: &mut AsyncPgConnection,
    survey: &Survey,
    edition: &Edition,
    hospital: &FrameRow,
) -> Result<BTreeMap<String, Earlier>, AppError> {
    let crosswalk = Crosswalk::compiled_in();
    let this = survey.id().as_str();
    let Some(before) = crosswalk.earlier(this).and_then(survey::find) else {
        return Ok(BTreeMap::new());
    };
    let Some(submission) = submissions::find(conn, before.id().as_str(), hospital.hospital_id).await? else {
        return Ok(BTreeMap::new());
    };
    let Some(latest) = revisions::latest(conn, &[submission.id]).await?.pop() else {
        return Ok(BTreeMap::new());
    };
    let said = |question: &str| -> Option<String> {
        let question = before.question(question)?;
        let word = latest.answers.get(question.key.as_str())?.as_str()?;
        Some(question.choice(word)?.label.clone())
    };
    Ok(crosswalk
        .between(before.id().as_str(), this)
        .filter(|pair| pair.comparable && edition.question(&pair.to_question).is_some())
        .filter_map(|pair| {
            let earlier = Earlier {
                survey: before.id().as_str().to_owned(),
                answer: said(&pair.from_question)?,
                note: &pair.note,
            };
            Some((pair.to_question.clone(), earlier))
        })
        .collect())
}

/// One survey in which a hospital is asked.
#[derive(Debug)]
pub struct Task {
    /// The survey.
    pub survey: &'static Survey,
    /// Of its frame.
    pub hospital: FrameRow,
    /// `None` while nothing was begun.
    pub state: Option<SubmissionState>,
    /// Since when it is in this state.
    pub since: Option<DateTime<Utc>>,
    /// Number of the latest revision; 0 before the first.
    pub latest_revision: i32,
    /// When one's draft was saved last.
    pub draft: Option<DateTime<Utc>>,
    /// Last second, included, in which answers are taken; `None` while they are not.
    pub open_until: Option<DateTime<Utc>>,
}

/// The surveys in which the actor's hospital is asked, those that take answers first, the newest first.
///
/// # Errors
/// The database is away.
pub async fn tasks(state: &State, permit: &Permit<SubmitAnswers>) -> Result<Vec<Task>, AppError> {
    let (actor, now) = (permit.actor(), state.now());
    let Some(id) = actor.hospital() else { return Ok(Vec::new()) };
    let mut tasks = as_actor(&state.pool, actor, Mode::Snapshot, async |conn| {
        let mut tasks = Vec::new();
        for survey in survey::all() {
            let Some(hospital) = crate::db::frames::of_hospital(conn, survey.id().as_str(), id).await? else {
                continue;
            };
            let submission = submissions::find(conn, survey.id().as_str(), id).await?;
            let draft = match &submission {
                Some(row) => drafts::find(conn, row.id, Party::of(actor).as_str()).await?,
                None => None,
            };
            let granted = submission.as_ref().and_then(|row| row.resubmit_until);
            tasks.push(Task {
                survey,
                open_until: Times::load(conn, survey).await?.open_until(&hospital, granted, now),
                hospital,
                state: submission.as_ref().map(|row| row.state),
                since: submission.as_ref().map(|row| row.updated_at),
                latest_revision: submission.as_ref().map_or(0, |row| row.latest_revision),
                draft: draft.map(|draft| draft.saved_at),
            });
        }
        Ok(tasks)
    })
    .await?;
    tasks.sort_by(|a, b| {
        let key = |task: &Task| (task.open_until.is_some(), task.survey.id().clone());
        key(b).cmp(&key(a))
    });
    Ok(tasks)
}
