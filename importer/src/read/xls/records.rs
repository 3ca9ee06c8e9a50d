//! The records of a workbook stream (MS-XLS 2.1.4): type and length, two bytes each, then that many bytes.
//!
//! Copies the records that hold values, numbers every sheet anew, and counts on the way. Everything else is left out: claimed dimensions,
//! formulas (only their places are kept), names, drawings, macros.

use std::collections::BTreeSet;

use super::super::rows::check_sheets;
use super::strings::Strings;
use crate::limits::Limits;
use crate::refusal::Refusal;

/// Rows and columns, from 0, of the cells of a sheet that hold a formula.
pub(super) type Formulas = BTreeSet<(u32, u32)>;

/// The stream made of what is wanted, and the formulas of each sheet in the order of the sheets.
#[derive(Debug)]
pub(super) struct Filtered {
    pub(super) stream: Vec<u8>,
    pub(super) formulas: Vec<Formulas>,
}

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000A;
const CONTINUE: u16 = 0x003C;
const FILE_PASS: u16 = 0x002F;
const BOUND_SHEET: u16 = 0x0085;
const SST: u16 = 0x00FC;
/// CodePage, DateMode, Format, XF.
const GLOBALS: [u16; 4] = [0x0042, 0x0022, 0x041E, 0x00E0];
const LABEL_SST: u16 = 0x00FD;
const MUL_RK: u16 = 0x00BD;
const FORMULA: u16 = 0x0006;
/// Number, Label, RString, BoolErr, RK: one cell each.
const CELLS: [u16; 5] = [0x0203, 0x0204, 0x00D6, 0x0205, 0x027E];
/// The text of the formula before it.
const STRING: u16 = 0x0207;
/// Bytes of a formula record that hold its cell and value; the expression follows.
const FORMULA_VALUE: usize = 20;
/// Continued records in a row that are looked at; a string table of 32 MB has 4,000.
const MOST_PARTS: usize = 100_000;

#[derive(Clone, Copy)]
struct Record<'a> {
    kind: u16,
    data: &'a [u8],
}

/// Walks over records until the stream or the wanted part of it ends.
struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Record<'a>, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = number(self.rest, 0).zip(number(self.rest, 2)).and_then(|(kind, length)| {
            let data = self.rest.get(4..)?.get(..usize::from(length))?;
            Some(Record { kind, data })
        });
        let Some(record) = record else {
            self.rest = &[];
            return Some(Err(Refusal::unreadable("a record beyond the end of its stream")));
        };
        self.rest = self.rest.get(4 + record.data.len()..).unwrap_or_default();
        Some(Ok(record))
    }
}

/// Two bytes at a place, little end first.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_le_bytes(*pair))
}

/// Takes the wanted records out of a stream.
pub(super) fn filter(stream: &[u8], limits: &Limits) -> Result<Filtered, Refusal> {
    let mut out = Out { stream: Vec::new() };
    let (bound, strings) = globals(stream, &mut out, limits)?;
    check_sheets(bound.len(), limits)?;
    let mut count = Count {
        limits,
        strings,
        cells: 0,
        area: 0,
        text: 0,
    };
    let mut formulas = Vec::new();
    for (position, patched) in bound {
        let start = u32::try_from(out.stream.len()).map_err(|error| Refusal::unreadable(error.to_string()))?;
        if let Some(place) = out.stream.get_mut(patched..patched + 4) {
            place.copy_from_slice(&start.to_le_bytes());
        }
        let sheet = stream.get(position..).unwrap_or_default();
        formulas.push(count.sheet(sheet, &mut out)?);
    }
    Ok(Filtered {
        stream: out.stream,
        formulas,
    })
}

struct Out {
    stream: Vec<u8>,
}

impl Out {
    fn put(&mut self, kind: u16, data: &[u8]) {
        self.stream.extend_from_slice(&kind.to_le_bytes());
        let length = u16::try_from(data.len()).unwrap_or(0);
        self.stream.extend_from_slice(&length.to_le_bytes());
        self.stream.extend_from_slice(data);
    }
}

/// Where each sheet begins, and where the copy has to name its new beginning.
type Bound = Vec<(usize, usize)>;

