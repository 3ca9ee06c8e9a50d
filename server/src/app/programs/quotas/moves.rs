//! Requests to move quota (支援枠の変更の協議): a prefecture asks, the ministry grants or refuses. What one cell loses another gains, so the national
//! total stays; a grant writes the new versions in its own transaction.

mod granting;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use serde_json::json;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::changes::{program_band, reason_of, require_bands, turn};
use crate::app::frames::prefecture_of;
use crate::app::idempotency::{Answer, Key, once};
use crate::app::programs::require;
use crate::app::state::State;
use crate::auth::actor::Role;
use crate::auth::permit::{AskForQuota, Permit, ReadPrograms, SetQuotas};
use crate::db::quota_requests::{self, MoveRow, RequestRow};
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::db::{audit, quotas};
use crate::error::AppError;

/// The most moves of a request, as the database has it.
const MOVES: usize = 50;

/// A cell by prefecture and key of its band.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cell {
    /// The prefecture.
    pub prefecture: PrefectureCode,
    /// Key of the programme's band.
    pub band: String,
}

/// So many hospitals of quota from one cell to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// Becomes less.
    pub from: Cell,
    /// Becomes more.
    pub to: Cell,
    /// By how many.
    pub hospitals: u32,
}

/// A request with what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    /// UUID version 7.
    pub id: Uuid,
    /// Who asks.
    pub prefecture: PrefectureCode,
    /// `open`, `granted` or `refused`.
    pub state: String,
    /// In the order in which they were written.
    pub moves: Vec<Move>,
    /// Why.
    pub reason: String,
    /// The account that asked.
    pub asked_by: Option<Uuid>,
    /// By the server's clock.
    pub asked_at: DateTime<Utc>,
    /// `None` while it is open.
    pub decision: Option<Decided>,
}

/// What was decided.
#[derive(Debug, Clone, Serialize)]
pub struct Decided {
    /// Why.
    pub reason: String,
    /// The account that decided; `None`: the system.
    pub decided_by: Option<Uuid>,
    /// By the server's clock.
    pub decided_at: DateTime<Utc>,
}

/// What the ministry may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The moves are made.
    Grant,
    /// Nothing moves.
    Refuse,
}

impl Decision {
    fn as_str(self) -> &'static str {
        match self {
            Decision::Grant => "granted",
            Decision::Refuse => "refused",
        }
    }
}

/// Asks for moves. Each has one side in the asker's own prefecture.
///
/// # Errors
/// `program_unknown`, `quota_move_invalid`, `quota_invalid`, `reason_missing`, `reason_too_long`, `quota_too_small` where an own cell has less than is to be taken;
/// those of idempotency; or the database is away.
pub async fn ask(
    state: &State,
    permit: &Permit<AskForQuota>,
    program: &str,
    moves: &[Move],
    reason: &str,
    key: Option<&Key>,
) -> Result<Answer, AppError> {
    let actor = permit.actor();
    let Role::Prefecture(own) = actor.role() else {
        return Err(AppError::internal("quota is asked for by prefectures"));
    };
    let reason = reason_of(Some(reason))?;
    check(*own, moves)?;
    once(state, actor, key, async |conn, now| {
        let cells = moves.iter().flat_map(|one| [&one.from, &one.to]);
        require_bands(&require(conn, program).await?, cells.map(|cell| cell.band.as_str()))?;
        let in_force = quotas::list(conn, program, Some(i16::from(own.number()))).await?;
        granting::require_enough(&in_force, moves, Some(*own))?;
        let concerns: BTreeSet<i16> = moves
            .iter()
            .flat_map(|one| [&one.from, &one.to])
            .map(|cell| i16::from(cell.prefecture.number()))
            .collect();
        let row = RequestRow {
            id: Uuid::now_v7(),
            program_id: program.to_owned(),
            prefecture: i16::from(own.number()),
            concerns: concerns.into_iter().collect(),
            moves: i16::try_from(moves.len()).map_err(AppError::internal)?,
            reason: reason.to_owned(),
            account_id: actor.account(),
            asked_at: now,
        };
        let rows = moves.iter().map(|one| row_of(row.id, one)).collect::<Result<Vec<_>, _>>()?;
        quota_requests::insert(conn, &row, &rows).await?;
        let entry = audit::Entry {
            action: "ask_for_quota",
            prefecture: Some(row.prefecture),
            details: json!({"program": program, "request": row.id, "moves": moves}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok((201, asked(row, moves.to_vec(), None)?))
    })
    .await
}

/// The requests that the actor may see, the newest first: a prefecture's own and those that name its cells, the ministry's all.
///
/// # Errors
/// `program_unknown`; or the database is away.
pub async fn list(state: &State, permit: &Permit<ReadPrograms>, program: &str) -> Result<Vec<Asked>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await?;
        all(conn, program).await
    })
    .await
}

