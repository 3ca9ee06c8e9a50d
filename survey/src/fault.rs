//! Faults (指摘): what an evaluation or a file reader found, as data. Never an `Err`: a questionnaire with faults is still a questionnaire.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// How grave a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The answers cannot be submitted like this.
    Error,
    /// They can; somebody should look.
    Warning,
}

/// One finding: what, where, what was found and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// Error or warning.
    pub severity: Severity,
    /// Stable, snake_case; part of the API.
    pub code: Cow<'static, str>,
    /// Sheet of a workbook, where the answer came from one.
    pub sheet: Option<String>,
    /// Cell in A1 notation, where the answer came from a file.
    pub cell: Option<String>,
    /// Question key, or key and field (`respondent.name`).
    pub question: Option<String>,
    /// What stood there, cut to a readable length.
    pub found: Option<String>,
    /// What may stand there.
    pub expected: Option<String>,
    /// Japanese: what is wrong and what to do next.
    pub message: String,
}

impl Fault {
    /// An error without a place yet.
    pub fn error(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Fault {
        Fault::new(Severity::Error, code.into(), message.into())
    }

    /// A warning without a place yet.
    pub fn warning(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Fault {
        Fault::new(Severity::Warning, code.into(), message.into())
    }

    fn new(severity: Severity, code: Cow<'static, str>, message: String) -> Fault {
        Fault {
            severity,
            code,
            sheet: None,
            cell: None,
            question: None,
            found: None,
            expected: None,
            message,
        }
    }

    /// Names the question.
    #[must_use]
    pub fn question(mut self, question: impl Into<String>) -> Fault {
        self.question = Some(question.into());
        self
    }

    /// Says what stood there.
    #[must_use]
    pub fn found(mut self, found: impl AsRef<str>) -> Fault {
        self.found = Some(excerpt(found.as_ref()));
        self
    }

    /// Says what may stand there.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Fault {
        self.expected = Some(expected.into());
        self
    }

    /// Says where in a file it stood.
    #[must_use]
    pub fn at(mut self, sheet: impl Into<String>, cell: impl Into<String>) -> Fault {
        self.sheet = Some(sheet.into());
        self.cell = Some(cell.into());
        self
    }

    /// Whether it keeps the answers from being submitted.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The first 80 characters with control characters made visible: what somebody sent is shown back, stored as JSON and printed in a terminal.
pub fn excerpt(text: &str) -> String {
    const LENGTH: usize = 80;
    let mut shown: String = text
        .chars()
        .take(LENGTH)
        .map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(LENGTH).is_some() {
        shown.push('…');
    }
    shown
}
