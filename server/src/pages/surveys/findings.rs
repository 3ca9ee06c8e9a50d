//! What was found in answers or in a file, as a table: how grave, where, what stood there, what may stand there. Shows only.

use askama::Template;
use serde_json::Value;
use survey::fault::Fault;
use survey::survey::Survey;

use super::histories::heading;
use crate::error::AppError;
use crate::pages::filters;

/// One finding as it is read.
struct Row {
    grave: (&'static str, &'static str),
    hospital: String,
    place: String,
    question: String,
    found: String,
    expected: String,
    message: String,
}

impl Row {
    /// What a finding says by itself.
    fn of(fault: &Fault) -> Row {
        let place = [&fault.sheet, &fault.cell].into_iter().flatten();
        Row {
            grave: if fault.is_error() {
                ("誤り", "tag bad")
            } else {
                ("確認", "tag warn")
            },
            hospital: String::new(),
            place: place.filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(" "),
            question: String::new(),
            found: fault.found.clone().unwrap_or_default(),
            expected: fault.expected.clone().unwrap_or_default(),
            message: fault.message.clone(),
        }
    }
}

/// A table of findings; nothing where nothing was found.
#[derive(Template)]
#[template(path = "surveys/findings.html")]
pub struct Findings {
    caption: String,
    has_hospitals: bool,
    has_questions: bool,
    rows: Vec<Row>,
}

impl Findings {
    /// A table of findings, each with the hospital that it is about, or with an empty text.
    pub fn of(survey: &Survey, caption: impl Into<String>, faults: &[(String, Fault)]) -> Findings {
        let question = |key: &str| heading(survey.first_edition(), survey, key);
        let row = |(hospital, fault): &(String, Fault)| Row {
            hospital: hospital.clone(),
            question: fault.question.as_deref().map(question).unwrap_or_default(),
            ..Row::of(fault)
        };
        Findings {
            caption: caption.into(),
            has_hospitals: faults.iter().any(|(hospital, _)| !hospital.is_empty()),
            has_questions: true,
            rows: faults.iter().map(row).collect(),
        }
    }

    /// A table of findings in a file that asks no questions, such as one of quotas or results.
    pub fn of_file(faults: &[Fault]) -> Findings {
        Findings {
            caption: "ファイルの指摘".to_owned(),
            has_hospitals: false,
            has_questions: false,
            rows: faults.iter().map(Row::of).collect(),
        }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Findings as they are stored.
///
/// # Errors
/// Internal: they are none.
pub fn stored(faults: Value) -> Result<Vec<Fault>, AppError> {
    serde_json::from_value(faults).map_err(AppError::internal)
}
