//! The codebook beside micro-data: what every column is and what every value of it means.

use super::{MicroData, MicroError, Source, Variable, words};
use crate::report::csv_table;
use survey::attribute::{UNKNOWN, Vocabulary};
use survey::band::Banding;
use survey::prefecture::PrefectureCode;
use survey::question::Kind;

/// Columns of the codebook.
const COLUMNS: [&str; 8] = [
    "variable",
    "label_ja",
    "question_key",
    "question_number",
    "asked_of",
    "value",
    "value_label_ja",
    "wording_ja",
];

/// The codebook as CSV: UTF-8 with BOM, CRLF; a line for each value of each variable, one with an empty `value` for a variable that is not coded.
///
/// # Errors
/// [`MicroError::Writing`]: a defect.
pub fn codebook_csv(data: &MicroData<'_>) -> Result<Vec<u8>, MicroError> {
    let lines: Vec<[String; 8]> = data.variables().iter().flat_map(|variable| lines(data, variable)).collect();
    csv_table(&COLUMNS, lines.iter().map(|line| line.iter().map(String::as_str))).map_err(|error| MicroError::Writing(error.to_string()))
}

fn lines(data: &MicroData<'_>, variable: &Variable<'_>) -> Vec<[String; 8]> {
    let line = |label: &str, value: &str, value_label: &str| {
        let (key, number, base, wording) = match variable.source {
            Source::Answer(question, _) => (
                question.key.as_str(),
                question.number.as_deref().unwrap_or_default(),
                question.base.as_str(),
                question.item_wording.as_str(),
            ),
            _ => Default::default(),
        };
        [&variable.name, label, key, number, base, value, value_label, wording].map(|text: &str| text.replace(['\r', '\n'], " "))
    };
    match variable.source {
        Source::Survey => vec![line("調査", data.survey.id().as_str(), data.survey.title())],
        Source::Gmis => vec![line("G-MIS ID", "", "")],
        Source::Name => vec![line("病院名（調査対象名簿による）", "", "")],
        Source::Municipality => vec![line("市区町村コード（JIS X 0402。不明は空）", "", "")],
        Source::Beds => vec![line("許可病床数", "", "")],
        Source::PrefectureCode => {
            let prefectures = PrefectureCode::all();
            prefectures
                .map(|prefecture| line("都道府県コード（JIS X 0401）", &prefecture.code(), prefecture.name()))
                .collect()
        }
        Source::PrefectureName => vec![line("都道府県名", "", "")],
        Source::Band(banding) => {
            let label = match banding {
                Banding::Survey => "病床規模（調査の6区分）",
                Banding::Program => "病床規模（支援事業の3区分）",
            };
            banding.bands().iter().map(|band| line(label, band.key, band.label)).collect()
        }
        Source::Attribute(attribute) => {
            let label = &attribute.label;
            let mut lines: Vec<_> = match &attribute.vocabulary {
                Vocabulary::Values(values) => values.iter().map(|value| line(label, &value.key, &value.label)).collect(),
                Vocabulary::Codes { .. } => vec![line(label, "", "")],
            };
            lines.push(line(label, UNKNOWN, "不明（名簿に記載なし）"));
            lines
        }
        Source::Answer(question, slot) => {
            let choice = slot.choice.as_deref().and_then(|choice| question.choice(choice));
            let label = choice.map_or_else(|| question.label.clone(), |choice| format!("{}：{}", question.label, choice.label));
            let text = matches!(question.kind, Kind::Text(_))
                .then_some("（記載の有無）")
                .unwrap_or_default();
            words(question, slot)
                .map(|(_, word, meaning)| line(&format!("{label}{text}"), word, meaning))
                .collect()
        }
    }
}
