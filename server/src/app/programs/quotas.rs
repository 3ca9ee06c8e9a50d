//! The quotas of a programme: versioned, set by the ministry.

use std::collections::BTreeMap;

use analytics::selection::Quota;
use serde_json::json;
use survey::band::{Band, Banding};

use super::require;
use crate::app::state::State;
use crate::auth::permit::{Permit, ReadPrograms, SetQuotas};
use crate::db::audit;
use crate::db::quotas::{self, QuotaRow};
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::error::AppError;

/// The quotas in force: a prefecture's own, the ministry's all.
///
/// # Errors
/// `program_unknown`; or the database is away.
pub async fn list(state: &State, permit: &Permit<ReadPrograms>, program: &str) -> Result<Vec<QuotaRow>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        require(conn, program).await?;
        Ok(quotas::list(conn, program, None).await?)
    })
    .await
}

/// Sets quotas: each changed cell gets a new version. Cells that are not named stay as they are.
///
/// # Errors
/// `program_unknown`, `quota_invalid`; or the database is away.
pub async fn set(state: &State, permit: &Permit<SetQuotas>, program: &str, cells: &[Quota]) -> Result<usize, AppError> {
    let mut rows = BTreeMap::new();
    for cell in cells {
        let band = Band::of_key(&cell.band).ok_or_else(|| unknown_band(&cell.band, Banding::Program))?;
        let hospitals = i32::try_from(cell.hospitals)
            .map_err(|_too_many| AppError::invalid("quota_invalid", "支援枠の病院数が大きすぎます。数を確認してください。"))?;
        if rows.insert((i16::from(cell.prefecture.number()), band.key), hospitals).is_some() {
            return Err(AppError::invalid(
                "quota_invalid",
                format!(
                    "{} {} の支援枠が2回指定されています。1つにしてください。",
                    cell.prefecture.name(),
                    band.label
                ),
            ));
        }
    }
    let rows: Vec<(i16, String, i32)> = rows
        .into_iter()
        .map(|((prefecture, band), n)| (prefecture, band.to_owned(), n))
        .collect();
    let actor = permit.actor();
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let banding = Banding::parse(&require(conn, program).await?.banding).map_err(AppError::internal)?;
        if let Some((_, band, _)) = rows.iter().find(|(_, band, _)| banding.band(band).is_none()) {
            return Err(unknown_band(band, banding));
        }
        take_turn(conn, &format!("quotas {program}")).await?;
        let changed = quotas::set(conn, program, &rows, actor.account(), now).await?;
        let entry = audit::Entry {
            action: "set_quotas",
            details: json!({"program": program, "cells": changed}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(changed)
    })
    .await
}

fn unknown_band(band: &str, banding: Banding) -> AppError {
    let keys: Vec<&str> = banding.bands().iter().map(|band| band.key).collect();
    let found = survey::fault::excerpt(band);
    AppError::invalid(
        "quota_invalid",
        format!(
            "病床規模区分「{found}」はありません。{} のいずれかにしてください。",
            keys.join("、")
        ),
    )
}
