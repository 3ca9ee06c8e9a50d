//! The made data of a run: the frame of 2024 of the made nation with everybody answering, and more hospitals than there are for the larger runs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use analytics::selection::Quota;
use fixtures::{DEFAULT_SEED, Nation};
use serde_json::{Value, json};
use survey::hospital::{FrameHospital, GmisId};
use survey::prefecture::PrefectureCode;

/// The survey that is measured.
pub const SURVEY: &str = "2024";
/// Hospitals of its frame.
pub const NATION: usize = 8_171;

/// Letters of the IDs of further hospitals: none that makes a number of it, or is misread.
const LETTERS: [char; 20] = [
    'A', 'B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
];

static MADE: LazyLock<Nation> = LazyLock::new(|| fixtures::make(DEFAULT_SEED, 1.0).unwrap());

/// All of it.
pub fn nation() -> &'static Nation {
    &MADE
}

/// The quotas of a prefecture's three cells.
pub fn quotas(prefecture: PrefectureCode) -> Vec<Quota> {
    let own = MADE.quotas.iter().filter(|quota| quota.prefecture == prefecture);
    own.map(|quota| Quota {
        prefecture,
        band: quota.band.clone(),
        hospitals: quota.hospitals,
    })
    .collect()
}

/// So many hospitals. Those after the nation's are the same ones again under other IDs, without institution codes.
pub fn frame(hospitals: usize) -> Vec<FrameHospital> {
    let made = &MADE.survey(SURVEY).unwrap().frame;
    assert_eq!(made.len(), NATION);
    let hospital = |index: usize| {
        // Of a small nation, from every prefecture.
        let index = if hospitals < NATION { index * NATION / hospitals } else { index };
        let base = &made[index % NATION];
        let round = index / NATION;
        if round == 0 {
            return base.clone();
        }
        // Made IDs of eight characters end with a letter, these with a digit.
        let id = format!("{:02}{}{:05}", base.prefecture.number(), LETTERS[round - 1], index % NATION);
        FrameHospital {
            gmis: GmisId::parse(&id).unwrap(),
            institution_code: None,
            ..base.clone()
        }
    };
    (0..hospitals).map(hospital).collect()
}

/// Answers of all of them. Who did not answer in the made nation says what another one says; contacts are everybody's own.
pub fn answers(hospitals: usize) -> Vec<(String, Value)> {
    let made = MADE.survey(SURVEY).unwrap();
    let given: Vec<_> = made.answers.values().collect();
    let own: BTreeMap<_, _> = made.answers.iter().collect();
    let answers = |(index, hospital): (usize, FrameHospital)| {
        let answers = own.get(&hospital.gmis).copied().unwrap_or(given[index * 7_919 % given.len()]);
        let mut answers = Value::Object(answers.clone());
        answers["respondent"]["corporation"] = json!(format!("医療法人社団見本会 {}", hospital.name));
        answers["respondent"]["contact"] = json!(format!("03-{:04}-{:04}", index / 10_000, index % 10_000));
        (hospital.gmis.as_str().to_owned(), answers)
    };
    frame(hospitals).into_iter().enumerate().map(answers).collect()
}

/// Rows of one sheet at most; the importer takes 50,000.
const SHEET: usize = 45_000;

/// The bulk workbook of all of them: a row a hospital, every question a column.
pub fn workbook(hospitals: usize) -> Vec<u8> {
    let answers = answers(hospitals);
    let rows: Vec<(&str, Value)> = answers.iter().map(|(gmis, answers)| (gmis.as_str(), answers.clone())).collect();
    let survey = survey::survey::find(SURVEY).unwrap();
    tests::files::xlsx_in_sheets(survey.first_edition(), &rows, SHEET)
}
