//! Results of supported hospitals (支援結果) as a file of the contractor: a row for each hospital, with how far its support got, when the site was surveyed, what was
//! found and how its offline backup stands. A row in which only the hospital stands is no result yet and is passed over.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use survey::fault::Fault;
use survey::hospital::GmisId;
use survey::support::{OfflineBackup, Progress};
use unicode_normalization::UnicodeNormalization;

use crate::date;
use crate::table::{self, Column, Line};
use crate::workbook::Workbook;

/// Most characters of a remark.
const CHARACTERS: usize = 2_000;
/// Most of what is counted in one hospital.
const MOST: u32 = 100_000;

/// What came of supporting a hospital.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportResult {
    /// The hospital.
    pub gmis: GmisId,
    /// How far it got.
    pub progress: Progress,
    /// The day on which the site was surveyed.
    pub surveyed_on: Option<NaiveDate>,
    /// Connections to networks outside that were found.
    pub connections: Option<u32>,
    /// Findings that need something done.
    pub findings: Option<u32>,
    /// How the offline backup stands.
    pub offline_backup: Option<OfflineBackup>,
    /// Remarks; empty if there are none.
    pub remarks: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Gmis,
    Progress,
    SurveyedOn,
    Connections,
    Findings,
    OfflineBackup,
    Remarks,
}

const COLUMNS: &[Column<Of>] = &[
    Column {
        id: Of::Gmis,
        shown: "G-MIS ID",
        names: &["gmisid", "gmis", "gmis番号"],
        required: true,
    },
    Column {
        id: Of::Progress,
        shown: "実施状況",
        names: &["実施状況", "状況", "進捗", "progress"],
        required: true,
    },
    Column {
        id: Of::SurveyedOn,
        shown: "調査完了日",
        names: &["調査完了日", "調査日", "完了日", "surveyedon"],
        required: false,
    },
    Column {
        id: Of::Connections,
        shown: "外部接続点数",
        names: &["外部接続点数", "外部接続点", "接続点数", "connections"],
        required: false,
    },
    Column {
        id: Of::Findings,
        shown: "要対応件数",
        names: &["要対応件数", "指摘件数", "指摘数", "findings"],
        required: false,
    },
    Column {
        id: Of::OfflineBackup,
        shown: "オフラインバックアップ",
        names: &["オフラインバックアップ", "オフライン・バックアップ", "offlinebackup"],
        required: false,
    },
    Column {
        id: Of::Remarks,
        shown: "所見",
        names: &["所見", "備考", "remarks"],
        required: false,
    },
];

/// Reads results in the order of the file; the faults have their cells.
#[must_use]
pub fn examine_results(workbook: &Workbook) -> (Vec<SupportResult>, Vec<Fault>) {
    let table = match table::find(workbook, COLUMNS) {
        Ok(table) => table,
        Err(fault) => return (Vec::new(), vec![*fault]),
    };
    let mut faults = table.formulas(COLUMNS);
    let mut results = Vec::new();
    let mut seen: BTreeMap<GmisId, String> = BTreeMap::new();
    for line in table.lines() {
        if SAID.iter().all(|column| line.shown(*column).trim().is_empty()) {
            continue;
        }
        let (result, found) = result(&line);
        faults.extend(found);
        let Some(result) = result else { continue };
        if let Some(first) = seen.insert(result.gmis.clone(), line.place(Of::Gmis).cell()) {
            let message = format!("{}の結果が{first}にもあります。どちらかを削除してください。", result.gmis);
            faults.push(*line.error(Of::Gmis, "result_duplicate", message, "病院ごとに1行"));
        } else {
            results.push(result);
        }
    }
    if results.is_empty() && !faults.iter().any(Fault::is_error) {
        let message = "結果が1件も記入されていません。実施状況などを記入してから送り直してください。";
        faults.push(Fault::error("result_missing", message));
    }
    (results, faults)
}

