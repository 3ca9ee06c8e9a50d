//! The lengths of the strings of a workbook (MS-XLS 2.4.265): a cell names one by its place, and calamine copies it into every such cell.
//!
//! Only lengths are read. A table that is not as the format says is refused, so that calamine sees the same strings.

use super::records::number;
use crate::limits::Limits;
use crate::refusal::Refusal;

/// Bytes in UTF-8 that a character may take: three for each unit of UTF-16.
const BYTES_OF_UNIT: u64 = 3;

/// The most bytes that each string takes.
#[derive(Debug, Default)]
pub(super) struct Strings {
    bytes: Vec<u64>,
}

impl Strings {
    /// Reads the table out of its record and those that continue it.
    pub(super) fn read(parts: &[&[u8]], limits: &Limits) -> Result<Self, Refusal> {
        let Some((first, more)) = parts.split_first() else {
            return Ok(Self::default());
        };
        let broken = || Refusal::unreadable("a string table that is none");
        // Two counts, which nobody believes.
        let mut cursor = Cursor {
            part: first.get(8..).ok_or_else(broken)?,
            more,
        };
        let mut bytes = Vec::new();
        while cursor.has_more() {
            bytes.push(cursor.string().ok_or_else(broken)?);
            if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limits.shared_strings {
                return Err(Refusal::unreadable("too many strings in the string table"));
            }
        }
        Ok(Self { bytes })
    }

    /// The most bytes that a string takes; an unknown one takes none, since calamine refuses it.
    pub(super) fn bytes(&self, index: u32) -> u64 {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.bytes.get(index))
            .copied()
            .unwrap_or(0)
    }
}

struct Cursor<'a> {
    part: &'a [u8],
    more: &'a [&'a [u8]],
}

impl Cursor<'_> {
    fn has_more(&mut self) -> bool {
        while self.part.is_empty() {
            if !self.next_part() {
                return false;
            }
        }
        true
    }

    fn next_part(&mut self) -> bool {
        let Some((next, more)) = self.more.split_first() else {
            return false;
        };
        (self.part, self.more) = (next, more);
        true
    }

    /// The length of one string: its characters, then runs of formats and phonetic text, both skipped.
    fn string(&mut self) -> Option<u64> {
        let units = usize::from(number(self.part, 0)?);
        let flags = *self.part.get(2)?;
        self.part = self.part.get(3..)?;
        let mut skipped = 0;
        if flags & 8 != 0 {
            skipped += usize::from(number(self.part, 0)?) * 4;
            self.part = self.part.get(2..)?;
        }
        if flags & 4 != 0 {
            let (low, high) = (number(self.part, 0)?, number(self.part, 2)?);
            skipped += usize::try_from((u32::from(high) << 16) | u32::from(low)).ok()?;
            self.part = self.part.get(4..)?;
        }
        self.characters(units, flags & 1 != 0)?;
        self.skip(skipped)?;
        Some(u64::try_from(units).ok()?.saturating_mul(BYTES_OF_UNIT))
    }

    /// Characters may break off at the end of a record; the next one says anew whether they take one byte or two.
    fn characters(&mut self, mut units: usize, mut wide: bool) -> Option<()> {
        while units > 0 {
            let size = if wide { 2 } else { 1 };
            let taken = units.min(self.part.len() / size);
            self.part = self.part.get(taken * size..)?;
            units -= taken;
            if units > 0 {
                if !self.part.is_empty() || !self.next_part() {
                    return None;
                }
                wide = self.part.first()? & 1 != 0;
                self.part = self.part.get(1..)?;
            }
        }
        Some(())
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            let taken = bytes.min(self.part.len());
            self.part = self.part.get(taken..)?;
            bytes -= taken;
            if bytes > 0 && !self.next_part() {
                return None;
            }
        }
        Some(())
    }
}
