//! Survey data that contradicts itself is refused with a message that names the question.

use survey::survey::{Survey, SurveyError};

use crate::made::{HEAD, question};

/// The message of the refusal.
fn refused(text: &str) -> String {
    Survey::from_toml(text).unwrap_err().to_string()
}

fn survey_of(questions: &[String]) -> String {
    format!("{HEAD}{}", questions.concat())
}

fn yes_no(key: &str, rest: &str) -> String {
    question(key, "yes_no", rest)
}

const TWO_OPTIONS: &str = r#"choices = [{ key = "a", code = 0, label = "甲" }, { key = "b", code = 1, label = "乙" }]"#;

#[test]
fn what_the_refusals_below_start_from_is_accepted() {
    Survey::from_toml(&survey_of(&[yes_no("first", "slot = 0"), yes_no("second", "slot = 1")])).unwrap();
    Survey::from_toml(&survey_of(&[question("which", "one", &format!("slot = 0\n{TWO_OPTIONS}"))])).unwrap();
}

#[test]
fn a_slot_given_twice_is_refused() {
    let message = refused(&survey_of(&[yes_no("first", "slot = 3"), yes_no("second", "slot = 3")]));
    assert_eq!(message, "survey 2030: slot 3 is given twice, the second time to second");
    let high = refused(&survey_of(&[yes_no("first", "slot = 4096")]));
    assert!(high.contains("first"), "{high}");
}

#[test]
fn a_key_label_or_number_that_is_taken_is_refused() {
    let twice = refused(&survey_of(&[yes_no("first", "slot = 0"), yes_no("first", "slot = 1")]));
    assert!(twice.contains("the key first is given twice"), "{twice}");
    let label = yes_no("second", "slot = 1").replace("設問 second", "設問 first");
    let label = refused(&survey_of(&[yes_no("first", "slot = 0"), label]));
    assert!(label.contains("second") && label.contains("設問 first"), "{label}");
    let numbered = |key: &str, slot: u8| yes_no(key, &format!("slot = {slot}\nnumbers = {{ first = \"1\" }}"));
    let number = refused(&survey_of(&[numbered("first", 0), numbered("second", 1)]));
    assert!(number.contains("second: its number is taken"), "{number}");
    let edition = refused(&survey_of(&[yes_no("first", "slot = 0\nnumbers = { march = \"1\" }")]));
    assert!(edition.contains("first") && edition.contains("march"), "{edition}");
}

#[test]
fn keys_that_are_not_snake_case_are_refused() {
    for key in ["First", "first-one", "", "a.b", "設問"] {
        let message = refused(&survey_of(&[yes_no(key, "slot = 0")]));
        assert!(message.contains(&format!("{key:?} is not snake_case")), "{message}");
    }
}

#[test]
fn a_gate_to_itself_a_later_question_or_one_that_does_not_exist_is_refused() {
    for gate in ["second", "third", "nowhere"] {
        for condition in ["asked_if", "optional_if"] {
            let rest = format!("slot = 1\n{condition} = {{ question = \"{gate}\", is = [\"yes\"] }}");
            let message = refused(&survey_of(&[
                yes_no("first", "slot = 0"),
                yes_no("second", &rest),
                yes_no("third", "slot = 2"),
            ]));
            assert_eq!(
                message,
                format!("survey 2030: second: it looks at {gate}, which does not come before it")
            );
        }
    }
}

