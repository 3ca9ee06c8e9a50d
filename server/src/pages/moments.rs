//! Days and moments as browsers send them from `datetime-local` fields: without a zone, meant in Japan.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use survey::window::JST;

use crate::error::AppError;

/// The moment that was typed.
///
/// # Errors
/// `time_invalid`.
pub fn moment(text: &str) -> Result<DateTime<Utc>, AppError> {
    let text = text.trim();
    let parsed = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let moment = parsed.and_then(|naive| naive.and_local_timezone(JST).single());
    moment.map(|moment| moment.to_utc()).ok_or_else(|| {
        AppError::invalid(
            "time_invalid",
            "日時は「2024-03-15T17:00」のように、年月日と時刻で入力してください。",
        )
    })
}

/// The last second of the minute that was typed: a period that ends at 17:00 takes what comes at 17:00.
///
/// # Errors
/// `time_invalid`.
pub fn last_second(text: &str) -> Result<DateTime<Utc>, AppError> {
    moment(text).map(|moment| moment + TimeDelta::seconds(59))
}

/// A moment as a `datetime-local` field has it.
pub fn typed(moment: DateTime<Utc>) -> String {
    moment.with_timezone(&JST).format("%Y-%m-%dT%H:%M").to_string()
}
