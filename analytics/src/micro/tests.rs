//! Micro-data in every format, against each other and against the codes that they came from.

use super::*;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field;
use calamine::{Reader, Xlsx};
use chrono::TimeZone;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::io::Cursor;

fn survey() -> &'static Survey {
    survey::find("2024").unwrap()
}

/// Codes that a snapshot takes: one state for all slots of a question.
fn codes() -> impl Strategy<Value = Vec<u8>> {
    let length = survey().layout().len();
    vec(any::<u8>(), length).prop_map(move |random| {
        let mut codes = vec![NOT_ASKED; length];
        for question in survey().questions().iter().filter(|question| question.is_coded()) {
            let slots = survey().layout().slots_of(question.key.as_str());
            let state = random[slots[0].index] % 5;
            for slot in slots {
                let known: Vec<u8> = words(question, slot).map(|(code, ..)| code).collect();
                codes[slot.index] = if state < 3 {
                    STATES[usize::from(state)].0
                } else {
                    known[3 + usize::from(random[slot.index]) % (known.len() - 3)]
                };
            }
        }
        codes
    })
}

/// Something known of every second hospital.
fn known(number: usize) -> Attributes {
    let mut attributes = Attributes::default();
    if number.is_multiple_of(2) {
        attributes.set(survey::attribute::find("founder").unwrap(), "national").unwrap();
        attributes.set(survey::attribute::find("medical_area").unwrap(), "1304").unwrap();
    }
    attributes
}

fn units(identified: bool) -> impl Strategy<Value = Vec<Unit>> {
    vec((0_usize..47, 20_u16..900, codes()), 0..30).prop_map(move |rows| {
        let unit = |(number, (prefecture, beds, codes)): (usize, (usize, u16, Vec<u8>))| Unit {
            identity: identified.then(|| Identity {
                gmis: format!("ZQ{number:05}"),
                name: format!("=秘密病院{number}"),
                municipality: MunicipalityCode::parse("13104").ok(),
                attributes: known(number),
            }),
            prefecture: PrefectureCode::all().nth(prefecture).unwrap(),
            beds: Beds::new(beds).unwrap(),
            codes,
        };
        rows.into_iter().enumerate().map(unit).collect()
    })
}

fn data(units: Vec<Unit>) -> MicroData<'static> {
    MicroData::new(survey(), Utc.timestamp_opt(1_709_000_000, 0).unwrap(), units).unwrap()
}

fn of_csv(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap());
    reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn of_workbook(bytes: Vec<u8>) -> Vec<Vec<Vec<String>>> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).unwrap();
    let sheets = workbook.worksheets();
    let rows = sheets
        .into_iter()
        .map(|(_, range)| range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect());
    rows.collect()
}

fn of_parquet(files: &[Partition]) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    for file in files {
        let reader = SerializedFileReader::new(bytes::Bytes::from(file.bytes.clone())).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let line: Vec<String> = row
                .get_column_iter()
                .map(|(_, field)| match field {
                    Field::Str(text) => text.clone(),
                    other => panic!("{other}"),
                })
                .collect();
            let code = row.get_column_iter().position(|(name, _)| name == "prefecture_code").unwrap();
            assert_eq!(file.path, format!("survey=2024/prefecture={}/part-0.parquet", line[code]));
            lines.push(line);
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_format_says_the_same_and_the_codebook_explains_it(units in any::<bool>().prop_flat_map(units)) {
        let data = data(units);
        let header: Vec<String> = data.variables().iter().map(|variable| variable.name.clone()).collect();
        let mut lines = of_csv(&csv(&data).unwrap());
        prop_assert_eq!(lines.remove(0), header.clone());
        prop_assert_eq!(lines.len(), data.len());
        let sheets = of_workbook(workbook(&data).unwrap());
        prop_assert_eq!(&sheets[0][1..], &lines[..]);
        let (mut of_files, mut sorted) = (of_parquet(&partitions(&data).unwrap()), lines.clone());
        of_files.sort();
        sorted.sort();
        prop_assert_eq!(of_files, sorted);
        let book = of_csv(&codebook_csv(&data).unwrap());
        let explained: BTreeSet<(&str, &str)> = book.iter().map(|line| (line[0].as_str(), line[5].as_str())).collect();
        for line in &lines {
            for (name, value) in header.iter().zip(line) {
                let free = explained.contains(&(name.as_str(), ""));
                prop_assert!(free || explained.contains(&(name.as_str(), value.as_str())), "{name} = {value}");
            }
        }
    }

    #[test]
    fn without_identities_nothing_tells_who_it_is_or_when_it_came(units in units(true), swap in any::<prop::sample::Index>()) {
        let anonymous: Vec<Unit> = units.iter().map(|unit| Unit { identity: None, ..unit.clone() }).collect();
        let mut other = anonymous.clone();
        if !other.is_empty() {
            let by = swap.index(other.len());
            other.rotate_left(by);
        }
        let bytes = csv(&data(anonymous)).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        prop_assert!(!text.contains("ZQ0") && !text.contains("病院") && !text.contains("13104") && !text.contains("beds,"));
        prop_assert_eq!(bytes, csv(&data(other)).unwrap());
    }

    #[test]
    fn lines_beyond_a_sheet_go_to_the_next(units in units(true), most in 1_usize..9) {
        let data = data(units);
        let sheets = of_workbook(sheets::split(&data, most).unwrap());
        prop_assert_eq!(sheets.len(), data.len().div_ceil(most).max(1));
        let lines: Vec<Vec<String>> = sheets.into_iter().flat_map(|sheet| sheet.into_iter().skip(1)).collect();
        prop_assert_eq!(lines, of_csv(&csv(&data).unwrap())[1..].to_vec());
    }
}

