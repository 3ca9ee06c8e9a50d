//! What must hold of a survey's data, so that everything after may rely on it. Every refusal names the question, contradiction or slot.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{ContradictionFile, KindFile, QuestionFile, SurveyFile};
use super::reach::Reach;
use crate::answer::NO_ANSWER;
use crate::condition::Condition;
use crate::question::Question;

/// The highest slot: bounds the bytes of every revision.
const LAST_SLOT: usize = 4_095;
/// The highest code of an option: 16 + code must stay a byte.
const LAST_CODE: u8 = 200;

/// What must hold of the file before questions are built from it.
pub(super) fn form(file: &SurveyFile) -> Result<(), String> {
    if !is_name(&file.id) {
        return Err(format!("the id {:?} is not made of a-z, 0-9 and _", file.id));
    }
    if file.editions.is_empty() {
        return Err("it has no edition".to_owned());
    }
    if file.windows.is_empty() {
        return Err("it has no window".to_owned());
    }
    if let Some(window) = file.windows.iter().find(|window| window.closes < window.opens) {
        return Err(format!("the window that opens {} closes before", window.opens));
    }
    let mut editions = BTreeSet::new();
    for edition in &file.editions {
        if !is_name(&edition.name) || !editions.insert(edition.name.as_str()) {
            return Err(format!("the edition {:?} is named twice, or not by a-z, 0-9 and _", edition.name));
        }
    }
    let mut taken = BTreeSet::new();
    for slot in file.slots() {
        if !taken.insert(slot.index) {
            return Err(format!("slot {} is given twice, the second time to {}", slot.index, slot.question));
        }
        if slot.index > LAST_SLOT {
            return Err(format!("slot {} of {} is too high", slot.index, slot.question));
        }
    }
    for question in &file.questions {
        if let Some(unknown) = question.numbers.keys().find(|name| !editions.contains(name.as_str())) {
            return Err(format!("{} has a number for an unknown edition {unknown}", question.key));
        }
        parts(question)?;
    }
    Ok(())
}

/// Topics begin at questions that there are, in their order, the first at the first; where none are named, all questions are one.
pub(super) fn topics(file: &SurveyFile) -> Result<Vec<(String, usize)>, String> {
    if file.topics.is_empty() {
        return Ok(vec![("設問".to_owned(), 0)]);
    }
    let mut topics: Vec<(String, usize)> = Vec::with_capacity(file.topics.len());
    for topic in &file.topics {
        let Some(place) = file.questions.iter().position(|question| question.key == topic.from) else {
            return Err(format!("the topic {} begins at the unknown question {}", topic.title, topic.from));
        };
        let in_order = topics.last().map_or(place == 0, |(_, before)| *before < place);
        if !in_order {
            return Err(format!(
                "the topic {} begins at {}: topics stand in the order of questions, and the first begins at the first",
                topic.title, topic.from
            ));
        }
        topics.push((topic.title.clone(), place));
    }
    Ok(topics)
}

/// Slots, choices and fields of one question: which it may have is said by its type.
fn parts(question: &QuestionFile) -> Result<(), String> {
    let key = &question.key;
    let (own_slot, choice_slots) = (
        question.slot.is_some(),
        question.choices.iter().filter(|c| c.slot.is_some()).count(),
    );
    let fits = match question.r#type {
        KindFile::Respondent => !own_slot && question.choices.is_empty() && !question.fields.is_empty(),
        KindFile::YesNo | KindFile::Text => own_slot && question.choices.is_empty() && question.fields.is_empty(),
        KindFile::One => own_slot && question.choices.len() >= 2 && choice_slots == 0 && question.fields.is_empty(),
        KindFile::Several => {
            !own_slot && question.choices.len() >= 2 && choice_slots == question.choices.len() && question.fields.is_empty()
        }
    };
    if !fits {
        return Err(format!("{key}: slots, choices or fields do not fit its type"));
    }
    if question.r#type != KindFile::Several && question.choices.iter().any(|choice| choice.exclusive) {
        return Err(format!("{key}: only an option of a several-choice question can exclude others"));
    }
    let mut fields = BTreeSet::new();
    for field in &question.fields {
        if !is_name(&field.key) || !fields.insert(field.key.as_str()) {
            return Err(format!("{key}: the field {:?} is given twice, or is not snake_case", field.key));
        }
    }
    Ok(())
}

