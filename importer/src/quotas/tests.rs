//! Quotas in both forms, as files have them.

use proptest::prelude::*;
use rust_xlsxwriter::{Format, Workbook as Book};
use survey::band::Banding;
use survey::fault::{Fault, Severity};
use survey::prefecture::PrefectureCode;

use super::examine_quotas;
use crate::limits::Limits;
use crate::read::read;

type Cells = Vec<(u8, String, u32)>;

fn of_bytes(bytes: &[u8]) -> (Cells, Vec<Fault>) {
    of_banding(bytes, Banding::Program)
}

fn of_banding(bytes: &[u8], banding: Banding) -> (Cells, Vec<Fault>) {
    let (quotas, faults) = examine_quotas(&read(bytes, &Limits::default()).unwrap(), banding);
    let cells = quotas
        .into_iter()
        .map(|(prefecture, band, hospitals)| (prefecture.number(), band, hospitals));
    (cells.collect(), faults)
}

fn examined(text: &str) -> (Cells, Vec<Fault>) {
    of_bytes(text.as_bytes())
}

fn found(faults: &[Fault]) -> Vec<(&str, &str)> {
    faults
        .iter()
        .map(|fault| (fault.code.as_ref(), fault.cell.as_deref().unwrap_or_default()))
        .collect()
}

fn cells(list: &[(u8, &str, u32)]) -> Cells {
    list.iter()
        .map(|(prefecture, band, hospitals)| (*prefecture, (*band).to_owned(), *hospitals))
        .collect()
}

#[test]
fn quotas_are_read_by_key_and_by_label() {
    let expected = cells(&[(13, "20-199", 5), (13, "400+", 0)]);
    assert_eq!(
        examined("prefecture,band,hospitals\n13,20-199,5\n13,400+,0\n"),
        (expected.clone(), Vec::new())
    );
    assert_eq!(
        examined("都道府県,病床規模区分,支援枠\n東京,20～199床,５\n東京都,400床以上,0\n"),
        (expected, Vec::new())
    );
}

#[test]
fn faults_have_their_cells() {
    let (quotas, faults) = examined("prefecture,band,hospitals\n13,20-199,5\n東京,20〜199床,6\n13,20-99,-1\n");
    assert_eq!(quotas.len(), 1);
    assert_eq!(
        found(&faults),
        [("band_unknown", "B4"), ("quota_invalid", "C4"), ("quota_duplicate", "C3")]
    );
}

#[test]
fn totals_of_the_long_form_are_checked_and_are_no_cells() {
    let long = |total: u32, all: u32| {
        format!("都道府県,区分,枠\n東京,20-199,5\n東京,400+,2\n東京,計,{total}\n大阪,20-199,1\n計,20～199床,6\n合計,,{all}\n")
    };
    let expected = cells(&[(13, "20-199", 5), (13, "400+", 2), (27, "20-199", 1)]);
    assert_eq!(examined(&long(7, 8)), (expected, Vec::new()));
    let (_, faults) = examined(&long(6, 9));
    assert_eq!(found(&faults), [("quota_total_wrong", "C4"), ("quota_total_wrong", "C7")]);
    assert!(
        faults[0].message.contains("東京都の計は6ですが、枠の合計は7で、1の差"),
        "{}",
        faults[0].message
    );
}

#[test]
fn the_wide_form_is_read_and_its_totals_checked() {
    let wide = |total: u32| {
        format!(
            "支援枠一覧,,,,\n都道府県,20～199床,200～399床,400床以上,計\n01 北海道,10,5,2,17\n青森,1,0,\"1,000\",1001\n計,11,5,{total},1018\n注 候補数により算出,,,,\n"
        )
    };
    let expected = cells(&[
        (1, "20-199", 10),
        (1, "200-399", 5),
        (1, "400+", 2),
        (2, "20-199", 1),
        (2, "200-399", 0),
        (2, "400+", 1000),
    ]);
    let (quotas, faults) = examined(&wide(1002));
    assert_eq!((quotas, found(&faults)), (expected, vec![("row_ignored", "A6")]));
    assert_eq!(faults[0].severity, Severity::Warning);
    let (_, faults) = examined(&wide(1001));
    assert_eq!(found(&faults), [("row_ignored", "A6"), ("quota_total_wrong", "D5")]);
}

