//! Files as they really arrive, and what has to be said about each.

mod workbooks;

use rust_xlsxwriter::Workbook as Writer;
use serde_json::json;
use survey::answer::EntryPath;
use survey::evaluate::State;
use survey::fault::Fault;
use survey::hospital::{Beds, GmisId, InstitutionCode};
use survey::prefecture::PrefectureCode;

use super::*;
use crate::examination::Decision;
use crate::limits::Limits;
use crate::read::read;

fn hospital(gmis: &str, code: Option<&str>, prefecture: u8) -> FrameHospital {
    FrameHospital {
        gmis: GmisId::parse(gmis).unwrap(),
        institution_code: code.map(|code| InstitutionCode::parse(code).unwrap()),
        name: format!("試験病院{gmis}"),
        prefecture: PrefectureCode::new(prefecture).unwrap(),
        municipality: None,
        beds: Beds::new(150).unwrap(),
    }
}

fn frame() -> Frame {
    let hospitals = [
        ("AB12345", Some("0110113719"), 1),
        ("AB12346", None, 2),
        ("0012345", None, 13),
        ("1234E56", None, 13),
        ("00777777", None, 13),
        ("0777777", None, 13),
    ];
    Frame::new(
        hospitals
            .into_iter()
            .map(|(gmis, code, prefecture)| hospital(gmis, code, prefecture))
            .collect(),
    )
    .unwrap()
}

fn examined_as(bytes: &[u8], survey: &str, numbering: Option<&str>, path: EntryPath) -> Examination {
    let workbook = read(bytes, &Limits::default()).unwrap();
    let request = Request {
        numbering: numbering.map(str::to_owned),
        path,
    };
    examine(&workbook, survey::find(survey).unwrap(), &request, &frame(), &|hospital| {
        HospitalFacts {
            beds: Some(hospital.beds),
            ..HospitalFacts::default()
        }
    })
}

fn examined(text: &str) -> Examination {
    examined_as(text.as_bytes(), "2022", None, EntryPath::Proxy)
}

/// Code, cell and question of faults.
fn brief(faults: &[Fault]) -> Vec<(&str, &str, &str)> {
    faults
        .iter()
        .map(|fault| {
            (
                fault.code.as_ref(),
                fault.cell.as_deref().unwrap_or_default(),
                fault.question.as_deref().unwrap_or_default(),
            )
        })
        .collect()
}

const HEADER: &str = "G-MIS ID,respondent.name,所属,連絡先,guideline_in_use,電子カルテシステムを使用しているか,ehr_backup,backup_generations_kept,backup_disaster_separated,バックアップの漏洩対策,VPN装置が存在するか。,vpn_devices,vpn_updates_applied,vpn_source_ip_restricted,vpn_access_log_reviewed,emergency_procedure_drilled,security_officer_placed";
const RESPONDENT: &str = "山田,総務課,03-0000-0000";

#[test]
fn a_messy_csv_file_is_read_in_either_encoding() {
    let text = format!(
        "調査の回答（○○県）,,,\n\n{HEADER}\nab12345,{RESPONDENT},○,有,はい,×,無,0,なし,,,,,,\n\n,,,,\nＡＢ１２３４６,{RESPONDENT},レ,いいえ,,,,,あり,\"FortiGate 60F 2台\nYAMAHA RTX 1台\",1,2.いいえ,Y,TRUE,false\n"
    );
    let (cp932, _, unmappable) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!unmappable);
    let found = examined(&text);
    assert_eq!(found, examined_as(&cp932, "2022", None, EntryPath::Proxy));
    assert_eq!(found.faults, []);
    assert_eq!(
        found
            .hospitals
            .iter()
            .map(|verdict| (verdict.hospital.as_str(), verdict.row, verdict.verdict))
            .collect::<Vec<_>>(),
        [("AB12345", 4, Decision::Accepted), ("AB12346", 7, Decision::Accepted),]
    );
    let [first, second] = found.hospitals.as_slice() else { panic!() };
    assert_eq!(first.answers["ehr_in_use"], json!("yes"));
    assert_eq!(first.answers["backup_disaster_separated"], json!("no"));
    assert_eq!(first.states["vpn_devices"], State::NotAsked);
    assert_eq!(first.states["emergency_procedure_drilled"], State::Blank);
    assert_eq!(second.answers["vpn_devices"], json!("FortiGate 60F 2台\nYAMAHA RTX 1台"));
    assert_eq!(second.answers["vpn_source_ip_restricted"], json!("no"));
    assert_eq!(
        second.answers["respondent"],
        json!({"name": "山田", "organisation": "総務課", "contact": "03-0000-0000"})
    );
}

