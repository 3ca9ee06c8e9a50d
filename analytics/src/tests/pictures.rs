//! Pictures of tables: which picture a table gets, and that it prints the table's shares.

use super::made::Made;
use crate::picture::{PictureError, of_table};
use crate::{By, TableRequest, table};
use survey::area::Area;
use survey::bands::Bands;
use survey::prefecture::PrefectureCode;
use svg::parser::Event;

/// Texts of a picture.
fn texts(picture: &str) -> Vec<String> {
    let events = svg::read(picture).unwrap();
    let texts = events.filter_map(|event| match event {
        Event::Text(text) => Some(text.to_owned()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn a_table_is_drawn_as_what_its_rows_are() {
    let snapshot = Made::new("2024", 5, 400).snapshot();
    let draw = |by: &str, estimates, option| {
        let request = TableRequest {
            question: "ehr_in_use".into(),
            area: Area::Nation,
            by: By::parse(by).unwrap(),
            banding: Bands::parse("survey").unwrap(),
            filters: Vec::new(),
            estimates,
        };
        let table = table(&snapshot, &request).unwrap();
        of_table(&table, option, "出典: 試験").map(|picture| (table, texts(&picture)))
    };
    let (table, told) = draw("band", false, None).unwrap();
    for row in table.rows.iter().chain([&table.total]) {
        let percent = row.options[0].percent.unwrap();
        assert!(told.contains(&format!("{percent:.1}%（n={}）", row.base)), "{told:?}");
    }
    let (table, told) = draw("band", true, Some("no")).unwrap();
    let estimate = table.total.options[1].estimate.as_ref().unwrap();
    assert!(
        told.iter().any(|text| text.starts_with(&format!("{:.1}%", estimate.percent))),
        "{told:?}"
    );
    assert!(told.iter().any(|text| text.contains("推計") && text.contains("95％")), "{told:?}");
    let (table, told) = draw("prefecture", false, None).unwrap();
    assert_eq!(table.rows.len(), 47);
    assert!(
        PrefectureCode::all().all(|code| told
            .iter()
            .any(|text| code.name().starts_with(text.as_str()) && text.chars().count() > 1)),
        "{told:?}"
    );
    assert!(
        matches!(draw("prefecture,band", false, None), Err(PictureError::Crossed(by)) if by == "prefecture,band" || by == "prefecture_band")
    );
    assert!(matches!(draw("band", false, Some("perhaps")), Err(PictureError::UnknownOption { option, .. }) if option == "perhaps"));
}
