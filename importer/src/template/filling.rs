//! What goes into a template beside the questions: a hospital's last answers, and the stamp.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Workbook, XlsxError};
use serde_json::Value;
use survey::answer::{Answers, EntryPath, NO_ANSWER};
use survey::edition::Edition;
use survey::hospital::GmisId;
use survey::question::{Field, Kind, Question};

use crate::spelling::{NO_ANSWER_TEXT, shown_choice};
use crate::stamp::{SHEET, Stamp};

/// What is written into a template. `default()` is a blank template without a stamp.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filling<'a> {
    /// Answers by hospital, in the evaluator's form; what does not fit a question of the edition is left blank.
    pub answers: Option<&'a BTreeMap<GmisId, Answers>>,
    /// The key of the stamp; without it the template bears none.
    pub key: Option<&'a [u8]>,
}

impl Filling<'_> {
    /// What stands in the cell of a question, or of a field of it, as its drop-down list spells it; `None`: blank.
    pub(super) fn text(&self, hospital: Option<&GmisId>, question: &Question, field: Option<&Field>, path: EntryPath) -> Option<String> {
        let answer = self.answers?.get(hospital?)?.get(question.key.as_str())?;
        let text = match field {
            Some(field) => answer.get(&field.key)?.as_str()?.to_owned(),
            None => spelled(question, answer, path)?,
        };
        (!text.trim().is_empty()).then_some(text)
    }

    /// Writes the stamp, if there is a key.
    pub(super) fn stamp(&self, workbook: &mut Workbook, edition: &Edition, hospital: Option<&GmisId>) -> Result<(), XlsxError> {
        let Some(key) = self.key else { return Ok(()) };
        let sheet = workbook.add_worksheet().set_name(SHEET)?;
        sheet.set_very_hidden(true);
        for ((name, value), row) in Stamp::new(edition, hospital, key).lines().into_iter().zip(0_u32..) {
            sheet.write_string(row, 0, name)?;
            sheet.write_string(row, 1, value)?;
        }
        Ok(())
    }
}

/// An answer as it is chosen or typed. Only a prefecture may choose 無回答.
fn spelled(question: &Question, answer: &Value, path: EntryPath) -> Option<String> {
    if answer.as_str() == Some(NO_ANSWER) {
        return (path == EntryPath::Proxy).then(|| NO_ANSWER_TEXT.to_owned());
    }
    let choice = |key: &Value| question.choice(key.as_str()?).map(shown_choice);
    match question.kind {
        Kind::YesNo(_) | Kind::One(_) => choice(answer),
        Kind::Several(_) => {
            let choices: Option<Vec<String>> = answer.as_array()?.iter().map(choice).collect();
            Some(choices?.join("、"))
        }
        Kind::Text(_) => answer.as_str().map(str::to_owned),
        Kind::Respondent(_) => None,
    }
}
