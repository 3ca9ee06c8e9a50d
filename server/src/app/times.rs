//! When a hospital may answer: a survey's windows with their early ends, extensions, and a returned submission's own date, asked at one moment.

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use survey::area::MunicipalityCode;
use survey::survey::Survey;
use survey::window::{JST, Standing, Window, standing};

use crate::db::frames::FrameRow;
use crate::db::surveys::{self, ClosureRow, ExtensionRow, WindowRow};
use crate::error::AppError;

/// A window as it was announced, with its early end if it has one.
#[derive(Debug, Clone)]
pub struct Announced {
    /// As announced.
    pub window: WindowRow,
    /// The earliest of its early ends.
    pub closure: Option<ClosureRow>,
}

impl Announced {
    /// The windows of a survey, the earliest first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn load(conn: &mut AsyncPgConnection, survey: &Survey) -> Result<Vec<Announced>, AppError> {
        let id = survey.id().as_str();
        // The earliest first: the first that is found is the one that counts.
        let closures = surveys::closures(conn, id).await?;
        let announced = |window: WindowRow| Announced {
            closure: closures.iter().find(|closure| closure.window_id == window.id).cloned(),
            window,
        };
        Ok(surveys::windows(conn, id).await?.into_iter().map(announced).collect())
    }

    /// The last second in which it takes answers, included.
    pub fn closes(&self) -> DateTime<Utc> {
        self.closure
            .as_ref()
            .map_or(self.window.closes, |closure| closure.closes.min(self.window.closes))
    }

    /// As it holds; `None` when its early end is before its opening.
    pub fn held(&self) -> Option<Window> {
        let closes = self.closes();
        (self.window.opens <= closes).then(|| Window {
            opens: self.window.opens.with_timezone(&JST),
            closes: closes.with_timezone(&JST),
        })
    }
}

/// The times of a survey, loaded once for many hospitals.
#[derive(Debug, Clone)]
pub struct Times {
    survey: String,
    windows: Vec<Window>,
    /// Ends and reasons of windows that were closed early.
    closed_early: Vec<(DateTime<Utc>, String)>,
    extensions: Vec<ExtensionRow>,
}

impl Times {
    /// Reads windows and extensions.
    ///
    /// # Errors
    /// The database is away.
    pub async fn load(conn: &mut AsyncPgConnection, survey: &Survey) -> Result<Times, AppError> {
        let announced = Announced::load(conn, survey).await?;
        let id = survey.id().as_str();
        Ok(Times {
            survey: id.to_owned(),
            windows: announced.iter().filter_map(Announced::held).collect(),
            closed_early: announced
                .into_iter()
                .filter_map(|window| window.closure.map(|closure| (closure.closes, closure.reason)))
                .collect(),
            extensions: surveys::extensions(conn, id).await?,
        })
    }

    /// How a hospital stands now; `granted` is the date that a return of its answers gave it.
    pub fn standing(&self, hospital: &FrameRow, granted: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Standing {
        let applies = |row: &&ExtensionRow| {
            row.hospital_id == Some(hospital.hospital_id)
                || row.prefecture == Some(hospital.prefecture)
                || row.municipality.as_ref().is_some_and(|code| covers(code, &hospital.municipality))
        };
        let extended = self.extensions.iter().filter(applies).map(|row| row.until).max();
        standing(&self.windows, extended.max(granted), now)
    }

    /// Until when a hospital may answer; `None` while it may not.
    pub fn open_until(&self, hospital: &FrameRow, granted: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.standing(hospital, granted, now) {
            Standing::Open { until } => Some(until),
            Standing::NotYet { .. } | Standing::Closed { .. } | Standing::Never => None,
        }
    }

    /// Whether a hospital may answer now.
    ///
    /// # Errors
    /// `window_closed` or `window_not_yet`: which survey, until when it was, who can lift it.
    pub fn require_open(&self, hospital: &FrameRow, granted: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), AppError> {
        let survey = &self.survey;
        let closed = |closed: DateTime<Utc>| {
            if granted == Some(closed) {
                return format!(
                    "差し戻された回答の再提出期限（{}）を過ぎました。期限を延ばせるのは、差し戻した都道府県（または厚生労働省）の担当者です。ご相談ください。",
                    shown(closed)
                );
            }
            let early = self.closed_early.iter().find(|(closes, _)| *closes == closed);
            let early = early.map_or_else(String::new, |(_, reason)| format!("（繰上げ終了。理由: {reason}）"));
            format!(
                "{survey}年調査の調査期間は{}に終了しました{early}。期限を延長できるのは厚生労働省の調査担当者です。都道府県を通じてご相談ください。",
                shown(closed)
            )
        };
        match self.standing(hospital, granted, now) {
            Standing::Open { .. } => Ok(()),
            Standing::NotYet { opens } => Err(AppError::conflict(
                "window_not_yet",
                format!(
                    "{survey}年調査の調査期間は{}に始まります。始まってから回答してください。早く始められるのは厚生労働省の調査担当者です。",
                    shown(opens)
                ),
            )),
            Standing::Closed { closed: at } => Err(AppError::conflict("window_closed", closed(at))),
            Standing::Never => Err(AppError::conflict(
                "window_closed",
                format!("{survey}年調査には調査期間が設定されていません。厚生労働省の調査担当者にご連絡ください。"),
            )),
        }
    }
}

/// A moment as it is printed for people in Japan.
pub fn shown(time: DateTime<Utc>) -> String {
    time.with_timezone(&JST).format("%Y年%-m月%-d日 %-H時%M分%S秒").to_string()
}

/// Whether a municipality is the hospital's, or the designated city of its ward.
fn covers(code: &str, hospital: &str) -> bool {
    match (MunicipalityCode::parse(code), MunicipalityCode::parse(hospital)) {
        (Ok(code), Ok(hospital)) => code.contains(&hospital),
        _ => false,
    }
}
