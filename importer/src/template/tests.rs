//! Templates go out, come back filled, and mean the same: whatever the answers, wherever the columns.

use proptest::prelude::*;
use rust_xlsxwriter::Workbook as Writer;
use serde_json::{Value, json};
use survey::answer::{Answers, EntryPath, HospitalFacts};
use survey::edition::Edition;
use survey::evaluate::evaluate;
use survey::frame::Frame;
use survey::hospital::{Beds, FrameHospital, GmisId, InstitutionCode};
use survey::prefecture::PrefectureCode;
use survey::question::{Kind, Question};
use survey::survey::Survey;

use super::{Filling, bulk, form, options};
use crate::headings::Item;
use crate::layout::items;
use crate::{CellValue, Decision, Examination, Limits, Request, Row, Sheet, examine, read};

fn hospital(number: usize) -> FrameHospital {
    FrameHospital {
        gmis: GmisId::parse(&format!("AB{number:05}")).unwrap(),
        institution_code: (number == 1).then(|| InstitutionCode::parse("0110113719").unwrap()),
        name: format!("=試験{number}病院 ㈱"),
        prefecture: PrefectureCode::new(1).unwrap(),
        municipality: None,
        beds: Beds::new(120).unwrap(),
    }
}

fn examined(bytes: &[u8], survey: &Survey, edition: &Edition, path: EntryPath) -> Examination {
    let workbook = read(bytes, &Limits::default()).unwrap();
    let frame = Frame::new((1..=3).map(hospital).collect()).unwrap();
    let request = Request {
        numbering: Some(edition.name().to_owned()),
        path,
    };
    examine(&workbook, survey, &request, &frame, &|hospital| HospitalFacts {
        beds: Some(hospital.beds),
        ..HospitalFacts::default()
    })
}

/// The text that a person puts into a cell for an answer.
fn written(question: &Question, answer: &Value) -> String {
    let spelled = options(question, EntryPath::Proxy);
    let of = |key: &str| {
        question
            .choices()
            .iter()
            .position(|choice| choice.key == key)
            .map(|index| spelled[index].clone())
    };
    match (answer, &question.kind) {
        (Value::String(key), _) if key == "no_answer" => "無回答".to_owned(),
        (Value::String(text), Kind::Text(_)) => text.clone(),
        (Value::String(key), _) => of(key).unwrap(),
        (Value::Array(keys), _) => keys
            .iter()
            .map(|key| of(key.as_str().unwrap()).unwrap())
            .collect::<Vec<_>>()
            .join("、"),
        _ => panic!("{answer}"),
    }
}

fn cell_text(edition: &Edition, answers: &Answers, item: &Item) -> Option<String> {
    let answer = answers.get(item.question.as_str())?;
    match &item.field {
        Some(field) => Some(answer.get(field)?.as_str().unwrap().to_owned()),
        None => Some(written(edition.question(item.question.as_str()).unwrap(), answer)),
    }
}

/// Writes a sheet again, with more cells, in another order of its columns.
fn rewritten(sheet: &Sheet, more: &[(u32, u16, String)], order: impl Fn(u16) -> u16) -> Vec<u8> {
    let mut writer = Writer::new();
    let target = writer.add_worksheet().set_name(&sheet.name).unwrap();
    for row in &sheet.rows {
        for cell in &row.cells {
            target.write_string(row.number - 1, order(cell.column), cell.value.shown()).unwrap();
        }
    }
    for (row, column, text) in more {
        target.write_string(row - 1, order(*column), text).unwrap();
    }
    writer.save_to_buffer().unwrap()
}

fn find(row: &Row, text: &str) -> u16 {
    row.cells
        .iter()
        .find(|cell| cell.value == CellValue::Text(text.to_owned()))
        .unwrap()
        .column
}