#[test]
fn every_fault_has_its_cell_what_was_found_and_what_was_expected() {
    let text = format!(
        "{HEADER}\nAB12345,{RESPONDENT},検討中,？,,はい,,,なし,,,,,,\nAB12346,山田,,#,,無回答,,,,,あり,,はい,はい,はい,はい,はい\n"
    );
    let found = examined(&text);
    assert_eq!(
        brief(&found.hospitals[0].faults),
        [
            ("value_unreadable", "E2", "guideline_in_use"),
            ("value_unreadable", "F2", "ehr_in_use")
        ]
    );
    let unreadable = &found.hospitals[0].faults[1];
    assert_eq!(
        (
            unreadable.found.as_deref(),
            unreadable.expected.as_deref(),
            unreadable.sheet.as_deref()
        ),
        (Some("？"), Some("はい、いいえ、無回答"), None)
    );
    assert_eq!(found.hospitals[0].states["ehr_in_use"], State::Invalid);
    assert_eq!(found.hospitals[0].states["ehr_backup"], State::Undetermined);
    assert!(!found.hospitals[0].answers.contains_key("ehr_in_use"));
    let expected = [
        ("required_missing", "C3", "respondent.organisation"),
        ("required_missing", "E3", "guideline_in_use"),
        ("required_missing", "L3", "vpn_devices"),
    ];
    assert_eq!(brief(&found.hospitals[1].faults), expected);
    assert_eq!(found.hospitals[1].states["ehr_in_use"], State::NoAnswer);
    assert_eq!(found.hospitals[1].verdict, Decision::Rejected);
}

#[test]
fn no_answer_is_for_proxy_entry_only() {
    let text = format!("{HEADER}\nAB12345,{RESPONDENT},無回答,なし,,,,,なし,,,,,,\n");
    assert_eq!(examined(&text).hospitals[0].verdict, Decision::Accepted);
    let own = examined_as(text.as_bytes(), "2022", None, EntryPath::Workbook);
    assert_eq!(
        brief(&own.hospitals[0].faults),
        [("no_answer_not_allowed", "E2", "guideline_in_use")]
    );
    assert_eq!(own.hospitals[0].faults[0].found.as_deref(), Some("無回答"));
}

#[test]
fn what_was_not_asked_cannot_reject_a_hospital() {
    let text = format!("{HEADER}\nAB12345,{RESPONDENT},はい,いいえ,該当なし,はい,,,なし,,,,,,\n");
    let found = examined(&text);
    assert_eq!(
        brief(&found.hospitals[0].faults),
        [
            ("value_unreadable", "G2", "ehr_backup"),
            ("answer_not_asked", "H2", "backup_generations_kept")
        ]
    );
    assert_eq!(found.hospitals[0].verdict, Decision::Accepted);
}

#[test]
fn hospitals_are_identified_by_id_code_or_the_one_number_that_fits() {
    let row = |gmis: &str, code: &str| format!("{gmis},{code},{RESPONDENT},はい,いいえ,,,,,なし,,,,,,\n");
    let header = HEADER.replacen("G-MIS ID,", "GMIS ID,医療機関コード,", 1);
    let text = |rows: &[(&str, &str)]| format!("{header}\n{}", rows.iter().map(|(gmis, code)| row(gmis, code)).collect::<String>());
    let found = examined(&text(&[
        ("", "110113719"),
        ("12345", ""),
        ("1.234E+59", ""),
        ("AB12346", "0110113719"),
        ("ZZ99999", ""),
        ("777777", ""),
        ("", ""),
    ]));
    let hospitals: Vec<(&str, &str)> = found
        .hospitals
        .iter()
        .map(|verdict| {
            (
                verdict.hospital.as_str(),
                verdict.faults.first().map_or("", |fault| fault.code.as_ref()),
            )
        })
        .collect();
    let expected = [
        ("AB12345", ""),
        ("0012345", ""),
        ("1234E56", ""),
        ("AB12346", "hospital_conflict"),
        ("ZZ99999", "hospital_unknown"),
        ("777777", "hospital_ambiguous"),
        ("", "hospital_missing"),
    ];
    assert_eq!(hospitals, expected);
    assert_eq!(brief(&found.hospitals[3].faults), [("hospital_conflict", "A5", "")]);
}

