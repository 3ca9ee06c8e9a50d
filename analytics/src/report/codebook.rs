//! The codebook of a release: every counted question with its wordings, who was asked, and its options. Knows no number.

use super::observations::NO_NUMBER;
use super::{code_table, text};
use crate::snapshot::Snapshot;
use crate::table::counted_questions;

/// Columns of the codebook; a row for each option of each question.
pub(super) const COLUMNS: [&str; 10] = [
    "survey_id",
    "question_key",
    "question_number",
    "label_ja",
    "item_wording_ja",
    "guide_wording_ja",
    "asked_of_ja",
    "answer_form_ja",
    "option_key",
    "option_label_ja",
];

/// The rows, in the order of the questionnaire.
pub(super) fn rows(snapshot: &Snapshot) -> Vec<[String; 10]> {
    let survey = snapshot.survey();
    let mut rows = Vec::new();
    for question in counted_questions(snapshot) {
        for choice in question.choices() {
            let fields = [
                survey.id().as_str(),
                question.key.as_str(),
                question.number.as_deref().unwrap_or(NO_NUMBER),
                &question.label,
                &question.item_wording,
                &question.guide_wording,
                &question.base,
                code_table::answer_form(&question.kind),
                &choice.key,
                &choice.label,
            ];
            rows.push(fields.map(text::one_line));
        }
    }
    rows
}
