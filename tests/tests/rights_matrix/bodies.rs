//! What an allowed answer holds: the rows of one's own area and nothing more, in items and in totals. Counted from the world, not from the server.

use std::collections::BTreeSet;
use std::io::Cursor;

use calamine::{Reader, Xlsx};
use serde_json::Value;
use tests::client::Answer;
use tests::world::{ANSWERED_2024, FAR, FRAME_2024, Hospital, OTHER_CITY, OTHER_WARD, UNPLACED};

use crate::requests::{area, hospital, prefecture, unanswered};
use crate::{Caller, Target};

/// Names and contacts of respondents in the world.
const PERSONAL: [&str; 2] = ["試験 花子", "03-0000-0000"];

/// Whether a caller may see a hospital.
fn sees(caller: Caller, hospital: &Hospital) -> bool {
    match caller {
        Caller::Hospital => hospital.gmis == "SJK0001",
        Caller::Municipality => hospital.municipality == "13104",
        Caller::Prefecture => hospital.prefecture == 13,
        Caller::Analyst | Caller::Administrator => true,
        Caller::Operator => false,
    }
}

fn within(area: &str, hospital: &Hospital) -> bool {
    match area.len() {
        2 => hospital.prefecture.to_string() == area,
        5 => hospital.municipality == area,
        _ => true,
    }
}

