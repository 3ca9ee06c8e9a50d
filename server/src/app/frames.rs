//! Frames (調査対象名簿): drawing one, finding a hospital in it, listing it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use survey::area::{Area, MunicipalityCode};
use survey::attribute::Attributes;
use survey::fault::Fault;
use survey::frame::Frame;
use survey::hospital::{Beds, FrameHospital, GmisId, InstitutionCode};
use survey::prefecture::PrefectureCode;
use survey::submission::SubmissionState;
use survey::survey::Survey;
use uuid::Uuid;

use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::{DrawFrame, Permit, ReadHospitals};
use crate::db::frames::{self, DrawnRow, Filter, FrameRow, Standing};
use crate::db::transaction::{Mode, as_actor, take_turn};
use crate::db::{audit, hospitals};
use crate::error::AppError;

/// The hospital of a G-MIS ID that the actor may see.
///
/// # Errors
/// `hospital_unknown`, for somebody else's hospital too: whether it exists is not told.
pub async fn require(conn: &mut AsyncPgConnection, survey: &Survey, gmis: &str) -> Result<FrameRow, AppError> {
    let unknown = || {
        AppError::not_found(
            "hospital_unknown",
            format!(
                "{}年調査の調査対象名簿に、このG-MIS IDの病院がありません。IDを確認してください。",
                survey.id()
            ),
        )
    };
    let gmis = GmisId::parse(gmis).ok().ok_or_else(unknown)?;
    frames::find(conn, survey.id().as_str(), gmis.as_str()).await?.ok_or_else(unknown)
}

/// A page of hospitals with the state of their submission, `None` while unanswered (未回答).
///
/// # Errors
/// The database is away.
pub async fn list(
    state: &State,
    permit: &Permit<ReadHospitals>,
    survey: &Survey,
    filter: Filter,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<(FrameRow, Option<Standing>)>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(frames::page(conn, survey.id().as_str(), filter, after, limit).await?)
    })
    .await
}

/// How many hospitals of one's area stand how, `None` being 未回答.
///
/// # Errors
/// The database is away.
pub async fn standings(
    state: &State,
    permit: &Permit<ReadHospitals>,
    survey: &Survey,
) -> Result<BTreeMap<Option<SubmissionState>, i64>, AppError> {
    let rows = as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(frames::standings(conn, survey.id().as_str()).await?)
    })
    .await?;
    let known = |(state, hospitals): (Option<String>, i64)| {
        let state = state.as_deref().map(SubmissionState::parse).transpose();
        Ok((state.map_err(AppError::internal)?, hospitals))
    };
    rows.into_iter().map(known).collect()
}

/// Draws the frame of a survey that has none yet. Hospitals known by an identifier in use keep their identity, so that years can be compared.
///
/// # Errors
/// `frame_faulty` with the faults (duplicates, identifiers of two different hospitals), `frame_drawn` when there is a frame already.
pub async fn draw(state: &State, permit: &Permit<DrawFrame>, survey: &Survey, hospitals: Vec<FrameHospital>) -> Result<usize, AppError> {
    draw_with(state, permit, survey, hospitals, &BTreeMap::new()).await
}

/// Draws a frame that says more of its hospitals than place and beds, as [`draw`]. Who is not among `known` has no attributes.
///
/// # Errors
/// As [`draw`].
pub async fn draw_with(
    state: &State,
    permit: &Permit<DrawFrame>,
    survey: &Survey,
    hospitals: Vec<FrameHospital>,
    known: &BTreeMap<GmisId, Attributes>,
) -> Result<usize, AppError> {
    let faulty = |fault: Fault| {
        AppError::faulty(
            "frame_faulty",
            "調査対象名簿に誤りがあるため登録しませんでした。直して送り直してください。",
            vec![fault],
        )
    };
    let frame = Frame::new(hospitals).map_err(|error| faulty(Fault::error("frame_duplicate", error.to_string())))?;
    let actor = permit.actor();
    let now = state.now();
    let id = survey.id().as_str();
    let from = survey
        .windows()
        .first()
        .map_or_else(|| now.date_naive(), |window| window.opens.date_naive());
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        // One at a time for all surveys: identities are shared between them.
        take_turn(conn, "frames").await?;
        not_drawn(conn, id).await?;
        let rows = identified(conn, &frame, known).await?.map_err(faulty)?;
        frames::insert_all(conn, id, &rows, from).await?;
        note_drawn(conn, actor, now, id, json!({"hospitals": rows.len()})).await?;
        Ok(rows.len())
    })
    .await
}

