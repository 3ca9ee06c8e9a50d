//! Steps of a submission that are no revisions: the hospital pulls back, the prefecture or ministry returns or accepts. Each is an event with who, when,
//! from where, and changes at once what is counted.

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Serialize};
use serde_json::json;
use survey::submission::{Step, SubmissionState};
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::idempotency::{Answer, Key, once};
use crate::app::state::State;
use crate::app::submissions::note;
use crate::app::times::Times;
use crate::app::versions::{Seen, require_seen};
use crate::app::windows::require_known_century;
use crate::app::{frames, intake};
use crate::auth::actor::{Actor, Role};
use crate::auth::permit::{Permit, ReviewAnswers, SubmitAnswers};
use crate::db::frames::FrameRow;
use crate::db::revisions::LatestAnswers;
use crate::db::steps::StepRow;
use crate::db::submissions::SubmissionRow;
use crate::db::{revisions, steps, submissions};
use crate::error::AppError;

/// Most comments of one return.
const COMMENTS: usize = 100;
/// Most characters of one.
const CHARACTERS: usize = 2_000;

/// What is to be corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    /// Question key; `None`: the answers as a whole.
    pub question: Option<String>,
    /// For the hospital to read.
    pub text: String,
}

/// What a prefecture or the ministry does with submitted answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Review {
    /// 差戻し: what is to be corrected, and until when if the windows do not say.
    Return {
        /// At least one.
        comments: Vec<Comment>,
        /// Last second, included.
        resubmit_until: Option<DateTime<Utc>>,
    },
    /// 確認.
    Accept,
}

/// How a submission stands after a step.
#[derive(Debug, Serialize)]
pub struct Stepped {
    /// G-MIS ID.
    pub hospital: String,
    /// The new state.
    pub state: SubmissionState,
    /// The new version.
    pub version: i32,
    /// The revision that it was about.
    pub revision: i32,
    /// Of a return: its own date.
    pub resubmit_until: Option<DateTime<Utc>>,
}

/// Pulls a hospital's submitted answers back (引き戻し): they leave the statistics until they are submitted again.
///
/// # Errors
/// `step_not_possible`, `submission_accepted`, `withdrawal_not_yours` for a proxy of answers that the hospital gave; `window_closed`;
/// `submission_changed` with the fields that differ; `hospital_unknown`; those of idempotency; or the database is away.
pub async fn withdraw(
    state: &State,
    permit: &Permit<SubmitAnswers>,
    survey: &Survey,
    gmis: &str,
    (seen, reason): (Seen, Option<&str>),
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    once(state, actor, key, async |conn, now| {
        let found = Found::lock(conn, survey, gmis, seen).await?;
        let after = found.after(Step::Withdraw)?;
        if !matches!(actor.role(), Role::Hospital(_)) && found.latest.entry_path != "proxy" {
            return Err(AppError::conflict(
                "withdrawal_not_yours",
                "病院が自ら提出した回答は、代わりに引き戻せません。訂正が必要な場合は差戻しを使ってください。",
            ));
        }
        Times::load(conn, survey).await?.require_open(&found.hospital, None, now)?;
        let row = StepRow {
            reason: reason.map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned),
            ..found.row(actor, survey, Step::Withdraw, now)
        };
        found.take(conn, actor, survey, (after, row), now).await
    })
    .await
}

/// Returns submitted answers with comments (差戻し), or accepts them (確認).
///
/// # Errors
/// `step_not_possible`; `comments_missing`, `comments_too_many`, `comment_question_unknown`, `time_invalid`, `resubmission_date_past`,
/// `resubmission_date_missing`; `submission_changed` with the fields that differ; `hospital_unknown`; those of idempotency; or the database is away.
pub async fn review(
    state: &State,
    permit: &Permit<ReviewAnswers>,
    survey: &Survey,
    gmis: &str,
    (seen, review): (Seen, &Review),
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    once(state, actor, key, async |conn, now| {
        let found = Found::lock(conn, survey, gmis, seen).await?;
        match review {
            Review::Accept => {
                let after = found.after(Step::Accept)?;
                let row = found.row(actor, survey, Step::Accept, now);
                found.take(conn, actor, survey, (after, row), now).await
            }
            Review::Return { comments, resubmit_until } => {
                let after = found.after(Step::Return)?;
                require_comments(survey, &found.latest, comments)?;
                found.require_time(conn, survey, *resubmit_until, now).await?;
                let row = StepRow {
                    comments: serde_json::to_value(comments).map_err(AppError::internal)?,
                    resubmit_until: *resubmit_until,
                    ..found.row(actor, survey, Step::Return, now)
                };
                found.take(conn, actor, survey, (after, row), now).await
            }
        }
    })
    .await
}

/// A submission with its latest revision, locked at the version that was seen.
struct Found {
    hospital: FrameRow,
    submission: SubmissionRow,
    latest: LatestAnswers,
}

