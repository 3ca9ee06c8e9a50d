//! From cells and wishes to rows: which candidates can be chosen at all, how full each cell becomes, and whom each wish counts.

use super::ListWish;
use super::problem::{Problem, Row};
use crate::selection::choose::Quota;
use crate::selection::score::ScoredCandidate;
use std::collections::BTreeMap;

/// The problem over those candidates, in the order of choice, who stand in a cell with a quota; and these candidates by their place.
pub(crate) fn problem<'a>(ranked: &'a [ScoredCandidate], quotas: &[Quota], wishes: &[ListWish]) -> (Problem, Vec<&'a ScoredCandidate>) {
    let has_quota = |band: &str| quotas.iter().any(|quota| quota.band == band && quota.hospitals > 0);
    let seats: Vec<&ScoredCandidate> = ranked.iter().filter(|scored| has_quota(&scored.candidate.band)).collect();
    let mut rows: Vec<Row> = quotas
        .iter()
        .filter(|quota| quota.hospitals > 0)
        .map(|quota| {
            let members = places(&seats, |scored| scored.candidate.band == quota.band);
            let filled = u64::from(quota.hospitals).min(count(&members));
            Row {
                wish: None,
                value: None,
                members,
                least: filled,
                most: filled,
            }
        })
        .collect();
    let chosen: u64 = rows.iter().map(|row| row.least).sum();
    for (index, wish) in wishes.iter().enumerate() {
        let row = |value: Option<String>, members: Vec<usize>| Row {
            wish: Some(index),
            value,
            least: wish.at_least.map_or(0, u64::from),
            most: wish.most(chosen).unwrap_or(u64::MAX),
            members,
        };
        let value_of = |scored: &ScoredCandidate| scored.candidate.attributes.get(&wish.attribute).cloned();
        if !wish.is.is_empty() {
            let members = places(&seats, |scored| value_of(scored).is_some_and(|value| wish.is.contains(&value)));
            rows.push(row(None, members));
            continue;
        }
        let mut values: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, scored) in seats.iter().enumerate() {
            if let Some(value) = value_of(scored) {
                values.entry(value).or_default().push(place);
            }
        }
        rows.extend(values.into_iter().map(|(value, members)| row(Some(value), members)));
    }
    let scores = seats.iter().map(|scored| scored.score).collect();
    (Problem { scores, rows }, seats)
}

fn places(seats: &[&ScoredCandidate], belongs: impl Fn(&ScoredCandidate) -> bool) -> Vec<usize> {
    let places = seats.iter().enumerate().filter(|(_, scored)| belongs(scored));
    places.map(|(place, _)| place).collect()
}

/// A slice's length as a number of hospitals.
pub(crate) fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}
