//! Counts what the question sheets of the reading workbook show. Writes no sheet.

use super::ReportError;
use super::question_sheet::ByAnswer;
use super::scope::{Line, Lines, Scope};
use super::text;
use crate::by::By;
use crate::estimate::Design;
use crate::filter::Filter;
use crate::snapshot::Snapshot;
use crate::table::{Counted, counted_questions};
use rayon::prelude::{IntoParallelIterator, ParallelIterator};
use std::collections::BTreeSet;
use survey::area::Area;
use survey::band::Banding;
use survey::condition::Condition;
use survey::question::Question;

/// A question with everything that its sheet shows.
pub(super) struct Counting<'a> {
    pub(super) question: &'a Question,
    /// Name of its sheet.
    pub(super) sheet: String,
    /// With estimates.
    pub(super) by_band: Lines,
    /// `None` where the area lies in one prefecture.
    pub(super) by_prefecture: Option<Lines>,
    /// By prefecture and the three bands of the programme; as `by_prefecture`.
    pub(super) by_prefecture_band: Option<Lines>,
    pub(super) by_answer: Option<ByAnswer>,
}

/// All counted questions in the order of the questionnaire. `taken` are the names of sheets.
pub(super) fn countings<'a>(
    scope: Scope<'a>,
    area: &Area,
    design: &Design,
    taken: &mut BTreeSet<String>,
) -> Result<Vec<Counting<'a>>, ReportError> {
    // Sheets are named one after the other, for a name depends on those before it; then questions are counted on all cores.
    let named: Vec<(usize, &Question, String)> = counted_questions(scope.snapshot)
        .enumerate()
        .map(|(index, question)| (index, question, text::sheet_name(&question.heading(), taken)))
        .collect();
    let count = |(index, question, sheet)| counting(scope, (index, question), sheet, area, design);
    named.into_par_iter().map(count).collect()
}

fn counting<'a>(
    scope: Scope<'a>,
    (index, question): (usize, &'a Question),
    sheet: String,
    area: &Area,
    design: &Design,
) -> Result<Counting<'a>, ReportError> {
    let counted = |banding: Banding| Counted::new(scope.snapshot, &question.key, area, banding, &[]);
    let by_survey = counted(Banding::Survey)?;
    let mut counting = Counting {
        question,
        sheet,
        by_band: scope.lines(index, Banding::Survey, by_survey.weighted_table(By::BAND, design)?),
        by_prefecture: None,
        by_prefecture_band: None,
        by_answer: by_answer(scope, question, area)?,
    };
    if *area == Area::Nation {
        counting.by_prefecture = Some(scope.lines(index, Banding::Survey, by_survey.table(By::PREFECTURE)));
        let by_both = counted(Banding::Program)?.table(By::PREFECTURE_BAND);
        counting.by_prefecture_band = Some(scope.lines(index, Banding::Program, by_both));
    }
    Ok(counting)
}

/// A question that an earlier answer frees from (2022: items 13 and 14, which a hospital without a VPN device may leave out) is shown by that answer too.
/// A release leaves this out: no decision was made about it.
fn by_answer(scope: Scope<'_>, question: &Question, area: &Area) -> Result<Option<ByAnswer>, ReportError> {
    let snapshot: &Snapshot = scope.snapshot;
    let Some(Condition::Answer { question: gate, .. }) = &question.optional_if else {
        return Ok(None);
    };
    let gate = snapshot.survey().question(gate.as_str());
    let Some(gate) = gate.filter(|_| scope.release().is_none()) else {
        return Ok(None);
    };
    let mut rows = Vec::new();
    for choice in gate.choices() {
        let filters = [Filter::answer(gate.key.clone(), &choice.key)];
        let counted = Counted::new(snapshot, &question.key, area, Banding::Survey, &filters)?;
        rows.push((choice.label.clone(), Line::open(counted.table(By::AREA).total)));
    }
    Ok(Some(ByAnswer {
        heading: format!("{}別", gate.label),
        rows,
    }))
}
