//! Who has not answered, by area and band, and the list of them on paper. A hospital has answered when its submission counts (submitted or accepted).

use std::collections::BTreeMap;

use analytics::report::{self, ChaseLine, ChaseText};
use serde_json::json;
use survey::area::{Area, MunicipalityCode};
use survey::band::Banding;
use survey::submission::SubmissionState;
use survey::survey::Survey;

use crate::app::state::State;
use crate::app::{frames, statistics};
use crate::auth::permit::{Permit, ReadMissing, RemindHospitals};
use crate::db::audit;
use crate::db::reminders::{self, ChasedRow};
use crate::db::transaction::{Mode, as_actor};
use crate::error::AppError;

/// Which hospitals are meant.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Where.
    pub area: Area,
    /// Keys of the survey's bands; empty: all.
    pub bands: Vec<&'static str>,
}

/// The band of a key.
///
/// # Errors
/// `band_invalid`.
pub fn band(key: &str) -> Result<&'static str, AppError> {
    Banding::Survey.band(key).map(|band| band.key).ok_or_else(|| {
        let keys = Banding::Survey.bands().iter().map(|band| band.key).collect::<Vec<_>>().join("、");
        AppError::invalid("band_invalid", format!("病床規模区分は {keys} のいずれかで指定してください。"))
    })
}

/// Who has not answered.
#[derive(Debug)]
pub struct Missing {
    /// Counts, by area and then band; areas without hospitals are not among them.
    pub cells: Vec<MissingCell>,
    /// The hospitals, by G-MIS ID.
    pub hospitals: Vec<MissingHospital>,
}

/// One area and band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingCell {
    /// Two digits of a prefecture, in a prefecture five of a municipality; empty where the municipality is not known.
    pub area: String,
    /// Its name.
    pub name: String,
    /// Key of the band.
    pub band: &'static str,
    /// Hospitals in scope.
    pub targets: usize,
    /// Those of them that have not answered.
    pub missing: usize,
}

/// A hospital that has not answered.
#[derive(Debug, Clone)]
pub struct MissingHospital {
    /// G-MIS ID.
    pub gmis_id: String,
    /// Name.
    pub name: String,
    /// Its area as in the cells.
    pub area: String,
    /// Licensed beds.
    pub beds: i32,
    /// Key of the band.
    pub band: &'static str,
    /// State of its submission; `None` while there is none.
    pub state: Option<String>,
}

/// Who has not answered in one's own area or a part of it.
///
/// # Errors
/// `area_not_yours`; or the database is away.
pub async fn list(state: &State, permit: &Permit<ReadMissing>, survey: &Survey, chosen: &Chosen) -> Result<Missing, AppError> {
    frames::require_area(permit.actor(), &chosen.area)?;
    let rows = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(reminders::chased(conn, survey.id().as_str()).await?)
    })
    .await?;
    let mut cells: BTreeMap<(String, usize), MissingCell> = BTreeMap::new();
    let mut hospitals = Vec::new();
    for row in rows {
        let Some((place, band)) = placed(chosen, &row)? else { continue };
        let (area, name) = cell_area(chosen, &row)?;
        let cell = cells.entry((area.clone(), place)).or_insert_with(|| MissingCell {
            area: area.clone(),
            name,
            band,
            targets: 0,
            missing: 0,
        });
        cell.targets += 1;
        if !has_answered(&row) {
            cell.missing += 1;
            hospitals.push(MissingHospital {
                gmis_id: row.gmis_id,
                name: row.name,
                area,
                beds: row.beds,
                band,
                state: row.state,
            });
        }
    }
    Ok(Missing {
        cells: cells.into_values().collect(),
        hospitals,
    })
}

