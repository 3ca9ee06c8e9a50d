//! Contradictions: answers that cannot all be true are a warning that names both questions, and only where both count.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use survey::answer::{EntryPath, HospitalFacts};
use survey::evaluate::{Evaluation, evaluate};

use crate::made::{complete_2022, complete_2024, edition, faults, hospital, sent, with};

#[test]
fn in_2022_generations_of_a_backup_that_is_not_made_are_a_contradiction() {
    let evaluation = sent(
        "2022-march",
        &with(complete_2022(), json!({ "ehr_backup": "no", "backup_generations_kept": "yes" })),
    );
    assert_eq!(
        faults(&evaluation),
        [("warning", "contradiction_generations_without_backup", "backup_generations_kept")]
    );
    assert_eq!(
        evaluation.faults[0].found.as_deref(),
        Some("ehr_backup = no; backup_generations_kept = yes")
    );
    assert!(evaluation.faults[0].message.contains("バックアップの作成") && evaluation.faults[0].message.contains("バックアップの世代管理"));
    assert!(!evaluation.has_errors());
    assert_eq!(
        faults(&sent(
            "2022-march",
            &with(complete_2022(), json!({ "ehr_backup": "yes", "backup_generations_kept": "no" }))
        )),
        []
    );
}

#[test]
fn in_2024_more_kinds_of_media_than_copies_are_a_contradiction() {
    let few_to_many = ["one", "two", "three_or_more"];
    for (copies, copies_key) in few_to_many.iter().enumerate() {
        for (media, media_key) in few_to_many.iter().enumerate() {
            let answers = with(
                complete_2024(),
                json!({ "backup_copies": copies_key, "backup_media_kinds": media_key }),
            );
            let evaluation = sent("2024-first", &answers);
            let expected: &[_] = if media > copies {
                &[("warning", "contradiction_media_exceed_copies", "backup_media_kinds")]
            } else {
                &[]
            };
            assert_eq!(faults(&evaluation), expected, "{copies_key} {media_key}");
        }
    }
    let one_of_two = sent(
        "2024-first",
        &with(complete_2024(), json!({ "backup_copies": "one", "backup_media_kinds": "two" })),
    );
    assert_eq!(
        one_of_two.faults[0].found.as_deref(),
        Some("backup_copies = one; backup_media_kinds = two")
    );
    assert!(
        one_of_two.faults[0].message.contains("バックアップの個数") && one_of_two.faults[0].message.contains("バックアップの媒体種類数")
    );
}

fn with_ehr_of_2022(answer_of_2022: &str, answers: &Value) -> Evaluation {
    let earlier = BTreeMap::from([("2022.ehr_in_use".to_owned(), answer_of_2022.to_owned())]);
    let facts = HospitalFacts { earlier, ..hospital(120) };
    evaluate(edition("2024-first"), &facts, answers, EntryPath::Page)
}

#[test]
fn in_2024_an_ehr_of_2022_that_is_gone_is_a_contradiction() {
    let below = [
        "ehr_backup",
        "backup_frequency",
        "backup_copies",
        "backup_generations",
        "backup_media_kinds",
        "backup_offline",
        "backup_leak_protection",
    ];
    let gone = with(crate::made::without(complete_2024(), &below), json!({ "ehr_in_use": "no" }));
    let evaluation = with_ehr_of_2022("yes", &gone);
    assert_eq!(faults(&evaluation), [("warning", "contradiction_ehr_gone", "ehr_in_use")]);
    assert!(evaluation.faults[0].message.contains("2022年調査の「電子カルテの使用」"));
    assert_eq!(faults(&with_ehr_of_2022("no", &gone)), []);
    assert_eq!(faults(&with_ehr_of_2022("yes", &complete_2024())), []);
    assert_eq!(faults(&sent("2024-first", &gone)), [], "nothing is known of 2022");
}

#[test]
fn answers_that_do_not_count_contradict_nothing() {
    let unasked = with(complete_2022(), json!({ "ehr_in_use": "no", "ehr_backup": "no" }));
    assert!(
        sent("2022-january", &unasked)
            .faults
            .iter()
            .all(|fault| fault.code == "answer_not_asked")
    );
    let undetermined = with(complete_2022(), json!({ "ehr_in_use": null, "ehr_backup": "no" }));
    assert_eq!(
        faults(&sent("2022-january", &undetermined)),
        [("error", "required_missing", "ehr_in_use")]
    );
    let invalid = with(
        complete_2024(),
        json!({ "backup_copies": "none", "backup_media_kinds": "three_or_more" }),
    );
    assert_eq!(
        faults(&sent("2024-first", &invalid)),
        [("error", "unknown_option", "backup_copies")]
    );
}