/// What must hold of an edition's questions among each other.
pub(super) fn questions(questions: &[Question], contradictions: &[ContradictionFile]) -> Result<(), String> {
    let mut seen: BTreeMap<&str, &Question> = BTreeMap::new();
    let mut reach = Reach::default();
    let (mut labels, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for question in questions {
        let key = question.key.as_str();
        if !is_name(key) {
            return Err(format!("the key {key:?} is not snake_case"));
        }
        for condition in question.gate.iter().chain(question.optional_if.iter()) {
            refers(condition, &seen).map_err(|problem| format!("{key}: {problem}"))?;
        }
        options(question)?;
        if seen.insert(key, question).is_some() {
            return Err(format!("the key {key} is given twice"));
        }
        if question.label.trim().is_empty() || !labels.insert(question.label.as_str()) {
            return Err(format!("{key}: the label {:?} is empty or taken", question.label));
        }
        if question.number.as_ref().is_some_and(|number| !numbers.insert(number.as_str())) {
            return Err(format!("{key}: its number is taken"));
        }
        reach.add(question).map_err(|problem| format!("{key}: {problem}"))?;
    }
    let mut names = BTreeSet::new();
    for contradiction in contradictions {
        let name = &contradiction.name;
        if !is_name(name) || !names.insert(name.as_str()) {
            return Err(format!("the contradiction {name:?} is named twice, or not in snake_case"));
        }
        if contradiction.any.is_empty() || contradiction.any.iter().any(Vec::is_empty) {
            return Err(format!(
                "contradiction {name} has an alternative without conditions, or none at all"
            ));
        }
        for condition in contradiction.any.iter().flatten() {
            refers(condition, &seen).map_err(|problem| format!("contradiction {name}: {problem}"))?;
        }
        if contradiction.questions.is_empty() || contradiction.questions.iter().any(|key| !seen.contains_key(key.as_str())) {
            return Err(format!("contradiction {name} names no question, or one that does not exist"));
        }
    }
    Ok(())
}

/// Keys, codes and labels of the options: workbooks know an option by its label, so labels are unique too.
fn options(question: &Question) -> Result<(), String> {
    let (mut codes, mut keys, mut labels) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for choice in question.choices() {
        let unique = codes.insert(choice.code) && keys.insert(choice.key.as_str()) && labels.insert(choice.label.as_str());
        if !unique || !is_name(&choice.key) || choice.code > LAST_CODE || choice.key == NO_ANSWER {
            return Err(format!(
                "{}: option {:?} repeats a key, code or label, or bears a reserved one",
                question.key, choice.key
            ));
        }
    }
    Ok(())
}

/// A condition may look at questions before it only, and at options that they have.
fn refers(condition: &Condition, seen: &BTreeMap<&str, &Question>) -> Result<(), String> {
    match condition {
        Condition::Answer { question, is } => {
            let gate = seen
                .get(question.as_str())
                .ok_or_else(|| format!("it looks at {question}, which does not come before it"))?;
            if is.is_empty() || is.iter().any(|key| gate.choice(key).is_none()) {
                return Err(format!("it looks for an option that {question} does not have"));
            }
        }
        Condition::Earlier { earlier, is } => {
            let is_key = earlier.split_once('.').is_some_and(|(survey, key)| is_name(survey) && is_name(key));
            if is.is_empty() || !is_key {
                return Err(format!("{earlier:?} is not survey and question, or is looked at for no option"));
            }
        }
        Condition::BedsAtLeast { .. } => {}
        Condition::All { all: inner } | Condition::Any { any: inner } => {
            if inner.is_empty() {
                return Err("an `all` or `any` holds no condition".to_owned());
            }
            inner.iter().try_for_each(|condition| refers(condition, seen))?;
        }
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
