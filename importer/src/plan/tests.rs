//! Whatever the order in which hospitals are judged, and however they are taken together, the file is examined as if it were whole.

use std::collections::BTreeMap;

use proptest::prelude::*;
use survey::hospital::{Beds, FrameHospital, GmisId};
use survey::prefecture::PrefectureCode;

use super::*;
use crate::examination::{Examination, Request};
use crate::examine::examine;
use crate::outline::Outline;
use crate::workbook::{Cell, FileKind, Sheet, Workbook};

const KEY: &[u8] = b"key";
const HEADINGS: [&str; 8] = [
    "G-MIS ID",
    "respondent.name",
    "respondent.corporation",
    "respondent.organisation",
    "respondent.contact",
    "safety_manager_placed",
    "ehr_in_use",
    "backup_copies",
];

fn frame() -> Frame {
    let hospital = |number: u32| FrameHospital {
        gmis: GmisId::parse(&format!("AB{number:05}")).unwrap(),
        institution_code: None,
        name: format!("試験病院{number}"),
        prefecture: PrefectureCode::new(1).unwrap(),
        municipality: None,
        beds: Beds::new(100).unwrap(),
    };
    Frame::new((0..12).map(hospital).collect()).unwrap()
}

fn facts(hospital: &FrameHospital) -> HospitalFacts {
    HospitalFacts {
        beds: Some(hospital.beds),
        ..HospitalFacts::default()
    }
}

fn request() -> Request {
    Request {
        numbering: None,
        path: EntryPath::Proxy,
    }
}

fn text(column: usize, text: &str, formula: bool) -> Cell {
    Cell {
        column: u16::try_from(column).unwrap(),
        value: CellValue::Text(text.to_owned()),
        formula,
    }
}

/// A row of a bulk sheet: which hospital (12 and above are unknown, 20 is blank), and for each other column what stands there.
type Line = (u32, Vec<(u8, bool)>);

fn bulk(name: &str, hidden: bool, titles: u32, lines: &[Line]) -> Sheet {
    let title = |number| Row {
        number,
        cells: vec![text(0, "調査票", false)],
    };
    let header = Row {
        number: titles + 1,
        cells: HEADINGS
            .iter()
            .enumerate()
            .map(|(column, heading)| text(column, heading, false))
            .collect(),
    };
    let row = |(index, (hospital, values)): (usize, &Line)| {
        let id = (*hospital < 20).then(|| text(0, &format!("AB{hospital:05}"), *hospital == 3));
        let value = |(column, (value, formula)): (usize, &(u8, bool))| {
            let shown = ["", "はい", "いいえ", "1", "何か", "2"][usize::from(*value)];
            (!shown.is_empty()).then(|| text(column + 1, shown, *formula))
        };
        Row {
            number: titles + 2 + u32::try_from(index).unwrap(),
            cells: id.into_iter().chain(values.iter().enumerate().filter_map(value)).collect(),
        }
    };
    let rows = lines.iter().enumerate().map(row).filter(|row| !row.cells.is_empty());
    Sheet {
        name: name.to_owned(),
        hidden,
        rows: (1..=titles).map(title).chain([header]).chain(rows).collect(),
    }
}

/// A form of one hospital.
fn form(name: &str, hospital: u32, answer: &str) -> Sheet {
    let rows = [
        vec![text(0, "G-MIS ID", false), text(1, &format!("AB{hospital:05}"), false)],
        vec![text(0, "設問", false), text(1, "回答", false)],
        vec![text(0, "safety_manager_placed", false), text(1, answer, false)],
        vec![text(0, "ehr_in_use", false), text(1, "いいえ", true)],
    ];
    Sheet {
        name: name.to_owned(),
        hidden: false,
        rows: (1..).zip(rows).map(|(number, cells)| Row { number, cells }).collect(),
    }
}

