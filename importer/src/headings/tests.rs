//! Headings as they stand in files, and what each means.

use super::*;

fn headings(survey: &str, edition: Option<&str>) -> Headings {
    let survey = survey::find(survey).unwrap();
    Headings::new(survey, edition.map(|name| survey.edition(name).unwrap()))
}

fn item(question: &str) -> Heading {
    Heading::Item(Item {
        question: question.into(),
        field: None,
    })
}

fn field(field: &str) -> Heading {
    Heading::Item(Item {
        question: "respondent".into(),
        field: Some(field.to_owned()),
    })
}

#[test]
fn a_question_is_known_by_key_wording_label_and_number() {
    let headings = headings("2024", None);
    for text in [
        "backup_generations",
        "Q12-3",
        "12-3",
        "Ｑ１２－３",
        "問12-3",
        "バックアップデータは、複数の時点による保存（世代管理）を行っていますか。当てはまるものを回答してください。",
        "バックアップデータは複数の時点による保存（世代管理）を行っていますか。当てはあるものを回答してください。",
        "Q12-3\nバックアップデータは、複数の時点による保存(世代管理)を行っていますか。",
        "Q12-3 バックアップの世代数",
    ] {
        assert_eq!(headings.identify(text), item("backup_generations"), "{text}");
    }
    assert_eq!(
        headings.identify("Q11 自組織において、電子カルテシステムを使用していますか。"),
        item("ehr_in_use")
    );
}

#[test]
fn every_wording_of_every_question_is_known() {
    for survey in survey::compiled_in() {
        for edition in survey.editions() {
            let headings = Headings::new(survey, Some(edition));
            for question in edition.questions().iter().filter(|question| question.is_coded()) {
                for text in [
                    question.key.as_str(),
                    &question.label,
                    &question.item_wording,
                    &question.guide_wording,
                    &question.heading(),
                ] {
                    assert_eq!(headings.identify(text), item(question.key.as_str()), "{text}");
                }
            }
        }
    }
}

#[test]
fn a_bare_number_of_2022_needs_its_numbering() {
    assert_eq!(headings("2022", None).identify("5"), Heading::AmbiguousNumber);
    assert_eq!(headings("2022", None).identify("13"), Heading::AmbiguousNumber);
    assert_eq!(headings("2022", Some("january")).identify("No.5"), item("backup_generations_kept"));
    assert_eq!(headings("2022", Some("march")).identify("5"), item("ehr_in_use"));
    assert_eq!(headings("2022", Some("march")).identify("13"), Heading::AmbiguousNumber);
}

#[test]
fn a_number_that_contradicts_its_wording_is_a_conflict() {
    let wording = "電子カルテシステムを使用しているか";
    assert_eq!(headings("2022", None).identify(&format!("5 {wording}")), item("ehr_in_use"));
    assert_eq!(headings("2022", None).identify(&format!("7 {wording}")), Heading::Conflict);
    assert_eq!(
        headings("2022", Some("january")).identify(&format!("5 {wording}")),
        Heading::Conflict
    );
    assert_eq!(headings("2024", None).identify("Q3 BCPの策定"), Heading::Conflict);
}

#[test]
fn the_file_of_another_survey_is_not_read_by_its_numbers() {
    let (of_2022, of_2024) = (headings("2022", Some("january")), headings("2024", None));
    for question in survey::find("2022")
        .unwrap()
        .questions()
        .iter()
        .filter(|question| question.is_coded())
    {
        let heading = format!("{} {}", question.number.as_ref().unwrap(), question.item_wording);
        assert!(!matches!(of_2024.identify(&heading), Heading::Item(_)), "{heading}");
    }
    for question in survey::find("2024")
        .unwrap()
        .questions()
        .iter()
        .filter(|question| question.is_coded())
    {
        let heading = format!("{} {}", question.number.as_ref().unwrap(), question.item_wording);
        assert!(!matches!(of_2022.identify(&heading), Heading::Item(_)), "{heading}");
    }
}

#[test]
fn hospitals_and_respondents_are_told_apart() {
    let headings = headings("2024", None);
    for (text, expected) in [
        ("G-MIS ID", Heading::Gmis),
        ("Ｇ－ＭＩＳユーザーＩＤ", Heading::Gmis),
        ("gmis_id", Heading::Gmis),
        ("医療機関\nコード", Heading::InstitutionCode),
        ("病院名", Heading::Name),
        ("都道府県", Heading::Prefecture),
        ("備考", Heading::Note),
        ("Q1 回答者：氏名", field("name")),
        ("氏名", field("name")),
        ("respondent.corporation", field("corporation")),
        ("病院名(所属)", field("organisation")),
        ("所属", field("organisation")),
        ("連絡先", field("contact")),
        ("Q1", Heading::Undivided),
        ("電話", Heading::Unknown),
        ("Q1 回答者：電話", Heading::Unknown),
        ("3 備考", Heading::Note),
    ] {
        assert_eq!(headings.identify(text), expected, "{text}");
    }
}