/// Grants or refuses a request, once. Granting writes new versions of the cells in the same transaction.
///
/// # Errors
/// `program_unknown`, `quota_request_unknown`, `quota_request_decided`, `reason_missing`, `reason_too_long`, `quota_too_small` where a cell would
/// have less than nothing or than its list holds; or the database is away. Then nothing is stored.
pub async fn decide(
    state: &State,
    permit: &Permit<SetQuotas>,
    program: &str,
    request: Uuid,
    decision: Decision,
    reason: &str,
) -> Result<Asked, AppError> {
    let reason = reason_of(Some(reason))?;
    let (actor, now) = (permit.actor(), state.now());
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        require(conn, program).await?;
        // Of all changes of the programme's quotas one at a time: what is in force now is in force until this has ended.
        take_turn(conn, &turn(program)).await?;
        let row = quota_requests::find(conn, program, request).await?.ok_or_else(|| {
            AppError::not_found(
                "quota_request_unknown",
                "この支援枠の変更の協議はありません。番号を確認してください。",
            )
        })?;
        let open = with_moves(conn, vec![row.clone()]).await?.pop();
        let open = open.ok_or_else(|| AppError::internal("a request that was just read is gone"))?;
        if open.decision.is_some() {
            return Err(AppError::conflict(
                "quota_request_decided",
                "この支援枠の変更の協議には、既に回答しています。一覧で結果を確認してください。",
            ));
        }
        let decided = quota_requests::DecisionRow {
            request_id: row.id,
            decision: decision.as_str().to_owned(),
            reason: reason.to_owned(),
            account_id: actor.account(),
            decided_at: now,
        };
        quota_requests::decide(conn, &row, &decided).await?;
        if decision == Decision::Grant {
            let origin = quotas::Origin {
                account_id: actor.account(),
                reason: Some(reason),
                request_id: Some(row.id),
                now,
            };
            granting::write(conn, program, &open.moves, origin).await?;
        }
        let entry = audit::Entry {
            action: "decide_quota_request",
            prefecture: Some(row.prefecture),
            details: json!({"program": program, "request": row.id, "decision": decision.as_str()}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        asked(row, open.moves, Some(decided))
    })
    .await
}

/// Every request of a programme that the actor may see, the newest first.
pub(super) async fn all(conn: &mut AsyncPgConnection, program: &str) -> Result<Vec<Asked>, AppError> {
    let rows = quota_requests::list(conn, program).await?;
    with_moves(conn, rows).await
}

async fn with_moves(conn: &mut AsyncPgConnection, rows: Vec<RequestRow>) -> Result<Vec<Asked>, AppError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut moves: BTreeMap<Uuid, Vec<Move>> = BTreeMap::new();
    for row in quota_requests::moves(conn, &ids).await? {
        moves.entry(row.request_id).or_default().push(move_of(&row)?);
    }
    let mut decisions: BTreeMap<Uuid, _> = quota_requests::decisions(conn, &ids)
        .await?
        .into_iter()
        .map(|decision| (decision.request_id, decision))
        .collect();
    rows.into_iter()
        .map(|row| {
            let moves = moves.remove(&row.id).unwrap_or_default();
            let decision = decisions.remove(&row.id);
            asked(row, moves, decision)
        })
        .collect()
}

fn asked(row: RequestRow, moves: Vec<Move>, decision: Option<quota_requests::DecisionRow>) -> Result<Asked, AppError> {
    Ok(Asked {
        id: row.id,
        prefecture: prefecture_of(row.prefecture)?,
        state: decision
            .as_ref()
            .map_or_else(|| "open".to_owned(), |decision| decision.decision.clone()),
        moves,
        reason: row.reason,
        asked_by: row.account_id,
        asked_at: row.asked_at,
        decision: decision.map(|decision| Decided {
            reason: decision.reason,
            decided_by: decision.account_id,
            decided_at: decision.decided_at,
        }),
    })
}

fn move_of(row: &MoveRow) -> Result<Move, AppError> {
    let cell = |prefecture, band: &str| {
        Ok::<_, AppError>(Cell {
            prefecture: prefecture_of(prefecture)?,
            band: band.to_owned(),
        })
    };
    Ok(Move {
        from: cell(row.from_prefecture, &row.from_band)?,
        to: cell(row.to_prefecture, &row.to_band)?,
        hospitals: u32::try_from(row.hospitals).map_err(AppError::internal)?,
    })
}

fn row_of(request_id: Uuid, one: &Move) -> Result<MoveRow, AppError> {
    Ok(MoveRow {
        request_id,
        from_prefecture: i16::from(one.from.prefecture.number()),
        from_band: one.from.band.clone(),
        to_prefecture: i16::from(one.to.prefecture.number()),
        to_band: one.to.band.clone(),
        hospitals: i32::try_from(one.hospitals).map_err(AppError::internal)?,
    })
}

/// Whether moves make sense for who asks, whatever is in force.
fn check(own: PrefectureCode, moves: &[Move]) -> Result<(), AppError> {
    let refuse = |message: String| Err(AppError::invalid("quota_move_invalid", message));
    if moves.is_empty() || moves.len() > MOVES {
        return refuse(format!("支援枠の移動は、1回の協議につき1件以上{MOVES}件以内で指定してください。"));
    }
    for one in moves {
        program_band(&one.from.band)?;
        program_band(&one.to.band)?;
        if one.from == one.to {
            return refuse("移動元と移動先が同じ枠です。別の枠を指定してください。".to_owned());
        }
        if one.hospitals == 0 || i32::try_from(one.hospitals).is_err() {
            return refuse("移動する病院数は1以上にしてください。".to_owned());
        }
        if one.from.prefecture != own && one.to.prefecture != own {
            return refuse(format!(
                "移動元か移動先のどちらかは、自分の都道府県（{}）の枠にしてください。",
                own.name()
            ));
        }
    }
    Ok(())
}
