//! Choosing under wishes as a problem of zeros and ones, in integers: whom a cell or wish counts, and within what. Whatever a solver says is held against
//! this again. Knows no solver, no hospital and no wish's words.

use std::collections::BTreeMap;

/// Hospitals by their place in the order of choice, and what is to hold of the chosen ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Points by place; never rising within a cell.
    pub(crate) scores: Vec<u64>,
    /// Cells first.
    pub(crate) rows: Vec<Row>,
}

/// So many of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Place of the wish among the wishes; `None`: a cell, which has to be filled exactly.
    pub(crate) wish: Option<usize>,
    /// The value that is counted by itself, where it is one.
    pub(crate) value: Option<String>,
    /// Places, ascending.
    pub(crate) members: Vec<usize>,
    /// At least.
    pub(crate) least: u64,
    /// At most.
    pub(crate) most: u64,
}

impl Row {
    /// Chosen ones among its members.
    pub(crate) fn count(&self, chosen: &[bool]) -> u64 {
        let members = self.members.iter().filter(|place| chosen.get(**place) == Some(&true));
        members.fold(0, |count, _| count + 1)
    }
}

impl Problem {
    /// The sum of points of a choice that meets every row.
    ///
    /// # Errors
    /// The first thing that is wrong with it, for developers.
    pub(crate) fn verify(&self, chosen: &[bool]) -> Result<u64, String> {
        if chosen.len() != self.scores.len() {
            return Err(format!("{} hospitals were decided on, not {}", chosen.len(), self.scores.len()));
        }
        for row in &self.rows {
            let count = row.count(chosen);
            if !(row.least..=row.most).contains(&count) {
                return Err(format!(
                    "{count} chosen where {} to {} are to be, wish {:?} {:?}",
                    row.least, row.most, row.wish, row.value
                ));
            }
        }
        let points = self
            .scores
            .iter()
            .zip(chosen)
            .filter(|(_, chosen)| **chosen)
            .map(|(score, _)| *score);
        Ok(points.fold(0, u64::saturating_add))
    }

    /// Places that every row counts alike: of two such ones, only their points and their order tell them apart. In the order of choice.
    pub(crate) fn alike(&self) -> Vec<Vec<usize>> {
        let mut signatures: Vec<Vec<usize>> = vec![Vec::new(); self.scores.len()];
        for (index, row) in self.rows.iter().enumerate() {
            for place in &row.members {
                if let Some(signature) = signatures.get_mut(*place) {
                    signature.push(index);
                }
            }
        }
        let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for (place, signature) in signatures.into_iter().enumerate() {
            groups.entry(signature).or_default().push(place);
        }
        groups.into_values().collect()
    }

    /// The cells and only those wishes that are kept, without points: whether they can hold at all.
    pub(crate) fn only(&self, kept: impl Fn(usize) -> bool) -> Problem {
        Problem {
            scores: vec![0; self.scores.len()],
            rows: self.rows.iter().filter(|row| row.wish.is_none_or(&kept)).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::optimum::{Patience, optimum};
    use super::*;
    use std::time::Duration;

    fn row(wish: Option<usize>, members: &[usize], least: u64, most: u64) -> Row {
        Row {
            wish,
            value: None,
            members: members.to_vec(),
            least,
            most,
        }
    }

    #[test]
    fn a_choice_that_breaks_a_row_is_refused_whoever_made_it() {
        let problem = Problem {
            scores: vec![7, 5, 1],
            rows: vec![row(None, &[0, 1, 2], 2, 2), row(Some(0), &[2], 1, u64::MAX)],
        };
        assert_eq!(problem.verify(&[true, false, true]), Ok(8));
        for (chosen, word) in [
            (vec![true, true, false], "wish Some(0)"),
            (vec![true, true, true], "wish None"),
            (vec![false, false, true], "wish None"),
            (vec![true, true], "2 hospitals"),
        ] {
            assert!(problem.verify(&chosen).unwrap_err().contains(word), "{chosen:?}");
        }
    }

    #[test]
    fn hospitals_are_chosen_whole_where_halves_would_have_more_points() {
        // Of each two of the three at most one: three halves would be 15 points.
        let pairs = [[0, 1], [1, 2], [0, 2]];
        let mut rows = vec![row(None, &[0, 1, 2], 0, 3)];
        rows.extend((0..).zip(&pairs).map(|(wish, pair)| row(Some(wish), pair, 0, 1)));
        let problem = Problem {
            scores: vec![10, 10, 10],
            rows,
        };
        let patience = Patience::of(Duration::from_secs(60));
        let best = optimum(&problem, patience).unwrap().unwrap();
        // What halves would bring keeps prices from proving it.
        assert_eq!((best.chosen, best.proven), (vec![true, false, false], false));
        let never = Problem {
            rows: [problem.rows.clone(), vec![row(Some(3), &[0, 1, 2], 2, 3)]].concat(),
            ..problem
        };
        assert_eq!(optimum(&never, patience), Ok(None));
    }
}