#[test]
fn a_programme_of_six_bands_has_six_columns_and_no_band_of_three() {
    let wide = "都道府県,20～99床,100～199床,200-299,300-399床,400～499床,500床以上,計\n北海道,6,5,4,3,2,1,21\n";
    let expected = cells(&[
        (1, "20-99", 6),
        (1, "100-199", 5),
        (1, "200-299", 4),
        (1, "300-399", 3),
        (1, "400-499", 2),
        (1, "500+", 1),
    ]);
    assert_eq!(of_banding(wide.as_bytes(), Banding::Survey), (expected, Vec::new()));
    let long = |band: &str| of_banding(format!("都道府県,区分,支援枠\n東京,{band},7\n").as_bytes(), Banding::Survey);
    assert_eq!(long("500+"), (cells(&[(13, "500+", 7)]), Vec::new()));
    let (_, faults) = long("400床以上");
    assert_eq!(found(&faults), [("band_unknown", "B2")]);
    assert_eq!(found(&examined(wide).1), [("column_missing", "A1")]);
}

#[test]
fn faults_of_the_wide_form_have_their_cells() {
    let (_, faults) = examined("都道府県,20-199,200-399,400+\n東京,1,,2\n大坂,1,2,3\n13,1,2,x\n");
    assert_eq!(
        found(&faults),
        [
            ("quota_blank", "C2"),
            ("prefecture_unknown", "A3"),
            ("quota_invalid", "D4"),
            ("quota_duplicate", "B4"),
        ]
    );
    let (_, faults) = examined("都道府県,20-199,200-399\n東京,1,2\n");
    assert_eq!(found(&faults), [("column_missing", "A1")]);
    assert_eq!(faults[0].expected.as_deref(), Some("400床以上"));
    let (_, faults) = examined("都道府県,20-199,200-399,200～399床,400+\n東京,1,2,3,4\n");
    assert_eq!(found(&faults), [("column_duplicate", "D1")]);
    assert_eq!(found(&examined("都道府県,20-199,200-399,400+\n").1), [("quota_missing", "")]);
}

#[test]
fn a_workbook_with_merged_headings_in_two_rows_is_read() {
    let mut book = Book::new();
    let sheet = book.add_worksheet();
    let format = Format::new();
    sheet.merge_range(0, 0, 0, 4, "令和6年度 支援枠", &format).unwrap();
    sheet.merge_range(2, 0, 3, 0, "都道府県", &format).unwrap();
    sheet.merge_range(2, 1, 2, 3, "病床規模区分", &format).unwrap();
    sheet.merge_range(2, 4, 3, 4, "合計", &format).unwrap();
    for (column, band) in (1..).zip(Banding::Program.bands()) {
        sheet.write_string(3, column, band.label).unwrap();
    }
    sheet.write_string(4, 0, "東京都").unwrap();
    for (column, number) in [(1, 3.0), (2, 2.0), (3, 1.0)] {
        sheet.write_number(4, column, number).unwrap();
    }
    sheet
        .write_formula(4, 4, rust_xlsxwriter::Formula::new("=SUM(B5:D5)").set_result("6"))
        .unwrap();
    let (quotas, faults) = of_bytes(&book.save_to_buffer().unwrap());
    assert_eq!(quotas, cells(&[(13, "20-199", 3), (13, "200-399", 2), (13, "400+", 1)]));
    assert_eq!(found(&faults), [("formula_cached", "E5")]);
}

proptest! {
    #[test]
    fn both_forms_of_the_same_quotas_read_the_same(numbers in proptest::collection::vec([0_u32..500, 0..500, 0..500], 1..48)) {
        let rows: Vec<(PrefectureCode, [u32; 3])> = PrefectureCode::all().zip(numbers).collect();
        let mut long = "都道府県,病床規模区分,支援枠\n".to_owned();
        let mut wide = "都道府県,20～199床,200～399床,400床以上,計\n".to_owned();
        let mut expected = Vec::new();
        let mut sums = [0; 3];
        for (prefecture, numbers) in &rows {
            let [small, middle, large] = numbers;
            wide.push_str(&format!("{},{small},{middle},{large},{}\n", prefecture.name(), small + middle + large));
            for (place, (band, number)) in Banding::Program.bands().iter().zip(numbers).enumerate() {
                long.push_str(&format!("{},{},{number}\n", prefecture.code(), band.label));
                expected.push((prefecture.number(), band.key.to_owned(), *number));
                sums[place] += number;
            }
        }
        wide.push_str(&format!("全国,{},{},{},{}\n", sums[0], sums[1], sums[2], sums.iter().sum::<u32>()));
        prop_assert_eq!(examined(&long), (expected.clone(), Vec::new()));
        prop_assert_eq!(examined(&wide), (expected, Vec::new()));
    }
}
