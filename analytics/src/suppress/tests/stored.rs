//! What is kept with a release comes back as it was, and how two releases differ is told hospital by hospital.

use crate::suppress::tally::{empty_cells, questions_of};
use crate::suppress::{Decision, Hidden, Member, Number, Reason, Rule, SuppressError, Tables, Withheld, WithheldNumber, changed};
use proptest::prelude::*;
use survey::hospital::Beds;
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;
use uuid::Uuid;

const REASONS: [Option<Reason>; 7] = [
    None,
    Some(Reason::Base),
    Some(Reason::OneOption),
    Some(Reason::Gate),
    Some(Reason::Earlier),
    Some(Reason::Revision),
    Some(Reason::Secondary),
];

fn plan(survey: &Survey) -> Tables {
    Tables::new(questions_of(survey).unwrap(), empty_cells(survey).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn a_decision_comes_back_from_what_is_stored(seed in prop::collection::vec(0_usize..REASONS.len(), 1..400), id in prop::sample::select(vec!["2022", "2024"])) {
        let survey = survey::survey::find(id).unwrap();
        let tables = plan(survey);
        let mut drawn = seed.into_iter().cycle();
        let mut next = || REASONS[drawn.next().unwrap()];
        let reasons = (0..tables.questions().len()).map(|_| tables.domains().iter().map(|_| next()).collect()).collect();
        let national = tables.domains()[..7].iter().flat_map(|domain| (0..tables.questions().len()).map(|question| (*domain, question)));
        let withheld = national.filter_map(|(domain, question)| {
            let number = match next() {
                Some(Reason::Base) => Number::Estimate,
                Some(Reason::Gate) => Number::Trend,
                Some(Reason::Secondary) => Number::Panel,
                _ => return None,
            };
            Some(Withheld { number, question, domain })
        });
        let withheld = withheld.collect();
        let decision = Decision::new(Rule::default(), tables.domains().to_vec(), reasons).withholding(withheld);
        let text = serde_json::to_string(&(decision.hidden(survey).unwrap(), decision.withheld_numbers(survey).unwrap())).unwrap();
        let (hidden, withheld): (Vec<Hidden>, Vec<WithheldNumber>) = serde_json::from_str(&text).unwrap();
        let read = Decision::from_hidden(survey, *decision.rule(), &hidden).unwrap();
        prop_assert_eq!(read.with_withheld(survey, &withheld).unwrap(), decision);
    }
}

#[test]
fn what_names_no_distribution_of_the_plan_is_refused() {
    let survey = survey::survey::find("2024").unwrap();
    let hidden = |area: &str, band: Option<&str>, question: &str| Hidden {
        area: area.to_owned(),
        band: band.map(str::to_owned),
        question: question.to_owned(),
        reason: Reason::Base,
    };
    let question = questions_of(survey).unwrap()[0].key.clone();
    let known = [
        hidden("00", None, &question),
        hidden("00", Some("20-99"), &question),
        hidden("47", Some("400+"), &question),
    ];
    assert_eq!(
        Decision::from_hidden(survey, Rule::default(), &known)
            .unwrap()
            .hidden(survey)
            .unwrap(),
        known
    );
    for unknown in [
        hidden("48", None, &question),
        hidden("13", Some("20-99"), &question),
        hidden("00", Some("400+"), &question),
        hidden("13", None, "no_such_question"),
    ] {
        let refused = Decision::from_hidden(survey, Rule::default(), std::slice::from_ref(&unknown));
        assert!(matches!(refused, Err(SuppressError::Stored(_))), "{unknown:?}");
    }
    let decision = Decision::from_hidden(survey, Rule::default(), &known).unwrap();
    assert!(
        matches!(decision.withheld_numbers(survey), Err(SuppressError::Stored(_))),
        "nobody audited it"
    );
    let number = |band: Option<&str>, question: &str| WithheldNumber {
        number: Number::Estimate,
        band: band.map(str::to_owned),
        question: question.to_owned(),
    };
    for unknown in [number(Some("400+"), &question), number(None, "no_such_question")] {
        let refused = decision.clone().with_withheld(survey, std::slice::from_ref(&unknown));
        assert!(matches!(refused, Err(SuppressError::Stored(_))), "{unknown:?}");
    }
}

#[test]
fn a_hospital_that_differs_counts_where_it_was_and_where_it_is() {
    let survey = survey::survey::find("2024").unwrap();
    let tables = plan(survey);
    let (tokyo, osaka) = (PrefectureCode::new(13).unwrap(), PrefectureCode::new(27).unwrap());
    let same = vec![4_u8; survey.layout().len()];
    let slots = survey.layout().slots_of(&tables.questions()[2].key);
    let mut other = same.clone();
    other[slots.last().unwrap().index] = 5;
    let member = |number: u128, prefecture, beds, codes| Member {
        hospital: Uuid::from_u128(number),
        prefecture,
        beds: Beds::new(beds).unwrap(),
        codes,
    };
    let earlier = [
        member(1, tokyo, 50, &same),
        member(2, tokyo, 50, &same),
        member(3, tokyo, 50, &other),
        member(4, tokyo, 50, &same),
        member(5, tokyo, 500, &same),
    ];
    let later = [
        member(1, tokyo, 60, &same),
        // These two cancel in every table.
        member(2, tokyo, 50, &other),
        member(3, tokyo, 50, &same),
        member(4, osaka, 50, &same),
        member(6, tokyo, 500, &same),
    ];
    let changed = changed(survey, &tables, earlier, later).unwrap();
    let cell = |prefecture, band| tables.cell_at(prefecture, band).unwrap();
    for (question, cells) in changed.iter().enumerate() {
        let own = if question == 2 { 2 } else { 0 };
        let expected = [(cell(tokyo, 0), own + 1), (cell(osaka, 0), 1), (cell(tokyo, 5), 2)];
        assert_eq!(cells.iter().sum::<u32>(), own + 4, "question {question}");
        for (cell, count) in expected {
            assert_eq!(cells[cell], count, "question {question}, cell {cell}");
        }
    }
}
