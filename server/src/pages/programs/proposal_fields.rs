//! The question of a computation of quotas, as an address or a form has it, and its fields as they are shown again.

use std::collections::BTreeMap;

use analytics::quota::Rounding;
use survey::prefecture::PrefectureCode;

use super::bands;
use crate::app::programs::quotas::proposal::{Ask, Method};
use crate::db::programs::ProgramRow;
use crate::error::AppError;
use crate::pages::fields::{Choice, ChoiceField, Look, Takes, TextField};
use crate::pages::refusals::Refused;

/// Fields as an address or a form has them.
pub type Typed = BTreeMap<String, String>;

/// The fields of the question.
pub struct Fields {
    pub first: Vec<TextField>,
    pub method: ChoiceField,
    pub rounding: ChoiceField,
    /// The totals of bands.
    pub bands: Vec<TextField>,
    pub prefectures: TextField,
    /// Whether totals are given.
    pub is_given: bool,
}

fn of<'t>(typed: &'t Typed, name: &str) -> &'t str {
    typed.get(name).map_or("", |value| value.trim())
}

fn band_field(key: &str) -> String {
    format!("band-{}", key.replace('+', "-up"))
}

/// Whether something is to be computed.
pub fn is_asked(typed: &Typed) -> bool {
    typed.contains_key("total")
}

/// The question, for the form that takes the proposal over.
pub fn asked(typed: &Typed) -> Vec<(String, String)> {
    let kept = typed.iter().filter(|(name, _)| !matches!(name.as_str(), "reason" | "hash"));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The question as the use case takes it.
///
/// # Errors
/// `quota_totals_invalid`: what was typed is no number, or names no prefecture.
pub fn ask(program: &ProgramRow, typed: &Typed) -> Result<Ask, AppError> {
    let number = |name: &str, field: &'static str, label: &str| match of(typed, name) {
        "" => Ok(None),
        text => text
            .parse::<u64>()
            .map(Some)
            .map_err(|_no_number| invalid(format!("{label}は0以上の整数で入力してください。")).at(field)),
    };
    let mut totals = BTreeMap::new();
    for band in bands(program)? {
        if let Some(total) = number(&band_field(band.key), "band_totals", &format!("区分計（{}）", band.label))? {
            totals.insert(band.key.to_owned(), total);
        }
    }
    Ok(Ask {
        total: number("total", "total", "全国の総数")?,
        method: match of(typed, "method") {
            "largest_remainder" => Method::LargestRemainder,
            _ => Method::Biproportional,
        },
        rounding: match of(typed, "rounding") {
            "up" => Rounding::Up,
            "down" => Rounding::Down,
            _ => Rounding::Standard,
        },
        prefecture_totals: prefectures(of(typed, "prefecture_totals"))?,
        band_totals: Some(totals).filter(|totals| !totals.is_empty()),
        at_least: number("at_least", "at_least", "1枠の最少")?.unwrap_or(0),
        lower: Vec::new(),
    })
}

/// What may stand between a prefecture and its total.
const BETWEEN: [char; 4] = [' ', '\t', ',', '　'];

/// A line for each prefecture: its name or number, and its total.
fn prefectures(text: &str) -> Result<Option<BTreeMap<PrefectureCode, u64>>, AppError> {
    let mut totals = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let wrong = || {
            invalid(format!(
                "都道府県計の{number}行目を「東京都 120」のように、都道府県と病院数で入力してください。"
            ))
            .at("prefecture_totals")
        };
        let (name, total) = line.rsplit_once(BETWEEN).ok_or_else(wrong)?;
        let code = PrefectureCode::parse(name.trim_end_matches(BETWEEN)).ok().ok_or_else(wrong)?;
        let total = total.trim().parse::<u64>().ok().ok_or_else(wrong)?;
        if totals.insert(code, total).is_some() {
            return Err(invalid(format!("都道府県計に{}が2回あります。1つにしてください。", code.name())).at("prefecture_totals"));
        }
    }
    Ok(Some(totals).filter(|totals| !totals.is_empty()))
}

