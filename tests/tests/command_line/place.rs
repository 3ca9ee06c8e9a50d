//! Files to give to the program, and what came of it. Holds no expectation.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use tests::binary;

/// Columns of the 2024 survey that every hospital answers here; the rest is skipped by ehr_in_use = no.
pub(crate) const COLUMNS: [&str; 18] = [
    "G-MIS ID",
    "respondent.name",
    "respondent.corporation",
    "respondent.organisation",
    "respondent.contact",
    "safety_manager_placed",
    "information_policy_defined",
    "responsibility_boundary_agreed",
    "network_map_known",
    "consultation_desk",
    "incident_contacts_known",
    "alerts_collected",
    "mds_sds_checked",
    "bcp_defined",
    "ehr_in_use",
    "server_services_stopped",
    "client_services_stopped",
    "備考",
];
pub(crate) const GOOD: [&str; 18] = [
    "AB12345",
    "試験 花子",
    "医療法人試験会",
    "試験病院 情報課",
    "03-0000-0000",
    "はい",
    "はい",
    "いいえ",
    "はい",
    "事業者",
    "はい",
    "はい",
    "いいえ",
    "いいえ",
    "いいえ",
    "はい",
    "はい",
    "",
];

/// A folder of files for one test; gone when the test ends.
pub(crate) struct Place(pub(crate) tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A workbook with one sheet 回答.
    pub(crate) fn workbook(&self, name: &str, rows: &[Vec<&str>]) -> PathBuf {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet().set_name("回答").unwrap();
        for (row, cells) in rows.iter().enumerate() {
            for (column, text) in cells.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
                sheet
                    .write_string(u32::try_from(row).unwrap(), u16::try_from(column).unwrap(), *text)
                    .unwrap();
            }
        }
        self.file(name, &workbook.save_to_buffer().unwrap())
    }

    /// The sheet of good answers, changed.
    pub(crate) fn answers(&self, change: impl FnOnce(&mut Vec<Vec<&str>>)) -> PathBuf {
        let mut rows = vec![COLUMNS.to_vec(), GOOD.to_vec()];
        change(&mut rows);
        self.workbook("answers.xlsx", &rows)
    }

    pub(crate) fn frame(&self) -> PathBuf {
        let text = "gmis_id,institution_code,name,prefecture,municipality_code,beds\nAB12345,0110113719,試験病院,北海道,01101,120\nAB12346,,第二試験病院,青森県,,450\n";
        self.file("frame.csv", text.as_bytes())
    }
}

pub(crate) fn run(arguments: &[&str], file: &Path) -> Output {
    binary::command().args(arguments).arg(file).output().unwrap()
}

pub(crate) fn check(file: &Path, more: &[&str]) -> Output {
    binary::command()
        .arg("check")
        .arg(file)
        .args(["--survey", "2024"])
        .args(more)
        .output()
        .unwrap()
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub(crate) fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

pub(crate) fn is_japanese(text: &str) -> bool {
    text.chars().any(|c| ('\u{3041}'..='\u{30ff}').contains(&c))
}

/// 8,000 hospitals that answer everything: a few megabytes once read.
pub(crate) fn large_file() -> Vec<u8> {
    let header = COLUMNS.join(",");
    let row = GOOD.get(1..).unwrap().join(",");
    let rows: String = (0..8_000).map(|number| format!("\nZZ{number:05},{row}")).collect();
    format!("{header}{rows}\n").into_bytes()
}
