//! Counting: how many bytes of a slot bear a code, cell by cell, of many rows on all cores. The one hot loop that is written by hand; polars counts
//! whatever this cannot (municipalities, filters, indicators). Knows neither questions nor percentages.
//!
//! However few the rows are: polars takes a millisecond and more to plan and group even a few thousand, this some microseconds (docs/performance.md).
//!
//! Why ranges and not an index: `Snapshot::new` puts rows of one prefecture and bed number together, so that a cell of any banding is a few ranges of
//! each column, known from a list of [`Stretch`]es. Counting is then a comparison of neighbouring bytes, which the processor does 32 at
//! a time (`bytecount`). A packed index of cells would be a further column to make for each banding and to read for each question, and its histogram takes
//! one byte at a time: on two cores it took 8 times as long as a plain pass over the bytes. Nothing but the speed depends on the order: rows of a cell
//! that stand apart are more ranges of it.

use crate::cube::{Cell, Counts, Measure};
use rayon::prelude::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator, ParallelSliceMut};
use std::ops::Range;
use survey::codes::{BLANK, NO_ANSWER, NOT_ASKED};

/// Rows from which all cores count: to hand work to a thread and wait for it takes longer than to count fewer.
pub(crate) const SPREAD_FROM: usize = 50_000;

/// Rows that are looked at together for one code after another: their bytes stay in the nearest cache.
const AT_ONCE: usize = 1 << 14;

/// Ranges that a thread takes at least: to wake another for less takes longer than to count them.
const TOGETHER: usize = 16;

/// The codes below those of options. A snapshot holds no other (`Snapshot::new` refuses it).
const STATES: [u8; 3] = [NOT_ASKED, BLANK, NO_ANSWER];

/// Neighbouring rows of one prefecture and bed number: whatever the banding, they lie in one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stretch {
    prefecture: u8,
    beds: u16,
    rows: Range<usize>,
}

/// The stretches of the rows, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretches {
    /// By bed number.
    finest: Vec<Stretch>,
    /// Lower bounds of the bed classes that are asked for most, ascending.
    usual: Vec<u16>,
    /// By those classes, each with its lower bound or, under the first, 0: some hundreds instead of some thousands to go through for each question.
    by_usual: Vec<Stretch>,
}

impl Stretches {
    /// Of rows with these prefectures and beds; `usual` are the lower bounds of the bed classes that are asked for most.
    pub(crate) fn new(places: impl Iterator<Item = (u8, u16)>, usual: impl IntoIterator<Item = u16>) -> Stretches {
        let finest = stretches(places.enumerate().map(|(row, (prefecture, beds))| Stretch {
            prefecture,
            beds,
            rows: row..row + 1,
        }));
        let mut usual: Vec<u16> = usual.into_iter().collect();
        usual.sort_unstable();
        usual.dedup();
        let class = |beds: u16| usual.iter().rfind(|bound| **bound <= beds).copied().unwrap_or_default();
        let by_usual = stretches(finest.iter().map(|stretch| Stretch {
            beds: class(stretch.beds),
            ..stretch.clone()
        }));
        Stretches { finest, usual, by_usual }
    }

    /// The fewest whose rows lie in one class each, by the classes of these lower bounds.
    fn by(&self, bounds: &[u16]) -> &[Stretch] {
        if bounds.iter().all(|bound| self.usual.contains(bound)) {
            &self.by_usual
        } else {
            &self.finest
        }
    }
}

/// One after the other, neighbours that have the same place and beds as one.
fn stretches(rows: impl Iterator<Item = Stretch>) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for next in rows {
        match stretches.last_mut() {
            Some(last) if (last.prefecture, last.beds) == (next.prefecture, next.beds) => last.rows.end = next.rows.end,
            _ => stretches.push(next),
        }
    }
    stretches
}

/// How a measure comes from the counts of codes.
enum Part {
    Rows,
    /// Index into the codes.
    Code(usize),
    /// Rows without these.
    Without(Vec<usize>),
}

/// What to count, each code of a slot once.
#[derive(Default)]
struct Codes<'a> {
    known: Vec<(usize, u8)>,
    bytes: Vec<(&'a [u8], u8)>,
}

impl<'a> Codes<'a> {
    /// The place of a code; `None` if the slot has no bytes.
    fn place(&mut self, slot: usize, code: u8, bytes: &impl Fn(usize) -> Option<&'a [u8]>) -> Option<usize> {
        if let Some(place) = self.known.iter().position(|known| *known == (slot, code)) {
            return Some(place);
        }
        self.bytes.push((bytes(slot)?, code));
        self.known.push((slot, code));
        Some(self.known.len() - 1)
    }