fn workbooks() -> impl Strategy<Value = Workbook> {
    let line = (0_u32..22, prop::collection::vec((0_u8..6, any::<bool>()), 7));
    let bulks = prop::collection::vec((any::<bool>(), 0_u32..64, prop::collection::vec(line, 0..90)), 1..4);
    let forms = prop::collection::vec((0_u32..13, prop::sample::select(vec!["はい", "たぶん"])), 0..3);
    (bulks, forms).prop_map(|(bulks, forms)| {
        let bulks = bulks
            .iter()
            .enumerate()
            .map(|(index, (hidden, titles, lines))| bulk(&format!("回答{index}"), *hidden, *titles, lines));
        let forms = forms
            .iter()
            .enumerate()
            .map(|(index, (hospital, answer))| form(&format!("病院!{index}"), *hospital, answer));
        Workbook {
            kind: FileKind::Xlsx,
            encoding: None,
            date_1904: false,
            sheets: bulks.chain(forms).collect(),
        }
    })
}

/// The same in two passes, the hospitals in an order of their own; `again` is the sheet whose rows come twice in the first pass.
fn in_pieces(workbook: &Workbook, order: &[usize], again: usize) -> Examination {
    let (survey, frame) = (survey::find("2024").unwrap(), frame());
    let mut outline = Outline::new(survey, &request(), Some(KEY));
    for (index, sheet) in workbook.sheets.iter().enumerate() {
        outline.begin(&sheet.name, sheet.hidden, &frame);
        if index == again {
            sheet.rows.iter().for_each(|row| outline.row(row, &frame));
            outline.again();
        }
        sheet.rows.iter().for_each(|row| outline.row(row, &frame));
    }
    let plan = outline.finish(&frame);
    let (mut notes, mut verdicts) = (Notes::default(), BTreeMap::new());
    let ordinals = order.iter().map(|at| at % plan.hospitals().max(1)).chain(0..plan.hospitals());
    for ordinal in ordinals {
        if verdicts.contains_key(&ordinal) {
            continue;
        }
        let Some(place) = plan.place(ordinal) else { continue };
        let rows = &workbook.sheets[place.sheet].rows;
        let rows: Vec<Row> = match place.rows {
            Rows::All => rows.clone(),
            Rows::One(number) => rows.iter().filter(|row| row.number == number).cloned().collect(),
        };
        verdicts.insert(ordinal, plan.judge(ordinal, &rows, &frame, &facts, &mut notes).unwrap());
    }
    Examination {
        survey: "2024".to_owned(),
        edition: plan.edition().id().as_str().to_owned(),
        faults: plan.faults(notes),
        hospitals: verdicts.into_values().collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_file_in_pieces_is_examined_as_if_it_were_whole(workbook in workbooks(), order in prop::collection::vec(0_usize..300, 0..300), again in 0_usize..6) {
        let whole = examine(&workbook, survey::find("2024").unwrap(), &request(), &frame(), &facts);
        let pieces = in_pieces(&workbook, &order, again);
        prop_assert_eq!(&pieces, &whole);
        // And what makes pieces hard holds by itself: a hospital that stands there twice, wherever, is rejected both times.
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for verdict in whole.hospitals.iter().filter(|verdict| !verdict.states.is_empty()) {
            *times.entry(&verdict.hospital).or_default() += 1;
        }
        for verdict in whole.hospitals.iter().filter(|verdict| !verdict.states.is_empty()) {
            let named = verdict.faults.iter().any(|fault| fault.code == "hospital_duplicate");
            prop_assert_eq!(named, times[verdict.hospital.as_str()] > 1);
            prop_assert!(!named || verdict.verdict == Decision::Rejected);
        }
    }
}

#[test]
fn a_file_of_nothing_but_one_hospital_does_not_name_every_place_in_every_message() {
    let lines: Vec<Line> = (0..400).map(|_| (1, vec![(1, false); 7])).collect();
    let workbook = Workbook {
        kind: FileKind::Csv,
        encoding: None,
        date_1904: false,
        sheets: vec![bulk("", false, 0, &lines)],
    };
    let whole = examine(&workbook, survey::find("2024").unwrap(), &request(), &frame(), &facts);
    assert_eq!(whole.hospitals.len(), 400);
    let message = &whole.hospitals[0].faults[0].message;
    assert!(
        message.contains("400回") && message.contains("A3、A4") && message.contains("ほか379か所"),
        "{message}"
    );
    assert!(message.chars().count() < 300, "{message}");
}
