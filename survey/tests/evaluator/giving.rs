//! What an answer can be: answered, blank, no answer, not asked, never mixed; and the faults of what cannot be one.

use serde_json::{Value, json};
use survey::answer::EntryPath;
use survey::evaluate::{State, evaluate};

use crate::made::{PATHS, by_proxy, complete_2022, complete_2024, edition, faults, holds_nul, hospital, sent, state, with};

#[test]
fn missing_null_empty_and_blank_only_values_are_blank_and_not_kept() {
    for blank in [Value::Null, json!(""), json!(" \u{3000}\n\t"), json!([]), json!({})] {
        for key in ["safety_manager_placed", "consultation_desk", "backup_frequency"] {
            let evaluation = sent("2024-first", &with(complete_2024(), json!({ key: blank })));
            assert_eq!(state(&evaluation, key), State::Blank, "{key} {blank}");
            assert_eq!(faults(&evaluation), [("error", "required_missing", key)]);
            assert!(!evaluation.answers.contains_key(key));
        }
        let evaluation = sent("2022-january", &with(complete_2022(), json!({ "vpn_devices": blank })));
        assert_eq!(
            (state(&evaluation, "vpn_devices"), faults(&evaluation).len()),
            (State::Blank, 1),
            "{blank}"
        );
    }
}

#[test]
fn an_unknown_question_is_an_error_that_names_it_and_is_not_kept() {
    let evaluation = sent("2024-first", &with(complete_2024(), json!({ "vpn_present": "yes", "a\u{0}b": 1 })));
    assert_eq!(
        faults(&evaluation),
        [
            ("error", "unknown_question", "a\u{fffd}b"),
            ("error", "unknown_question", "vpn_present")
        ]
    );
    assert!(!evaluation.answers.contains_key("vpn_present"));
}

#[test]
fn an_unknown_option_is_an_error_that_says_what_was_found_and_what_may_stand_there() {
    let evaluation = sent(
        "2024-first",
        &with(
            complete_2024(),
            json!({ "backup_frequency": "hourly", "consultation_desk": ["vendor", "friend"] }),
        ),
    );
    assert_eq!(
        faults(&evaluation),
        [
            ("error", "unknown_option", "consultation_desk"),
            ("error", "unknown_option", "backup_frequency")
        ]
    );
    assert_eq!(evaluation.faults[0].found.as_deref(), Some("friend"));
    assert_eq!(
        evaluation.faults[1].expected.as_deref(),
        Some("daily, weekly, monthly, yearly, other")
    );
    assert_eq!(state(&evaluation, "backup_frequency"), State::Invalid);
    // Kept for the draft.
    assert_eq!(evaluation.answers["backup_frequency"], "hourly");
}

#[test]
fn labels_and_other_spellings_are_no_keys() {
    for spelling in [json!("はい"), json!("Yes"), json!("YES"), json!("1")] {
        let evaluation = sent("2024-first", &with(complete_2024(), json!({ "bcp_drilled": spelling })));
        assert_eq!(faults(&evaluation), [("error", "unknown_option", "bcp_drilled")], "{spelling}");
    }
}

#[test]
fn a_value_of_another_type_is_an_error() {
    let cases = [
        ("safety_manager_placed", json!(true)),
        ("safety_manager_placed", json!(["yes"])),
        ("backup_copies", json!(3)),
        ("backup_copies", json!({ "one": true })),
        ("consultation_desk", json!("vendor")),
        ("consultation_desk", json!(["vendor", 1])),
        ("consultation_desk", json!([null])),
        ("respondent", json!("調査 太郎")),
    ];
    for (key, value) in cases {
        let evaluation = sent("2024-first", &with(complete_2024(), json!({ key: value })));
        assert_eq!((state(&evaluation, key), evaluation.has_errors()), (State::Invalid, true));
        assert_eq!(faults(&evaluation)[0], ("error", "wrong_type", key), "{value}");
    }
    let evaluation = sent("2022-january", &with(complete_2022(), json!({ "vpn_devices": 2 })));
    assert_eq!(faults(&evaluation), [("error", "wrong_type", "vpn_devices")]);
}

#[test]
fn several_options_are_taken_in_the_order_of_the_options_and_once() {
    let given = json!({ "consultation_desk": ["other", "vendor", "other"] });
    let evaluation = sent("2024-first", &with(complete_2024(), given));
    assert_eq!(evaluation.answers["consultation_desk"], json!(["vendor", "other"]));
    assert_eq!(faults(&evaluation), []);
}

