//! Pages of a list that is longer than one reads at once: which part is shown, and where the others are. Knows no list.

/// Lines on a page.
pub const LINES: usize = 50;

/// A part of a list.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// Lines of the whole list.
    pub all: usize,
    /// Number of the first line shown, from 1.
    pub first: usize,
    /// Number of the last line shown.
    pub last: usize,
    /// Number of the page, from 1.
    pub page: usize,
    /// How many there are.
    pub pages: usize,
    /// The path of the page before; empty on the first.
    pub before: String,
    /// The path of the page after; empty on the last.
    pub after: String,
}

impl Pager {
    /// The page that was asked for, or the last one.
    pub fn of(all: usize, asked: usize, href: impl Fn(usize) -> String) -> Pager {
        let pages = all.div_ceil(LINES).max(1);
        let page = asked.clamp(1, pages);
        let skipped = page.saturating_sub(1).saturating_mul(LINES);
        Pager {
            all,
            first: skipped.saturating_add(1).min(all),
            last: skipped.saturating_add(LINES).min(all),
            page,
            pages,
            before: if page > 1 { href(page.saturating_sub(1)) } else { String::new() },
            after: if page < pages {
                href(page.saturating_add(1))
            } else {
                String::new()
            },
        }
    }

    /// Lines before the page.
    pub fn skipped(&self) -> usize {
        self.page.saturating_sub(1).saturating_mul(LINES)
    }

    /// The page on which the line at a place stands, counted from 0.
    pub fn page_of(place: usize) -> usize {
        place.checked_div(LINES).unwrap_or(0).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_on_one_page_and_a_page_too_far_is_the_last() {
        let href = |page: usize| format!("?page={page}");
        let second = Pager::of(101, 2, href);
        assert_eq!((second.first, second.last, second.pages), (51, 100, 3));
        assert_eq!((second.before.as_str(), second.after.as_str()), ("?page=1", "?page=3"));
        let last = Pager::of(101, 9, href);
        assert_eq!((last.first, last.last, last.page, last.skipped()), (101, 101, 3, 100));
        assert!(last.after.is_empty());
        let none = Pager::of(0, 1, href);
        assert_eq!((none.first, none.last, none.pages), (0, 0, 1));
        assert_eq!([0, 49, 50].map(Pager::page_of), [1, 1, 2]);
    }
}
