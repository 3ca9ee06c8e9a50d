//! Words and spellings that the files share: titles given by the caller, times in JST, names of areas, and text made safe for a cell.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use survey::area::Area;
use survey::window::JST;

/// What the caller says about a reading workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportText {
    /// Title on the cover.
    pub title: String,
    /// Who hands it out.
    pub publisher: String,
    /// Whose hospitals are counted. Mandatory, as for tables.
    pub area: Area,
    /// Further paragraphs for the sheet 方法と注意.
    pub notes: Vec<String>,
}

/// What the caller says about a selection list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramText {
    /// The programme's title.
    pub title: String,
    /// Who hands the list in.
    pub publisher: String,
    /// When the inputs were read; every date in the file.
    pub as_of: DateTime<Utc>,
    /// Further paragraphs.
    pub notes: Vec<String>,
}

/// Excel's limit of a cell, in UTF-16 units.
const CELL_UNITS: usize = 32_767;
/// Excel's limit of a sheet name, in UTF-16 units.
const SHEET_NAME_UNITS: usize = 31;
/// Excel's limit of a footer is 255 with its control codes; the text gets the rest.
const FOOTER_UNITS: usize = 150;

/// `2024年3月8日 23時59分（日本時間）`.
pub(super) fn time_ja(time: DateTime<Utc>) -> String {
    time.with_timezone(&JST).format("%Y年%-m月%-d日 %-H時%M分（日本時間）").to_string()
}

/// `2024-03-08T23:59:00+09:00`.
pub(super) fn time_iso(time: DateTime<Utc>) -> String {
    time.with_timezone(&JST).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// The text up to so many UTF-16 units, closed with … where something was cut.
fn cut(text: &str, units: usize) -> String {
    if text.encode_utf16().count() <= units {
        return text.to_owned();
    }
    let mut left = units.saturating_sub(1);
    let kept: String = text
        .chars()
        .take_while(|letter| {
            let fits = letter.len_utf16() <= left;
            left = left.saturating_sub(letter.len_utf16());
            fits
        })
        .collect();
    format!("{kept}…")
}

/// Text that fits a cell.
pub(super) fn cell(text: &str) -> String {
    cut(text, CELL_UNITS)
}

/// Text in one line, without spaces or breaks for looks (rules L1-06 and L1-14), and with circled numbers spelled out (L1-08).
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        for letter in word.chars() {
            match circled_number(letter) {
                Some(number) => line.push_str(&format!("({number})")),
                None => line.push(letter),
            }
        }
    }
    cell(&line)
}

/// ① is 1, ⑳ is 20.
fn circled_number(letter: char) -> Option<u32> {
    ('①'..='⑳').contains(&letter).then(|| u32::from(letter) - u32::from('①') + 1)
}

/// Text for a page footer: `&` starts a control code there.
pub(super) fn footer(text: &str) -> String {
    cut(text, FOOTER_UNITS / 2).replace('&', "&&")
}

/// A name that Excel takes for a sheet and that none of `taken` has; compared without case, as Excel does.
pub(super) fn sheet_name(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String = wanted
        .chars()
        .filter(|letter| !letter.is_control() && !"[]:*?/\\'".contains(*letter))
        .collect();
    let plain = if plain.trim().is_empty() {
        "設問".to_owned()
    } else {
        plain.trim().to_owned()
    };
    let mut name = cut(&plain, SHEET_NAME_UNITS);
    let mut again = 1_u32;
    while !taken.insert(name.to_lowercase()) {
        again += 1;
        let ending = format!("_{again}");
        name = format!("{}{ending}", cut(&plain, SHEET_NAME_UNITS.saturating_sub(ending.len())));
    }
    name
}

/// A link inside the workbook. Sheet names are always quoted: they hold spaces and Japanese.
pub(super) fn internal_link(sheet: &str) -> String {
    format!("internal:'{}'!A1", sheet.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_names_are_short_unique_and_free_of_what_excel_refuses() {
        let mut taken = BTreeSet::new();
        let long = "Q12-4 電子カルテシステムのバックアップに用いている電子記録媒体の種類の数";
        let names: Vec<String> = [long, long, "a/b:c*d?", "A/B:C*D?", "''", ""]
            .iter()
            .map(|name| sheet_name(name, &mut taken))
            .collect();
        let different: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(different.len(), names.len());
        for name in &names {
            assert!(name.encode_utf16().count() <= 31 && !name.is_empty(), "{name}");
            assert!(!name.contains(['[', ']', ':', '*', '?', '/', '\\', '\'']), "{name}");
        }
    }

    #[test]
    fn long_text_is_cut_at_whole_letters() {
        assert_eq!(cell(&"𠮷".repeat(40_000)).encode_utf16().count(), 32_767);
        assert_eq!(cell("短い"), "短い");
    }

    #[test]
    fn one_line_has_no_breaks_and_no_circled_numbers() {
        assert_eq!(one_line(" ①バックアップ\r\n  頻度\t⑳ "), "(1)バックアップ 頻度 (20)");
    }
}