fn globals(stream: &[u8], out: &mut Out, limits: &Limits) -> Result<(Bound, Strings), Refusal> {
    let mut bound = Vec::new();
    let mut table: Vec<&[u8]> = Vec::new();
    let mut in_table = false;
    for record in (Walk { rest: stream }) {
        let Record { kind, data } = record?;
        in_table = (kind == CONTINUE && in_table) || (kind == SST && table.is_empty());
        match kind {
            FILE_PASS => return Err(Refusal::password("workbook stream with FilePass")),
            SST | CONTINUE if in_table => {
                if table.len() > MOST_PARTS {
                    return Err(Refusal::unreadable("a string table of too many parts"));
                }
                table.push(data);
                out.put(kind, data);
            }
            BOUND_SHEET => {
                let (Some(low), Some(high)) = (number(data, 0), number(data, 2)) else {
                    return Err(Refusal::unreadable("a sheet without a position"));
                };
                let position = (u32::from(high) << 16) | u32::from(low);
                bound.push((usize::try_from(position).unwrap_or(usize::MAX), out.stream.len() + 4));
                check_sheets(bound.len(), limits)?;
                out.put(kind, data);
            }
            BOF | EOF => out.put(kind, data),
            _ if GLOBALS.contains(&kind) => out.put(kind, data),
            _ => {}
        }
        if kind == EOF {
            break;
        }
    }
    Ok((bound, Strings::read(&table, limits)?))
}

/// What all sheets together hold.
struct Count<'a> {
    limits: &'a Limits,
    strings: Strings,
    cells: usize,
    area: u64,
    text: u64,
}

impl Count<'_> {
    /// Copies the cells of one sheet; embedded charts are left out.
    fn sheet(&mut self, stream: &[u8], out: &mut Out) -> Result<Formulas, Refusal> {
        let mut formulas = Formulas::new();
        let mut extent = Extent::default();
        let mut depth = 0_u32;
        for record in (Walk { rest: stream }) {
            let Record { kind, data } = record?;
            match kind {
                BOF => {
                    depth += 1;
                    if depth == 1 {
                        out.put(kind, data);
                    }
                }
                EOF => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                _ if depth == 1 => self.cell(kind, data, &mut extent, &mut formulas, out)?,
                _ => {}
            }
        }
        out.put(EOF, &[]);
        self.area = self.area.saturating_add(extent.area());
        Ok(formulas)
    }

    fn cell(&mut self, kind: u16, data: &[u8], extent: &mut Extent, formulas: &mut Formulas, out: &mut Out) -> Result<(), Refusal> {
        let one = CELLS.contains(&kind) || matches!(kind, LABEL_SST | FORMULA | MUL_RK);
        if !one {
            if kind == STRING {
                out.put(kind, data);
            }
            return Ok(());
        }
        let (Some(row), Some(column)) = (number(data, 0), number(data, 2)) else {
            return Err(Refusal::unreadable("a cell without a place"));
        };
        // Row, first column, six bytes for each cell, last column.
        let wide = if kind == MUL_RK { data.len().saturating_sub(6) / 6 } else { 1 };
        self.cells += wide;
        let last = u32::from(column) + u32::try_from(wide.saturating_sub(1)).unwrap_or(u32::MAX);
        extent.add(u32::from(row), u32::from(column), last);
        if kind == LABEL_SST {
            let index = number(data, 6)
                .zip(number(data, 8))
                .map(|(low, high)| (u32::from(high) << 16) | u32::from(low));
            self.text = self.text.saturating_add(self.strings.bytes(index.unwrap_or(u32::MAX)));
        }
        self.check(extent)?;
        if kind == FORMULA {
            formulas.insert((u32::from(row), u32::from(column)));
            // The value with an expression of no length.
            let mut value = data.get(..FORMULA_VALUE).unwrap_or_default().to_vec();
            value.extend([0, 0]);
            out.put(kind, &value);
        } else {
            out.put(kind, data);
        }
        Ok(())
    }

    fn check(&self, extent: &Extent) -> Result<(), Refusal> {
        let limits = self.limits;
        let area = self.area.saturating_add(extent.area());
        if self.cells > limits.cells || area > limits.whole_cells {
            return Err(Refusal::too_many_cells(format!("{} cells, {area} in the rectangles", self.cells)));
        }
        if self.text > limits.whole_text_bytes {
            return Err(Refusal::too_large_inside(format!("{} bytes of text", self.text)));
        }
        Ok(())
    }
}

/// The rectangle of a sheet's cells: what calamine allocates.
#[derive(Debug, Default)]
struct Extent {
    first: Option<(u32, u32)>,
    last: (u32, u32),
}

impl Extent {
    fn add(&mut self, row: u32, first_column: u32, last_column: u32) {
        let (top, left) = self.first.unwrap_or((row, first_column));
        self.first = Some((top.min(row), left.min(first_column)));
        self.last = (self.last.0.max(row), self.last.1.max(last_column));
    }

    fn area(&self) -> u64 {
        self.first.map_or(0, |(top, left)| {
            u64::from(self.last.0.saturating_sub(top) + 1) * u64::from(self.last.1.saturating_sub(left).saturating_add(1))
        })
    }
}
