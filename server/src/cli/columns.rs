//! Tables for a terminal, where a Japanese character takes two columns.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Writes a heading line, a rule and rows, each column as wide as its widest cell.
pub(super) fn write(out: &mut dyn Write, columns: &[(&str, Align)], rows: &[Vec<String>]) -> io::Result<()> {
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(place, (heading, _))| {
            rows.iter()
                .filter_map(|row| row.get(place))
                .map(|cell| cell.width())
                .chain([heading.width()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let headings: Vec<String> = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    line(out, columns, &widths, &headings)?;
    writeln!(
        out,
        "{}",
        "-".repeat(widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1))
    )?;
    rows.iter().try_for_each(|row| line(out, columns, &widths, row))
}

fn line(out: &mut dyn Write, columns: &[(&str, Align)], widths: &[usize], cells: &[String]) -> io::Result<()> {
    let mut text = String::new();
    for ((cell, (_, align)), width) in cells.iter().zip(columns).zip(widths) {
        let space = " ".repeat(width.saturating_sub(cell.width()));
        match align {
            Align::Left => text.extend([cell.as_str(), &space, "  "]),
            Align::Right => text.extend([space.as_str(), cell, "  "]),
        }
    }
    writeln!(out, "{}", text.trim_end())
}

/// `64.7%`, or a dash where there is no base.
pub(super) fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}%"))
}