impl Found {
    async fn lock(conn: &mut AsyncPgConnection, survey: &Survey, gmis: &str, seen: Seen) -> Result<Found, AppError> {
        let hospital = frames::require(conn, survey, gmis).await?;
        let unanswered = || {
            AppError::conflict(
                "step_not_possible",
                "この病院はまだ回答を提出していません。提出されてから操作してください。",
            )
        };
        let submission = require_seen(conn, survey, &hospital, seen).await?.ok_or_else(unanswered)?;
        let latest = revisions::latest(conn, &[submission.id]).await?.pop().ok_or_else(unanswered)?;
        Ok(Found {
            hospital,
            submission,
            latest,
        })
    }

    fn after(&self, step: Step) -> Result<SubmissionState, AppError> {
        let state = self.submission.state;
        state.after(step).ok_or_else(|| {
            if state == SubmissionState::Accepted && step == Step::Withdraw {
                return AppError::Conflict(intake::accepted());
            }
            let wanted = match step {
                Step::Withdraw => "引き戻せるのは、提出済みで確認前の回答だけです。直す場合は、そのまま提出し直してください。",
                Step::Accept => "確認済みにできるのは、提出済みの回答だけです。再提出を待ってください。",
                Step::Return => "差し戻せるのは、一度は提出された回答だけです。提出されてから操作してください。",
                Step::Submit => "この回答は提出できません。都道府県の担当者にご相談ください。",
            };
            AppError::conflict(
                "step_not_possible",
                format!("現在の状態は「{}」です。{wanted}", state.in_japanese()),
            )
        })
    }

    /// A hospital that is told to correct must be able to.
    async fn require_time(
        &self,
        conn: &mut AsyncPgConnection,
        survey: &Survey,
        resubmit_until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), AppError> {
        let Some(until) = resubmit_until else {
            let times = Times::load(conn, survey).await?;
            return if times.open_until(&self.hospital, None, now).is_some() {
                Ok(())
            } else {
                Err(AppError::invalid(
                    "resubmission_date_missing",
                    "調査期間が終わっているため、このままでは病院が再提出できません。再提出期限を指定して差し戻してください。",
                ))
            };
        };
        require_known_century(&[until])?;
        if until <= now {
            return Err(AppError::invalid(
                "resubmission_date_past",
                "再提出期限が過去の日時です。現在より後の日時を指定してください。",
            ));
        }
        Ok(())
    }

    fn row(&self, actor: &Actor, survey: &Survey, step: Step, now: DateTime<Utc>) -> StepRow {
        StepRow {
            id: Uuid::now_v7(),
            submission_id: self.submission.id,
            version: self.submission.version.saturating_add(1),
            survey_id: survey.id().as_str().to_owned(),
            hospital_id: self.hospital.hospital_id,
            prefecture: self.hospital.prefecture,
            municipality: self.hospital.municipality.clone(),
            step: step.as_str().to_owned(),
            revision: self.submission.latest_revision,
            comments: json!([]),
            reason: None,
            resubmit_until: None,
            actor: actor.role().name().to_owned(),
            account_id: actor.account(),
            happened_at: now,
        }
    }

    async fn take(
        self,
        conn: &mut AsyncPgConnection,
        actor: &Actor,
        survey: &Survey,
        (state, row): (SubmissionState, StepRow),
        now: DateTime<Utc>,
    ) -> Result<(u16, Stepped), AppError> {
        steps::insert(conn, &row).await?;
        submissions::mark_stepped(conn, row.submission_id, (state, row.version), row.resubmit_until, now).await?;
        let action = match row.step.as_str() {
            "withdraw" => "withdraw_answers",
            "return" => "return_answers",
            _ => "accept_answers",
        };
        let details = json!({"revision": row.revision, "version": row.version, "resubmit_until": row.resubmit_until});
        note(conn, actor, now, action, survey, &self.hospital, details).await?;
        let stepped = Stepped {
            hospital: self.hospital.gmis_id,
            state,
            version: row.version,
            revision: row.revision,
            resubmit_until: row.resubmit_until,
        };
        Ok((200, stepped))
    }
}

fn require_comments(survey: &Survey, latest: &LatestAnswers, comments: &[Comment]) -> Result<(), AppError> {
    if comments.is_empty() || comments.iter().any(|comment| comment.text.trim().is_empty()) {
        return Err(AppError::invalid(
            "comments_missing",
            "差し戻すときは、何をどう直すかを病院に伝えるコメントを1件以上記入してください（空のコメントは送れません）。",
        ));
    }
    if comments.len() > COMMENTS || comments.iter().any(|comment| comment.text.chars().count() > CHARACTERS) {
        return Err(AppError::invalid(
            "comments_too_many",
            format!("コメントは{COMMENTS}件まで、1件{CHARACTERS}文字までにしてください。"),
        ));
    }
    let edition = survey.edition(&latest.edition_id);
    let unknown = comments
        .iter()
        .filter_map(|comment| comment.question.as_deref())
        .find(|key| edition.is_none_or(|edition| edition.question(key).is_none()));
    match unknown {
        Some(key) => Err(AppError::invalid(
            "comment_question_unknown",
            format!(
                "設問キー「{key}」は、この病院が答えた調査票の版にありません。キーを確認するか、設問を指定せずにコメントしてください。"
            ),
        )),
        None => Ok(()),
    }
}