/// The list to print: whom to telephone, with the contact that the hospital gave when it last answered anything. Reading it is audited.
///
/// # Errors
/// `area_not_yours`; or the database is away.
pub async fn printed(state: &State, permit: &Permit<RemindHospitals>, survey: &Survey, chosen: &Chosen) -> Result<Vec<u8>, AppError> {
    let actor = permit.actor();
    frames::require_area(actor, &chosen.area)?;
    let now = state.now();
    let id = survey.id().as_str();
    let (rows, contacts) = as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let rows = choose(chosen, reminders::chased(conn, id).await?)?;
        let ids: Vec<_> = rows.iter().map(|row| row.hospital_id).collect();
        let contacts: BTreeMap<_, _> = reminders::contacts(conn, &ids)
            .await?
            .into_iter()
            .map(|contact| (contact.hospital_id, contact))
            .collect();
        let entry = audit::Entry {
            action: "print_reminder_list",
            survey: Some(id),
            details: json!({"area": chosen.area.to_string(), "hospitals": rows.len(), "contacts": contacts.len()}),
            ..audit::Entry::default()
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok((rows, contacts))
    })
    .await?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let contact = contacts.get(&row.hospital_id);
        lines.push(ChaseLine {
            gmis: row.gmis_id.clone(),
            name: row.name.clone(),
            place: frames::place_of(row.prefecture, &row.municipality)?,
            beds: frames::beds_of(row.beds)?,
            state: row.state.clone(),
            email: row.email.clone().unwrap_or_default(),
            refused: row.refused,
            person: contact.and_then(|contact| contact.name.clone()).unwrap_or_default(),
            contact: contact.and_then(|contact| contact.contact.clone()).unwrap_or_default(),
        });
    }
    let words = ChaseText {
        title: format!("{}（{}年） 未回答病院一覧（{}）", survey.title(), survey.id(), chosen.area.name()),
        publisher: statistics::PUBLISHER.to_owned(),
        as_of: now,
    };
    report::chase_list(&lines, &words).map_err(AppError::internal)
}

/// Those of the rows that are meant and have not answered.
pub(super) fn choose(chosen: &Chosen, rows: Vec<ChasedRow>) -> Result<Vec<ChasedRow>, AppError> {
    let mut missing = Vec::new();
    for row in rows {
        if !has_answered(&row) && placed(chosen, &row)?.is_some() {
            missing.push(row);
        }
    }
    Ok(missing)
}

fn has_answered(row: &ChasedRow) -> bool {
    row.state
        .as_deref()
        .is_some_and(|state| SubmissionState::parse(state).is_ok_and(SubmissionState::counts))
}

/// Place and key of the row's band, if the row is meant.
fn placed(chosen: &Chosen, row: &ChasedRow) -> Result<Option<(usize, &'static str)>, AppError> {
    let prefecture = frames::prefecture_of(row.prefecture)?;
    let municipality = frames::municipality_of(&row.municipality)?;
    if !chosen.area.covers(prefecture, municipality.as_ref()) {
        return Ok(None);
    }
    let place = Banding::Survey.band_of(frames::beds_of(row.beds)?);
    let band = place.and_then(|place| Some((place, Banding::Survey.bands().get(place)?.key)));
    let (place, key) = band.ok_or_else(|| AppError::internal(format!("{} beds are in no band", row.beds)))?;
    Ok((chosen.bands.is_empty() || chosen.bands.contains(&key)).then_some((place, key)))
}

/// Prefectures of the nation; municipalities of a prefecture or city.
fn cell_area(chosen: &Chosen, row: &ChasedRow) -> Result<(String, String), AppError> {
    let prefecture = frames::prefecture_of(row.prefecture)?;
    if chosen.area == Area::Nation {
        return Ok((prefecture.code(), prefecture.name().to_owned()));
    }
    let name = match frames::municipality_of(&row.municipality)? {
        Some(code) => area_name(&code),
        None => format!("{}（市区町村不明）", prefecture.name()),
    };
    Ok((row.municipality.clone(), name))
}

fn area_name(code: &MunicipalityCode) -> String {
    Area::Municipality(code.clone()).name()
}