/// Draws the frame of a survey that has none yet from the master: the hospitals that are open on a day, today if none is given, and have 20 beds.
///
/// # Errors
/// `frame_drawn` when there is a frame already, `master_empty` when the master has no such hospital.
pub async fn draw_from_master(
    state: &State,
    permit: &Permit<DrawFrame>,
    survey: &Survey,
    day: Option<NaiveDate>,
) -> Result<usize, AppError> {
    let (actor, now, id) = (permit.actor(), state.now(), survey.id().as_str());
    let day = day.unwrap_or_else(|| day_in_japan(now));
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        take_turn(conn, "frames").await?;
        not_drawn(conn, id).await?;
        let rows = hospitals::open_on(conn, day).await?;
        if rows.is_empty() {
            return Err(AppError::conflict(
                "master_empty",
                "病院マスターに、この日に開設している20床以上の病院がありません。先に病院マスターを取り込んでください。",
            ));
        }
        frames::freeze(conn, id, &rows).await?;
        note_drawn(conn, actor, now, id, json!({"hospitals": rows.len(), "master_on": day})).await?;
        Ok(rows.len())
    })
    .await
}

/// Takes a hospital out of a frame's scope: it leaves rates, tables and candidates; what it answered stays.
///
/// # Errors
/// `reason_missing`; `hospital_unknown`, when it is out of scope already too.
pub async fn drop_from_scope(state: &State, permit: &Permit<DrawFrame>, survey: &Survey, gmis: &str, reason: &str) -> Result<(), AppError> {
    let (actor, now) = (permit.actor(), state.now());
    let reason = survey::fault::excerpt(reason.trim());
    if reason.is_empty() {
        return Err(AppError::invalid("reason_missing", "調査対象から外す理由を記入してください。"));
    }
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        take_turn(conn, "frames").await?;
        let row = require(conn, survey, gmis).await?;
        frames::drop_from_scope(conn, survey.id().as_str(), row.hospital_id, &reason, now).await?;
        let entry = audit::Entry {
            action: "drop_from_scope",
            survey: Some(survey.id().as_str()),
            hospital: Some(row.hospital_id),
            prefecture: Some(row.prefecture),
            details: json!({"reason": reason}),
        };
        Ok(audit::insert(conn, actor, now, entry).await?)
    })
    .await
}

async fn not_drawn(conn: &mut AsyncPgConnection, id: &str) -> Result<(), AppError> {
    if frames::count(conn, id).await? > 0 {
        return Err(AppError::conflict(
            "frame_drawn",
            format!(
                "{id}年調査の調査対象名簿は登録済みです。凍結されているため差し替えられません。廃止などの病院は、調査対象から外す操作で外してください。"
            ),
        ));
    }
    Ok(())
}

async fn note_drawn(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    now: DateTime<Utc>,
    survey: &str,
    details: serde_json::Value,
) -> Result<(), AppError> {
    let entry = audit::Entry {
        action: "draw_frame",
        survey: Some(survey),
        details,
        ..audit::Entry::default()
    };
    Ok(audit::insert(conn, actor, now, entry).await?)
}

/// Gives each hospital its identity: that of its G-MIS ID, else of its institution code, else a new one.
async fn identified(
    conn: &mut AsyncPgConnection,
    frame: &Frame,
    known: &BTreeMap<GmisId, Attributes>,
) -> Result<Result<Vec<DrawnRow>, Fault>, AppError> {
    let by_gmis: BTreeMap<String, Uuid> = frames::alias_owners(conn, "gmis_id").await?.into_iter().collect();
    let by_code: BTreeMap<String, Uuid> = frames::alias_owners(conn, "institution_code").await?.into_iter().collect();
    let mut rows = Vec::with_capacity(frame.hospitals().len());
    let mut taken = BTreeSet::new();
    for hospital in frame.hospitals() {
        let known_by_gmis = by_gmis.get(hospital.gmis.as_str());
        let known_by_code = hospital.institution_code.as_ref().and_then(|code| by_code.get(code.as_str()));
        if let (Some(a), Some(b)) = (known_by_gmis, known_by_code)
            && a != b
        {
            let message = "G-MIS IDと医療機関コードが、以前の名簿では別の病院のものです。どちらかを確認してください。";
            return Ok(Err(Fault::error("frame_identity_conflict", message).found(hospital.gmis.as_str())));
        }
        let id = known_by_gmis.or(known_by_code).copied().unwrap_or_else(Uuid::now_v7);
        if !taken.insert(id) {
            let message =
                "この病院のG-MIS IDまたは医療機関コードは、以前の名簿では、この名簿の別の行の病院のものです。どちらかを確認してください。";
            return Ok(Err(Fault::error("frame_identity_conflict", message).found(hospital.gmis.as_str())));
        }
        rows.push(DrawnRow {
            row: row_of(id, hospital),
            attributes: known
                .get(&hospital.gmis)
                .map_or(Ok(json!({})), serde_json::to_value)
                .map_err(AppError::internal)?,
        });
    }
    Ok(Ok(rows))
}