#[test]
fn each_none_excludes_every_other_option() {
    for chosen in [
        json!(["none_wanted", "vendor"]),
        json!(["own_institution", "none_unwanted"]),
        json!(["none_wanted", "none_unwanted"]),
    ] {
        let evaluation = sent("2024-first", &with(complete_2024(), json!({ "consultation_desk": chosen })));
        assert_eq!(
            faults(&evaluation),
            [("error", "exclusive_options", "consultation_desk")],
            "{chosen}"
        );
        assert_eq!(state(&evaluation, "consultation_desk"), State::Invalid);
    }
    for chosen in [
        json!(["none_wanted"]),
        json!(["none_unwanted", "none_unwanted"]),
        json!(["own_institution", "other_institution", "other"]),
    ] {
        assert_eq!(
            faults(&sent("2024-first", &with(complete_2024(), json!({ "consultation_desk": chosen })))),
            [],
            "{chosen}"
        );
    }
}

#[test]
fn only_proxy_entry_may_write_no_answer() {
    let keys_2024 = ["safety_manager_placed", "consultation_desk", "backup_frequency", "respondent"];
    for (id, complete, keys) in [
        ("2024-first", complete_2024(), &keys_2024[..]),
        ("2022-january", complete_2022(), &["vpn_devices"]),
    ] {
        for (key, path) in keys.iter().flat_map(|key| PATHS.map(|path| (*key, path))) {
            // Spaces around it make no other word of it.
            for word in ["no_answer", " no_answer\n"] {
                let evaluation = evaluate(edition(id), &hospital(120), &with(complete.clone(), json!({ key: word })), path);
                if path == EntryPath::Proxy {
                    assert_eq!((faults(&evaluation), state(&evaluation, key)), (vec![], State::NoAnswer), "{key}");
                    assert_eq!(evaluation.answers[key], "no_answer");
                } else {
                    assert_eq!(faults(&evaluation), [("error", "no_answer_not_allowed", key)], "{path:?}");
                    assert_eq!(state(&evaluation, key), State::Invalid);
                }
            }
        }
    }
}

#[test]
fn no_answer_is_never_one_option_among_others() {
    let evaluation = by_proxy("2024-first", &with(complete_2024(), json!({ "consultation_desk": ["no_answer"] })));
    assert_eq!(faults(&evaluation), [("error", "unknown_option", "consultation_desk")]);
}

#[test]
fn no_answer_of_a_single_field_follows_the_same_rule() {
    let fields = json!({ "name": " no_answer ", "corporation": "医療法人", "organisation": "試験病院", "contact": "03" });
    let answers = with(complete_2024(), json!({ "respondent": fields }));
    let by_proxy = by_proxy("2024-first", &answers);
    assert_eq!((faults(&by_proxy), state(&by_proxy, "respondent")), (vec![], State::Answered));
    assert_eq!(by_proxy.answers["respondent"]["name"], "no_answer");
    assert_eq!(
        faults(&sent("2024-first", &answers)),
        [("error", "no_answer_not_allowed", "respondent.name")]
    );
}

#[test]
fn a_question_that_was_not_asked_stays_so_whatever_was_given() {
    let not_asked = |value: Value| {
        by_proxy(
            "2024-first",
            &with(complete_2024(), json!({ "bcp_defined": "no", "bcp_drilled": value })),
        )
    };
    let answered = not_asked(json!("yes"));
    assert_eq!(faults(&answered), [("warning", "answer_not_asked", "bcp_drilled")]);
    assert_eq!(answered.faults[0].found.as_deref(), Some("yes"));
    // 無回答 says nothing, so there is nothing to warn of; what cannot be an answer keeps nobody from submitting where none was wanted.
    assert_eq!(faults(&not_asked(json!("no_answer"))), []);
    let unknown = not_asked(json!("sometimes"));
    assert_eq!(faults(&unknown), [("warning", "unknown_option", "bcp_drilled")]);
    assert_eq!(unknown.answers["bcp_drilled"], "sometimes", "kept as received");
    for value in [json!("yes"), json!("no_answer"), json!("sometimes"), json!(null)] {
        assert_eq!(state(&not_asked(value), "bcp_drilled"), State::NotAsked);
    }
}

#[test]
fn answers_that_are_no_object_are_an_error_and_nothing_is_answered() {
    for answers in [json!([]), json!("yes"), json!(1), json!(false), json!([{ "bcp_defined": "yes" }])] {
        let evaluation = sent("2024-first", &answers);
        assert_eq!(faults(&evaluation)[0], ("error", "answers_not_object", ""), "{answers}");
        assert!(evaluation.answers.is_empty());
    }
    // Nothing at all is an empty questionnaire.
    assert_eq!(sent("2024-first", &Value::Null), sent("2024-first", &json!({})));
}

