//! What has landed must not move: keys, numbers, slots and branches of every edition, and the hashes that stand on stored revisions.
//! A failing snapshot here means that revisions already stored would be read differently; a new edition adds lines and changes none.

use std::fmt::Write;

use survey::condition::Condition;
use survey::edition::Edition;
use survey::question::{Kind, Question};
use survey::survey::Survey;

fn condition(condition: &Option<Condition>) -> String {
    condition
        .as_ref()
        .map_or_else(|| "-".to_owned(), |condition| serde_json::to_string(condition).unwrap())
}

fn line(edition: &Edition, question: &Question) -> String {
    let slots = edition.layout().slots_of(question.key.as_str());
    let place = |slot: &survey::codes::Slot| {
        slot.choice
            .as_ref()
            .map_or(slot.index.to_string(), |choice| format!("{} {choice}", slot.index))
    };
    let slots = slots.into_iter().map(place).collect::<Vec<_>>().join(", ");
    let options = match &question.kind {
        Kind::Respondent(fields) => fields.iter().map(|field| field.key.clone()).collect::<Vec<_>>(),
        _ => question
            .choices()
            .iter()
            .map(|choice| format!("{} {}", choice.code, choice.key))
            .collect(),
    };
    format!(
        "{} | {} | slots {slots} | {} | asked if {} | optional if {}",
        question.number.as_deref().unwrap_or("-"),
        question.key,
        options.join(", "),
        condition(&question.gate),
        condition(&question.optional_if),
    )
}

fn shown(survey: &Survey) -> String {
    let mut text = String::new();
    for edition in survey.editions() {
        writeln!(text, "{} ({})", edition.id(), edition.printed()).unwrap();
        for question in edition.questions() {
            writeln!(text, "  {}", line(edition, question)).unwrap();
        }
        for contradiction in edition.contradictions() {
            writeln!(
                text,
                "  {} {:?} {}",
                contradiction.code,
                contradiction.questions,
                serde_json::to_string(&contradiction.any).unwrap()
            )
            .unwrap();
        }
    }
    for window in survey.windows() {
        writeln!(text, "{} to {}", window.opens.to_rfc3339(), window.closes.to_rfc3339()).unwrap();
    }
    text
}

#[test]
fn the_editions_of_2022_are_as_landed() {
    insta::assert_snapshot!(shown(survey::find("2022").unwrap()));
}

#[test]
fn the_edition_of_2024_is_as_landed() {
    insta::assert_snapshot!(shown(survey::find("2024").unwrap()));
}

#[test]
fn the_intake_form_of_2024_is_as_landed() {
    insta::assert_snapshot!(shown(survey::find("2024_intake").unwrap()));
}

/// The layout hash covers slots; the edition hash every wording too, so that a changed comma in a landed edition is noticed.
#[test]
fn the_hashes_of_layouts_and_editions_are_as_landed() {
    let mut text = String::new();
    for survey in survey::all() {
        writeln!(text, "layout {} {}", survey.id(), survey.layout().hash()).unwrap();
        for edition in survey.editions() {
            writeln!(text, "edition {} {}", edition.id(), edition.hash()).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}
