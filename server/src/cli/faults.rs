//! Faults for people: one line each, with the cell, what was found and what may stand there.

use std::path::Path;

use survey::edition::Edition;
use survey::fault::Fault;

use super::output;

/// A fault in one line; questions bear their printed names where the edition is known.
pub(super) fn line(fault: &Fault, edition: Option<&Edition>) -> String {
    let mut parts = vec![if fault.is_error() { "エラー" } else { "警告" }.to_owned()];
    parts.extend(place(fault));
    parts.extend(fault.question.as_deref().map(|question| format!("［{}］", name(question, edition))));
    parts.push(fault.message.clone());
    parts.extend(fault.found.as_deref().map(|found| format!("記入: 「{}」", one_line(found))));
    parts.extend(
        fault
            .expected
            .as_deref()
            .map(|expected| format!("記入できるもの: {}", one_line(expected))),
    );
    parts.push(format!("({})", fault.code));
    parts.join(" ")
}

/// Says on stderr what is to be looked at in a file that was read all the same.
pub(super) fn warn(file: &Path, found: &[Fault]) {
    for fault in found {
        output::talk(&format!("{}: {}", file.display(), line(fault, None)));
    }
}

fn place(fault: &Fault) -> Option<String> {
    match (&fault.sheet, &fault.cell) {
        (Some(sheet), Some(cell)) => Some(format!("{}!{cell}", one_line(sheet))),
        (Some(only), None) | (None, Some(only)) => Some(one_line(only)),
        (None, None) => None,
    }
}

fn name(question: &str, edition: Option<&Edition>) -> String {
    let key = question.split('.').next().unwrap_or(question);
    edition
        .and_then(|edition| edition.question(key))
        .map_or_else(|| question.to_owned(), survey::question::Question::heading)
}

/// What a sender wrote must not begin lines of its own in a terminal, nor steer it.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_where_what_and_what_instead() {
        let fault = Fault::error("unknown_option", "選択肢にありません。")
            .at("回答", "F3")
            .question("backup_generations")
            .found("四\n世代")
            .expected("3世代以上、2世代、1世代");
        let edition = survey::find("2024").unwrap().first_edition();
        let expected = "エラー 回答!F3 ［Q12-3 ";
        let shown = line(&fault, Some(edition));
        assert!(shown.starts_with(expected), "{shown}");
        assert!(
            shown.ends_with("選択肢にありません。 記入: 「四 世代」 記入できるもの: 3世代以上、2世代、1世代 (unknown_option)"),
            "{shown}"
        );
    }

    #[test]
    fn nothing_of_a_file_steers_the_terminal() {
        let fault = Fault::warning("column_unknown", "読み込みません。")
            .at("\u{1b}[2J", "A1")
            .found("\u{1b}]0;x\u{7}");
        assert!(!line(&fault, None).chars().any(char::is_control));
    }
}