#[test]
fn every_missing_field_of_the_respondent_is_named() {
    let respondent = json!({ "name": " 調査 太郎 ", "organisation": "", "contact": " " });
    let evaluation = sent("2024-first", &with(complete_2024(), json!({ "respondent": respondent })));
    let missing = ["respondent.corporation", "respondent.organisation", "respondent.contact"];
    assert_eq!(faults(&evaluation), missing.map(|field| ("error", "required_missing", field)));
    assert_eq!(evaluation.answers["respondent"], json!({ "name": "調査 太郎" }));
    let nothing = sent("2024-first", &with(complete_2024(), json!({ "respondent": { "name": null } })));
    assert_eq!((faults(&nothing).len(), state(&nothing, "respondent")), (4, State::Blank));
}

#[test]
fn wrong_and_missing_fields_of_the_respondent_are_told_at_once() {
    let respondent = json!({ "name": 1, "organisation": "病院", "fax": "03", "corporation": "法人\u{7}" });
    let evaluation = sent("2024-first", &with(complete_2024(), json!({ "respondent": respondent })));
    let expected = [
        ("error", "unknown_question", "respondent.fax"),
        ("error", "wrong_type", "respondent.name"),
        ("error", "text_has_control_characters", "respondent.corporation"),
        ("error", "required_missing", "respondent.contact"),
    ];
    assert_eq!(
        (faults(&evaluation), state(&evaluation, "respondent")),
        (expected.to_vec(), State::Invalid)
    );
}

#[test]
fn texts_are_taken_up_to_four_thousand_characters_and_kept_verbatim() {
    let devices = |text: String| sent("2022-january", &with(complete_2022(), json!({ "vpn_devices": text })));
    let verbatim = "  甲社\t型番A\u{3000}2台\r\n乙社 型番B １台 ";
    assert_eq!(devices(verbatim.to_owned()).answers["vpn_devices"], verbatim);
    assert_eq!(faults(&devices("台".repeat(4_000))), []);
    let long = devices("台".repeat(4_001));
    assert_eq!(
        (faults(&long), state(&long, "vpn_devices")),
        (vec![("error", "text_too_long", "vpn_devices")], State::Invalid)
    );
    assert!(long.faults[0].found.as_ref().unwrap().chars().count() <= 81);
    let name = with(
        complete_2022(),
        json!({ "respondent": { "name": "名".repeat(4_001), "organisation": "所属", "contact": "03" } }),
    );
    assert_eq!(
        faults(&sent("2022-january", &name)),
        [("error", "text_too_long", "respondent.name")]
    );
}

#[test]
fn control_characters_are_refused_and_nul_never_comes_out_again() {
    for character in ['\u{0}', '\u{1b}', '\u{85}', '\u{fffd}'] {
        let text = format!("甲社{character}型番A");
        let evaluation = sent("2022-january", &with(complete_2022(), json!({ "vpn_devices": text })));
        assert_eq!(
            faults(&evaluation),
            [("error", "text_has_control_characters", "vpn_devices")],
            "{character:?}"
        );
    }
    let changes =
        json!({ "vpn_devices": "a\u{0}b", "ehr_in_use": "\u{0}", "guideline_in_use": ["\u{0}"], "respondent": { "na\u{0}me": "\u{0}" } });
    let evaluation = sent("2022-january", &with(complete_2022(), changes));
    assert!(!holds_nul(&serde_json::to_value(&evaluation).unwrap()));
    // The draft that is read again has the same fault, so that it cannot be submitted by saving it once.
    let again = sent("2022-january", &Value::Object(evaluation.answers.clone()));
    assert!(faults(&again).contains(&("error", "text_has_control_characters", "vpn_devices")));
}

#[test]
fn faults_and_states_travel_under_stable_names() {
    let answers = json!({ "bcp_defined": "no", "bcp_drilled": "yes" });
    let evaluation = serde_json::to_value(sent("2024-first", &answers)).unwrap();
    assert_eq!(
        (&evaluation["states"]["bcp_drilled"], &evaluation["asked"]["bcp_drilled"]),
        (&json!("not_asked"), &json!("not_asked"))
    );
    let warning = evaluation["faults"]
        .as_array()
        .unwrap()
        .iter()
        .find(|fault| fault["severity"] == "warning")
        .unwrap();
    assert_eq!(
        (&warning["code"], &warning["sheet"], &warning["found"]),
        (&json!("answer_not_asked"), &Value::Null, &json!("yes"))
    );
    assert!(PATHS.iter().all(|path| json!(path) == path.as_str()));
}
