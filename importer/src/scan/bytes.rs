//! Searching raw bytes at the speed of the standard library's own search, which is optimised in every build.

use std::io::{self, BufRead, Read};

/// Bytes that are looked at together.
const AT_ONCE: usize = 64 << 10;
const AT_ONCE_U64: u64 = 64 << 10;

/// Moves `rest` behind the next `byte` and returns how many bytes were passed, the found one included, and whether it was found.
pub(super) fn skip_past(rest: &mut &[u8], byte: u8) -> (usize, bool) {
    let before = *rest;
    // Reading from a slice cannot fail.
    let passed = rest.skip_until(byte).unwrap_or(0);
    let found = passed > 0 && before.get(passed - 1) == Some(&byte);
    (passed, found)
}

/// The position of `needle`, or `None`. An empty needle is never found.
pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let (&first, tail) = needle.split_first()?;
    let mut rest = haystack;
    let mut position = 0;
    loop {
        let (passed, found) = skip_past(&mut rest, first);
        if !found {
            return None;
        }
        position += passed;
        if rest.starts_with(tail) {
            return Some(position - 1);
        }
    }
}

/// How often `needle` occurs from here to the end, counted up to `most` and one more.
pub(super) fn count(haystack: &mut impl Read, needle: &[u8], most: usize) -> io::Result<usize> {
    // What was read and not passed yet: less than a needle may wait for its other half.
    let mut window = Vec::with_capacity(AT_ONCE + needle.len());
    let (mut counted, mut at_once) = (0, AT_ONCE_U64);
    while counted <= most && at_once > 0 {
        at_once = u64::try_from(haystack.take(AT_ONCE_U64).read_to_end(&mut window)?).map_err(io::Error::other)?;
        let mut rest = window.as_slice();
        while let Some(position) = find(rest, needle) {
            counted += 1;
            rest = rest.get(position + needle.len()..).unwrap_or_default();
        }
        let half = rest.len().min(needle.len().saturating_sub(1));
        window.drain(..window.len() - half);
    }
    Ok(counted.min(most.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needles_are_found_and_counted() {
        assert_eq!(find(b"aab", b"ab"), Some(1));
        assert_eq!(find(b"aa", b"ab"), None);
        assert_eq!(find(b"", b"a"), None);
        assert_eq!(count(&mut b"PKaPKbPK".as_slice(), b"PK", 10).unwrap(), 3);
        assert_eq!(count(&mut b"PKPKPKPK".as_slice(), b"PK", 1).unwrap(), 2);
    }

    #[test]
    fn a_needle_over_a_border_is_counted_once() {
        for before in AT_ONCE - 6..AT_ONCE + 2 {
            let haystack = [b"-".repeat(before), b"NEEDLENEEDLE".to_vec(), b"-".repeat(AT_ONCE)].concat();
            assert_eq!(count(&mut haystack.as_slice(), b"NEEDLE", 10).unwrap(), 2, "{before}");
        }
    }
}