/// A text that survives a cell unchanged: no control characters, no outer blanks, and not the word for no answer.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9ぁ-んァ-ヶ一-龠①㈱髙﨑=＋+@\"'<>&;（）、。-]{1,30}"
        .prop_filter("means no answer", |text| crate::folding::fold(text) != "無回答")
}

fn answer_to(question: &Question) -> BoxedStrategy<Value> {
    let keys: Vec<String> = question.choices().iter().map(|choice| choice.key.clone()).collect();
    let free: Vec<String> = question
        .choices()
        .iter()
        .filter(|choice| !choice.exclusive)
        .map(|choice| choice.key.clone())
        .collect();
    match &question.kind {
        Kind::Respondent(fields) => {
            let fields: Vec<String> = fields.iter().map(|field| field.key.clone()).collect();
            prop::collection::vec(text(), fields.len())
                .prop_map(move |texts| json!(fields.iter().cloned().zip(texts).collect::<std::collections::BTreeMap<_, _>>()))
                .boxed()
        }
        Kind::Text(_) => text().prop_map(Value::from).boxed(),
        Kind::YesNo(_) | Kind::One(_) => prop::sample::select(keys).prop_map(Value::from).boxed(),
        Kind::Several(_) => {
            let most = free.len();
            prop_oneof![
                prop::sample::subsequence(free, 1..=most).prop_map(Value::from),
                prop::sample::select(keys).prop_map(|key| json!([key]))
            ]
            .boxed()
        }
    }
}

/// Complete answers: whatever is asked is answered, and so are some that are not asked.
fn complete(edition: &'static Edition) -> impl Strategy<Value = Answers> {
    let each: Vec<_> = edition
        .questions()
        .iter()
        .map(|question| (Just(question.key.as_str().to_owned()), answer_to(question)))
        .collect();
    each.prop_map(|pairs| pairs.into_iter().collect())
}

