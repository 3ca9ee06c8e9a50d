//! Surveys and their times: registration at start, standing of a hospital, reopening, extending.

use chrono::{DateTime, Datelike, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::json;
use survey::area::{Area, MunicipalityCode};
use survey::edition::Edition;
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;
use survey::window::{JST, Standing, Window, standing};
use uuid::Uuid;

use crate::app::frames;
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::{GrantTime, Permit, ReadSurveys};
use crate::db::frames::FrameRow;
use crate::db::surveys::{ExtensionRow, WindowRow};
use crate::db::transaction::{Mode, as_actor};
use crate::db::{audit, surveys};
use crate::error::AppError;

/// The survey of an id.
///
/// # Errors
/// `survey_unknown`.
pub fn known(id: &str) -> Result<&'static Survey, AppError> {
    survey::find(id).ok_or_else(|| {
        let ids = survey::compiled_in()
            .iter()
            .map(|survey| survey.id().as_str())
            .collect::<Vec<_>>()
            .join("、");
        AppError::not_found("survey_unknown", format!("調査がありません。{ids} のいずれかを指定してください。"))
    })
}

/// The edition of a survey: the one named, or the first.
///
/// # Errors
/// `edition_unknown`.
pub fn edition<'s>(survey: &'s Survey, name: Option<&str>) -> Result<&'s Edition, AppError> {
    let Some(name) = name else { return Ok(survey.first_edition()) };
    survey.edition(name).ok_or_else(|| {
        let names = survey
            .editions()
            .iter()
            .map(|edition| edition.name())
            .collect::<Vec<_>>()
            .join("、");
        AppError::not_found(
            "edition_unknown",
            format!("調査票の版がありません。{names} のいずれかを指定してください。"),
        )
    })
}

/// Makes the surveys that come with the program known to the database, with their printed windows. Refuses a changed edition.
///
/// # Errors
/// Internal: the database knows an edition with another hash; answers were given to that one. Or the database is away.
pub async fn register_all(state: &State) -> Result<(), AppError> {
    let actor = Actor::system();
    as_actor(&state.pool, &actor, Mode::Write, async |conn| {
        for survey in survey::compiled_in() {
            register(conn, survey).await?;
        }
        Ok(())
    })
    .await
}

async fn register(conn: &mut AsyncPgConnection, survey: &Survey) -> Result<(), AppError> {
    let id = survey.id().as_str();
    if surveys::insert(conn, id, survey.title()).await? {
        for window in survey.windows() {
            let row = WindowRow {
                id: Uuid::now_v7(),
                survey_id: id.to_owned(),
                opens: window.opens.to_utc(),
                closes: window.closes.to_utc(),
                reason: "notice".to_owned(),
                account_id: None,
            };
            surveys::insert_window(conn, &row).await?;
        }
    }
    for edition in survey.editions() {
        surveys::insert_edition(conn, id, (edition.id().as_str(), edition.hash(), edition.layout().hash())).await?;
    }
    for row in surveys::editions(conn, id).await? {
        let Some(edition) = survey.edition(&row.id) else { continue };
        if edition.hash() != row.hash || edition.layout().hash() != row.layout_hash {
            return Err(AppError::internal(format!(
                "edition {} of this program differs from the one in the database (hash {} against {}): an edition is frozen once it is known; make a new edition instead",
                row.id,
                edition.hash(),
                row.hash
            )));
        }
    }
    Ok(())
}

/// The times of a survey, loaded once for many hospitals.
#[derive(Debug, Clone)]
pub struct Times {
    survey: String,
    windows: Vec<Window>,
    extensions: Vec<ExtensionRow>,
}

impl Times {
    /// Reads windows and extensions.
    ///
    /// # Errors
    /// The database is away.
    pub async fn load(conn: &mut AsyncPgConnection, survey: &Survey) -> Result<Times, AppError> {
        let id = survey.id().as_str();
        let window = |row: WindowRow| Window {
            opens: row.opens.with_timezone(&JST),
            closes: row.closes.with_timezone(&JST),
        };
        let windows = surveys::windows(conn, id).await?.into_iter().map(window).collect();
        Ok(Times {
            survey: id.to_owned(),
            windows,
            extensions: surveys::extensions(conn, id).await?,
        })
    }

    /// How a hospital stands now.
    pub fn standing(&self, hospital: &FrameRow, now: DateTime<Utc>) -> Standing {
        let applies = |row: &&ExtensionRow| {
            row.hospital_id == Some(hospital.hospital_id)
                || row.prefecture == Some(hospital.prefecture)
                || row.municipality.as_ref().is_some_and(|code| covers(code, &hospital.municipality))
        };
        let extended = self.extensions.iter().filter(applies).map(|row| row.until).max();
        standing(&self.windows, extended, now)
    }

    /// Whether a hospital may answer now.
    ///
    /// # Errors
    /// `window_closed` or `window_not_yet`: which survey, until when it was, who can extend it.
    pub fn require_open(&self, hospital: &FrameRow, now: DateTime<Utc>) -> Result<(), AppError> {
        let survey = &self.survey;
        let shown = |time: DateTime<Utc>| time.with_timezone(&JST).format("%Y年%-m月%-d日 %-H時%M分%S秒");
        match self.standing(hospital, now) {
            Standing::Open { .. } => Ok(()),
            Standing::NotYet { opens } => Err(AppError::conflict(
                "window_not_yet",
                format!(
                    "{survey}年調査の調査期間は{}に始まります。始まってから回答してください。",
                    shown(opens)
                ),
            )),
            Standing::Closed { closed } => Err(AppError::conflict(
                "window_closed",
                format!(
                    "{survey}年調査の調査期間は{}に終了しました。期限を延長できるのは厚生労働省の調査担当者です。都道府県を通じてご相談ください。",
                    shown(closed)
                ),
            )),
            Standing::Never => Err(AppError::conflict(
                "window_closed",
                format!("{survey}年調査には調査期間が設定されていません。厚生労働省の調査担当者にご連絡ください。"),
            )),
        }
    }
}