#[test]
fn a_gate_on_an_option_that_does_not_exist_is_refused() {
    for (gate, is) in [
        ("first", r#"["maybe"]"#),
        ("first", "[]"),
        ("first", r#"["yes", "no_answer"]"#),
        ("who", r#"["name"]"#),
    ] {
        let who = question("who", "respondent", r#"fields = [{ key = "name", label = "氏名" }]"#);
        let second = yes_no("second", &format!("slot = 1\nasked_if = {{ question = \"{gate}\", is = {is} }}"));
        let message = refused(&survey_of(&[who, yes_no("first", "slot = 0"), second]));
        assert!(
            message.contains(&format!("second: it looks for an option that {gate} does not have")),
            "{message}"
        );
    }
}

#[test]
fn a_condition_of_no_known_form_or_without_content_is_refused() {
    let gated = |gate: &str| {
        survey_of(&[
            yes_no("first", "slot = 0"),
            yes_no("second", &format!("slot = 1\nasked_if = {gate}")),
        ])
    };
    for gate in [
        "{ all = [] }",
        "{ any = [] }",
        "{ all = [{ any = [] }] }",
        r#"{ earlier = "ehr_in_use", is = ["yes"] }"#,
    ] {
        let message = refused(&gated(gate));
        assert!(message.contains("second"), "{gate}: {message}");
    }
    for gate in [
        r#"{ question = "first", is = ["yes"], beds_at_least = 400 }"#,
        r#"{ question = "first", is_not = ["yes"] }"#,
        "{ beds_at_least = -1 }",
        "{ beds_below = 400 }",
        "{}",
    ] {
        assert!(matches!(Survey::from_toml(&gated(gate)), Err(SurveyError::Form(_))), "{gate}");
    }
}

#[test]
fn a_question_that_no_answers_make_asked_is_refused() {
    let which = question("which", "one", &format!("slot = 0\n{TWO_OPTIONS}"));
    let is = |option: &str| format!("{{ question = \"which\", is = [\"{option}\"] }}");
    let both = yes_no("both", &format!("slot = 1\nasked_if = {{ all = [{}, {}] }}", is("a"), is("b")));
    let message = refused(&survey_of(&[which.clone(), both]));
    assert_eq!(message, "survey 2030: both: no answers make it asked");
    // The conflict may lie further up the chain.
    let if_a = yes_no("if_a", &format!("slot = 1\nasked_if = {}", is("a")));
    let far = yes_no(
        "far",
        &format!(
            "slot = 2\nasked_if = {{ all = [{}, {{ question = \"if_a\", is = [\"yes\"] }}] }}",
            is("b")
        ),
    );
    let message = refused(&survey_of(&[which.clone(), if_a.clone(), far]));
    assert!(message.contains("far: no answers make it asked"), "{message}");
    // Of two ways one suffices, and two options of a several-choice question can be chosen together.
    let one_way = yes_no(
        "far",
        &format!(
            "slot = 2\nasked_if = {{ any = [{{ all = [{}, {}] }}, {{ question = \"if_a\", is = [\"no\"] }}] }}",
            is("a"),
            is("b")
        ),
    );
    Survey::from_toml(&survey_of(&[which, if_a, one_way])).unwrap();
    let several = question(
        "which",
        "several",
        r#"choices = [{ key = "a", code = 0, slot = 3, label = "甲" }, { key = "b", code = 1, slot = 4, label = "乙" }]"#,
    );
    let both = yes_no("both", &format!("slot = 1\nasked_if = {{ all = [{}, {}] }}", is("a"), is("b")));
    Survey::from_toml(&survey_of(&[several, both])).unwrap();
}

#[test]
fn conditions_that_branch_beyond_all_sense_are_refused_instead_of_computed() {
    let either = "{ any = [{ earlier = \"2022.a\", is = [\"yes\"] }, { earlier = \"2022.b\", is = [\"yes\"] }] }";
    let gate = format!("slot = 0\nasked_if = {{ all = [{}] }}", vec![either; 40].join(", "));
    let message = refused(&survey_of(&[yes_no("first", &gate)]));
    assert!(message.contains("first: its conditions branch too much"), "{message}");
}

#[test]
fn options_that_repeat_a_key_code_or_label_are_refused() {
    let with = |second: &str| {
        let choices = format!("slot = 0\nchoices = [{{ key = \"a\", code = 0, label = \"甲\" }}, {second}]");
        refused(&survey_of(&[question("which", "one", &choices)]))
    };
    for second in [
        r#"{ key = "a", code = 1, label = "乙" }"#,
        r#"{ key = "b", code = 0, label = "乙" }"#,
        r#"{ key = "b", code = 1, label = "甲" }"#,
        r#"{ key = "B", code = 1, label = "乙" }"#,
        r#"{ key = "b", code = 201, label = "乙" }"#,
        r#"{ key = "no_answer", code = 1, label = "無回答" }"#,
    ] {
        let message = with(second);
        assert!(message.contains("which: option"), "{message}");
    }
    let exclusive = with(r#"{ key = "b", code = 1, label = "乙", exclusive = true }"#);
    assert!(
        exclusive.contains("which: only an option of a several-choice question"),
        "{exclusive}"
    );
}

#[test]
fn slots_choices_or_fields_that_do_not_fit_the_type_are_refused() {
    let field = r#"fields = [{ key = "name", label = "氏名" }]"#;
    let cases = [
        ("yes_no", String::new()),
        ("yes_no", format!("slot = 0\n{TWO_OPTIONS}")),
        ("yes_no", format!("slot = 0\n{field}")),
        ("one", TWO_OPTIONS.to_owned()),
        ("one", "slot = 0".to_owned()),
        ("one", "slot = 0\nchoices = [{ key = \"a\", code = 0, label = \"甲\" }]".to_owned()),
        ("several", TWO_OPTIONS.to_owned()),
        ("text", field.to_owned()),
        ("respondent", String::new()),
        ("respondent", format!("slot = 0\n{field}")),
    ];
    for (kind, rest) in cases {
        let message = refused(&survey_of(&[question("which", kind, &rest)]));
        assert!(
            message.contains("which: slots, choices or fields do not fit its type"),
            "{kind} {rest}: {message}"
        );
    }
    let fields = r#"fields = [{ key = "name", label = "氏名" }, { key = "name", label = "所属" }]"#;
    let message = refused(&survey_of(&[question("who", "respondent", fields)]));
    assert!(message.contains("who: the field \"name\""), "{message}");
}

#[test]
fn unknown_keys_and_types_are_refused_with_their_line() {
    let question_key = refused(&survey_of(&[yes_no("first", "slot = 0\nhint = \"x\"")]));
    assert!(
        question_key.contains("unknown field `hint`") && question_key.contains("line"),
        "{question_key}"
    );
    let survey_key = refused(&survey_of(&[yes_no("first", "slot = 0")]).replacen("title", "subtitle = \"x\"\ntitle", 1));
    assert!(survey_key.contains("unknown field `subtitle`"), "{survey_key}");
    let kind = refused(&survey_of(&[question("first", "number", "slot = 0")]));
    assert!(kind.contains("unknown variant `number`"), "{kind}");
    assert!(matches!(Survey::from_toml("not toml"), Err(SurveyError::Form(_))));
}

#[test]
fn surveys_without_edition_or_window_or_with_odd_ones_are_refused() {
    let text = survey_of(&[yes_no("first", "slot = 0")]);
    let edition = r#"{ name = "first", printed = "2030-01-01" }"#;
    for (from, to, expected) in [
        (edition, String::new(), "no edition"),
        (edition, format!("{edition}, {edition}"), "named twice"),
        (edition, edition.replace("first", "no-1"), "no-1"),
        ("id = \"2030\"", "id = \"20.30\"".to_owned(), "20.30"),
        ("2030-03-01T23:59:59", "2030-01-01T23:59:59".to_owned(), "closes before"),
        (
            r#"{ opens = "2030-02-01T00:00:00+09:00", closes = "2030-03-01T23:59:59+09:00" }"#,
            String::new(),
            "no window",
        ),
        ("2030-01-01", "2030-02-30".to_owned(), "cannot be read"),
    ] {
        let message = refused(&text.replacen(from, &to, 1));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn contradictions_that_cannot_be_judged_are_refused_by_name() {
    let with = |questions: &str, any: &str| {
        let contradiction = format!("\n[[contradictions]]\nname = \"odd\"\nquestions = {questions}\nany = {any}\nmessage = \"矛盾\"\n");
        Survey::from_toml(&format!("{}{contradiction}", survey_of(&[yes_no("first", "slot = 0")])))
    };
    with(r#"["first"]"#, r#"[[{ question = "first", is = ["yes"] }]]"#).unwrap();
    for (questions, any) in [
        (r#"["first"]"#, r#"[[{ question = "second", is = ["yes"] }]]"#),
        (r#"["first"]"#, r#"[[{ question = "first", is = ["perhaps"] }]]"#),
        (r#"["second"]"#, r#"[[{ question = "first", is = ["yes"] }]]"#),
        ("[]", r#"[[{ question = "first", is = ["yes"] }]]"#),
        (r#"["first"]"#, "[]"),
        (r#"["first"]"#, "[[]]"),
    ] {
        let message = with(questions, any).unwrap_err().to_string();
        assert!(message.contains("contradiction odd"), "{message}");
    }
}
