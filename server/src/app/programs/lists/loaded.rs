//! A list as it is read: its row, its hospitals, the quotas it has to meet; and how it is shown.

use std::collections::{BTreeMap, BTreeSet};

use analytics::selection::list::{List, ListError, Listed, Quotas, Standing};
use diesel_async::AsyncPgConnection;
use survey::band::Band;
use survey::prefecture::PrefectureCode;

use super::{ListCell, ListReport, ListedHospital, known};
use crate::app::programs::candidates::Inputs;
use crate::app::programs::deadline_of;
use crate::db::lists::{self, ListRow, ListedRow};
use crate::db::programs::ProgramRow;
use crate::db::quotas;
use crate::error::AppError;

/// A list with what is needed to take a step.
pub(super) struct Loaded {
    pub(super) row: ListRow,
    pub(super) rows: Vec<ListedRow>,
    pub(super) list: List,
    pub(super) quotas: Quotas,
    pub(super) prefecture: PrefectureCode,
}

impl Loaded {
    pub(super) async fn load(conn: &mut AsyncPgConnection, program: &ProgramRow, prefecture: PrefectureCode) -> Result<Loaded, AppError> {
        let row = lists::find(conn, &program.id, i16::from(prefecture.number())).await?;
        let row = row.ok_or_else(|| {
            AppError::not_found(
                "list_unknown",
                "この都道府県の選定リストはまだありません。先に選定を行ってください。",
            )
        })?;
        Loaded::of(conn, program, prefecture, row).await
    }

    /// With the cells locked: what is counted afterwards is counted of nobody else.
    pub(super) async fn lock(
        conn: &mut AsyncPgConnection,
        program: &ProgramRow,
        prefecture: PrefectureCode,
        seen: Option<i32>,
    ) -> Result<Loaded, AppError> {
        lists::lock_cells(conn, &program.id, &[i16::from(prefecture.number())]).await?;
        let loaded = Loaded::load(conn, program, prefecture).await?;
        if seen.is_some_and(|seen| seen != loaded.row.version) {
            return Err(AppError::stale(
                "list_changed",
                format!(
                    "ご覧になった後に、このリストは変更されました（現在の状態: {}）。読み直してから操作してください。",
                    loaded.list.state.in_japanese()
                ),
                Vec::new(),
            ));
        }
        Ok(loaded)
    }

    pub(super) async fn of(
        conn: &mut AsyncPgConnection,
        program: &ProgramRow,
        prefecture: PrefectureCode,
        row: ListRow,
    ) -> Result<Loaded, AppError> {
        let number = i16::from(prefecture.number());
        let rows = lists::hospitals(conn, &program.id, number).await?;
        let mut hospitals: Vec<Listed> = rows.iter().map(listed).collect::<Result<_, AppError>>()?;
        hospitals.sort_by_key(|listed| (listed.standing, listed.rank, listed.gmis.clone()));
        Ok(Loaded {
            list: List {
                state: known(&row.state)?,
                adjusted: row.adjusted,
                hospitals,
            },
            quotas: Loaded::quotas(conn, program, prefecture).await?,
            row,
            rows,
            prefecture,
        })
    }

    /// The quotas in force of a prefecture's cells.
    pub(super) async fn quotas(conn: &mut AsyncPgConnection, program: &ProgramRow, prefecture: PrefectureCode) -> Result<Quotas, AppError> {
        let rows = quotas::list(conn, &program.id, Some(i16::from(prefecture.number()))).await?;
        let quota = |row: quotas::QuotaRow| Ok((row.band, u32::try_from(row.hospitals).map_err(AppError::internal)?));
        rows.into_iter().map(quota).collect()
    }

    /// Hospitals that were chosen and may no longer be: they left the frame, or their answers changed.
    pub(super) fn require_eligible(&self, inputs: &Inputs) -> Result<(), AppError> {
        let chosen = self.list.hospitals.iter().filter(|listed| listed.standing == Standing::Chosen);
        let gone: Vec<String> = chosen
            .filter_map(|listed| Some(format!("{}（{}）", listed.gmis, inputs.why_not(&listed.gmis)?)))
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        Err(AppError::conflict(
            "listed_not_eligible",
            format!(
                "選定できない病院がリストにあります。外してから提出してください。{}",
                gone.join("、")
            ),
        ))
    }

    pub(super) async fn report(self, conn: &mut AsyncPgConnection, program: &ProgramRow) -> Result<ListReport, AppError> {
        let inexact = self.list.inexact(&self.quotas);
        let message = if inexact.is_empty() {
            String::new()
        } else {
            ListError::Inexact(inexact.clone()).message()
        };
        let mut bands: BTreeSet<&String> = self.quotas.keys().collect();
        bands.extend(self.list.hospitals.iter().map(|listed| &listed.band));
        let mut bands: Vec<&String> = bands.into_iter().collect();
        bands.sort_by_key(|band| Band::of_key(band).map(|band| band.min));
        let rows: BTreeMap<&str, &ListedRow> = self.rows.iter().map(|row| (row.gmis_id.as_str(), row)).collect();
        let of = |band: &str, standings: &[Standing]| -> Vec<ListedHospital> {
            let listed = self.list.hospitals.iter();
            let listed = listed.filter(|listed| listed.band == band && standings.contains(&listed.standing));
            listed
                .filter_map(|listed| Some(shown(listed, rows.get(listed.gmis.as_str())?)))
                .collect()
        };
        let cell = |band: &String| ListCell {
            band: band.clone(),
            quota: self.quotas.get(band).copied().unwrap_or(0),
            chosen: of(band, &[Standing::Chosen]),
            reserves: of(band, &[Standing::Reserve]),
            off: of(band, &[Standing::Dropped, Standing::Left]),
        };
        Ok(ListReport {
            prefecture: self.prefecture.code(),
            state: self.list.state,
            version: self.row.version,
            adjusted: self.row.adjusted,
            deadline: deadline_of(conn, program, self.prefecture).await?,
            handed_in_at: self.row.handed_in_at,
            cells: bands.into_iter().map(cell).collect(),
            inexact,
            message,
        })
    }
}

fn shown(listed: &Listed, row: &ListedRow) -> ListedHospital {
    ListedHospital {
        gmis: listed.gmis.clone(),
        institution_code: row.institution_code.clone(),
        name: row.name.clone(),
        beds: row.beds,
        rank: listed.rank,
        score: listed.score,
        standing: listed.standing,
        origin: listed.origin,
        reason: listed.reason.clone(),
    }
}

fn listed(row: &ListedRow) -> Result<Listed, AppError> {
    Ok(Listed {
        gmis: row.gmis_id.clone(),
        band: row.band.clone(),
        standing: known(&row.standing)?,
        rank: row.rank.map(u32::try_from).transpose().map_err(AppError::internal)?,
        score: u64::try_from(row.score).map_err(AppError::internal)?,
        origin: known(&row.origin)?,
        reason: row.reason.clone(),
    })
}