/// Whether a municipality is the hospital's, or the designated city of its ward.
fn covers(code: &str, hospital: &str) -> bool {
    match (MunicipalityCode::parse(code), MunicipalityCode::parse(hospital)) {
        (Ok(code), Ok(hospital)) => code.contains(&hospital),
        _ => false,
    }
}

/// Windows of a survey as stored.
///
/// # Errors
/// The database is away.
pub async fn windows(state: &State, permit: &Permit<ReadSurveys>, survey: &Survey) -> Result<Vec<WindowRow>, AppError> {
    as_actor(&state.pool, permit.actor(), Mode::Snapshot, async |conn| {
        Ok(surveys::windows(conn, survey.id().as_str()).await?)
    })
    .await
}

/// Opens a survey again, with a reason, as an audited act.
///
/// # Errors
/// `reason_missing`, `time_invalid`, `window_backwards`, or the database is away.
pub async fn open_window(
    state: &State,
    permit: &Permit<GrantTime>,
    survey: &Survey,
    times: (DateTime<Utc>, DateTime<Utc>),
    reason: &str,
) -> Result<WindowRow, AppError> {
    let (opens, closes) = times;
    require_reason(reason)?;
    require_known_century(&[opens, closes])?;
    if opens >= closes {
        return Err(AppError::invalid(
            "window_backwards",
            "調査期間の終わりは始まりより後にしてください。",
        ));
    }
    let actor = permit.actor();
    let now = state.now();
    let row = WindowRow {
        id: Uuid::now_v7(),
        survey_id: survey.id().as_str().to_owned(),
        opens,
        closes,
        reason: reason.to_owned(),
        account_id: actor.account(),
    };
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        surveys::insert_window(conn, &row).await?;
        let details = json!({"opens": opens, "closes": closes, "reason": reason});
        let entry = audit::Entry {
            action: "open_window",
            survey: Some(survey.id().as_str()),
            details,
            ..audit::Entry::default()
        };
        Ok(audit::insert(conn, actor, now, entry).await?)
    })
    .await?;
    Ok(row)
}

/// For whom a survey is extended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extended {
    /// One hospital, by G-MIS ID.
    Hospital(String),
    /// A prefecture.
    Prefecture(PrefectureCode),
    /// A municipality.
    Municipality(MunicipalityCode),
}

/// Extends a survey for a hospital or an area, with a reason, as an audited act.
///
/// # Errors
/// `reason_missing`, `time_invalid`, `hospital_unknown`, or the database is away.
pub async fn extend(
    state: &State,
    permit: &Permit<GrantTime>,
    survey: &Survey,
    whom: &Extended,
    until: DateTime<Utc>,
    reason: &str,
) -> Result<ExtensionRow, AppError> {
    require_reason(reason)?;
    require_known_century(&[until])?;
    let actor = permit.actor();
    let now = state.now();
    as_actor(&state.pool, actor, Mode::Write, async |conn| {
        let hospital = match whom {
            Extended::Hospital(gmis) => Some(frames::require(conn, survey, gmis).await?.hospital_id),
            Extended::Prefecture(_) | Extended::Municipality(_) => None,
        };
        let row = ExtensionRow {
            id: Uuid::now_v7(),
            survey_id: survey.id().as_str().to_owned(),
            hospital_id: hospital,
            prefecture: match whom {
                Extended::Prefecture(code) => Some(i16::from(code.number())),
                Extended::Hospital(_) | Extended::Municipality(_) => None,
            },
            municipality: match whom {
                Extended::Municipality(code) => Some(code.to_string()),
                Extended::Hospital(_) | Extended::Prefecture(_) => None,
            },
            until,
            reason: reason.to_owned(),
            account_id: actor.account(),
        };
        surveys::insert_extension(conn, &row).await?;
        let details =
            json!({"until": until, "reason": reason, "area": row.prefecture.map(|p| p.to_string()).or_else(|| row.municipality.clone())});
        let entry = audit::Entry {
            action: "grant_extension",
            survey: Some(survey.id().as_str()),
            hospital,
            prefecture: row.prefecture,
            details,
        };
        audit::insert(conn, actor, now, entry).await?;
        Ok(row)
    })
    .await
}

/// Refuses times that are slips; some of them Postgres could not even keep.
///
/// # Errors
/// `time_invalid`.
pub fn require_known_century(times: &[DateTime<Utc>]) -> Result<(), AppError> {
    if times.iter().all(|time| (2000..2200).contains(&time.year())) {
        return Ok(());
    }
    Err(AppError::invalid(
        "time_invalid",
        "日時は西暦2000年から2199年までで指定してください。",
    ))
}

fn require_reason(reason: &str) -> Result<(), AppError> {
    if reason.trim().is_empty() {
        return Err(AppError::invalid(
            "reason_missing",
            "理由を記入してください。理由は記録に残ります。",
        ));
    }
    Ok(())
}

/// The area of a scope, for those who ask by area.
pub fn whom_of_area(area: &Area) -> Option<Extended> {
    match area {
        Area::Nation => None,
        Area::Prefecture(code) => Some(Extended::Prefecture(*code)),
        Area::Municipality(code) => Some(Extended::Municipality(code.clone())),
    }
}
