//! The surveys that come with the program: both read, and what the data may rely on across surveys.

use std::collections::BTreeSet;

use survey::condition::Condition;
use survey::question::Kind;
use survey::survey::Survey;

use crate::made::{edition, editions};

#[test]
fn both_compiled_in_surveys_are_read() {
    for text in [
        include_str!("../../surveys/2022/survey.toml"),
        include_str!("../../surveys/2024/survey.toml"),
        include_str!("../../surveys/2024_intake/survey.toml"),
    ] {
        Survey::from_toml(text).unwrap();
    }
    let ids: Vec<&str> = survey::compiled_in().iter().map(|survey| survey.id().as_str()).collect();
    assert_eq!(ids, ["2022", "2024"]);
    let all: Vec<&str> = survey::all().map(|survey| survey.id().as_str()).collect();
    assert_eq!(all, ["2022", "2024", "2024_intake"]);
    assert!(all.iter().all(|id| survey::find(id).is_some()));
    assert!(survey::find("2024").is_some() && survey::find("2023").is_none());
}

#[test]
fn an_edition_is_found_by_name_and_by_id_and_the_first_one_stands_for_the_survey() {
    let survey = survey::find("2022").unwrap();
    assert_eq!(survey.edition("march"), survey.edition("2022-march"));
    assert!(survey.edition("first").is_none());
    assert_eq!(survey.first_edition().name(), "january");
    assert_eq!(survey.questions(), survey.first_edition().questions());
    assert_eq!(survey.layout(), survey.edition("march").unwrap().layout());
}

#[test]
fn numbers_are_no_keys() {
    let (january, march) = (edition("2022-january"), edition("2022-march"));
    // The items 3 to 9 of January bear 5 to 11 in March: a bare 5 is two questions.
    for number in 3..=9_u32 {
        let before = january.question_by_number(&number.to_string()).unwrap();
        assert_eq!(march.question_by_number(&(number + 2).to_string()).unwrap().key, before.key);
        assert_eq!(before.key, january.question(before.key.as_str()).unwrap().key);
    }
    assert_eq!(march.questions().iter().filter(|question| question.number.is_none()).count(), 7);
    assert_ne!(january.hash(), march.hash());
}

#[test]
fn the_questions_are_those_of_the_notices() {
    let types = |id: &str| {
        let kind = |kind: &Kind| match kind {
            Kind::Respondent(_) => 'r',
            Kind::YesNo(_) => 'y',
            Kind::One(_) => '1',
            Kind::Several(_) => 's',
            Kind::Text(_) => 't',
        };
        edition(id)
            .questions()
            .iter()
            .map(|question| kind(&question.kind))
            .collect::<String>()
    };
    assert_eq!(types("2022-january"), "ryyyyyyytyyyyy");
    assert_eq!(types("2024-first"), "ryyyysyyyyyyy1111yyyy");
    for question in editions().into_iter().flat_map(|edition| edition.questions()) {
        assert!(
            [&question.item_wording, &question.guide_wording, &question.guidance, &question.base]
                .iter()
                .all(|text| !text.is_empty())
        );
    }
}

#[test]
fn an_answer_of_an_earlier_survey_that_a_condition_asks_for_exists() {
    let surveys = survey::compiled_in();
    for (position, survey) in surveys.iter().enumerate() {
        let conditions = survey
            .editions()
            .iter()
            .flat_map(|edition| {
                let of_questions = edition
                    .questions()
                    .iter()
                    .flat_map(|question| question.gate.iter().chain(&question.optional_if));
                of_questions.chain(
                    edition
                        .contradictions()
                        .iter()
                        .flat_map(|contradiction| contradiction.any.iter().flatten()),
                )
            })
            .flat_map(Condition::leaves);
        for condition in conditions {
            let Condition::Earlier { earlier, is } = condition else { continue };
            let (id, key) = earlier.split_once('.').unwrap();
            let before = surveys[..position].iter().find(|survey| survey.id().as_str() == id).unwrap();
            let question = before.question(key).unwrap();
            assert!(is.iter().all(|option| question.choice(option).is_some()), "{earlier}");
        }
    }
}

#[test]
fn slots_are_unique_and_every_coded_question_has_its_own() {
    for edition in editions() {
        let layout = edition.layout();
        let taken: BTreeSet<usize> = layout.slots().iter().map(|slot| slot.index).collect();
        assert_eq!(taken.len(), layout.slots().len());
        assert_eq!(layout.len(), taken.last().unwrap() + 1);
        for question in edition.questions() {
            let slots = layout.slots_of(question.key.as_str());
            let expected = match &question.kind {
                Kind::Respondent(_) => 0,
                Kind::Several(choices) => choices.len(),
                Kind::YesNo(_) | Kind::One(_) | Kind::Text(_) => 1,
            };
            assert_eq!((slots.len(), question.is_coded()), (expected, expected > 0), "{}", question.key);
        }
    }
}
