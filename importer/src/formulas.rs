//! Cells with formulas: the value that the last program kept is taken and said to be such; a formula that was never calculated has none.

use std::collections::BTreeMap;

use survey::fault::Fault;

use crate::record::Found;
use crate::workbook::CellValue;

/// The code of a formula without a value.
pub(crate) const UNCALCULATED: &str = "formula_uncalculated";
/// What to do about it.
pub(crate) const UNCALCULATED_MESSAGE: &str =
    "数式の計算結果がファイルに保存されていません。Excelで開いて上書き保存してから送るか、数式の代わりに値を記入してください。";

/// The code of formulas whose kept values were taken.
pub(crate) const CACHED: &str = "formula_cached";

/// Whether a cell's value is what a program kept of a formula.
pub(crate) fn is_cached(value: &CellValue, formula: bool) -> bool {
    formula && !matches!(value, CellValue::Error(_) | CellValue::Uncalculated)
}

/// What is said of the formulas of a column; `first` is an address.
pub(crate) fn cached_message(heading: &str, cells: usize, first: &str) -> String {
    format!(
        "「{heading}」に数式のセルが{cells}個あります（最初は{first}）。ファイルに保存されていた計算結果を読み取りました。値が正しいか確かめてください。"
    )
}

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
pub(crate) struct Cached {
    counted: BTreeMap<String, Counted>,
}

#[derive(Debug)]
struct Counted {
    heading: String,
    /// Which hospital of the file has the first of the cells, and its address with its sheet.
    first: (usize, String),
    /// The warning, but for its message.
    fault: Fault,
    cells: usize,
}

impl Cached {
    /// Counts a cell of a question, by its path, or of an identifier, if it holds a formula with a value. `ordinal` is the place of its hospital in
    /// the file; hospitals may come in any order.
    pub(crate) fn note(&mut self, path: &str, heading: impl FnOnce() -> String, question: bool, (ordinal, found): (usize, &Found<'_>)) {
        let Some(value) = found.value.filter(|value| is_cached(value, found.formula)) else {
            return;
        };
        let known = self.counted.get_mut(path);
        let cells = known.as_ref().map_or(0, |counted| counted.cells) + 1;
        if let Some(counted) = known
            && counted.first.0 <= ordinal
        {
            counted.cells = cells;
            return;
        }
        let fault = found.place.mark(Fault::warning(CACHED, "")).found(value.shown());
        let counted = Counted {
            heading: heading(),
            first: (ordinal, found.place.full()),
            fault: if question { fault.question(path) } else { fault },
            cells,
        };
        self.counted.insert(path.to_owned(), counted);
    }

    /// The warnings, in the order of the paths.
    pub(crate) fn into_faults(self) -> impl Iterator<Item = Fault> {
        self.counted.into_values().map(|counted| {
            let mut fault = counted.fault;
            fault.message = cached_message(&counted.heading, counted.cells, &counted.first.1);
            fault
        })
    }
}
