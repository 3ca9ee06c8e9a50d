//! Coded answers: which byte stands for what, at which slot, and which bytes say nothing.

use serde_json::json;
use survey::codes::{BLANK, CHOSEN, FIRST_OPTION, NO_ANSWER, NOT_ASKED};
use survey::evaluate::State;

use crate::made::{MADE, by_proxy, bytes, complete_2022, complete_2024, edition, sent, with};

#[test]
fn a_byte_says_not_asked_blank_no_answer_or_which_option() {
    let first = edition("2024-first");
    let changes = json!({
        "backup_frequency": "other", "bcp_defined": "no", "bcp_drilled": "yes", "alerts_collected": "no_answer", "mds_sds_checked": null,
        "network_map_known": "?",
    });
    let evaluation = by_proxy("2024-first", &with(complete_2024(), changes));
    let byte = |key: &str| bytes(first, &evaluation, key);
    assert_eq!(
        (byte("safety_manager_placed"), byte("information_policy_defined")),
        (vec![FIRST_OPTION], vec![FIRST_OPTION + 1])
    );
    assert_eq!(byte("backup_frequency"), [FIRST_OPTION + 4]);
    assert_eq!(byte("bcp_drilled"), [NOT_ASKED], "whatever was given");
    assert_eq!(byte("alerts_collected"), [NO_ANSWER]);
    assert_eq!((byte("mds_sds_checked"), byte("network_map_known")), (vec![BLANK], vec![BLANK]));
    assert_eq!(
        byte("consultation_desk"),
        [CHOSEN, CHOSEN, FIRST_OPTION, FIRST_OPTION, FIRST_OPTION, FIRST_OPTION]
    );
    assert!(byte("respondent").is_empty(), "personal data is never coded");
}

#[test]
fn a_several_choice_question_has_one_state_in_all_its_slots() {
    for (given, expected) in [(json!(null), BLANK), (json!("no_answer"), NO_ANSWER), (json!(["friend"]), BLANK)] {
        let evaluation = by_proxy("2024-first", &with(complete_2024(), json!({ "consultation_desk": given })));
        assert_eq!(bytes(edition("2024-first"), &evaluation, "consultation_desk"), [expected; 6]);
    }
}

#[test]
fn a_text_is_coded_as_given_or_not() {
    let january = edition("2022-january");
    assert_eq!(
        bytes(january, &sent("2022-january", &complete_2022()), "vpn_devices"),
        [FIRST_OPTION]
    );
    assert_eq!(
        bytes(
            january,
            &sent("2022-january", &with(complete_2022(), json!({ "vpn_present": "no" }))),
            "vpn_devices"
        ),
        [NOT_ASKED]
    );
}

#[test]
fn the_bytes_reach_to_the_highest_slot_and_the_order_of_slots_is_not_that_of_the_questions() {
    let made = MADE.first_edition();
    let evaluation = sent(
        "2030-first",
        &json!({ "start": "no", "remarks": "備考", "free": "yes", "below_free": "no" }),
    );
    assert_eq!((made.layout().len(), evaluation.codes.len()), (14, 14));
    assert_eq!(
        (evaluation.codes[12], evaluation.codes[9], evaluation.codes[13]),
        (FIRST_OPTION, FIRST_OPTION, FIRST_OPTION + 1)
    );
}

#[test]
fn reading_gives_state_and_options_and_refuses_bytes_that_no_evaluation_writes() {
    let first = edition("2024-first");
    let desk = first.question("consultation_desk").unwrap();
    let copies = first.question("backup_copies").unwrap();
    let codes = sent("2024-first", &complete_2024()).codes;
    let read = |codes: &[u8], question| first.layout().read(codes, question);
    assert_eq!(read(&codes, desk), Some((State::Answered, vec!["own_institution", "vendor"])));
    assert_eq!(read(&codes, copies), Some((State::Answered, vec!["two"])));
    assert_eq!(read(&codes, first.question("respondent").unwrap()), None);
    assert_eq!(read(&codes[..codes.len() - 15], copies), None, "too short");
    let changed = |slot: usize, byte: u8| {
        let mut codes = codes.clone();
        codes[slot] = byte;
        codes
    };
    // No state has the byte 3; three options only; slots 4 to 9 must agree and hold 16 or 17.
    for (slot, byte, question) in [
        (18, 3, copies),
        (18, FIRST_OPTION + 3, copies),
        (18, 255, copies),
        (6, BLANK, desk),
        (4, NOT_ASKED, desk),
        (9, CHOSEN + 1, desk),
    ] {
        assert_eq!(read(&changed(slot, byte), question), None, "{slot} {byte}");
    }
    let mut nothing_chosen = changed(4, FIRST_OPTION);
    nothing_chosen[5] = FIRST_OPTION;
    assert_eq!(read(&nothing_chosen, desk), None);
}