#[test]
fn the_same_hospital_twice_is_rejected_both_times() {
    let row = format!("AB12345,{RESPONDENT},はい,いいえ,,,,,なし,,,,,,\n");
    let found = examined(&format!("{HEADER}\n{row}{row}"));
    for (verdict, cell, other) in [(&found.hospitals[0], "A2", "A3"), (&found.hospitals[1], "A3", "A2")] {
        assert_eq!(brief(&verdict.faults), [("hospital_duplicate", cell, "")]);
        assert!(verdict.faults[0].message.contains(other));
        assert_eq!(verdict.verdict, Decision::Rejected);
    }
}

#[test]
fn a_header_in_doubt_is_reported_and_nothing_is_guessed() {
    let found = examined("G-MIS ID,3,5,病床数,感想\nAB12345,はい,はい,100,とくになし\n");
    assert_eq!(
        brief(&found.faults),
        [
            ("numbering_ambiguous", "B1", ""),
            ("numbering_ambiguous", "C1", ""),
            ("column_unknown", "E1", "")
        ]
    );
    assert_eq!(found.hospitals, []);
    let found = examined("G-MIS ID,電子カルテの使用,5 電子カルテシステムを使用しているか\nAB12345,はい,はい\n");
    assert_eq!(brief(&found.faults), [("column_duplicate", "C1", "ehr_in_use")]);
    let found = examined("G-MIS ID,9 電子カルテの使用\nAB12345,はい\n");
    assert_eq!(brief(&found.faults), [("column_conflict", "B1", "")]);
    assert_eq!(
        brief(&examined("病院名,電子カルテの使用,VPN装置の有無\n甲,はい,いいえ\n").faults),
        [("id_column_missing", "A1", "")]
    );
    assert_eq!(brief(&examined("いろは,にほへ\n1,2\n").faults), [("layout_unknown", "", "")]);
    let found = examined_as("G-MIS ID,5\nAB12345,はい\n".as_bytes(), "2022", Some("april"), EntryPath::Proxy);
    assert_eq!(brief(&found.faults), [("numbering_unknown", "", "")]);
}

#[test]
fn bare_numbers_mean_what_the_named_printing_says() {
    let text = "G-MIS ID,5,10\nAB12345,はい,いいえ\n".as_bytes();
    let march = examined_as(text, "2022", Some("march"), EntryPath::Proxy);
    assert_eq!(
        (march.edition.as_str(), &march.hospitals[0].answers),
        ("2022-march", json!({"ehr_in_use": "yes", "vpn_present": "no"}).as_object().unwrap())
    );
    let january = examined_as(text, "2022", Some("january"), EntryPath::Proxy);
    assert_eq!(
        &january.hospitals[0].answers,
        json!({"backup_generations_kept": "yes", "vpn_updates_applied": "no"})
            .as_object()
            .unwrap()
    );
}

#[test]
fn questions_without_a_column_are_named_and_missing_at_the_hospital() {
    let found = examined("G-MIS ID,電子カルテの使用\nAB12345,いいえ\n");
    assert!(brief(&found.faults).contains(&("column_missing", "A1", "vpn_present")));
    assert!(brief(&found.hospitals[0].faults).contains(&("required_missing", "A2", "vpn_present")));
}

#[test]
fn an_examination_serialises_as_the_check_command_prints_it() {
    let found = examined(&format!("{HEADER}\nAB12345,{RESPONDENT},はい,？,,,,,なし,,,,,,\n"));
    insta::assert_json_snapshot!(found);
}

