//! The result of a check for people: a line for each hospital, then every finding with its cell.

use std::io::{self, Write};

use importer::{Decision, Examination, Verdict};
use survey::edition::Edition;
use survey::fault::Fault;
use survey::survey::Survey;

use crate::cli::faults::{line, one_line};

/// Writes an examination.
pub(super) fn write(out: &mut dyn Write, examination: &Examination, survey: &Survey) -> io::Result<()> {
    let edition = survey.edition(&examination.edition);
    writeln!(out, "{}（{}）", survey.title(), examination.edition)?;
    if !examination.faults.is_empty() {
        writeln!(out, "\nファイル全体の指摘")?;
        list(out, &examination.faults, edition)?;
    }
    if examination.hospitals.is_empty() {
        return writeln!(out, "\n検査した病院はありません。");
    }
    // Widths in columns of a terminal: 判定 and its values are six wide.
    writeln!(out, "\n{:<10}判定    エラー  警告  場所", "G-MIS ID")?;
    for verdict in &examination.hospitals {
        row(out, verdict)?;
    }
    for verdict in examination.hospitals.iter().filter(|verdict| !verdict.faults.is_empty()) {
        writeln!(out, "\n{} の指摘", shown(verdict))?;
        list(out, &verdict.faults, edition)?;
    }
    let accepted = examination
        .hospitals
        .iter()
        .filter(|verdict| verdict.verdict == Decision::Accepted)
        .count();
    let rejected = examination.hospitals.len() - accepted;
    writeln!(out, "\n受付可 {accepted}件、要修正 {rejected}件")
}

fn row(out: &mut dyn Write, verdict: &Verdict) -> io::Result<()> {
    let decision = match verdict.verdict {
        Decision::Accepted => "受付可",
        Decision::Rejected => "要修正",
    };
    let errors = verdict.faults.iter().filter(|fault| fault.is_error()).count();
    let warnings = verdict.faults.len() - errors;
    let sheet = one_line(&verdict.sheet);
    let space = if sheet.is_empty() { "" } else { " " };
    writeln!(
        out,
        "{:<10}{decision}  {errors:>6}  {warnings:>4}  {sheet}{space}{}行目",
        shown(verdict),
        verdict.row
    )
}

fn list(out: &mut dyn Write, faults: &[Fault], edition: Option<&Edition>) -> io::Result<()> {
    faults.iter().try_for_each(|fault| writeln!(out, "  {}", line(fault, edition)))
}

/// The ID, or whatever stood in its place.
fn shown(verdict: &Verdict) -> String {
    let hospital = one_line(&survey::fault::excerpt(&verdict.hospital));
    if hospital.is_empty() { "（空欄）".to_owned() } else { hospital }
}
