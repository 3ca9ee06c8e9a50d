//! The list of hospitals that have not answered, to print and telephone by: A4, one line a hospital, with room to note what was said.

use super::page::{self, Pen};
use super::{ReportError, workbook_error};
use chrono::{DateTime, Utc};
use rust_xlsxwriter::XlsxError;
use survey::area::Area;
use survey::band::Banding;
use survey::hospital::Beds;

/// A hospital that has not answered.
#[derive(Debug, Clone)]
pub struct ChaseLine {
    /// G-MIS ID.
    pub gmis: String,
    /// Name.
    pub name: String,
    /// Where it is, as closely as is known.
    pub place: Area,
    /// Licensed beds.
    pub beds: Beds,
    /// State of its submission, if there is one.
    pub state: Option<String>,
    /// Address of its mails, or empty.
    pub email: String,
    /// Whether that address was refused.
    pub refused: bool,
    /// Who answered last, or empty.
    pub person: String,
    /// Telephone or whatever was given, or empty.
    pub contact: String,
}

/// Title, publisher and time.
#[derive(Debug, Clone)]
pub struct ChaseText {
    /// The title.
    pub title: String,
    /// Who makes it.
    pub publisher: String,
    /// When it was read; every date in the file.
    pub as_of: DateTime<Utc>,
}

const HEADS: [(&str, u32); 9] = [
    ("所在地", 130),
    ("医療機関名", 230),
    ("G-MIS ID", 80),
    ("許可病床数", 60),
    ("病床規模区分", 90),
    ("状況", 90),
    ("前回の回答者・連絡先", 200),
    ("メールアドレス", 190),
    ("連絡日・結果", 130),
];

/// The list as a workbook, in the order of the lines.
///
/// # Errors
/// [`ReportError::Workbook`]: a defect.
pub fn chase_list(lines: &[ChaseLine], words: &ChaseText) -> Result<Vec<u8>, ReportError> {
    let write = || -> Result<Vec<u8>, XlsxError> {
        let (mut workbook, styles) = page::workbook(&words.title, &words.publisher, words.as_of)?;
        let sheet = workbook.add_worksheet();
        page::set_up(sheet, &words.title, &HEADS.map(|(_, width)| width))?;
        sheet.set_name("未回答病院")?.set_landscape();
        let mut pen = Pen { sheet, styles: &styles };
        for (column, (name, _)) in (0..).zip(HEADS) {
            pen.text(0, column, name, &styles.head)?;
        }
        for (row, line) in (1..).zip(lines) {
            write_line(&mut pen, row, line)?;
        }
        pen.sheet.set_freeze_panes(1, 2)?.set_repeat_rows(0, 0)?;
        workbook.save_to_buffer()
    };
    write().map_err(workbook_error)
}

fn write_line(pen: &mut Pen<'_>, row: u32, line: &ChaseLine) -> Result<(), XlsxError> {
    let styles = pen.styles;
    pen.text(row, 0, &line.place.name(), &styles.label)?;
    pen.text(row, 1, &line.name, &styles.wrapped)?;
    pen.text(row, 2, &line.gmis, &styles.label)?;
    pen.count(row, 3, u64::from(line.beds.number()))?;
    let band = Banding::Survey.bands().iter().find(|band| band.holds(line.beds));
    pen.text(row, 4, band.map_or("", |band| band.label), &styles.label)?;
    pen.text(row, 5, situation(line.state.as_deref()), &styles.label)?;
    let asked = [line.person.as_str(), line.contact.as_str()];
    let asked: Vec<&str> = asked.into_iter().filter(|text| !text.is_empty()).collect();
    pen.text(row, 6, &asked.join("　"), &styles.wrapped)?;
    let email = if line.refused {
        format!("{}（不達）", line.email)
    } else {
        line.email.clone()
    };
    pen.text(row, 7, &email, &styles.wrapped)?;
    pen.text(row, 8, "", &styles.label)
}

/// As on screen.
fn situation(state: Option<&str>) -> &'static str {
    match state {
        None => "未回答",
        Some("draft") => "一時保存",
        Some("returned") => "差戻し",
        Some("withdrawn") => "引き戻し",
        Some(_) => "回答中",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_the_same_bytes_each_time_and_takes_any_text() {
        let line = ChaseLine {
            gmis: "AAA0001".to_owned(),
            name: "=1+1".to_owned(),
            place: Area::parse("13104").unwrap(),
            beds: Beds::new(120).unwrap(),
            state: Some("draft".to_owned()),
            email: "a@example.jp".to_owned(),
            refused: true,
            person: String::new(),
            contact: "03-0000-0000".to_owned(),
        };
        let words = ChaseText {
            title: "未回答病院一覧".to_owned(),
            publisher: "試験".to_owned(),
            as_of: "2024-02-10T00:00:00Z".parse().unwrap(),
        };
        let first = chase_list(std::slice::from_ref(&line), &words).unwrap();
        assert_eq!(first, chase_list(&[line], &words).unwrap());
        assert!(chase_list(&[], &words).is_ok());
    }
}
