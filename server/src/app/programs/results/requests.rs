//! Requests of prefectures to see the results of their hospitals (支援結果の提供の依頼), granted or refused by the ministry.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::app::idempotency::{Answer, Key, once};
use crate::app::programs::{require, required_reason};
use crate::app::state::State;
use crate::auth::actor::Role;
use crate::auth::permit::{AskForResults, BringResults, Permit, ReadPrograms};
use crate::db::audit;
use crate::db::results::{self, DecisionRow, RequestRow};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// A request with what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    /// UUID version 7.
    pub id: Uuid,
    /// Who asks; two digits.
    pub prefecture: String,
    /// open, granted, refused.
    pub state: String,
    /// What for.
    pub reason: String,
    /// By the server's clock.
    pub asked_at: DateTime<Utc>,
    /// What the ministry said; `None` while it is open.
    pub answer: Option<String>,
    /// By the server's clock; `None` while it is open.
    pub decided_at: Option<DateTime<Utc>>,
}

/// What the ministry may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The prefecture sees them from now on, later ones too.
    Grant,
    /// It does not.
    Refuse,
}

/// Asks to see the results of one's hospitals.
///
/// # Errors
/// `program_unknown`, `reason_missing`, `reason_too_long`, `results_asked` while a request is open or was granted; those of idempotency; or the database is away.
pub async fn ask(
    state: &State,
    permit: &Permit<AskForResults>,
    program: &str,
    reason: &str,
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    let Role::Prefecture(own) = actor.role() else {
        return Err(AppError::internal("results are asked for by prefectures"));
    };
    let reason = required_reason(reason)?;
    once(state, actor, key, async |conn, now| {
        require(conn, program).await?;
        let before = results::requests(conn, program).await?;
        if before
            .iter()
            .any(|(_, decision)| decision.as_ref().is_none_or(|decision| decision.decision == "granted"))
        {
            return Err(AppError::conflict(
                "results_asked",
                "支援結果の提供は、既に依頼しているか、認められています。依頼の一覧で状況を確認してください。",
            ));
        }
        let row = RequestRow {
            id: Uuid::now_v7(),
            program_id: program.to_owned(),
            prefecture: i16::from(own.number()),
            reason,
            account_id: actor.account(),
            asked_at: now,
        };
        results::ask(conn, &row).await?;
        let entry = audit::Entry {
            action: "ask_for_results",
            prefecture: Some(row.prefecture),
            details: json!({"program": program, "request": row.id}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok((201, asked((row, None))))
    })
    .await
}

/// The requests that the actor may see, the newest first.
///
/// # Errors
/// `program_unknown`; or the database is away.
pub async fn list(state: &State, permit: &Permit<ReadPrograms>, program: &str) -> Result<Vec<Asked>, AppError> {
    let rows = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await?;
        Ok(results::requests(conn, program).await?)
    })
    .await?;
    Ok(rows.into_iter().map(asked).collect())
}

/// Grants or refuses a request, once.
///
/// # Errors
/// `program_unknown`, `result_request_unknown`, `result_request_decided`, `reason_missing`, `reason_too_long`; or the database is away.
pub async fn decide(
    state: &State,
    permit: &Permit<BringResults>,
    (program, request): (&str, Uuid),
    decision: Decision,
    reason: &str,
) -> Result<Asked, AppError> {
    let reason = required_reason(reason)?;
    let (actor, now) = (permit.actor(), state.now());
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        require(conn, program).await?;
        let rows = results::requests(conn, program).await?;
        let found = rows.into_iter().find(|(row, _)| row.id == request);
        let (row, _) = found.ok_or_else(|| {
            AppError::not_found(
                "result_request_unknown",
                "この支援結果の提供の依頼はありません。番号を確認してください。",
            )
        })?;
        let word = match decision {
            Decision::Grant => "granted",
            Decision::Refuse => "refused",
        };
        let decided = DecisionRow {
            request_id: row.id,
            program_id: row.program_id.clone(),
            prefecture: row.prefecture,
            decision: word.to_owned(),
            reason,
            account_id: actor.account(),
            decided_at: now,
        };
        // Of two that decide at once, the second finds the first's row.
        if !results::decide(conn, &decided).await? {
            return Err(AppError::conflict(
                "result_request_decided",
                "この支援結果の提供の依頼には、既に回答しています。一覧で結果を確認してください。",
            ));
        }
        let entry = audit::Entry {
            action: "decide_result_request",
            prefecture: Some(row.prefecture),
            details: json!({"program": program, "request": row.id, "decision": word}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(asked((row, Some(decided))))
    })
    .await
}

fn asked((row, decision): (RequestRow, Option<DecisionRow>)) -> Asked {
    Asked {
        id: row.id,
        prefecture: format!("{:02}", row.prefecture),
        state: decision.as_ref().map_or("open", |decision| decision.decision.as_str()).to_owned(),
        reason: row.reason,
        asked_at: row.asked_at,
        decided_at: decision.as_ref().map(|decision| decision.decided_at),
        answer: decision.map(|decision| decision.reason),
    }
}
