//! Cells with formulas: the value that the last program kept is taken and said to be such; a formula that was never calculated has none.

use std::collections::BTreeMap;

use survey::fault::Fault;

use crate::place::Place;
use crate::record::Found;
use crate::workbook::CellValue;

/// The code of a formula without a value.
pub(crate) const UNCALCULATED: &str = "formula_uncalculated";
/// What to do about it.
pub(crate) const UNCALCULATED_MESSAGE: &str =
    "数式の計算結果がファイルに保存されていません。Excelで開いて上書き保存してから送るか、数式の代わりに値を記入してください。";

/// The fault of a cell whose formula was never calculated.
pub(crate) fn uncalculated(found: &Found<'_>) -> Option<Fault> {
    matches!(found.value, Some(CellValue::Uncalculated)).then(|| {
        found
            .place
            .mark(Fault::error(UNCALCULATED, UNCALCULATED_MESSAGE))
            .expected("値、または計算済みの数式")
    })
}

/// Formulas whose kept values were taken: one warning for each question or identifier, at the first of its cells, since a sheet that
/// refers to another one is full of them.
#[derive(Debug, Default)]
pub(crate) struct Cached<'a> {
    counted: BTreeMap<String, Counted<'a>>,
}

#[derive(Debug)]
struct Counted<'a> {
    heading: String,
    first: Place<'a>,
    shown: String,
    question: bool,
    cells: usize,
}

impl<'a> Cached<'a> {
    /// Counts a cell of a question, by its path, or of an identifier, if it holds a formula with a value.
    pub(crate) fn note(&mut self, path: &str, heading: impl FnOnce() -> String, question: bool, found: &Found<'a>) {
        let Some(value) = found
            .value
            .filter(|value| found.formula && !matches!(value, CellValue::Error(_) | CellValue::Uncalculated))
        else {
            return;
        };
        if let Some(counted) = self.counted.get_mut(path) {
            counted.cells += 1;
            return;
        }
        let counted = Counted {
            heading: heading(),
            first: found.place,
            shown: value.shown(),
            question,
            cells: 1,
        };
        self.counted.insert(path.to_owned(), counted);
    }

    /// The warnings, in the order of the paths.
    pub(crate) fn into_faults(self) -> impl Iterator<Item = Fault> {
        self.counted.into_iter().map(|(path, counted)| {
            let message = format!(
                "「{}」に数式のセルが{}個あります（最初は{}）。ファイルに保存されていた計算結果を読み取りました。値が正しいか確かめてください。",
                counted.heading,
                counted.cells,
                counted.first.full()
            );
            let fault = counted.first.mark(Fault::warning("formula_cached", message)).found(counted.shown);
            if counted.question { fault.question(path) } else { fault }
        })
    }
}
