//! Text from users is a formula in no workbook that leaves.

use analytics::selection::list::Discard;
use importer::template::Filling;
use server::app::programs;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use survey::frame::Frame;
use survey::hospital::FrameHospital;
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;
use tests::app::TestApp;
use tests::database::TestDatabase;
use tests::nation::{self, Files, NATION, PROGRAM};
use tests::world::done;

use crate::files::{analyst, download};
use crate::reading;

const FORMULA: &str = "=SUM(1)";

#[tokio::test(flavor = "multi_thread")]
async fn text_from_users_is_a_formula_in_no_workbook() {
    let app = TestApp::on(TestDatabase::irregular().await).await;
    let client = analyst(&app).await;
    // Every hospital of a prefecture is called like a formula, and so is the programme.
    let superuser = app.database.superuser().await;
    assert!(
        superuser
            .execute("UPDATE frame SET name = $1 WHERE prefecture = 13", &[&FORMULA])
            .await
            .unwrap()
            > 0
    );
    nation::open_program(&app.state, &Files::of_the_nation(), "=1+1").await;
    let tokyo = PrefectureCode::new(13).unwrap();
    done(
        programs::choosing::choose(
            &app.state,
            &Permit::of(Actor::system()).unwrap(),
            PROGRAM,
            tokyo,
            Discard::Nothing,
            None,
        )
        .await,
    );
    let list = client
        .get(&format!("/api/v1/programs/{PROGRAM}/prefectures/13/selection.xlsx"))
        .await
        .file();
    let names: Vec<String> = reading::sheet(&list, "支援対象病院一覧")
        .rows()
        .skip(1)
        .map(|row| reading::shown(row.get(5)))
        .collect();
    assert!(!names.is_empty() && names.iter().all(|name| name == FORMULA), "{names:?}");

    let mut workbooks = vec![("selection", list)];
    for survey in survey::compiled_in() {
        let id = survey.id().as_str();
        workbooks.push(("houkoku", download(&client, id, "houkoku.xlsx").await));
        workbooks.push(("data", download(&client, id, "data.xlsx").await));
        workbooks.extend(filled_templates(survey));
    }
    for (name, bytes) in &workbooks {
        let parts = reading::parts(bytes);
        assert!(reading::sheet_parts(&parts).count() > 0);
        for (part, xml) in reading::sheet_parts(&parts) {
            assert!(!xml.contains("<f>") && !xml.contains("<f "), "{name} {part} holds a formula");
            assert!(!xml.contains("t=\"str\""), "{name} {part} holds the value of a formula");
        }
        assert!(
            !parts.keys().any(|part| part.contains("externalLink") || part.contains("vba")),
            "{name}"
        );
    }
}

/// The blank workbooks of a survey with hospitals of that name filled in.
fn filled_templates(survey: &Survey) -> Vec<(&'static str, Vec<u8>)> {
    let named = |hospital: &FrameHospital| FrameHospital {
        name: FORMULA.to_owned(),
        ..hospital.clone()
    };
    let hospitals = &NATION.survey(survey.id().as_str()).unwrap().frame;
    let frame = Frame::new(hospitals.iter().take(20).map(named).collect()).unwrap();
    let bulk = importer::template::bulk(survey.first_edition(), frame.hospitals(), &Filling::default()).unwrap();
    let form = importer::template::form(survey.first_edition(), frame.hospitals().first(), &Filling::default()).unwrap();
    for filled in [&bulk, &form] {
        let sheets = reading::sheets(filled);
        let mut cells = sheets.iter().flat_map(|(_, range)| range.rows().flatten());
        assert!(cells.any(|cell| *cell == FORMULA), "the name stands there as text");
    }
    vec![("bulk", bulk), ("form", form)]
}
