//! What was found in a file of a programme, as a table: how grave, where, what stood there, what may stand there. Shows only.

use askama::Template;
use survey::fault::Fault;

/// One finding as it is read.
struct Row {
    grave: (&'static str, &'static str),
    place: String,
    found: String,
    expected: String,
    message: String,
}

/// A table of findings; nothing where nothing was found.
#[derive(Template)]
#[template(path = "programs/faults.html")]
pub struct Faults {
    rows: Vec<Row>,
}

impl Faults {
    /// A table of findings.
    pub fn of(faults: &[Fault]) -> Faults {
        let row = |fault: &Fault| {
            let place = [&fault.sheet, &fault.cell].into_iter().flatten();
            Row {
                grave: if fault.is_error() {
                    ("誤り", "tag bad")
                } else {
                    ("確認", "tag warn")
                },
                place: place.filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(" "),
                found: fault.found.clone().unwrap_or_default(),
                expected: fault.expected.clone().unwrap_or_default(),
                message: fault.message.clone(),
            }
        };
        Faults {
            rows: faults.iter().map(row).collect(),
        }
    }
}
