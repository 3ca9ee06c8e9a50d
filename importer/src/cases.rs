//! The written cases: a cell as it was typed, and the value or fault that it must give.
//!
//! The tables in `cases/` say what a person who knows the field expects; they are never filled from what the program answers. Every case is
//! written into a real workbook, read, and examined by the function that the service uses for it.

use std::fmt::Write;

use rust_xlsxwriter::{Formula, Workbook as Writer, Worksheet};
use serde_json::Value;
use survey::answer::{EntryPath, HospitalFacts};
use survey::fault::Fault;
use survey::frame::Frame;
use survey::hospital::{Beds, FrameHospital, GmisId, InstitutionCode};
use survey::prefecture::PrefectureCode;

use crate::headings::{Heading, Headings};
use crate::{Limits, Request, Workbook, examine, frame, master, quotas, read};

const TABLES: [(&str, &str); 5] = [
    ("answers", include_str!("cases/answers.tsv")),
    ("dates", include_str!("cases/dates.tsv")),
    ("identifiers", include_str!("cases/identifiers.tsv")),
    ("numbers", include_str!("cases/numbers.tsv")),
    ("headings", include_str!("cases/headings.tsv")),
];
/// Cases that there must be at least.
const LEAST: usize = 250;

#[test]
fn every_written_case_gives_its_value_or_fault() {
    let mut counted = 0;
    let mut wrong = Vec::new();
    for (table, text) in TABLES {
        for (index, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        {
            let fields: Vec<&str> = line.split('\t').collect();
            let [kind, of, cell, expected] = fields.as_slice() else {
                panic!("{table}.tsv, line {}: {} fields instead of 4", index + 1, fields.len());
            };
            counted += 1;
            let found = outcome(kind, of, cell);
            if found != unescaped(expected) {
                wrong.push(format!(
                    "{table}.tsv:{} {kind} {of} [{cell}]: {expected} expected, {found} found",
                    index + 1
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {counted} cases differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(counted >= LEAST, "{counted} cases");
}

fn outcome(kind: &str, of: &str, cell: &str) -> String {
    match kind {
        "answer" => answer(of, cell),
        "date" => date(of, cell),
        "hospital" => hospital(of, cell),
        "frame" => of_frame(of, cell),
        "quota" => of_quotas(of, cell),
        "heading" => heading(of, cell),
        other => panic!("no kind {other}"),
    }
}

/// `\n`, `\t`, `\s` (a space that would not be seen) and `\w` (a full-width one).
fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("\\s", " ")
        .replace("\\w", "\u{3000}")
}

/// Writes a cell: text, or with a prefix a number, a truth value, a formula with the value kept for it, or an error; `(blank)` writes nothing.
fn put(sheet: &mut Worksheet, row: u32, column: u16, cell: &str) {
    if cell == "(blank)" {
        return;
    }
    let written = match cell.split_once(':') {
        Some(("n", number)) => sheet.write_number(row, column, number.parse::<f64>().unwrap()),
        Some(("b", truth)) => sheet.write_boolean(row, column, truth == "TRUE"),
        Some(("f", kept)) => sheet.write_formula(row, column, Formula::new("=A1").set_result(unescaped(kept))),
        Some(("e", error)) => sheet.write_formula(row, column, Formula::new("=NA()").set_result(error)),
        _ => sheet.write_string(row, column, unescaped(cell)),
    };
    written.unwrap();
}

/// A workbook with a header and one row.
fn book(columns: &[(&str, &str)]) -> Workbook {
    let mut writer = Writer::new();
    let sheet = writer.add_worksheet();
    for ((heading, cell), column) in columns.iter().zip(0_u16..) {
        sheet.write_string(0, column, *heading).unwrap();
        put(sheet, 1, column, cell);
    }
    read(&writer.save_to_buffer().unwrap(), &Limits::default()).unwrap()
}

fn known(gmis: &str, code: Option<&str>, prefecture: u8) -> FrameHospital {
    FrameHospital {
        gmis: GmisId::parse(gmis).unwrap(),
        institution_code: code.map(|code| InstitutionCode::parse(code).unwrap()),
        name: "試験病院".to_owned(),
        prefecture: PrefectureCode::new(prefecture).unwrap(),
        municipality: None,
        beds: Beds::new(150).unwrap(),
    }
}

fn frame() -> Frame {
    let hospitals = [
        known("AB12345", Some("0110113719"), 1),
        known("AB12346", None, 2),
        known("0012345", None, 13),
        known("1234E56", None, 13),
        known("00777777", None, 13),
        known("0777777", None, 13),
    ];
    Frame::new(hospitals.into()).unwrap()
}

/// Errors with `!`, warnings with `?`.
fn codes<'a>(faults: impl Iterator<Item = &'a Fault>) -> String {
    let mut text = String::new();
    for fault in faults {
        write!(text, " {}{}", if fault.is_error() { '!' } else { '?' }, fault.code).unwrap();
    }
    text
}

fn examined(survey: &str, own: bool, columns: &[(&str, &str)]) -> crate::Examination {
    let path = if own { EntryPath::Workbook } else { EntryPath::Proxy };
    let request = Request { numbering: None, path };
    examine(&book(columns), survey::find(survey).unwrap(), &request, &frame(), &|_| {
        HospitalFacts::default()
    })
}

/// `of` is survey and question, and `own` if the hospital itself fills it in: the answer and the faults of that question.
fn answer(of: &str, cell: &str) -> String {
    let words: Vec<&str> = of.split(' ').collect();
    let (survey, question) = (words[0], words[1]);
    let gates = ["ehr_in_use", "ehr_backup", "vpn_present", "bcp_defined"];
    let asked = survey::find(survey).unwrap();
    let mut columns = vec![("G-MIS ID", "AB12345"), (question, cell)];
    columns.extend(
        gates
            .into_iter()
            .filter(|&gate| gate != question && asked.questions().iter().any(|known| known.key.as_str() == gate))
            .map(|gate| (gate, "はい")),
    );
    let found = examined(survey, words.get(2) == Some(&"own"), &columns);
    let verdict = &found.hospitals[0];
    let (whole, field) = question
        .split_once('.')
        .map_or((question, None), |(whole, field)| (whole, Some(field)));
    let value = verdict
        .answers
        .get(whole)
        .and_then(|value| field.map_or(Some(value), |field| value.get(field)));
    let shown = match value {
        None => "-".to_owned(),
        Some(Value::Array(keys)) => keys.iter().map(|key| key.as_str().unwrap()).collect::<Vec<_>>().join("+"),
        Some(value) => value.as_str().unwrap().to_owned(),
    };
    let faults = verdict.faults.iter().chain(&found.faults);
    shown + &codes(faults.filter(|fault| fault.question.as_deref() == Some(question) && fault.code != "column_missing"))
}

/// `of` is the year from which serial numbers count.
fn date(of: &str, cell: &str) -> String {
    let mut book = book(&[
        ("G-MIS ID", "AB12345"),
        ("医療機関名", "試験病院"),
        ("都道府県", "東京都"),
        ("病床数", "100"),
        ("開設日", cell),
        ("廃止日", "(blank)"),
    ]);
    book.date_1904 = of == "1904";
    let (rows, faults) = master::examine_master(&book);
    let day = rows.first().and_then(|row| row.opened_on);
    day.map_or_else(|| "-".to_owned(), |day| day.to_string()) + &codes(faults.iter())
}

/// `of` is `gmis`, `code`, or `code` and the prefecture beside it: the hospital that a row of answers speaks of.
fn hospital(of: &str, cell: &str) -> String {
    let (column, prefecture) = of.split_once(' ').unwrap_or((of, "(blank)"));
    let heading = if column == "gmis" { "G-MIS ID" } else { "医療機関コード" };
    let found = examined("2022", false, &[(heading, cell), ("都道府県", prefecture), ("ehr_in_use", "はい")]);
    let verdict = &found.hospitals[0];
    let shown = if verdict.states.is_empty() { "-" } else { &verdict.hospital };
    shown.to_owned() + &codes(verdict.faults.iter().filter(|fault| fault.question.is_none()))
}

/// `of` is a column of the frame, and the prefecture of its row if that matters.
fn of_frame(of: &str, cell: &str) -> String {
    let (column, prefecture) = of.split_once(' ').unwrap_or((of, "北海道"));
    let of = |name: &str, usual: &'static str| if name == column { cell.to_owned() } else { usual.to_owned() };
    let cells = [
        ("gmis_id", of("gmis", "AB12345")),
        ("institution_code", of("code", "(blank)")),
        ("name", of("name", "試験病院")),
        (
            "prefecture",
            if column == "prefecture" {
                cell.to_owned()
            } else {
                prefecture.to_owned()
            },
        ),
        ("municipality_code", of("municipality", "(blank)")),
        ("beds", of("beds", "100")),
    ];
    let columns: Vec<(&str, &str)> = cells.iter().map(|(name, cell)| (*name, cell.as_str())).collect();
    let (hospitals, faults) = frame::examine_frame(&book(&columns));
    let shown = hospitals.first().map(|hospital| match column {
        "gmis" => hospital.gmis.to_string(),
        "code" => hospital.institution_code.as_ref().map_or("-".to_owned(), ToString::to_string),
        "name" => hospital.name.clone(),
        "prefecture" => hospital.prefecture.to_string(),
        "municipality" => hospital
            .municipality
            .as_ref()
            .map_or("-".to_owned(), |code| code.as_str().to_owned()),
        "beds" => hospital.beds.to_string(),
        other => panic!("no column {other}"),
    });
    shown.unwrap_or_else(|| "-".to_owned()) + &codes(faults.iter())
}

/// `of` is `band` or `hospitals`.
fn of_quotas(of: &str, cell: &str) -> String {
    let (band, hospitals) = if of == "band" { (cell, "5") } else { ("400+", cell) };
    let (cells, faults) = quotas::examine_quotas(
        &book(&[("都道府県", "東京"), ("区分", band), ("支援枠", hospitals)]),
        survey::band::Banding::Program,
    );
    let shown = cells
        .first()
        .map(|(_, band, hospitals)| if of == "band" { band.clone() } else { hospitals.to_string() });
    shown.unwrap_or_else(|| "-".to_owned()) + &codes(faults.iter())
}

/// `of` is a survey, and a printing if the sender named one.
fn heading(of: &str, cell: &str) -> String {
    let (survey, printing) = of.split_once(' ').map_or((of, None), |(survey, printing)| (survey, Some(printing)));
    let survey = survey::find(survey).unwrap();
    let headings = Headings::new(survey, printing.map(|name| survey.edition(name).unwrap()));
    match headings.identify(&unescaped(cell)) {
        Heading::Item(item) => item.path(),
        other => format!("({other:?})"),
    }
}