    fn places(&mut self, slot: usize, codes: &[u8], bytes: &impl Fn(usize) -> Option<&'a [u8]>) -> Option<Vec<usize>> {
        codes.iter().map(|code| self.place(slot, *code, bytes)).collect()
    }
}

/// Rows of one cell that stand together.
type InCell = (Cell, Range<usize>);

/// Which cell rows lie in.
pub(crate) struct Places<F> {
    /// Lower bounds of all bed classes that tell cells apart.
    pub(crate) bounds: Vec<u16>,
    /// The cell of a prefecture (1 to 47) and a bed number, the same for all of a class, or `None` to leave their rows out.
    pub(crate) cell: F,
}

/// The measures of every cell that has rows. `slot` gives the bytes of a slot, one a row; of `spread_from` rows and more all cores count. `None`: a
/// measure is none that can be counted here, or a slot has no bytes.
pub(crate) fn count<'a>(
    (stretches, spread_from): (&Stretches, usize),
    places: &Places<impl Fn(u8, u16) -> Option<Cell>>,
    slot: impl Fn(usize) -> Option<&'a [u8]>,
    measures: &[Measure],
) -> Option<Counts> {
    let mut codes = Codes::default();
    let mut parts = Vec::with_capacity(measures.len());
    for measure in measures {
        parts.push(match measure {
            Measure::Rows => Part::Rows,
            Measure::Code { slot: of, code } => Part::Code(codes.place(*of, *code, &slot)?),
            Measure::Answered { slot: of } => Part::Without(codes.places(*of, &STATES, &slot)?),
            Measure::Other { slot: of, than } => Part::Without(codes.places(*of, &[&STATES, than.as_slice()].concat(), &slot)?),
            Measure::Where(_) => return None,
        });
    }
    let ranges = ranges(stretches.by(&places.bounds), &places.cell);
    // Of each range one number a code. Measures of rows alone have none.
    let width = codes.bytes.len().max(1);
    let mut found = vec![0_u64; ranges.len() * width];
    let count = |((_, rows), found): (&InCell, &mut [u64])| {
        for ((bytes, code), found) in codes.bytes.iter().zip(found) {
            *found = bytes.get(rows.clone()).map_or(0, |bytes| wide(bytecount::count(bytes, *code)));
        }
    };
    if ranges.iter().map(|(_, rows)| rows.len()).sum::<usize>() < spread_from {
        ranges.iter().zip(found.chunks_mut(width)).for_each(count);
    } else {
        ranges
            .par_iter()
            .zip(found.par_chunks_mut(width))
            .with_min_len(TOGETHER)
            .for_each(count);
    }
    let mut counted: Vec<(&InCell, &[u64])> = ranges.iter().zip(found.chunks(width)).collect();
    counted.sort_by_key(|((cell, _), _)| *cell);
    let mut counts = Counts::new(measures.len());
    for ((cell, rows), found) in counted {
        counts.add(*cell, parts.iter().map(|part| part.value(wide(rows.len()), found)));
    }
    Some(counts)
}

impl Part {
    fn value(&self, rows: u64, counts: &[u64]) -> u64 {
        let of = |place: &usize| counts.get(*place).copied().unwrap_or(0);
        match self {
            Part::Rows => rows,
            Part::Code(place) => of(place),
            Part::Without(places) => rows.saturating_sub(places.iter().map(of).sum()),
        }
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The rows of each cell as ranges, none longer than what is looked at together; neighbouring stretches of a cell are one range.
fn ranges(stretches: &[Stretch], cell: &impl Fn(u8, u16) -> Option<Cell>) -> Vec<InCell> {
    let mut whole: Vec<InCell> = Vec::new();
    for stretch in stretches {
        let Some(cell) = cell(stretch.prefecture, stretch.beds) else {
            continue;
        };
        match whole.last_mut() {
            Some((last, rows)) if *last == cell && rows.end == stretch.rows.start => rows.end = stretch.rows.end,
            _ => whole.push((cell, stretch.rows.clone())),
        }
    }
    let cut = |(cell, rows): InCell| {
        let end = rows.end;
        rows.step_by(AT_ONCE).map(move |start| (cell, start..end.min(start + AT_ONCE)))
    };
    whole.into_iter().flat_map(cut).collect()
}
