//! A workbook of answers to verdicts: finds the layouts, the hospitals and their answers, on every visible sheet.
//!
//! The whole file at once; [`Plan`](crate::plan::Plan) does the same for rows that come and go. Rules of the questionnaire are the evaluator's; rights,
//! windows and what is already stored are the server's. Neither is known here.

use survey::answer::HospitalFacts;
use survey::frame::Frame;
use survey::hospital::FrameHospital;
use survey::survey::Survey;

use crate::examination::{Examination, Request};
use crate::outline::Outline;
use crate::plan::{Notes, Rows};
use crate::workbook::Workbook;

/// Examines a workbook against a survey and its frame. `facts` tells what is known of a hospital beside its answers.
pub fn examine(
    workbook: &Workbook,
    survey: &Survey,
    request: &Request,
    frame: &Frame,
    facts: &dyn Fn(&FrameHospital) -> HospitalFacts,
) -> Examination {
    let mut outline = Outline::new(survey, request, None);
    for sheet in &workbook.sheets {
        outline.begin(&sheet.name, sheet.hidden, frame);
        for row in &sheet.rows {
            outline.row(row, frame);
        }
    }
    let plan = outline.finish(frame);
    let mut notes = Notes::default();
    let judged = (0..plan.hospitals()).filter_map(|ordinal| {
        let place = plan.place(ordinal)?;
        let rows = workbook
            .sheets
            .get(place.sheet)
            .map(|sheet| sheet.rows.as_slice())
            .unwrap_or_default();
        let rows = match place.rows {
            Rows::All => rows,
            Rows::One(number) => {
                let index = rows.binary_search_by_key(&number, |row| row.number).ok()?;
                rows.get(index..=index)?
            }
        };
        plan.judge(ordinal, rows, frame, facts, &mut notes)
    });
    let hospitals = judged.collect();
    Examination {
        survey: survey.id().as_str().to_owned(),
        edition: plan.edition().id().as_str().to_owned(),
        faults: plan.faults(notes),
        hospitals,
    }
}

#[cfg(test)]
mod tests;
