//! The form of a finding of an inspection: what it sends, what it is as a finding, and its fields as they are shown again. Decides nothing that is stored.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::app::inspections::NewInspection;
use crate::db::inspections::FoundRow;
use crate::error::AppError;
use crate::pages::fields::{Choice, ChoiceField, Look, Takes, TextField};
use crate::pages::refusals::Refused;

/// The fields of the form.
pub struct Fields {
    pub hospital: TextField,
    pub level: ChoiceField,
    pub day: TextField,
    pub note: TextField,
    /// Only of a correction.
    pub reason: Option<TextField>,
}

/// What a form says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    /// `enter`, `correct`, `withdraw`.
    pub act: String,
    /// Which finding, if it is not a new one.
    pub id: String,
    pub hospital: String,
    pub level: String,
    pub day: String,
    pub note: String,
    pub reason: String,
    pub key: String,
}

/// The grade of a finding in words.
pub fn level(level: i16) -> &'static str {
    match level {
        1 => "口頭指導",
        2 => "文書指摘",
        _ => "重大な不備",
    }
}

/// The finding that was typed.
///
/// # Errors
/// `inspection_invalid`.
pub fn new(sent: &Sent) -> Result<NewInspection, AppError> {
    let invalid = |message: &str| AppError::invalid("inspection_invalid", message);
    let level = sent
        .level
        .parse::<i16>()
        .ok()
        .ok_or_else(|| invalid("指摘の区分を選んでください。"))?;
    let day = NaiveDate::parse_from_str(sent.day.trim(), "%Y-%m-%d").ok();
    Ok(NewInspection {
        hospital: sent.hospital.trim().to_uppercase(),
        level,
        inspected_on: day.ok_or_else(|| invalid("立入検査の日を「2024-01-31」のように入力してください。"))?,
        note: sent.note.clone(),
    })
}

/// The form as an address begins it: with a hospital, or with the finding that is to be corrected.
pub fn begun(rows: &[FoundRow], correct: &str, hospital: &str) -> Sent {
    let wrong = rows.iter().find(|row| row.id.to_string() == correct);
    match wrong {
        Some(row) => Sent {
            act: "correct".to_owned(),
            id: row.id.to_string(),
            hospital: row.gmis_id.clone().unwrap_or_default(),
            level: row.level.to_string(),
            day: row.inspected_on.to_string(),
            note: row.note.clone(),
            ..Sent::default()
        },
        None => Sent {
            act: "enter".to_owned(),
            hospital: hospital.to_owned(),
            ..Sent::default()
        },
    }
}

/// The field that a refusal speaks of.
pub fn place_of(refused: &Refused, sent: &Sent) -> String {
    let is_level = sent.level.parse::<i16>().is_ok_and(|level| (1..=3).contains(&level));
    let is_long = sent.note.trim().chars().count() > 1_000;
    match (sent.act.as_str(), refused.code.as_str()) {
        ("withdraw", _) => return format!("withdraw-{}", sent.id),
        (_, "hospital_unknown") => "hospital",
        (_, "reason_missing" | "reason_too_long") => "reason",
        (_, "inspection_invalid") if !is_level => "level",
        (_, "inspection_invalid") if is_long => "note",
        (_, "inspection_invalid") => "day",
        _ => "",
    }
    .to_owned()
}

/// The fields as they are shown.
pub fn fields(sent: &Sent, refused: Option<&Refused>) -> Fields {
    let error = |field: &str| {
        refused
            .filter(|refused| place_of(refused, sent) == field)
            .map(|refused| refused.sentence.clone())
    };
    let levels = (1..=3)
        .map(|number| Choice::new(number.to_string(), level(number), &sent.level))
        .collect();
    Fields {
        hospital: TextField::new("hospital", "病院のG-MIS ID")
            .support("半角の英数字7～8文字です。")
            .value(&sent.hospital)
            .error(error("hospital")),
        level: ChoiceField::new("level", "指摘の区分", Look::Radios, levels).error(error("level")),
        day: TextField::new("day", "立入検査の日")
            .takes(Takes::Date)
            .value(&sent.day)
            .error(error("day")),
        note: TextField::new("note", "指摘の内容")
            .optional()
            .takes(Takes::Lines)
            .value(&sent.note)
            .error(error("note")),
        reason: (sent.act == "correct").then(|| {
            TextField::new("reason", "訂正する理由")
                .support("記録に残ります。")
                .value(&sent.reason)
                .error(error("reason"))
        }),
    }
}
