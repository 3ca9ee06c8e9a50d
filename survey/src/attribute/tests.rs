//! The catalogue that comes with the program, what a broken one is refused for, and what is known of a hospital.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::area::MunicipalityCode;

fn attribute(key: &str) -> &'static Attribute {
    find(key).unwrap()
}

fn prefecture(number: u8) -> PrefectureCode {
    PrefectureCode::new(number).unwrap()
}

fn known(pairs: &[(&str, &str)]) -> Attributes {
    let map: BTreeMap<String, String> = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Attributes::try_from(map).unwrap()
}

/// What stored frames rely on: a value may be added, never taken away or moved to another key.
#[test]
fn what_has_landed_is_still_there() {
    let keys = |attribute: &Attribute| {
        attribute
            .values()
            .iter()
            .map(|value| value.key.clone())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let landed: Vec<String> = catalogue()
        .attributes()
        .iter()
        .map(|attribute| format!("{}: {}", attribute.key, keys(attribute)))
        .collect();
    assert_eq!(
        landed,
        [
            "founder: national prefectural municipal local_independent other_public social_insurance medical_corporation individual other",
            "medical_area: ",
            "emergency: tertiary secondary primary none",
            "disaster_base: yes no",
        ]
    );
    let names: Vec<(&str, &str)> = catalogue().names().iter().map(|name| (&*name.key, &*name.of)).collect();
    assert_eq!(
        names,
        [("municipality_name", "municipality"), ("medical_area_name", "medical_area")]
    );
}

#[test]
fn no_survey_has_a_question_or_indicator_that_is_written_like_an_attribute() {
    for survey in crate::compiled_in() {
        for attribute in catalogue().attributes() {
            assert!(survey.question(&attribute.key).is_none(), "{}", attribute.key);
            let indicators = crate::indicator::of(survey);
            assert!(indicators.iter().all(|indicator| indicator.key.as_str() != attribute.key));
        }
    }
}

#[test]
fn values_are_read_as_files_write_them() {
    for (key, text, value) in [
        ("founder", "medical_corporation", "medical_corporation"),
        ("founder", " 医療 法人 ", "medical_corporation"),
        ("founder", "国立病院機構", "national"),
        ("founder", "その他(国)", "national"),
        ("emergency", "三次", "tertiary"),
        ("disaster_base", "◯", "yes"),
        ("disaster_base", "０", "no"),
        ("medical_area", "１３０１", "1301"),
    ] {
        assert_eq!(attribute(key).parse(text).unwrap(), value, "{text}");
    }
    assert_eq!(attribute("medical_area").parse_in("101", prefecture(1)).unwrap(), "0101");
    assert!(attribute("medical_area").parse_in("1301", prefecture(14)).is_err());
    for (key, text) in [
        ("founder", "株式"),
        ("founder", ""),
        ("founder", UNKNOWN),
        ("medical_area", "4801"),
        ("medical_area", "130"),
        ("medical_area", "13 a1"),
    ] {
        assert!(matches!(attribute(key).parse(text), Err(AttributeError::Value { .. })), "{text}");
    }
    let Err(AttributeError::Value { expected, .. }) = attribute("emergency").parse("四次") else {
        panic!()
    };
    assert_eq!(expected, "三次救急、二次救急、初期救急、救急医療なし");
}

#[test]
fn a_catalogue_that_contradicts_itself_is_refused() {
    let entry = |key: &str, rest: &str| format!("[[attributes]]\nkey = \"{key}\"\nlabel = \"名\"\n{rest}\n");
    let yes = "values = [{ key = \"yes\", label = \"はい\" }]";
    let problem = |text: String| match Catalogue::from_toml(&text) {
        Err(CatalogueError::Content { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    for key in ["band", "Founder", "", UNKNOWN] {
        assert_eq!(problem(entry(key, yes)), "the key is taken, or is not snake_case", "{key}");
    }
    assert_eq!(
        problem(format!("{}{}", entry("a", yes), entry("a", yes))),
        "the key is taken, or is not snake_case"
    );
    for rest in ["", "code = 2", "values = []", &format!("{yes}\ncode = 4")] {
        assert_eq!(
            problem(entry("a", rest)),
            "it has either values or a code of 3 to 9 digits",
            "{rest}"
        );
    }
    let twice = "values = [{ key = \"yes\", label = \"はい\" }, { key = \"no\", label = \"いいえ\", written = [\"ＹＥＳ\"] }]";
    assert_eq!(problem(entry("a", twice)), "\"yes\" is written for two values");
    let unknown = "values = [{ key = \"unknown\", label = \"不明\" }]";
    assert_eq!(problem(entry("a", unknown)), "the value \"unknown\" is taken, or is not snake_case");
    let name = "[[names]]\nkey = \"b\"\nof = \"a\"\nlabel = \"名\"\n";
    assert_eq!(problem(format!("{}{name}", entry("a", yes))), "a has no codes to name");
    assert!(Catalogue::from_toml(&format!("{}{name}", entry("a", "code = 4"))).is_ok());
}

#[test]
fn stored_attributes_that_the_catalogue_does_not_know_are_refused() {
    let read = |json: &str| serde_json::from_str::<Attributes>(json);
    assert!(read(r#"{"founder": "national", "medical_area": "1301", "medical_area_name": "区中央部"}"#).is_ok());
    for json in [
        r#"{"shoe": "44"}"#,
        r#"{"founder": "国"}"#,
        r#"{"founder": "unknown"}"#,
        r#"{"medical_area": "1"}"#,
    ] {
        assert!(read(json).is_err(), "{json}");
    }
}

#[test]
fn a_newer_list_replaces_what_it_names_and_a_move_takes_codes_away() {
    let ward = MunicipalityCode::parse("13104").unwrap();
    let other = MunicipalityCode::parse("13101").unwrap();
    let at = |number, municipality| Place {
        prefecture: prefecture(number),
        municipality,
    };
    let before = known(&[
        ("founder", "national"),
        ("medical_area", "1304"),
        ("medical_area_name", "区西部"),
        ("municipality_name", "新宿区"),
    ]);
    let same = at(13, Some(&ward));
    assert_eq!(before.renewed(&Attributes::default(), &same, &same), before);
    let founder = before.renewed(&known(&[("founder", "individual")]), &same, &same);
    assert_eq!(founder.value(attribute("founder")), Some("individual"));
    assert_eq!(founder.value(attribute("medical_area")), Some("1304"));
    let keys = |attributes: &Attributes| attributes.iter().map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
    let moved = before.renewed(&Attributes::default(), &same, &at(14, None));
    assert_eq!(keys(&moved), ["founder"]);
    let ward = before.renewed(&Attributes::default(), &same, &at(13, Some(&other)));
    assert_eq!(keys(&ward), ["founder", "medical_area", "medical_area_name"]);
    let area = before.renewed(&known(&[("medical_area", "1301")]), &same, &same);
    assert_eq!(keys(&area), ["founder", "medical_area", "municipality_name"]);
}

#[test]
fn a_code_has_the_name_that_most_give_it() {
    let ward = MunicipalityCode::parse("13104").unwrap();
    let mut names = Names::default();
    for name in ["新宿", "新宿区", "新宿区"] {
        names.note(&known(&[("municipality_name", name), ("medical_area_name", "区西部")]), Some(&ward));
    }
    names.note(&known(&[("municipality_name", "港区")]), None);
    assert_eq!(names.of("municipality", "13104"), Some("新宿区"));
    assert_eq!(names.of("municipality", "13103"), None);
    assert_eq!(names.of("medical_area", "1304"), None);
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic_and_what_is_read_reads_as_itself(text in any::<String>(), index in 0..4_usize) {
        let attribute = &catalogue().attributes()[index];
        if let Ok(value) = attribute.parse(&text) {
            prop_assert_eq!(attribute.parse(&value).unwrap(), value);
        }
    }
}
