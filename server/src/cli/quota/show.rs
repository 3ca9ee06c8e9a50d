//! Quotas for people: tables of prefectures and bands with totals, changes, versions and requests.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;
use survey::band::{Band, Banding};
use survey::fault::excerpt;
use survey::prefecture::PrefectureCode;

use crate::app::programs::quotas::Version;
use crate::app::programs::quotas::changes::CellChange;
use crate::app::programs::quotas::compute::Computed;
use crate::app::programs::quotas::files::QuotaReport;
use crate::app::programs::quotas::moves::Asked;
use crate::cli::columns::{self, Align};
use crate::cli::exit::CliError;
use crate::cli::{faults, output};
use crate::db::quotas::QuotaRow;

/// Numbers of cells by prefecture and key of the band, with a mark behind those that have one.
type Cells<'a> = BTreeMap<(PrefectureCode, &'a str), (u64, bool)>;

pub(super) fn in_force(rows: &[QuotaRow], json: bool) -> Result<(), CliError> {
    if json {
        let row = |row: &QuotaRow| json!({"prefecture": format!("{:02}", row.prefecture), "band": row.band, "hospitals": row.hospitals, "version": row.version});
        return output::print_json(&rows.iter().map(row).collect::<Vec<_>>());
    }
    let cells: Cells<'_> = rows
        .iter()
        .filter_map(|row| {
            let code = PrefectureCode::new(u8::try_from(row.prefecture).ok()?).ok()?;
            Some(((code, row.band.as_str()), (u64::try_from(row.hospitals).ok()?, false)))
        })
        .collect();
    output::print(|out| table(out, &cells))
}

pub(super) fn computed(computed: &Computed, json: bool) -> Result<(), CliError> {
    if json {
        return output::print_json(computed);
    }
    let proposal = &computed.proposal;
    let cells = proposal
        .cells
        .iter()
        .map(|cell| ((cell.prefecture, cell.band.as_str()), (cell.hospitals, cell.tied)))
        .collect();
    output::print(|out| {
        table(out, &cells)?;
        writeln!(out, "支援枠 {}病院、候補 {}病院", proposal.total, proposal.candidates)?;
        for line in proposal.prefectures.iter().chain(&proposal.bands).filter(|line| line.tied) {
            writeln!(out, "同点: {}の計", line.name)?;
        }
        if proposal.tied {
            writeln!(out, "* は同点で順序により決まった枠です。{}", proposal.tie_rule)?;
        }
        stored(out, &computed.changes, (computed.stored, &computed.hash), "--store と ")
    })
}

pub(super) fn report(report: &QuotaReport, json: bool) -> Result<(), CliError> {
    if json {
        return output::print_json(report);
    }
    output::print(|out| {
        for fault in &report.faults {
            writeln!(out, "{}", faults::line(fault, None))?;
        }
        let Some(hash) = &report.hash else { return Ok(()) };
        for change in &report.changes {
            let before = change.before.map_or_else(|| "未設定".to_owned(), |before| before.to_string());
            writeln!(
                out,
                "{} {}: {before} → {}",
                change.prefecture.name(),
                label(&change.band),
                change.hospitals
            )?;
        }
        writeln!(out, "ファイルの枠 {}枠、合計 {}病院", report.cells, report.hospitals)?;
        stored(out, &report.changes, (report.stored, hash), "--dry-run を外し、")
    })
}

/// What became of changes, or how they are made.
fn stored(out: &mut dyn Write, changes: &[CellChange], (stored, hash): (bool, &str), how: &str) -> io::Result<()> {
    if stored {
        return writeln!(out, "支援枠を{}枠 更新しました。", changes.len());
    }
    if changes.is_empty() {
        return writeln!(out, "現在の支援枠からの変更はありません。");
    }
    let reason = if changes.iter().any(|change| change.version > 0) {
        " --reason と"
    } else {
        ""
    };
    writeln!(
        out,
        "{}枠が変わります。何も保存していません。このとおりに設定するには、{how}--hash {hash}{reason} を付けて実行してください。",
        changes.len()
    )
}

