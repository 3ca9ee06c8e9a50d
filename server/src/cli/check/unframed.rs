//! A check without a frame: every G-MIS ID is taken as it stands, so that the answers are evaluated all the same.
//!
//! The importer finds hospitals in a frame only. Without one, stand-ins bear the IDs that the file itself holds, and every finding that compares with a
//! frame is void. Must never be used for an import.

use std::collections::BTreeSet;

use importer::{CellValue, Examination, Request, Workbook};
use survey::answer::HospitalFacts;
use survey::fault::Fault;
use survey::frame::Frame;
use survey::hospital::{Beds, FrameHospital, GmisId};
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;

/// Findings that compare a row with the frame.
const OF_THE_FRAME: [&str; 2] = ["hospital_prefecture_differs", "institution_code_unknown"];

/// Examines a workbook whose hospitals cannot be checked, and says so.
pub(super) fn examine(workbook: &Workbook, survey: &Survey, request: &Request) -> Examination {
    // Nothing is known of a hospital, its beds least of all.
    let mut examination = importer::examine(workbook, survey, request, &stand_ins(workbook), &|_| HospitalFacts::default());
    for verdict in &mut examination.hospitals {
        verdict.faults.retain(|fault| !OF_THE_FRAME.contains(&fault.code.as_ref()));
        verdict
            .faults
            .iter_mut()
            .filter(|fault| fault.code == "hospital_unknown")
            .for_each(not_identified);
    }
    let message = "調査対象名簿（--frame）が指定されていないため、病院が調査の対象かどうかと病床数は確かめていません。";
    examination.faults.insert(0, Fault::warning("frame_missing", message));
    examination
}

/// A hospital for every text of the file that has the form of a G-MIS ID. Words among them do no harm: no row names them as its hospital.
fn stand_ins(workbook: &Workbook) -> Frame {
    let cells = workbook.sheets.iter().flat_map(|sheet| &sheet.rows).flat_map(|row| &row.cells);
    let ids: BTreeSet<GmisId> = cells
        .filter_map(|cell| {
            if let CellValue::Text(text) = &cell.value {
                GmisId::parse(text).ok()
            } else {
                None
            }
        })
        .collect();
    // Neither is looked at: the facts say nothing of beds, and findings about prefectures are dropped.
    let (Ok(prefecture), Ok(beds)) = (PrefectureCode::new(1), Beds::new(20)) else {
        return Frame::default();
    };
    let stand_in = |gmis| FrameHospital {
        gmis,
        institution_code: None,
        name: String::new(),
        prefecture,
        municipality: None,
        beds,
    };
    // The IDs are a set, so the frame is not refused.
    Frame::new(ids.into_iter().map(stand_in).collect()).unwrap_or_default()
}

/// A number in place of an ID, or an institution code alone: only a frame tells which hospital is meant.
fn not_identified(fault: &mut Fault) {
    let found = fault.found.as_deref().unwrap_or_default();
    fault.message =
        format!("「{found}」からは病院を特定できません。G-MIS IDを文字列で記入するか、--frame で調査対象名簿を指定してください。");
    fault.expected = Some("G-MIS ID（英数字7桁または8桁）".to_owned());
}

#[cfg(test)]
mod tests {
    use importer::{Decision, Limits};
    use survey::answer::EntryPath;

    use super::*;

    fn examined(text: &str) -> Examination {
        let workbook = importer::read(text.as_bytes(), &Limits::default()).unwrap();
        examine(
            &workbook,
            survey::find("2022").unwrap(),
            &Request {
                numbering: None,
                path: EntryPath::Workbook,
            },
        )
    }

    const HEADER: &str = "gmis_id,都道府県,医療機関コード,respondent.name,respondent.organisation,respondent.contact,guideline_in_use,ehr_in_use,vpn_present\n";

    #[test]
    fn an_id_is_taken_as_it_stands() {
        let examination = examined(&format!("{HEADER}AB12345,東京都,0110113719,甲,乙,丙,はい,いいえ,いいえ\n"));
        let verdict = &examination.hospitals[0];
        assert_eq!(
            (verdict.hospital.as_str(), verdict.verdict),
            ("AB12345", Decision::Accepted),
            "{verdict:#?}"
        );
        assert_eq!(verdict.faults, [], "nothing that compares with a frame");
        assert_eq!(examination.faults[0].code, "frame_missing");
    }

    #[test]
    fn what_only_a_frame_could_tell_is_not_guessed() {
        let examination = examined(&format!("{HEADER},東京都,0110113719,甲,乙,丙,はい,いいえ,いいえ\n"));
        let verdict = &examination.hospitals[0];
        assert_eq!(verdict.verdict, Decision::Rejected);
        assert!(verdict.faults[0].message.contains("--frame"), "{verdict:#?}");
    }
}