#[test]
fn a_form_is_recognised_and_its_stray_rows_are_reported() {
    let form = "G-MIS ID,AB12345\n設問番号,設問,回答\nQ11,自組織において、電子カルテシステムを使用していますか。,いいえ\nQ2,,○\nQ3 BCPの策定,,はい\n,ご意見,なし\n";
    let found = examined_as(form.as_bytes(), "2024", None, EntryPath::Workbook);
    assert_eq!(brief(&found.faults), [("column_conflict", "C5", ""), ("column_unknown", "C6", "")]);
    let form = form.replace("Q3 BCPの策定,,はい\n", "");
    let found = examined_as(form.as_bytes(), "2024", None, EntryPath::Workbook);
    assert_eq!(found.hospitals[0].hospital, "AB12345");
    assert_eq!(
        &found.hospitals[0].answers,
        json!({"ehr_in_use": "no", "safety_manager_placed": "yes"}).as_object().unwrap()
    );
}

#[test]
fn what_an_earlier_round_wrote_is_passed_over() {
    let mut writer = Writer::new();
    let sheet = writer.add_worksheet().set_name("調査票").unwrap();
    for (row, cells) in [
        vec!["G-MIS ID", "", "", "A1：G-MIS IDが空欄です"],
        vec!["設問番号", "設問", "回答", "エラー"],
        vec!["Q2", "", "はい", "C3：見つかった値"],
    ]
    .iter()
    .enumerate()
    {
        for (column, text) in cells.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            sheet
                .write_string(row.try_into().unwrap(), column.try_into().unwrap(), *text)
                .unwrap();
        }
    }
    let list = writer.add_worksheet().set_name("指摘一覧").unwrap();
    for (column, heading) in ["G-MIS ID", "Q2", "回答"].iter().enumerate() {
        list.write_string(0, column.try_into().unwrap(), *heading).unwrap();
    }
    let found = examined_as(&writer.save_to_buffer().unwrap(), "2024", None, EntryPath::Workbook);
    assert_eq!(found.faults, []);
    assert_eq!(brief(&found.hospitals[0].faults), [("hospital_missing", "B1", "")]);
    let text = format!("{HEADER},エラー\nAB12345,{RESPONDENT},○,有,はい,×,無,0,なし,,,,,,,F2：直してください\n");
    assert_eq!(examined(&text).faults, []);
}

#[test]
fn a_row_of_answers_without_its_id_is_no_second_header() {
    let found = examined_as(
        "G-MIS ID,Q2,Q11,Q12-1\n,1,0,2\nAB12345,はい,いいえ,\n".as_bytes(),
        "2024",
        None,
        EntryPath::Proxy,
    );
    let hospitals: Vec<(&str, u32)> = found
        .hospitals
        .iter()
        .map(|verdict| (verdict.hospital.as_str(), verdict.row))
        .collect();
    assert_eq!(hospitals, [("", 2), ("AB12345", 3)]);
    assert_eq!(found.hospitals[0].faults[0].code, "hospital_missing");
}

#[test]
fn two_headings_of_one_column_that_differ_are_a_conflict() {
    let found = examined_as(
        "G-MIS ID,Q11,Q12\n,VPN,Q2 安全管理責任者の設置\nAB12345,はい,はい\n".as_bytes(),
        "2024",
        None,
        EntryPath::Proxy,
    );
    assert!(
        brief(&found.faults).contains(&("column_conflict", "C2", "")),
        "{:?}",
        brief(&found.faults)
    );
}

#[test]
fn the_findings_of_a_form_are_not_its_hospital() {
    let form =
        "G-MIS ID,,,,G-MIS IDが空欄です。\n設問番号,設問,回答,選択肢・説明,エラー\nQ11,,いいえ,,値を読み取れません。\n,ご意見,,,何か\n";
    let found = examined_as(form.as_bytes(), "2024", None, EntryPath::Workbook);
    assert_eq!(found.faults, []);
    assert_eq!(found.hospitals[0].faults[0].code, "hospital_missing");
    let found = examined_as(
        form.replacen(",,,,", ",AB12345,,,", 1).as_bytes(),
        "2024",
        None,
        EntryPath::Workbook,
    );
    assert_eq!((found.hospitals[0].hospital.as_str(), found.faults.len()), ("AB12345", 0));
    assert_eq!(&found.hospitals[0].answers, json!({"ehr_in_use": "no"}).as_object().unwrap());
}