pub(super) fn history(versions: &[Version], json: bool) -> Result<(), CliError> {
    if json {
        return output::print_json(&versions);
    }
    let headings = [
        ("都道府県", Align::Left),
        ("病床規模区分", Align::Left),
        ("版", Align::Right),
        ("支援枠", Align::Right),
        ("設定日時", Align::Left),
        ("協議", Align::Left),
        ("理由", Align::Left),
    ];
    let row = |version: &Version| {
        vec![
            version.prefecture.name().to_owned(),
            label(&version.band).to_owned(),
            version.version.to_string(),
            version.hospitals.to_string(),
            version.set_at.to_rfc3339(),
            version.request.as_ref().map_or_else(String::new, |request| request.id.to_string()),
            version.reason.as_deref().map(excerpt).unwrap_or_default(),
        ]
    };
    output::print(|out| columns::write(out, &headings, &versions.iter().map(row).collect::<Vec<_>>()))
}

pub(super) fn requests(requests: &[Asked], json: bool) -> Result<(), CliError> {
    if json {
        return output::print_json(&requests);
    }
    output::print(|out| {
        for request in requests {
            let state = match request.state.as_str() {
                "granted" => "認めた",
                "refused" => "認めない",
                _ => "未回答",
            };
            writeln!(
                out,
                "{} {} {} {state}",
                request.id,
                request.asked_at.to_rfc3339(),
                request.prefecture.name()
            )?;
            for one in &request.moves {
                writeln!(
                    out,
                    "  {} {} → {} {}: {}病院",
                    one.from.prefecture.name(),
                    label(&one.from.band),
                    one.to.prefecture.name(),
                    label(&one.to.band),
                    one.hospitals
                )?;
            }
            writeln!(out, "  理由: {}", excerpt(&request.reason))?;
            if let Some(decision) = &request.decision {
                writeln!(out, "  回答: {}", excerpt(&decision.reason))?;
            }
        }
        if requests.is_empty() {
            writeln!(out, "支援枠の変更の協議はありません。")?;
        }
        Ok(())
    })
}

fn label(band: &str) -> &str {
    Band::of_key(band).map_or(band, |band| band.label)
}

/// A row for each prefecture, a column for each band, and totals.
fn table(out: &mut dyn Write, cells: &Cells<'_>) -> io::Result<()> {
    // No key stands in both bandings; without any cell it is the usual one.
    let of_six = |(_, band): &(PrefectureCode, &str)| Banding::Survey.band(band).is_some();
    let banding = if cells.keys().any(of_six) {
        Banding::Survey
    } else {
        Banding::Program
    };
    let bands = banding.bands();
    let mut headings = vec![("都道府県", Align::Left)];
    headings.extend(bands.iter().map(|band| (band.label, Align::Right)));
    headings.push(("計", Align::Right));
    let sum = |of: &dyn Fn(PrefectureCode, &str) -> bool| -> u64 {
        let chosen = cells.iter().filter(|((code, band), _)| of(*code, band));
        chosen.map(|(_, (number, _))| *number).sum()
    };
    let mut rows: Vec<Vec<String>> = PrefectureCode::all()
        .map(|code| {
            let cell = |key| match cells.get(&(code, key)) {
                Some((number, marked)) => format!("{number}{}", if *marked { "*" } else { "" }),
                None => "-".to_owned(),
            };
            [format!("{} {}", code.code(), code.name())]
                .into_iter()
                .chain(bands.iter().map(|band| cell(band.key)))
                .chain([sum(&|of, _| of == code).to_string()])
                .collect()
        })
        .collect();
    let totals = bands.iter().map(|band| sum(&|_, of| of == band.key).to_string());
    rows.push(
        ["計".to_owned()]
            .into_iter()
            .chain(totals)
            .chain([sum(&|_, _| true).to_string()])
            .collect(),
    );
    columns::write(out, &headings, &rows)
}
