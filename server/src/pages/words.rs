//! Words that more than one page says: roles, states, moments, percentages.

pub use analytics::grouped as count;
use chrono::{DateTime, NaiveDate, Utc};
use survey::edition::Edition;
use survey::submission::SubmissionState;
use survey::window::JST;

use crate::auth::actor::Role;

/// A role as its people call it.
pub fn role(role: &Role) -> &'static str {
    match role {
        Role::Hospital(_) => "病院",
        Role::Municipality(_) => "保健所設置市・特別区",
        Role::Prefecture(_) => "都道府県",
        Role::MinistryAnalyst => "厚生労働省（集計担当）",
        Role::MinistryAdministrator => "厚生労働省（調査担当）",
        Role::Operator => "運用担当",
        Role::System => "システム",
    }
}

/// A role of the database, as [`role`].
pub fn role_named(name: &str) -> &'static str {
    match name {
        "hospital" => "病院",
        "municipality" => "保健所設置市・特別区",
        "prefecture" => "都道府県",
        "ministry_analyst" => "厚生労働省（集計担当）",
        "ministry_administrator" => "厚生労働省（調査担当）",
        "operator" => "運用担当",
        _ => "システム",
    }
}

/// A moment in Japan, to the minute.
pub fn moment(time: DateTime<Utc>) -> String {
    time.with_timezone(&JST).format("%Y年%-m月%-d日 %H:%M").to_string()
}

/// A day in Japan.
pub fn day(time: DateTime<Utc>) -> String {
    time.with_timezone(&JST).format("%Y年%-m月%-d日").to_string()
}

/// A date.
pub fn date(date: NaiveDate) -> String {
    date.format("%Y年%-m月%-d日").to_string()
}

/// An edition of a questionnaire as its respondents hold it: by the day on which it was printed.
pub fn edition(edition: &Edition) -> String {
    format!("{}年調査票（{}印刷）", edition.survey(), date(edition.printed()))
}

/// How many days are left until the last second, in words.
pub fn left(until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let last = until.with_timezone(&JST).date_naive();
    match (last - now.with_timezone(&JST).date_naive()).num_days() {
        ..0 => "期限を過ぎました".to_owned(),
        0 => "本日まで".to_owned(),
        days => format!("あと{days}日"),
    }
}

/// A state with the class of its tag.
pub fn state(state: Option<SubmissionState>) -> (&'static str, &'static str) {
    match state {
        None => ("未回答", "tag warn"),
        Some(state @ SubmissionState::Draft) => (state.in_japanese(), "tag warn"),
        Some(state @ SubmissionState::Submitted) => (state.in_japanese(), "tag good"),
        Some(state @ SubmissionState::Accepted) => (state.in_japanese(), "tag good"),
        Some(state @ SubmissionState::Returned) => (state.in_japanese(), "tag bad"),
        Some(state @ SubmissionState::Withdrawn) => (state.in_japanese(), "tag warn"),
    }
}
