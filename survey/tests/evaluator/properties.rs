//! What must hold of any input: no panic, no unreachable question, nothing counted that was not asked, one meaning on every path.

use std::collections::BTreeMap;
use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};
use survey::answer::{EntryPath, HospitalFacts};
use survey::condition::Condition;
use survey::edition::Edition;
use survey::evaluate::{Asked, Evaluation, State, evaluate};
use survey::hospital::Beds;
use survey::question::{Kind, Question};

use crate::made::{PATHS, editions, holds_nul};

/// Any JSON at all, with the words that mean something among its texts.
fn any_json() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &[
        "yes",
        "no",
        "no_answer",
        " no_answer ",
        "",
        " ",
        "two",
        "vendor",
        "none_wanted",
        "name",
        "\u{0}",
        "\u{fffd}",
    ];
    let text = prop_oneof![select(WORDS).prop_map(str::to_owned), any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 4.0)),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((text.clone(), inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// An answer that the question's type takes.
fn proper(question: &Question) -> BoxedStrategy<Value> {
    match &question.kind {
        Kind::YesNo(choices) | Kind::One(choices) => {
            let keys: Vec<String> = choices.iter().map(|choice| choice.key.clone()).collect();
            select(keys).prop_map(Value::from).boxed()
        }
        Kind::Several(choices) => {
            let free: Vec<String> = choices
                .iter()
                .filter(|choice| !choice.exclusive)
                .map(|choice| choice.key.clone())
                .collect();
            let alone: Vec<Value> = choices
                .iter()
                .filter(|choice| choice.exclusive)
                .map(|choice| json!([choice.key]))
                .collect();
            let several = vec(select(free), 1..4).prop_map(|keys| json!(keys));
            if alone.is_empty() {
                several.boxed()
            } else {
                prop_oneof![3 => several, 1 => select(alone)].boxed()
            }
        }
        Kind::Text(_) => "[ -~ぁ-ん一-龠０-９]{0,20}[a-zぁ-ん]".prop_map(Value::from).boxed(),
        Kind::Respondent(fields) => {
            let object = fields
                .iter()
                .map(|field| (field.key.clone(), json!(format!(" {} ", field.label))))
                .collect();
            Just(Value::Object(object)).boxed()
        }
    }
}

/// Answers to the questions of an edition: mostly proper, some missing, some of any kind; and sometimes a key of no question.
fn near_answers(edition: &'static Edition) -> impl Strategy<Value = Value> {
    let one = |question: &Question| {
        prop_oneof![
            8 => proper(question).prop_map(Some),
            1 => Just(None),
            1 => Just(Some(json!("no_answer"))),
            1 => any_json().prop_map(Some),
        ]
    };
    let values: Vec<_> = edition.questions().iter().map(one).collect();
    (values, prop::option::weighted(0.1, (any::<String>(), any_json()))).prop_map(|(values, more)| {
        let keys = edition.questions().iter().map(|question| question.key.as_str().to_owned());
        let answers: Map<String, Value> = keys
            .zip(values)
            .filter_map(|(key, value)| value.map(|value| (key, value)))
            .chain(more)
            .collect();
        Value::Object(answers)
    })
}

/// An edition that shows itself by its id: a failing case must stay readable.
#[derive(Clone, Copy)]
pub(crate) struct Named(pub(crate) &'static Edition);

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.id())
    }
}

pub(crate) fn any_edition() -> impl Strategy<Value = Named> {
    select(editions().into_iter().map(Named).collect::<Vec<_>>())
}

fn any_path() -> impl Strategy<Value = EntryPath> {
    select(&PATHS[..])
}

fn any_facts() -> impl Strategy<Value = HospitalFacts> {
    let beds = select(&[20, 399, 400, 9_999_u16][..]).prop_map(|beds| Beds::new(beds).unwrap());
    let earlier = select(&["yes", "no", "no_answer"][..]).prop_map(|answer| ("2022.ehr_in_use".to_owned(), answer.to_owned()));
    (prop::option::weighted(0.9, beds), prop::option::of(earlier)).prop_map(|(beds, earlier)| HospitalFacts {
        beds,
        earlier: earlier.into_iter().collect(),
    })
}

/// An edition, a hospital, a path and answers that are nearly right.
pub(crate) fn any_case() -> impl Strategy<Value = (Named, HospitalFacts, EntryPath, Value)> {
    any_edition().prop_flat_map(|Named(edition)| (Just(Named(edition)), any_facts(), any_path(), near_answers(edition)))
}

