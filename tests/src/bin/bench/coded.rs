//! A made survey of 30 coded questions for the measurements of tables, and any number of submissions to it. Places and beds are those of the made nation,
//! again and again, so that cells are as uneven as they are.

use std::sync::LazyLock;

use analytics::{FrameEntry, Snapshot, Targets};
use chrono::{DateTime, Utc};
use survey::codes::{BLANK, FIRST_OPTION, NO_ANSWER, NOT_ASKED};
use survey::hospital::FrameHospital;
use survey::survey::Survey;
use uuid::Uuid;

use crate::made;

/// Coded questions: two of three are yes or no, the others have four options.
pub const QUESTIONS: usize = 30;

/// The survey.
pub static SURVEY: LazyLock<Survey> = LazyLock::new(|| Survey::from_toml(&toml()).unwrap());

/// The key of a question.
pub fn key(question: usize) -> String {
    format!("question_{question:02}")
}

/// How many options a question has.
pub fn options(question: usize) -> u8 {
    if question % 3 == 2 { 4 } else { 2 }
}

fn toml() -> String {
    let mut text = "id = \"bench\"\ntitle = \"測定\"\n[[editions]]\nname = \"first\"\nprinted = \"2024-01-31\"\n\
                    [[windows]]\nopens = \"2024-02-01T00:00:00+09:00\"\ncloses = \"2024-03-08T23:59:59+09:00\"\n"
        .to_owned();
    for question in 0..QUESTIONS {
        let key = key(question);
        let (kind, choices) = if options(question) == 2 {
            ("yes_no", String::new())
        } else {
            let choice = |code: u8| format!("{{ key = \"option_{code}\", code = {code}, label = \"選択肢{code}\" }}");
            let choices: Vec<String> = (0..options(question)).map(choice).collect();
            ("one", format!("choices = [{}]\n", choices.join(", ")))
        };
        text += &format!(
            "[[questions]]\nkey = \"{key}\"\nnumbers = {{ first = \"Q{question}\" }}\nsection = \"測定\"\nlabel = \"設問{question}\"\n\
             item = \"設問{question}\"\nguide = \"設問{question}\"\nguidance = \"測定のための設問です。\"\nbase = \"すべて\"\n\
             type = \"{kind}\"\nrequired = true\nslot = {question}\n{choices}"
        );
    }
    text
}

/// Pseudo-random numbers (SplitMix64): the same for the same place.
fn mixed(place: u64) -> u64 {
    let mut mixed = place.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// The codes of a submission: of a hundred, 20 were not asked, 5 left it blank, 2 wrote 無回答, the others chose.
pub fn codes(row: usize) -> Vec<u8> {
    let code = |question: usize| {
        let chance = mixed((row * QUESTIONS + question) as u64);
        match chance % 100 {
            0..20 => NOT_ASKED,
            20..25 => BLANK,
            25..27 => NO_ANSWER,
            _ => FIRST_OPTION + u8::try_from((chance >> 32) % u64::from(options(question))).unwrap(),
        }
    };
    (0..QUESTIONS).map(code).collect()
}

/// The hospital of a row; its ID stands in the nation's frame.
pub fn hospital(nation: &[FrameHospital], row: usize) -> &FrameHospital {
    &nation[row % nation.len()]
}

/// The time of every snapshot.
pub fn as_of() -> DateTime<Utc> {
    "2024-03-08T14:59:00Z".parse().unwrap()
}

/// Everybody answered; municipalities are left out, so that polars too has one cell for each prefecture and band.
pub fn snapshot(rows: usize) -> Snapshot {
    let nation = made::frame(made::NATION);
    let id = |row: usize| Uuid::from_u64_pair(mixed(row as u64), row as u64);
    let frame = (0..rows).map(|row| {
        let hospital = hospital(&nation, row);
        FrameEntry {
            hospital: id(row),
            prefecture: hospital.prefecture,
            municipality: None,
            beds: hospital.beds,
        }
    });
    let targets = Targets::new(frame).unwrap();
    let answered: Vec<_> = (0..rows).map(|row| targets.find(id(row)).unwrap()).collect();
    let responses = answered.into_iter().enumerate().map(|(row, target)| (target, codes(row)));
    Snapshot::new(&SURVEY, as_of(), targets, responses).unwrap()
}