fn row_of(hospital_id: Uuid, hospital: &FrameHospital) -> FrameRow {
    FrameRow {
        hospital_id,
        gmis_id: hospital.gmis.as_str().to_owned(),
        institution_code: hospital.institution_code.as_ref().map(|code| code.as_str().to_owned()),
        name: hospital.name.clone(),
        prefecture: i16::from(hospital.prefecture.number()),
        municipality: hospital
            .municipality
            .as_ref()
            .map(|code| code.as_str().to_owned())
            .unwrap_or_default(),
        beds: i32::from(hospital.beds.number()),
    }
}

/// A row as the pure crates know it.
///
/// # Errors
/// Internal: the database holds what no frame takes.
pub fn hospital_of(row: &FrameRow) -> Result<FrameHospital, AppError> {
    Ok(FrameHospital {
        gmis: GmisId::parse(&row.gmis_id).map_err(AppError::internal)?,
        institution_code: row
            .institution_code
            .as_deref()
            .map(InstitutionCode::parse)
            .transpose()
            .map_err(AppError::internal)?,
        name: row.name.clone(),
        prefecture: prefecture_of(row.prefecture)?,
        municipality: municipality_of(&row.municipality)?,
        beds: beds_of(row.beds)?,
    })
}

/// A stored prefecture.
///
/// # Errors
/// Internal: it is none.
pub fn prefecture_of(number: i16) -> Result<PrefectureCode, AppError> {
    PrefectureCode::new(u8::try_from(number).map_err(AppError::internal)?).map_err(AppError::internal)
}

/// A stored municipality; empty is none.
///
/// # Errors
/// Internal: it is no code.
pub fn municipality_of(code: &str) -> Result<Option<MunicipalityCode>, AppError> {
    if code.is_empty() {
        Ok(None)
    } else {
        MunicipalityCode::parse(code).map(Some).map_err(AppError::internal)
    }
}

/// Where a hospital is, as closely as the frame says.
///
/// # Errors
/// Internal: no prefecture, or no code.
pub fn place_of(prefecture: i16, municipality: &str) -> Result<Area, AppError> {
    let prefecture = prefecture_of(prefecture)?;
    Ok(municipality_of(municipality)?.map_or(Area::Prefecture(prefecture), Area::Municipality))
}

/// Stored beds.
///
/// # Errors
/// Internal: out of range.
pub fn beds_of(beds: i32) -> Result<Beds, AppError> {
    Beds::new(u16::try_from(beds).map_err(AppError::internal)?).map_err(AppError::internal)
}

/// Whether the actor may see unsuppressed numbers of an area.
///
/// # Errors
/// `area_not_yours`: which area is the actor's.
pub fn require_area(actor: &Actor, area: &Area) -> Result<(), AppError> {
    match actor.area() {
        Some(own) if own.contains(area) => Ok(()),
        Some(own) => Err(AppError::forbidden(
            "area_not_yours",
            format!(
                "集計できるのは管轄する地域（{}）だけです。他の地域は公表版をご覧ください。",
                own.name()
            ),
        )),
        None => Err(AppError::forbidden(
            "area_not_yours",
            "集計表を見る権限がありません。公表版をご覧ください。",
        )),
    }
}

/// The first day that today is in Japan.
pub fn day_in_japan(time: DateTime<Utc>) -> NaiveDate {
    time.with_timezone(&survey::window::JST).date_naive()
}