/// Compares an allowed answer with what the world says.
pub fn compare(operation: &str, caller: Caller, target: Target, answer: &Answer) {
    let text = String::from_utf8_lossy(&answer.body);
    let says = format!(
        "{operation} as {caller:?} for {target:?}: {}",
        text.chars().take(1_500).collect::<String>()
    );
    let may_read_names = matches!(operation, "read_submission" | "read_draft" | "save_draft") && caller != Caller::Analyst;
    assert!(may_read_names || !PERSONAL.iter().any(|personal| text.contains(personal)), "{says}");
    match operation {
        "read_me" => {
            let (role, area) = caller.is();
            assert_eq!(
                (answer.json()["role"].as_str(), answer.json()["area"].as_str()),
                (Some(role), area),
                "{says}"
            );
        }
        "list_hospitals" => {
            let wanted = |hospital: &&Hospital| sees(caller, hospital) && (target == Target::Own || within(prefecture(target), hospital));
            let expected: BTreeSet<&str> = FRAME_2024.iter().filter(wanted).map(|hospital| hospital.gmis).collect();
            assert_eq!(
                texts(&answer.json()["items"], "gmis_id"),
                expected.into_iter().map(str::to_owned).collect(),
                "{says}"
            );
            assert!(answer.json()["next"].is_null(), "{says}");
        }
        // Whose rows stand in the workbook, and whose names.
        "download_hospital_template" | "download_area_template" => {
            let cells = cells(&answer.body);
            let one = operation == "download_hospital_template";
            let named: BTreeSet<&str> = FRAME_2024
                .iter()
                .map(|hospital| hospital.gmis)
                .filter(|gmis| cells.iter().any(|cell| cell == gmis))
                .collect();
            let expected: BTreeSet<&str> = FRAME_2024
                .iter()
                .filter(|other| if one { **other == hospital(target) } else { sees(caller, other) })
                .map(|hospital| hospital.gmis)
                .collect();
            assert_eq!(named, expected, "{operation} as {caller:?} for {target:?}");
            let names = cells.iter().any(|cell| cell == PERSONAL[0]);
            assert_eq!(names, caller != Caller::Analyst, "{operation} as {caller:?} for {target:?}");
        }
        "read_submission" => {
            assert_eq!(answer.json()["hospital"]["gmis_id"], hospital(target).gmis, "{says}");
            let revisions = answer.json()["revisions"].as_array().unwrap().clone();
            assert_eq!(revisions.len(), if target == Target::Own { 2 } else { 1 }, "{says}");
            let named = revisions
                .iter()
                .all(|revision| revision["answers"]["respondent"]["name"].is_string());
            assert_eq!(named, caller != Caller::Analyst, "{says}");
        }
        "submit_answers" => assert_eq!(answer.json()["hospital"], hospital(target).gmis, "{says}"),
        "read_receipt" => assert_eq!(answer.json()["hospital"], hospital(target).gmis, "{says}"),
        "verify_receipt" => assert_eq!(answer.json()["valid"], false, "{says}"),
        "submit_batch" => {
            let verdict: Value = serde_json::from_slice(&answer.body).unwrap();
            let (word, code) = if sees(caller, &hospital(target)) {
                ("accepted", Value::Null)
            } else {
                ("rejected", Value::from("hospital_unknown"))
            };
            assert_eq!((verdict["verdict"].as_str(), &verdict["code"]), (Some(word), &code), "{says}");
        }
        "import_answers" => compare_import(caller, target, &answer.json(), &says),
        "list_imports" => {
            let expected = match caller {
                Caller::Hospital => vec!["SJK0001.csv"],
                Caller::Prefecture => vec!["CYD0001.csv"],
                _ => vec!["CYD0001.csv", "KNG0001.csv", "KWS0001.csv", "SJK0001.csv"],
            };
            assert_eq!(
                texts(&answer.json()["items"], "file_name"),
                expected.into_iter().map(str::to_owned).collect(),
                "{says}"
            );
        }
        "read_import" => assert_eq!(answer.json()["verdicts"]["items"].as_array().map(Vec::len), Some(1), "{says}"),
        "create_enrolments" => compare_enrolments(caller, target, &answer.json(), &says),
        "list_enrolments" => {
            let expected = if caller == Caller::Prefecture {
                vec![UNPLACED.gmis]
            } else {
                vec![FAR.gmis, UNPLACED.gmis]
            };
            assert_eq!(
                texts(&answer.json()["items"], "gmis_id"),
                expected.into_iter().map(str::to_owned).collect(),
                "{says}"
            );
        }
        "list_missing" => {
            let wanted = |hospital: &&Hospital| within(area(caller, target), hospital) && !ANSWERED_2024.contains(hospital);
            let expected: BTreeSet<String> = FRAME_2024.iter().filter(wanted).map(|hospital| hospital.gmis.to_owned()).collect();
            assert_eq!(texts(&answer.json()["hospitals"]["items"], "gmis_id"), expected, "{says}");
            assert_eq!(answer.json()["missing"], expected.len(), "{says}");
            assert!(!text.contains('@'), "{says}");
        }
        "send_reminders" => {
            let unanswered = |hospital: &&Hospital| within(area(caller, target), hospital) && !ANSWERED_2024.contains(hospital);
            let expected = FRAME_2024.iter().filter(unanswered).count();
            assert_eq!(
                (&answer.json()["missing"], &answer.json()["queued"]),
                (&expected.into(), &expected.into()),
                "{says}"
            );
        }
        "read_table" | "read_response_rates" | "read_trend" | "download_statistics" => {
            compare_numbers(operation, area(caller, target), answer, &says)
        }
        "list_program_extensions" => assert_eq!(texts(&answer.json(), "prefecture"), prefectures_of(caller), "{says}"),
        // Cells are there whether or not anybody has a quota.
        "list_lists" if caller != Caller::Prefecture => assert_eq!(texts(&answer.json(), "prefecture").len(), 47, "{says}"),
        "list_lists" => assert_eq!(texts(&answer.json(), "prefecture"), prefectures_of(caller), "{says}"),
        "read_list" => {
            let list = answer.json();
            assert_eq!(list["prefecture"], prefecture(target), "{says}");
            for cell in list["cells"].as_array().unwrap() {
                for part in ["chosen", "reserves", "off"] {
                    assert!(
                        texts(&cell[part], "gmis").iter().all(|gmis| is_of(gmis, prefecture(target))),
                        "{says}"
                    );
                }
            }
        }
        "list_own_programs" => assert!(answer.json().as_array().is_some(), "{says}"),
        "read_coverage" | "read_effort" | "read_plan" => {
            let report = answer.json();
            let cells = if operation == "read_plan" {
                &report["years"][0]["cells"]
            } else {
                &report["cells"]
            };
            let expected = BTreeSet::from([prefecture(target).to_owned()]);
            assert_eq!(texts(cells, "prefecture"), expected, "{says}");
        }
        "list_quotas" => assert_eq!(texts(&answer.json(), "prefecture"), prefectures_of(caller), "{says}"),
        "list_quota_history" => {
            let expected = BTreeSet::from([prefecture(target).to_owned()]);
            assert_eq!(texts(&answer.json(), "prefecture"), expected, "{says}");
        }
        // The world has three: one of each prefecture for itself, and one that concerns both.
        "list_quota_requests" => {
            let seen = answer.json().as_array().unwrap().len();
            assert_eq!(seen, if caller == Caller::Prefecture { 2 } else { 3 }, "{says}");
        }
        "list_candidates" => {
            let all = answer.json();
            let named: BTreeSet<String> = texts(&all["candidates"], "gmis")
                .union(&texts(&all["excluded"], "hospital"))
                .chain(&texts(&all["nominated"], "gmis"))
                .cloned()
                .collect();
            let expected = FRAME_2024
                .iter()
                .filter(|hospital| within(prefecture(target), hospital))
                .map(|hospital| hospital.gmis.to_owned());
            assert_eq!(named, expected.collect(), "{says}");
        }
        "list_nominations" | "list_inspections" => {
            let expected = match (operation, prefecture(target)) {
                ("list_nominations", "13") => UNPLACED,
                ("list_nominations", _) => FAR,
                (_, "13") => OTHER_WARD,
                _ => OTHER_CITY,
            };
            assert_eq!(
                texts(&answer.json(), "hospital"),
                BTreeSet::from([expected.gmis.to_owned()]),
                "{says}"
            );
        }
        // The world's were taken back.
        "list_exclusions" => assert_eq!(answer.json().as_array().map(Vec::len), Some(0), "{says}"),
        "preview_criteria" => {
            let mut named = answer.json()["cells"]
                .as_array()
                .unwrap()
                .clone()
                .into_iter()
                .flat_map(|cell| texts(&cell["moves"], "gmis"));
            assert!(named.all(|gmis| is_of(&gmis, prefecture(target))), "{says}");
        }
        "choose_hospitals" | "read_selection" => {
            let selection = &answer.json()["selection"];
            assert_eq!(selection["prefecture"], prefecture(target), "{says}");
            for cell in selection["cells"].as_array().unwrap() {
                assert!(
                    texts(&cell["chosen"], "gmis").iter().all(|gmis| is_of(gmis, prefecture(target))),
                    "{says}"
                );
            }
        }
        // Whom the lists name; the contractor is handed accepted ones alone.
        "download_national_list" | "download_hand_over" => {
            let cells = cells(&answer.body);
            let named = FRAME_2024.iter().filter(|hospital| cells.iter().any(|cell| cell == hospital.gmis));
            let prefectures: BTreeSet<u8> = named.map(|hospital| hospital.prefecture).collect();
            let expected = if operation == "download_hand_over" {
                vec![14]
            } else {
                vec![13, 14]
            };
            assert_eq!(prefectures, expected.into_iter().collect(), "{operation} {cells:?}");
            let handed = operation == "download_hand_over";
            assert_eq!(cells.iter().any(|cell| cell.contains(PERSONAL[0])), handed, "{operation} {cells:?}");
        }
        "list_results" => {
            let list = answer.json();
            let of = prefecture(target);
            assert!(list.as_array().unwrap().iter().all(|one| one["prefecture"] == of), "{says}");
            // Kanagawa's list is accepted, Tokyo's is not.
            assert_eq!(
                list.as_array().unwrap().iter().any(|one| one["result"].is_object()),
                of == "14",
                "{says}"
            );
        }
        "list_result_requests" => assert_eq!(texts(&answer.json(), "prefecture"), prefectures_of(caller), "{says}"),
        "download_selection" | "download_list" => {
            let cells = cells(&answer.body);
            let named: Vec<&Hospital> = FRAME_2024
                .iter()
                .filter(|hospital| cells.iter().any(|cell| cell.contains(hospital.gmis)))
                .collect();
            assert!(
                !named.is_empty() && named.iter().all(|hospital| within(prefecture(target), hospital)),
                "{says} {cells:?}"
            );
        }
        _ => {}
    }
}

