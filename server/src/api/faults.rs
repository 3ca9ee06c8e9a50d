//! Faults as JSON.

use serde::{Deserialize, Serialize};
use survey::fault::{Fault, Severity};
use utoipa::ToSchema;

/// One finding (指摘).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Fault)]
pub struct FaultJson {
    /// `error` keeps answers out, `warning` does not.
    #[schema(example = "error")]
    pub severity: String,
    /// Stable, snake_case.
    #[schema(example = "required_missing")]
    pub code: String,
    /// Sheet, where the answer came from a workbook.
    pub sheet: Option<String>,
    /// Cell in A1 notation, where the answer came from a file.
    pub cell: Option<String>,
    /// Question key, or key and field.
    pub question: Option<String>,
    /// What stood there.
    pub found: Option<String>,
    /// What may stand there.
    pub expected: Option<String>,
    /// Japanese: what is wrong and what to do next.
    pub message: String,
}

impl From<&Fault> for FaultJson {
    fn from(fault: &Fault) -> FaultJson {
        FaultJson {
            severity: match fault.severity {
                Severity::Error => "error".to_owned(),
                Severity::Warning => "warning".to_owned(),
            },
            code: fault.code.to_string(),
            sheet: fault.sheet.clone(),
            cell: fault.cell.clone(),
            question: fault.question.clone(),
            found: fault.found.clone(),
            expected: fault.expected.clone(),
            message: fault.message.clone(),
        }
    }
}