#[test]
fn what_has_no_words_is_refused() {
    let unit = |code: u8, identity: Option<Identity>| Unit {
        identity,
        prefecture: PrefectureCode::new(1).unwrap(),
        beds: Beds::new(100).unwrap(),
        codes: vec![code; survey().layout().len()],
    };
    let new = |units| MicroData::new(survey(), Utc.timestamp_opt(0, 0).unwrap(), units).map(|data| data.len());
    assert_eq!(new(vec![unit(BLANK, None)]), Ok(1));
    assert!(matches!(
        new(vec![unit(BLANK, None), unit(99, None)]),
        Err(MicroError::Code { unit: 1, .. })
    ));
    let identity = Identity {
        gmis: "AB12345".to_owned(),
        name: "試験".to_owned(),
        municipality: None,
        attributes: Attributes::default(),
    };
    assert_eq!(
        new(vec![unit(BLANK, Some(identity)), unit(BLANK, None)]),
        Err(MicroError::Identity(1))
    );
}

/// Excel's sheets end with row 1,048,576, and a writer that passes it may write an empty file (polars#20870). With `CHOSA_LONG` only (`make test-long`):
/// a dev build writes and reads six million cells for a minute. [`lines_beyond_a_sheet_go_to_the_next`] looks at small sheets always.
#[test]
fn the_line_after_a_full_sheet_stands_on_the_next() {
    if std::env::var_os("CHOSA_LONG").is_none() {
        return;
    }
    let question = "[[questions]]\nkey = \"only\"\nnumbers = { first = \"Q1\" }\nsection = \"a\"\nlabel = \"a\"\nitem = \"a\"\nguide = \"a\"\nguidance = \"a\"\nbase = \"a\"\n\
                    type = \"yes_no\"\nrequired = true\nslot = 0\n";
    let head = "id = \"wide\"\ntitle = \"a\"\n[[editions]]\nname = \"first\"\nprinted = \"2024-01-31\"\n\
                [[windows]]\nopens = \"2024-02-01T00:00:00+09:00\"\ncloses = \"2024-03-08T23:59:59+09:00\"\n";
    let survey = Survey::from_toml(&format!("{head}{question}")).unwrap();
    let unit = |row: usize| Unit {
        identity: None,
        prefecture: PrefectureCode::new(if row == 0 { 47 } else { 1 }).unwrap(),
        beds: Beds::new(20).unwrap(),
        codes: vec![FIRST_OPTION],
    };
    let lines = 1_048_575 + 1;
    let data = MicroData::new(
        &survey,
        Utc.timestamp_opt(1_709_000_000, 0).unwrap(),
        (0..lines).map(unit).collect(),
    )
    .unwrap();
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(workbook(&data).unwrap())).unwrap();
    let mut ends = |sheet: &str| {
        let mut cells = workbook.worksheet_cells_reader(sheet).unwrap();
        let (mut last, mut prefectures) = (0, BTreeSet::new());
        while let Some(cell) = cells.next_cell().unwrap() {
            let (row, column) = cell.get_position();
            last = last.max(row);
            if row > 0 && column == 1 {
                prefectures.insert(calamine::Data::from(cell.get_value().clone()).to_string());
            }
        }
        (last, prefectures)
    };
    let only = |code: &str| BTreeSet::from([code.to_owned()]);
    assert_eq!(ends("microdata"), (1_048_575, only("01")));
    assert_eq!(ends("microdata_2"), (1, only("47")));
}

#[test]
fn attributes_are_told_with_identities_only_and_the_codebook_says_what_they_mean() {
    let unit = |number: usize, identified: bool| Unit {
        identity: identified.then(|| Identity {
            gmis: format!("AB1234{number}"),
            name: "試験".to_owned(),
            municipality: None,
            attributes: known(number),
        }),
        prefecture: PrefectureCode::new(13).unwrap(),
        beds: Beds::new(100).unwrap(),
        codes: vec![BLANK; survey().layout().len()],
    };
    let named = data(vec![unit(1, true), unit(0, true)]);
    let lines = of_csv(&csv(&named).unwrap());
    let column = |name: &str| lines[0].iter().position(|header| header == name).unwrap();
    let said = |line: usize| ["founder", "medical_area", "emergency"].map(|name| lines[line][column(name)].as_str());
    assert_eq!((said(1), said(2)), (["national", "1304", "unknown"], ["unknown"; 3]));
    let book = of_csv(&codebook_csv(&named).unwrap());
    let values: Vec<&str> = book
        .iter()
        .filter(|line| line[0] == "emergency")
        .map(|line| line[5].as_str())
        .collect();
    assert_eq!(values, ["tertiary", "secondary", "primary", "none", "unknown"]);
    for text in [
        csv(&data(vec![unit(0, false)])).unwrap(),
        codebook_csv(&data(vec![unit(0, false)])).unwrap(),
    ] {
        let text = String::from_utf8(text).unwrap();
        assert!(
            !["founder", "national", "medical_area", "1304"]
                .iter()
                .any(|word| text.contains(word)),
            "{text}"
        );
    }
}