fn editions() -> impl Strategy<Value = (&'static Survey, &'static Edition, Answers)> {
    let all: Vec<(&'static Survey, &'static Edition)> = survey::compiled_in()
        .iter()
        .flat_map(|survey| survey.editions().iter().map(move |edition| (survey, edition)))
        .collect();
    prop::sample::select(all).prop_flat_map(|(survey, edition)| (Just(survey), Just(edition), complete(edition)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_filled_bulk_table_means_what_was_written_in_any_order_of_columns((survey, edition, answers) in editions(), turn in 0_u16..40) {
        let blank = read(&bulk(edition, &[hospital(1), hospital(2)], &Filling::default()).unwrap(), &Limits::default()).unwrap();
        let sheet = &blank.sheets[0];
        // Items stand in the order of the edition, after the four columns of the hospital.
        let more: Vec<(u32, u16, String)> =
            items(edition).iter().zip(4_u16..).filter_map(|((item, _), column)| Some((2, column, cell_text(edition, &answers, item)?))).collect();
        let columns = u16::try_from(items(edition).len()).unwrap() + 4;
        let expected = evaluate(edition, &HospitalFacts::default(), &Value::Object(answers), EntryPath::Proxy);
        for order in [0, turn] {
            let found = examined(&rewritten(sheet, &more, |column| (column + order) % columns), survey, edition, EntryPath::Proxy);
            prop_assert_eq!(found.hospitals.len(), 1, "{:?}", found.faults);
            let verdict = &found.hospitals[0];
            prop_assert_eq!(&verdict.hospital, "AB00001");
            prop_assert_eq!(&verdict.answers, &expected.answers);
            prop_assert_eq!(&verdict.states, &expected.states);
            prop_assert_eq!(&verdict.codes, &expected.codes);
            prop_assert_eq!(verdict.verdict, Decision::Accepted, "{:?}", verdict.faults);
        }
    }

    #[test]
    fn a_filled_form_means_what_was_written((survey, edition, answers) in editions()) {
        let blank = read(&form(edition, Some(&hospital(2)), &Filling::default()).unwrap(), &Limits::default()).unwrap();
        let sheet = &blank.sheets[0];
        let header = sheet.rows.iter().position(|row| row.cells.iter().any(|cell| cell.value == CellValue::Text("回答".to_owned()))).unwrap();
        let column = find(&sheet.rows[header], "回答");
        let asked = sheet.rows[header + 1..].iter().filter(|row| row.value(3).is_some());
        let more: Vec<(u32, u16, String)> =
            items(edition).iter().zip(asked).filter_map(|((item, _), row)| Some((row.number, column, cell_text(edition, &answers, item)?))).collect();
        let expected = evaluate(edition, &HospitalFacts::default(), &Value::Object(answers), EntryPath::Workbook);
        let found = examined(&rewritten(sheet, &more, |column| column), survey, edition, EntryPath::Workbook);
        prop_assert_eq!(found.hospitals.len(), 1, "{:?}", found.faults);
        prop_assert_eq!(&found.hospitals[0].hospital, "AB00002");
        prop_assert_eq!(&found.hospitals[0].answers, &expected.answers);
        prop_assert_eq!(&found.hospitals[0].codes, &expected.codes);
        prop_assert_eq!(found.hospitals[0].verdict, Decision::Accepted, "{:?}", found.hospitals[0].faults);
    }
}

#[test]
fn an_unfilled_template_holds_no_submission_and_says_so() {
    for survey in survey::compiled_in() {
        for edition in survey.editions() {
            let table = bulk(edition, &[hospital(1), hospital(2)], &Filling::default()).unwrap();
            let form = form(edition, Some(&hospital(1)), &Filling::default()).unwrap();
            for (bytes, path) in [(table, EntryPath::Proxy), (form, EntryPath::Workbook)] {
                let found = examined(&bytes, survey, edition, path);
                let codes: Vec<&str> = found.faults.iter().map(|fault| fault.code.as_ref()).collect();
                assert_eq!(
                    (codes, found.hospitals.len()),
                    (vec!["hospitals_without_answers", "answers_missing"], 0)
                );
            }
        }
    }
}

#[test]
fn templates_are_the_same_bytes_every_time_and_hold_no_formula_of_a_user() {
    let edition = survey::find("2024").unwrap().first_edition();
    let first = bulk(edition, &[hospital(1)], &Filling::default()).unwrap();
    assert_eq!(first, bulk(edition, &[hospital(1)], &Filling::default()).unwrap());
    let sheet = &read(&first, &Limits::default()).unwrap().sheets[0];
    assert_eq!(sheet.rows[1].value(2), Some(&CellValue::Text("=試験1病院 ㈱".to_owned())));
    assert_eq!(sheet.rows[1].value(1), Some(&CellValue::Text("0110113719".to_owned())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What a hospital answered last time stands in its template, and means the same when the template comes back untouched.
    #[test]
    fn a_prefilled_template_means_the_answers_that_it_was_filled_with((survey, edition, answers) in editions()) {
        let known = std::collections::BTreeMap::from([(hospital(2).gmis, answers.clone())]);
        let filling = Filling { answers: Some(&known), key: Some(b"key") };
        let table = bulk(edition, &[hospital(1), hospital(2)], &filling).unwrap();
        let single = form(edition, Some(&hospital(2)), &filling).unwrap();
        for (bytes, path) in [(table, EntryPath::Proxy), (single, EntryPath::Workbook)] {
            let expected = evaluate(edition, &HospitalFacts { beds: Some(hospital(2).beds), ..HospitalFacts::default() }, &Value::Object(answers.clone()), path);
            let found = examined(&bytes, survey, edition, path);
            prop_assert_eq!(found.hospitals.len(), 1);
            prop_assert_eq!(&found.hospitals[0].answers, &expected.answers);
            prop_assert_eq!(&found.hospitals[0].states, &expected.states);
        }
    }
}

#[test]
fn no_answer_is_filled_in_for_a_prefecture_only_and_what_does_not_fit_is_left_blank() {
    let survey = survey::find("2024").unwrap();
    let answers: Answers = serde_json::from_value(json!({
        "ehr_in_use": "no_answer",
        "ehr_backup": "perhaps",
        "consultation_desk": ["vendor", "gone"],
        "respondent": {"name": 5, "contact": " "},
        "of_another_survey": "yes",
    }))
    .unwrap();
    let known = std::collections::BTreeMap::from([(hospital(1).gmis, answers)]);
    let filling = Filling {
        answers: Some(&known),
        key: None,
    };
    let table = bulk(survey.first_edition(), &[hospital(1)], &filling).unwrap();
    let found = examined(&table, survey, survey.first_edition(), EntryPath::Proxy);
    assert_eq!(
        found.hospitals[0].answers,
        json!({"ehr_in_use": "no_answer"}).as_object().unwrap().clone()
    );
    let single = form(survey.first_edition(), Some(&hospital(1)), &filling).unwrap();
    assert_eq!(
        examined(&single, survey, survey.first_edition(), EntryPath::Workbook)
            .hospitals
            .len(),
        0
    );
}

#[test]
fn only_cells_to_be_filled_in_are_unlocked_and_each_has_its_guidance() {
    use crate::annotate::files::{between, parts};
    let edition = survey::find("2024").unwrap().first_edition();
    let form = parts(&form(edition, Some(&hospital(1)), &Filling::default()).unwrap());
    let bulk = parts(&bulk(edition, &[hospital(1)], &Filling::default()).unwrap());
    for parts in [&form, &bulk] {
        let sheet = &parts["xl/worksheets/sheet1.xml"];
        assert!(sheet.contains("<sheetProtection ") && !sheet.contains("password="), "{sheet}");
        assert!(sheet.contains("paperSize=\"9\"") && sheet.contains("orientation=\"landscape\""));
        let prompts = between(sheet, " prompt=\"", "\"");
        assert!(prompts.len() > 20 && prompts.iter().all(|prompt| !prompt.is_empty()));
        assert!(parts["xl/workbook.xml"].contains("_xlnm.Print_Titles"));
    }
    let formats = between(&form["xl/styles.xml"], "<cellXfs", "</cellXfs>")[0];
    let locked = |parts: &std::collections::BTreeMap<String, String>, cell: &str| {
        let tag = between(&parts["xl/worksheets/sheet1.xml"], &format!("<c r=\"{cell}\""), ">")[0].to_owned();
        let style: usize = between(&tag, " s=\"", "\"")[0].parse().unwrap();
        let formats = between(&parts["xl/styles.xml"], "<cellXfs", "</cellXfs>")[0];
        !formats.split("<xf ").nth(style + 1).unwrap().contains("locked=\"0\"")
    };
    assert!(formats.contains("locked=\"0\""));
    assert!(!locked(&form, "C10") && locked(&form, "B10") && locked(&form, "B3"));
    assert!(!locked(&bulk, "A2") && locked(&bulk, "A1") && locked(&bulk, "E1"));
}

/// Writes the templates where a person can open them: `IMPORTER_TEMPLATES=/some/folder cargo test templates_for_looking_at`.
#[test]
fn templates_for_looking_at() {
    let Ok(folder) = std::env::var("IMPORTER_TEMPLATES") else { return };
    for survey in survey::compiled_in() {
        let edition = survey.first_edition();
        let hospitals: Vec<FrameHospital> = (1..=30)
            .map(hospital)
            .map(|hospital| FrameHospital {
                name: hospital.name.replace('=', ""),
                ..hospital
            })
            .collect();
        std::fs::write(
            format!("{folder}/bulk_{}.xlsx", survey.id()),
            bulk(edition, &hospitals, &Filling::default()).unwrap(),
        )
        .unwrap();
        std::fs::write(
            format!("{folder}/form_{}.xlsx", survey.id()),
            form(edition, hospitals.first(), &Filling::default()).unwrap(),
        )
        .unwrap();
    }
}
