//! Masters as they come: dates, former identifiers, mergers, clinics.

use super::*;
use crate::limits::Limits;
use crate::read::read;

const HEAD: &str =
    "G-MIS ID,医療機関コード,医療機関名,都道府県,市区町村コード,許可病床数,開設日,廃止日,承継先,旧G-MIS ID,旧医療機関コード\n";

fn examined(rows: &str) -> (Vec<MasterRow>, Vec<Fault>) {
    examine_master(&read(format!("{HEAD}{rows}").as_bytes(), &Limits::default()).unwrap())
}

fn found(faults: &[Fault]) -> Vec<(&str, &str)> {
    faults
        .iter()
        .map(|fault| (fault.code.as_ref(), fault.cell.as_deref().unwrap()))
        .collect()
}

#[test]
fn a_master_is_read_with_its_dates_and_former_identifiers() {
    let (rows, faults) = examined(
        "AB12345,0110113719,㈱試験病院,北海道,1101,\"1,200\",1990/4/1,2024年3月31日,AB12346,AB00001,\nAB12346,,乙,北海道,,20床,19900401,,,,\n",
    );
    assert_eq!(faults, []);
    let row = &rows[0];
    assert_eq!((row.name.as_str(), row.beds.map(Beds::number)), ("㈱試験病院", Some(1200)));
    assert_eq!(row.opened_on, NaiveDate::from_ymd_opt(1990, 4, 1));
    assert_eq!(row.closed_on, NaiveDate::from_ymd_opt(2024, 3, 31));
    assert_eq!(row.successor.as_ref().map(GmisId::as_str), Some("AB12346"));
    assert_eq!(row.former_gmis.as_ref().map(GmisId::as_str), Some("AB00001"));
    assert_eq!(rows[1].opened_on, NaiveDate::from_ymd_opt(1990, 4, 1));
    assert_eq!(row.cell, "A2");
}

#[test]
fn a_number_that_two_rows_claim_is_found_by_any_alias() {
    let (rows, faults) = examined(
        "AB12345,,甲,東京,,100,,,,AB00001,\nAB12345,,乙,東京,,100,,,,,\nAB00001,,丙,東京,,100,,,,,\nAB12347,,丁,東京,,100,,,,ab00001,\n",
    );
    assert_eq!(rows.len(), 1);
    assert_eq!(
        found(&faults),
        [
            ("hospital_duplicate", "A3"),
            ("hospital_duplicate", "A4"),
            ("hospital_duplicate", "J5")
        ]
    );
}

#[test]
fn fewer_than_20_beds_are_no_hospital_unless_it_is_closed() {
    let (rows, faults) = examined("AB12345,,甲,東京,,19,,,,,\nAB12346,,乙,東京,,0,,2024-03-31,,,\nAB12347,,丙,東京,,20,,,,,\n");
    assert_eq!(rows.len(), 2);
    assert_eq!(found(&faults), [("beds_under_20", "F2")]);
}

#[test]
fn mergers_that_lead_nowhere_are_refused() {
    let (rows, faults) = examined(
        "AB00001,,一,東京,,50,,2024/3/31,AB00001,,\n\
         AB00002,,二,東京,,50,,2024/3/31,ZZ99999,,\n\
         AB00003,,三,東京,,50,,2024/3/31,AB00004,,\n\
         AB00004,,四,東京,,50,,2023/3/31,,,\n\
         AB00005,,五,東京,,50,,,AB00004,,\n\
         AB00006,,六,東京,,50,,2024/3/31,AB00007,,\n\
         AB00007,,七,東京,,50,,2024/4/30,AB00006,,\n\
         AB00008,,八,東京,,50,,2022/3/31,AB00004,,\n",
    );
    assert_eq!(
        found(&faults),
        [
            ("successor_itself", "I2"),
            ("successor_unknown", "I3"),
            ("successor_closed", "I4"),
            ("successor_without_closing", "H6"),
            ("successor_circle", "I7"),
            ("successor_circle", "I8"),
        ]
    );
    assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["四", "八"]);
}

#[test]
fn dates_and_codes_that_cannot_be_are_found() {
    let (rows, faults) =
        examined("AB12345,,甲,東京,,50,2024/3/8,2024/3/7,,,\nAB12346,,乙,東京,,50,2024/2/30,,,,\nAB12347,0110113719,丙,東京,,50,,,,,\n");
    assert_eq!(
        found(&faults),
        [
            ("closed_before_opened", "H2"),
            ("date_nonexistent", "G3"),
            ("institution_code_prefecture_differs", "B4")
        ]
    );
    assert_eq!(rows.len(), 1, "a warning keeps no row out");
}
