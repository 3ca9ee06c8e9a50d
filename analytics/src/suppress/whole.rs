//! How far a count can move inside one band, in whole hospitals: between prefectures of which nothing is published there, and at most to a reader of
//! the nation's tables alone. Here any hospitals may change places, whatever they said to the questions that hang on this one, which [`super::flow`]
//! follows one kind of answer at a time only. Looks at questions of one choice.
//!
//! In a band, let each cell first keep what its answers to the questions below need: a hospital that left "frequency of backup" blank still said yes
//! to "backup". What is left over is a table with known sums of rows (cells) and columns (options), and in such a table one number can be anything
//! between the bounds that its own row and column set, in whole numbers. What is asked below then again is such a table, for any rows.

use super::domain::{Domain, SIX};
use super::tables::Tables;

/// Least and most.
type Range = (i64, i64);

/// What is needed to look at one question.
pub(crate) struct Whole<'a> {
    tables: &'a Tables,
    question: usize,
    /// By option, then by cell: what the answers below need, all of it; `None` where that is no table of the kind above.
    exact: Option<Vec<Vec<i64>>>,
}

impl<'a> Whole<'a> {
    pub(crate) fn new(tables: &'a Tables, question: usize) -> Whole<'a> {
        Whole {
            exact: is_plain(tables, question).then(|| needs(tables, question)),
            tables,
            question,
        }
    }

    /// By how much the count of an option in a domain can differ at least, whoever knows the base of this question everywhere. In a band hospitals are
    /// exchanged with those prefectures whose own and whose band's distribution are hidden; with none if that of the domain is not.
    pub(crate) fn within(&self, hidden: &[bool], domain: usize, option: usize) -> u32 {
        let Some(needs) = &self.exact else { return 0 };
        let cells = self.tables.grid().cells_of(domain);
        if self.is_national(domain) {
            return 0;
        }
        let one = |cell: &usize| {
            let rows = self.rows(hidden, cell % SIX);
            let base = |cell: usize| self.base(self.question, cell);
            let own = (base(*cell), base(*cell));
            let range = rows
                .contains(cell)
                .then(|| self.range(self.question, option, *cell, own, &rows, needs));
            range.map_or(0, |(least, most)| width(least, most))
        };
        cells.iter().map(one).sum()
    }

    /// By how much it can differ at most to a reader of the nation's tables and of who is asked what, for whom the bases of all questions but the first
    /// are open; `None` if there is no such bound.
    pub(crate) fn most(&self, hidden: &[bool], domain: usize, option: usize) -> Option<u32> {
        let single = self.tables.question(self.question).is_some_and(|asked| !asked.several);
        if !single || self.is_national(domain) {
            return None;
        }
        let one = |cell: usize| {
            let shown = self.tables.domains().iter().position(|other| *other == Domain::Band(cell % SIX))?;
            if hidden.get(shown).copied().unwrap_or(true) {
                return None;
            }
            let (least, most) = self.free(self.question, option, cell)?;
            Some(width(least, most))
        };
        self.tables.grid().cells_of(domain).into_iter().map(one).sum()
    }

    /// The range of a count in one cell with the nation's six bands known, from the first question down.
    fn free(&self, question: usize, option: usize, cell: usize) -> Option<Range> {
        let asked = self.tables.question(question).filter(|asked| !asked.several)?;
        let rows: Vec<usize> = (0..self.tables.cells()).filter(|other| other % SIX == cell % SIX).collect();
        let all: i64 = rows.iter().map(|row| self.base(question, *row)).sum();
        let own = match &asked.gate {
            None => (self.base(question, cell), self.base(question, cell)),
            Some(gate) => match gate.options.as_slice() {
                [asking] => {
                    let silent = silent(self.tables, question, cell);
                    self.free(gate.question, *asking, cell)
                        .map_or((0, all), |(least, most)| ((least - silent).max(0), (most - silent).min(all)))
                }
                _ => (0, all),
            },
        };
        Some(self.range(question, option, cell, own, &rows, &needs(self.tables, question)))
    }

    /// The range of a count in a cell, when hospitals change places with the cells of `rows`, and `own` is the range of this cell's base.
    fn range(&self, question: usize, option: usize, cell: usize, own: Range, rows: &[usize], needs: &[Vec<i64>]) -> Range {
        let of_cell = |cell: usize| -> i64 { needs.iter().filter_map(|option| option.get(cell)).sum() };
        let of_option = |cell: usize| needs.get(option).and_then(|option| option.get(cell)).copied().unwrap_or(0);
        let column: i64 = rows.iter().map(|row| self.count(question, option, *row) - of_option(*row)).sum();
        let all: i64 = rows.iter().map(|row| self.base(question, *row) - of_cell(*row)).sum();
        let (least, most) = (own.0 - of_cell(cell), own.1 - of_cell(cell));
        let least = (column - (all - least.max(0))).max(0);
        (least + of_option(cell), column.min(most) + of_option(cell))
    }

    /// The cells of a band that nothing is published of but the nation's tables.
    fn rows(&self, hidden: &[bool], band: usize) -> Vec<usize> {
        let prefectures = 0..self.tables.grid().prefectures().len();
        let is_hidden = |domain: usize| hidden.get(domain).copied().unwrap_or(false);
        let rows = prefectures.filter(|index| {
            let (own, class) = self.tables.grid().row(*index, band / 2);
            is_hidden(own) && is_hidden(class)
        });
        rows.map(|index| index * SIX + band).collect()
    }

    fn is_national(&self, domain: usize) -> bool {
        let domain = self.tables.domains().get(domain);
        matches!(domain, None | Some(Domain::Nation | Domain::Band(_)))
    }

    fn base(&self, question: usize, cell: usize) -> i64 {
        self.tables.cell(question, cell).map_or(0, |counts| i64::from(counts.base))
    }

    fn count(&self, question: usize, option: usize, cell: usize) -> i64 {
        self.tables
            .cell(question, cell)
            .map_or(0, |counts| i64::from(counts.option(option)))
    }
}

/// Whether a question and all that hangs on it have one choice each, and hang on one option each.
fn is_plain(tables: &Tables, question: usize) -> bool {
    let plain = |question: usize| {
        tables
            .question(question)
            .is_some_and(|asked| !asked.several && asked.gate.as_ref().is_none_or(|gate| gate.options.len() == 1))
    };
    let single = tables.question(question).is_some_and(|asked| !asked.several);
    single && tables.descendants(question).into_iter().all(plain)
}

/// Those of a cell who were asked and said nothing, less those who answered without being asked (their own answer to the gate is a 無回答).
fn silent(tables: &Tables, question: usize, cell: usize) -> i64 {
    let Some(gate) = tables.question(question).and_then(|asked| asked.gate.as_ref()) else {
        return 0;
    };
    let asking = tables.cell(gate.question, cell).into_iter();
    let asked: i64 = asking
        .flat_map(|counts| gate.options.iter().map(|option| i64::from(counts.option(*option))))
        .sum();
    asked - tables.cell(question, cell).map_or(0, |counts| i64::from(counts.base))
}

fn width(least: i64, most: i64) -> u32 {
    u32::try_from(most - least).unwrap_or(0)
}

/// By option, then by cell: how many must have chosen it so that the questions below have what was left blank there. Questions that are not plain need
/// nothing.
fn needs(tables: &Tables, question: usize) -> Vec<Vec<i64>> {
    let options = tables.question(question).map_or(0, |asked| asked.exclusive.len());
    let mut needs = vec![vec![0; tables.cells()]; options];
    if tables.question(question).is_none_or(|asked| asked.several) {
        return needs;
    }
    for (child, asking) in tables.children(question) {
        let [option] = asking else { continue };
        let below = self::needs(tables, child);
        let Some(list) = needs.get_mut(*option) else { continue };
        for (cell, need) in list.iter_mut().enumerate() {
            let all: i64 = below.iter().filter_map(|option| option.get(cell)).sum();
            *need = (*need).max(silent(tables, child, cell) + all);
        }
    }
    needs
}
