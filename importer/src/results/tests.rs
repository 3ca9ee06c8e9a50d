//! Results as the contractor sends them: the sheet it was handed, filled in by hand.

use survey::fault::Fault;
use survey::support::{OfflineBackup, Progress};

use super::{SupportResult, examine_results};
use crate::limits::Limits;
use crate::read::read;

const HEADS: &str = "G-MIS ID,病院名,実施状況,調査完了日,外部接続点数,要対応件数,オフラインバックアップ,所見";

fn examined(lines: &str) -> (Vec<SupportResult>, Vec<Fault>) {
    let text = format!("{HEADS}\n{lines}");
    examine_results(&read(text.as_bytes(), &Limits::default()).unwrap())
}

fn found(lines: &str) -> Vec<(String, String)> {
    let (results, faults) = examined(lines);
    let cells: Vec<(String, String)> = faults
        .iter()
        .map(|fault| (fault.code.to_string(), fault.cell.clone().unwrap_or_default()))
        .collect();
    assert!(cells.is_empty() || results.len() < lines.lines().count(), "{lines}");
    cells
}

#[test]
fn what_is_written_by_hand_is_read_and_lines_not_filled_in_are_passed_over() {
    let (results, faults) = examined(
        "HP00001,甲病院,実施済,令和6年10月1日,12点,３件,整備済,\"機器が古い\n更新を勧めた\"\n\
         hp00002,乙病院,,,,,,\nHP00003,丙病院, 辞退 ,,,,,\nHP00004,丁病院,running,,0,,planned,\n",
    );
    assert_eq!(faults, []);
    let [first, second, third] = results.try_into().unwrap();
    assert_eq!(
        first,
        SupportResult {
            gmis: survey::hospital::GmisId::parse("HP00001").unwrap(),
            progress: Progress::Done,
            surveyed_on: chrono::NaiveDate::from_ymd_opt(2024, 10, 1),
            connections: Some(12),
            findings: Some(3),
            offline_backup: Some(OfflineBackup::Made),
            remarks: "機器が古い\n更新を勧めた".to_owned(),
        }
    );
    assert_eq!(
        (second.gmis.as_str(), second.progress, second.findings),
        ("HP00003", Progress::Declined, None)
    );
    assert_eq!(
        (third.progress, third.connections, third.offline_backup),
        (Progress::Running, Some(0), Some(OfflineBackup::Planned))
    );
}

#[test]
fn what_cannot_be_read_is_named_with_its_cell() {
    let invalid = |cell: &str| vec![("result_invalid".to_owned(), cell.to_owned())];
    assert_eq!(found("HP00001,甲,済,2024-10-01,,,,\n"), invalid("C2"));
    assert_eq!(found("HP00001,甲,実施済,十月,,,,\n"), invalid("D2"));
    assert_eq!(found("HP00001,甲,実施済,,,,,\n"), invalid("D2"));
    assert_eq!(found("HP00001,甲,実施中,,-1,,,\n"), invalid("E2"));
    assert_eq!(found("HP00001,甲,実施中,,,1.5,,\n"), invalid("F2"));
    assert_eq!(found("HP00001,甲,実施中,,,100001,,\n"), invalid("F2"));
    assert_eq!(found("HP00001,甲,実施中,,,,あり,\n"), invalid("G2"));
    assert_eq!(found(&format!("HP00001,甲,実施中,,,,,{}\n", "字".repeat(2_001))), invalid("H2"));
    assert_eq!(found("HP1,甲,実施中,,,,,\n"), [("gmis_id_invalid".to_owned(), "A2".to_owned())]);
    assert_eq!(
        found("HP00001,甲,実施中,,,,,\nHP00002,乙,未着手,,,,,\nＨＰ００００１,甲,辞退,,,,,\n"),
        [("result_duplicate".to_owned(), "A4".to_owned())]
    );
    assert_eq!(found("HP00001,甲,,,,,,\n"), [("result_missing".to_owned(), String::new())]);
    let (_, faults) = examine_results(&read("G-MIS ID,病院名\nHP00001,甲\n".as_bytes(), &Limits::default()).unwrap());
    assert_eq!(faults.first().unwrap().code, "column_missing");
}