fn invalid(message: String) -> AppError {
    AppError::invalid("quota_totals_invalid", message)
}

/// The fields as they are shown.
///
/// # Errors
/// A defect.
pub fn fields(program: &ProgramRow, typed: &Typed, refused: Option<&Refused>) -> Result<Fields, AppError> {
    let error = |name: &str| {
        refused
            .filter(|refused| refused.place() == name)
            .map(|refused| refused.sentence.clone())
    };
    let number = |name: &str, label: String| TextField::new(name, label).optional().takes(Takes::Number).value(of(typed, name));
    let radios = |name: &str, label: &str, usual: &str, choices: &[(&str, &str)]| {
        let standing = Some(of(typed, name)).filter(|text| !text.is_empty()).unwrap_or(usual);
        let choices = choices.iter().map(|(value, label)| Choice::new(*value, *label, standing)).collect();
        ChoiceField::new(name, label, Look::Radios, choices).unmarked()
    };
    let bands = bands(program)?;
    // What is no number first, then what is missing.
    let typed_in = |place: usize| bands.get(place).map_or("", |band| of(typed, &band_field(band.key)));
    let no_number = (0..bands.len()).find(|place| !typed_in(*place).is_empty() && typed_in(*place).parse::<u64>().is_err());
    let wrong = no_number.or_else(|| (0..bands.len()).find(|place| typed_in(*place).is_empty()));
    let error_of = |place: usize| error("band_totals").filter(|_| wrong.unwrap_or(0) == place);
    let totals: Vec<TextField> = bands
        .iter()
        .enumerate()
        .map(|(place, band)| number(&band_field(band.key), format!("区分計（{}）", band.label)).error(error_of(place)))
        .collect();
    let is_refused = refused.is_some_and(|refused| matches!(refused.place(), "prefecture_totals" | "band_totals"));
    let is_given = is_refused || !of(typed, "prefecture_totals").is_empty() || totals.iter().any(|field| !field.value.is_empty());
    Ok(Fields {
        first: vec![
            number("total", "全国の総数".to_owned())
                .support("下の計を入力したときは、空欄でも構いません。")
                .error(error("total")),
            number("at_least", "1枠の最少".to_owned())
                .support("候補がこれより少ない枠は、候補の数までになります。")
                .error(error("at_least")),
        ],
        method: radios(
            "method",
            "配り方",
            "biproportional",
            &[
                ("biproportional", "都道府県計と区分計の両方を合わせる（二方向比例配分）"),
                ("largest_remainder", "すべての枠に一度に配る（最大剰余法）"),
            ],
        )
        .error(error("method")),
        rounding: radios(
            "rounding",
            "端数（両方を合わせるとき）",
            "standard",
            &[("standard", "四捨五入"), ("up", "切上げ"), ("down", "切捨て")],
        ),
        bands: totals,
        prefectures: TextField::new("prefecture_totals", "都道府県計")
            .optional()
            .takes(Takes::Lines)
            .support("1行に1都道府県（例：東京都 120）。入力するときは47都道府県すべてが要ります。表計算の2列を貼り付けられます。")
            .value(of(typed, "prefecture_totals"))
            .error(error("prefecture_totals")),
        is_given,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_of_prefectures_are_read_as_they_are_pasted() {
        let totals = prefectures("東京都\t120\n\n14 神奈川県, 80\n").unwrap().unwrap();
        assert_eq!(totals.values().copied().collect::<Vec<_>>(), [120, 80]);
        for text in ["東京都", "東京都 多数", "江戸 3", "東京都 1\n東京 2"] {
            assert!(prefectures(text).is_err(), "{text}");
        }
        assert!(prefectures(" \n").unwrap().is_none());
    }
}