/// A hospital that has an account keeps it; one without a password gets a new link; somebody else's is not known.
fn compare_enrolments(caller: Caller, target: Target, report: &Value, says: &str) {
    let verdicts: Vec<&str> = report["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["verdict"].as_str().unwrap())
        .collect();
    let of = |hospital: &Hospital, otherwise: &'static str| if sees(caller, hospital) { otherwise } else { "hospital_unknown" };
    // The neighbour had no account before the prefecture made one.
    let first = match (target, caller) {
        (Target::Neighbour, Caller::Prefecture) => "created",
        (Target::Neighbour, _) => "exists",
        _ => of(&hospital(target), "exists"),
    };
    let second = FRAME_2024.iter().find(|hospital| hospital.gmis == unanswered(target)).unwrap();
    // The same address again changes nothing: only the first of a caller's two requests for it makes a new link.
    let second = match target {
        Target::Neighbour => of(second, "exists"),
        _ => of(second, "reissued"),
    };
    assert_eq!(verdicts, [first, second], "{says}");
}

/// What is not one's own is rejected as unknown, exactly as if it did not exist.
fn compare_import(caller: Caller, target: Target, report: &Value, says: &str) {
    let may = sees(caller, &hospital(target));
    let expected = if may { (1, 0) } else { (0, 1) };
    assert_eq!(
        (report["accepted"].as_u64().unwrap(), report["rejected"].as_u64().unwrap()),
        expected,
        "{says}"
    );
    let codes = texts(&report["hospitals"][0]["faults"], "code");
    assert_eq!(codes.contains("hospital_unknown"), !may, "{says}");
}

fn compare_numbers(operation: &str, area: &str, answer: &Answer, says: &str) {
    let targets = FRAME_2024.iter().filter(|hospital| within(area, hospital)).count();
    let responses = ANSWERED_2024.iter().filter(|hospital| within(area, hospital)).count();
    let total = if operation == "download_statistics" {
        Value::Null
    } else {
        answer.json()["total"].clone()
    };
    match operation {
        "read_table" => {
            assert_eq!(total["n"], responses, "{says}");
            let in_rows: u64 = answer.json()["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["n"].as_u64().unwrap())
                .sum();
            assert_eq!(in_rows, u64::try_from(responses).unwrap(), "{says}");
        }
        "read_trend" => assert_eq!(&total["all"]["later"]["n"], responses, "{says}"),
        "read_response_rates" => assert_eq!(
            (&total["targets"], &total["responses"]),
            (&targets.into(), &responses.into()),
            "{says}"
        ),
        _ => {
            let cells = cells(&answer.body);
            let has = |name: &str| cells.iter().any(|cell| cell.contains(name));
            assert!(
                area == "nation" || !(has("東京都") && has("神奈川県")),
                "{area}: both prefectures are in it"
            );
            assert!(!has("試験SJK0001病院"), "{area}: a hospital is named in statistics");
        }
    }
}

/// The values of a field of every item.
fn texts(items: &Value, field: &str) -> BTreeSet<String> {
    items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item[field].as_str().unwrap().to_owned())
        .collect()
}

fn is_of(gmis: &str, prefecture: &str) -> bool {
    FRAME_2024
        .iter()
        .any(|hospital| hospital.gmis == gmis && within(prefecture, hospital))
}

fn prefectures_of(caller: Caller) -> BTreeSet<String> {
    let all = if caller == Caller::Prefecture {
        vec!["13"]
    } else {
        vec!["13", "14"]
    };
    all.into_iter().map(str::to_owned).collect()
}

/// Every cell of every sheet as text.
pub fn cells(workbook: &[u8]) -> Vec<String> {
    let mut workbook = Xlsx::new(Cursor::new(workbook.to_vec())).unwrap();
    let sheets = workbook.worksheets();
    sheets
        .iter()
        .flat_map(|(_, range)| range.cells().map(|(_, _, cell)| cell.to_string()).collect::<Vec<_>>())
        .collect()
}
