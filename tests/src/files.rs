//! Files as prefectures and hospitals send them: a bulk CSV or workbook with a row for each hospital, headed by question keys.

use rust_xlsxwriter::Workbook;
use serde_json::Value;
use survey::edition::Edition;
use survey::question::Kind;

/// A bulk CSV in UTF-8. An answer that is missing is a blank cell; an option is written by its key's label, several of them with `、` between.
pub fn csv(edition: &Edition, rows: &[(&str, Value)]) -> Vec<u8> {
    let lines = table(edition, rows);
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let text: String = lines
        .iter()
        .map(|line| line.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n")
        .collect();
    text.into_bytes()
}

/// The same as a workbook with one sheet, 回答.
pub fn xlsx(edition: &Edition, rows: &[(&str, Value)]) -> Vec<u8> {
    xlsx_in_sheets(edition, rows, usize::MAX)
}

/// The same with so many hospitals on a sheet at most: 回答, 回答2, 回答3 ...
pub fn xlsx_in_sheets(edition: &Edition, rows: &[(&str, Value)], most: usize) -> Vec<u8> {
    let mut workbook = Workbook::new();
    for (index, rows) in rows.chunks(most).enumerate() {
        let sheet = workbook.add_worksheet();
        let number = if index == 0 { String::new() } else { (index + 1).to_string() };
        sheet.set_name(format!("回答{number}")).unwrap();
        for (row, line) in table(edition, rows).iter().enumerate() {
            for (column, cell) in line.iter().enumerate() {
                sheet
                    .write_string(row.try_into().unwrap(), column.try_into().unwrap(), cell)
                    .unwrap();
            }
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn table(edition: &Edition, rows: &[(&str, Value)]) -> Vec<Vec<String>> {
    let columns: Vec<String> = edition
        .questions()
        .iter()
        .flat_map(|question| match &question.kind {
            Kind::Respondent(fields) => fields.iter().map(|field| format!("respondent.{}", field.key)).collect(),
            _ => vec![question.key.to_string()],
        })
        .collect();
    let heading = std::iter::once("G-MIS ID".to_owned()).chain(columns.iter().cloned()).collect();
    let line = |(hospital, answers): &(&str, Value)| {
        std::iter::once((*hospital).to_owned())
            .chain(columns.iter().map(|column| cell(edition, answers, column)))
            .collect()
    };
    std::iter::once(heading).chain(rows.iter().map(line)).collect()
}

fn cell(edition: &Edition, answers: &Value, column: &str) -> String {
    let (question, field) = column.split_once('.').unwrap_or((column, ""));
    let answer = if field.is_empty() {
        &answers[question]
    } else {
        &answers[question][field]
    };
    let shown = |key: &Value| {
        let key = key.as_str().unwrap_or_default();
        let choice = edition.question(question).and_then(|question| question.choice(key));
        choice.map_or_else(|| key.replace("no_answer", "無回答"), |choice| choice.label.clone())
    };
    match answer {
        Value::Array(keys) => keys.iter().map(shown).collect::<Vec<_>>().join("、"),
        Value::Null => String::new(),
        answer => shown(answer),
    }
}