/// A hospital that goes through the questionnaire and answers all that it must, and of the rest what it likes.
fn any_walk() -> impl Strategy<Value = (Named, HospitalFacts, Value)> {
    any_edition().prop_flat_map(|Named(edition)| {
        let answers: Vec<_> = edition
            .questions()
            .iter()
            .map(|question| (proper(question), any::<bool>()))
            .collect();
        let facts = any_facts().prop_filter("beds are known", |facts| facts.beds.is_some());
        (Just(edition), facts, answers).prop_map(|(edition, facts, prepared)| {
            let mut answers = json!({});
            for (question, (answer, answers_optional)) in edition.questions().iter().zip(prepared) {
                let asked = evaluate(edition, &facts, &answers, EntryPath::Page).asked[&question.key];
                if asked == Asked::Required || (asked == Asked::Optional && answers_optional) {
                    answers[question.key.as_str()] = answer;
                }
            }
            (Named(edition), facts, answers)
        })
    })
}

/// What the answers themselves say was chosen.
fn chosen(question: &Question, evaluation: &Evaluation) -> Vec<String> {
    match (&question.kind, evaluation.answers.get(question.key.as_str())) {
        (Kind::Text(_), Some(_)) => vec!["given".to_owned()],
        (_, Some(Value::String(key))) => vec![key.clone()],
        (_, Some(Value::Array(keys))) => keys.iter().map(|key| key.as_str().unwrap().to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// Answers every gate on the way so that the condition holds.
fn satisfy(edition: &Edition, condition: &Condition, facts: &mut HospitalFacts, answers: &mut Value) {
    match condition {
        Condition::Answer { question, is } => {
            let gate = edition.question(question.as_str()).unwrap();
            if let Some(condition) = &gate.gate {
                satisfy(edition, condition, facts, answers);
            }
            answers[question.as_str()] = match gate.kind {
                Kind::Several(_) => json!([is[0]]),
                _ => json!(is[0]),
            };
        }
        Condition::Earlier { earlier, is } => drop(facts.earlier.insert(earlier.clone(), is[0].clone())),
        Condition::BedsAtLeast { beds_at_least } => facts.beds = Some(Beds::new(*beds_at_least).unwrap()),
        Condition::All { all } => all.iter().for_each(|condition| satisfy(edition, condition, facts, answers)),
        Condition::Any { any } => satisfy(edition, &any[0], facts, answers),
    }
}

#[test]
fn every_question_of_every_edition_can_be_asked() {
    for edition in editions() {
        for question in edition.questions() {
            let (mut facts, mut answers) = (HospitalFacts::default(), json!({}));
            if let Some(gate) = &question.gate {
                satisfy(edition, gate, &mut facts, &mut answers);
            }
            let asked = evaluate(edition, &facts, &answers, EntryPath::Page).asked[&question.key];
            let freed = !question.required || question.optional_if.is_some();
            let expected = if freed { Asked::Optional } else { Asked::Required };
            assert_eq!(asked, expected, "{} {}", edition.id(), question.key);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_json_gives_an_evaluation_that_can_be_stored(Named(edition) in any_edition(), facts in any_facts(), path in any_path(), answers in any_json()) {
        let evaluation = evaluate(edition, &facts, &answers, path);
        prop_assert_eq!(evaluation.codes.len(), edition.layout().len());
        prop_assert_eq!(evaluation.states.len(), edition.questions().len());
        prop_assert!(evaluation.has_errors(), "the respondent is missing");
        prop_assert!(!holds_nul(&serde_json::to_value(&evaluation).unwrap()));
    }

    #[test]
    fn any_values_under_real_keys_give_an_evaluation_that_can_be_stored((Named(edition), facts, path, answers) in any_case()) {
        let evaluation = evaluate(edition, &facts, &answers, path);
        prop_assert_eq!(evaluation.states.len(), edition.questions().len());
        prop_assert!(!holds_nul(&serde_json::to_value(&evaluation).unwrap()));
        for fault in &evaluation.faults {
            prop_assert!(!fault.message.is_empty());
            prop_assert!(fault.found.as_ref().is_none_or(|found| found.chars().count() <= 81 || fault.code.starts_with("contradiction")));
        }
    }

    #[test]
    fn what_is_undetermined_or_invalid_always_comes_with_an_error((Named(edition), facts, path, answers) in any_case()) {
        let evaluation = evaluate(edition, &facts, &answers, path);
        let unsettled = evaluation.states.values().any(|state| matches!(state, State::Undetermined | State::Invalid));
        prop_assert!(!unsettled || evaluation.has_errors());
    }

    #[test]
    fn states_agree_with_what_is_asked((Named(edition), facts, path, answers) in any_case()) {
        let evaluation = evaluate(edition, &facts, &answers, path);
        for (key, asked) in &evaluation.asked {
            let state = evaluation.states[key];
            prop_assert_eq!(*asked == Asked::NotAsked, state == State::NotAsked);
            prop_assert_eq!(*asked == Asked::Undetermined, state == State::Undetermined);
            let missing = evaluation.faults.iter().any(|fault| fault.code == "required_missing" && fault.question.as_deref() == Some(key.as_str()));
            let is_respondent = matches!(edition.question(key.as_str()).unwrap().kind, Kind::Respondent(_));
            prop_assert_eq!(missing, *asked == Asked::Required && state == State::Blank && !is_respondent);
            prop_assert!(state != State::NoAnswer || path == EntryPath::Proxy);
        }
    }

    #[test]
    fn what_was_not_asked_never_counts((Named(edition), facts, path, answers) in any_case()) {
        let evaluation = evaluate(edition, &facts, &answers, path);
        let mut counted = answers.clone();
        for (key, state) in &evaluation.states {
            if *state == State::NotAsked {
                prop_assert!(edition.layout().slots_of(key.as_str()).iter().all(|slot| evaluation.codes[slot.index] == 0));
                counted.as_object_mut().unwrap().remove(key.as_str());
            }
        }
        let without = evaluate(edition, &facts, &counted, path);
        prop_assert_eq!((without.codes, without.states), (evaluation.codes, evaluation.states));
    }

    #[test]
    fn the_order_of_keys_does_not_matter(
        (Named(edition), facts, path, answers) in any_case(),
        order in vec(any::<Index>(), 24),
    ) {
        let mut entries: Vec<String> =
            answers.as_object().unwrap().iter().map(|(key, value)| format!("{}:{value}", json!(key))).collect();
        for (from, to) in order.iter().enumerate().filter(|(from, _)| *from < entries.len()).collect::<Vec<_>>() {
            let to = to.index(entries.len());
            entries.swap(from, to);
        }
        let shuffled: Value = serde_json::from_str(&format!("{{{}}}", entries.join(","))).unwrap();
        prop_assert_eq!(evaluate(edition, &facts, &shuffled, path), evaluate(edition, &facts, &answers, path));
    }

    #[test]
    fn codes_and_answers_say_the_same((Named(edition), facts, path, answers) in any_case()) {
        let evaluation = evaluate(edition, &facts, &answers, path);
        for question in edition.questions().iter().filter(|question| question.is_coded()) {
            let (state, options) = edition.layout().read(&evaluation.codes, question).unwrap();
            let expected = match evaluation.states[&question.key] {
                State::Undetermined | State::Invalid => State::Blank,
                settled => settled,
            };
            prop_assert_eq!(state, expected);
            let expected = if state == State::Answered { chosen(question, &evaluation) } else { Vec::new() };
            prop_assert_eq!(options, expected, "{}", question.key);
        }
        let taken: Vec<usize> = edition.layout().slots().iter().map(|slot| slot.index).collect();
        prop_assert!(evaluation.codes.iter().enumerate().all(|(index, byte)| taken.contains(&index) || *byte == 0), "unused slots stay 0");
    }

    #[test]
    fn normalised_answers_mean_the_same_when_they_are_evaluated_again((Named(edition), facts, path, answers) in any_case()) {
        let once = evaluate(edition, &facts, &answers, path);
        let again = evaluate(edition, &facts, &Value::Object(once.answers.clone()), path);
        prop_assert_eq!(&again.answers, &once.answers);
        prop_assert_eq!(&again.codes, &once.codes);
        prop_assert_eq!(&again.states, &once.states);
        if !once.has_errors() {
            prop_assert_eq!(again, once);
        }
    }

    #[test]
    fn a_hospital_that_answers_what_it_must_has_no_errors_on_any_path((Named(edition), facts, answers) in any_walk()) {
        let evaluation = evaluate(edition, &facts, &answers, EntryPath::Page);
        prop_assert!(!evaluation.has_errors(), "{:?}", evaluation.faults);
        prop_assert!(evaluation.faults.iter().all(|fault| fault.code.starts_with("contradiction_")));
        for path in PATHS {
            prop_assert_eq!(&evaluate(edition, &facts, &answers, path), &evaluation);
        }
        let again = evaluate(edition, &facts, &Value::Object(evaluation.answers.clone()), EntryPath::Page);
        prop_assert_eq!(again, evaluation);
    }

    #[test]
    fn paths_differ_in_no_answer_only((Named(edition), facts, _, answers) in any_case()) {
        let by_path: BTreeMap<EntryPath, Evaluation> = PATHS.map(|path| (path, evaluate(edition, &facts, &answers, path))).into();
        prop_assert_eq!(&by_path[&EntryPath::Page], &by_path[&EntryPath::Api]);
        prop_assert_eq!(&by_path[&EntryPath::Page], &by_path[&EntryPath::Workbook]);
        if !answers.to_string().contains("no_answer") {
            prop_assert_eq!(&by_path[&EntryPath::Page], &by_path[&EntryPath::Proxy]);
        }
    }
}