/// Columns of which one at least is filled where there is a result.
const SAID: [Of; 6] = [
    Of::Progress,
    Of::SurveyedOn,
    Of::Connections,
    Of::Findings,
    Of::OfflineBackup,
    Of::Remarks,
];

fn result(line: &Line<'_, '_, Of>) -> (Option<SupportResult>, Vec<Fault>) {
    let mut faults = Vec::new();
    let gmis = GmisId::parse(line.shown(Of::Gmis).trim()).ok();
    if gmis.is_none() {
        let message = "G-MIS IDの形式が正しくありません。渡された名簿のIDをそのまま記入してください。";
        faults.push(*line.error(Of::Gmis, "gmis_id_invalid", message, "英数字7桁または8桁"));
    }
    let progress = Progress::parse(&plain(&line.shown(Of::Progress)));
    if progress.is_none() {
        let labels = Progress::ALL.map(Progress::label).join("、");
        let message = "実施状況は、選択肢のいずれかを記入してください。";
        faults.push(*line.error(Of::Progress, "result_invalid", message, &labels));
    }
    let surveyed_on = optional(&line.shown(Of::SurveyedOn), |_| {
        date::parse(line.value(Of::SurveyedOn)?, line.date_1904()).ok()
    });
    let day = settle(
        &mut faults,
        line,
        (Of::SurveyedOn, surveyed_on),
        ("調査完了日は日付で記入してください。", "2024-10-01"),
    );
    let connections = optional(&line.shown(Of::Connections), count);
    let connections = settle(&mut faults, line, (Of::Connections, connections), WHOLE);
    let findings = optional(&line.shown(Of::Findings), count);
    let findings = settle(&mut faults, line, (Of::Findings, findings), WHOLE);
    let backup = optional(&line.shown(Of::OfflineBackup), |text| OfflineBackup::parse(&plain(text)));
    let labels = OfflineBackup::ALL.map(OfflineBackup::label).join("、");
    let said = ("オフラインバックアップは、選択肢のいずれかを記入してください。", labels.as_str());
    let backup = settle(&mut faults, line, (Of::OfflineBackup, backup), said);
    let remarks = line.shown(Of::Remarks).trim().to_owned();
    if remarks.chars().count() > CHARACTERS {
        let message = format!("所見は{CHARACTERS}文字以内で記入してください。");
        faults.push(*line.error(Of::Remarks, "result_invalid", message, "2,000文字以内"));
    }
    if progress == Some(Progress::Done) && day.is_none() && faults.is_empty() {
        let message = "実施済の病院には、調査完了日を記入してください。";
        faults.push(*line.error(Of::SurveyedOn, "result_invalid", message, "2024-10-01"));
    }
    match (gmis, progress) {
        (Some(gmis), Some(progress)) if faults.is_empty() => {
            let result = SupportResult {
                gmis,
                progress,
                surveyed_on: day,
                connections,
                findings,
                offline_backup: backup,
                remarks,
            };
            (Some(result), faults)
        }
        _ => (None, faults),
    }
}

const WHOLE: (&str, &str) = ("0以上の整数を記入してください。", "0以上の整数");

/// Nothing where nothing stands; else what was read, or that it could not be.
fn optional<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, ()> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    read(text).map(Some).ok_or(())
}

fn settle<T>(
    faults: &mut Vec<Fault>,
    line: &Line<'_, '_, Of>,
    (column, read): (Of, Result<Option<T>, ()>),
    (message, expected): (&str, &str),
) -> Option<T> {
    read.unwrap_or_else(|()| {
        faults.push(*line.error(column, "result_invalid", message, expected));
        None
    })
}

fn plain(text: &str) -> String {
    text.nfkc().filter(|letter| !letter.is_whitespace()).collect()
}

fn count(text: &str) -> Option<u32> {
    let digits: String = plain(text).chars().filter(|letter| *letter != ',').collect();
    digits.trim_end_matches(['件', '点']).parse().ok().filter(|count| *count <= MOST)
}
