//! The sums of the board's cells, which stand above it whatever somebody looks at, each with where its hospitals are. Reads nothing and decides nothing.

use std::collections::BTreeSet;

use survey::band::Band;

use super::cells::standing_of;
use super::gathered::Gathered;
use super::views::{Standing, View};
use super::{bands, fullness};
use crate::app::programs::lists::ListCell;
use crate::error::AppError;

/// The sums of a cell, whatever the view.
pub struct Summary {
    pub id: String,
    pub label: &'static str,
    pub href: String,
    pub quota: String,
    pub fullness: (String, &'static str),
    /// How many stand like this, and where they are shown.
    pub counts: Vec<(usize, String)>,
}

/// The sums of all cells, and at last of all of them together.
///
/// # Errors
/// A defect.
pub fn summaries(gathered: &Gathered, path: &str) -> Result<Vec<Summary>, AppError> {
    let of_bands = bands(&gathered.program)?.iter().map(|band| summary(gathered, Some(band), path));
    Ok(of_bands.chain(std::iter::once(summary(gathered, None, path))).collect())
}

fn summary(gathered: &Gathered, band: Option<&'static Band>, path: &str) -> Summary {
    let key = band.map_or("", |band| band.key);
    let is_of = |other: &str| band.is_none_or(|band| band.key == other);
    let listed: Vec<&ListCell> = gathered
        .list
        .iter()
        .flat_map(|list| &list.cells)
        .filter(|cell| is_of(&cell.band))
        .collect();
    let on_list: BTreeSet<&str> = listed.iter().flat_map(|cell| &cell.chosen).map(|one| one.gmis.as_str()).collect();
    let reserves: BTreeSet<&str> = listed.iter().flat_map(|cell| &cell.reserves).map(|one| one.gmis.as_str()).collect();
    let all = &gathered.candidates;
    let others = all.candidates.iter().map(|one| &one.candidate);
    let others = others.filter(|one| is_of(&one.band) && !on_list.contains(one.gmis.as_str()));
    let (reserve, candidate): (Vec<_>, Vec<_>) = others.partition(|one| reserves.contains(one.gmis.as_str()));
    let nominated = all.nominated.iter().map(|one| &one.scored.candidate);
    let nominated = nominated.filter(|one| is_of(&one.band) && !on_list.contains(one.gmis.as_str()));
    let barred = |standing: Standing| {
        let of_band = all.excluded.iter().filter(|one| band.is_none() || one.band.as_deref() == Some(key));
        of_band.filter(|one| standing_of(one) == standing).count()
    };
    let counts = [
        (on_list.len(), Standing::Chosen),
        (reserve.len(), Standing::Reserve),
        (candidate.len(), Standing::Candidate),
        (nominated.count(), Standing::Nominated),
        (barred(Standing::Ineligible), Standing::Ineligible),
        (barred(Standing::Excluded), Standing::Excluded),
    ];
    let quotas: Vec<u32> = gathered
        .quotas
        .iter()
        .filter(|(key, _)| is_of(key))
        .map(|(_, quota)| *quota)
        .collect();
    let quota: u64 = quotas.iter().copied().map(u64::from).sum();
    let chosen = u64::try_from(on_list.len()).unwrap_or(u64::MAX);
    let href = |standing| format!("{}#list", View::cell(key, standing).href(path));
    Summary {
        id: band.map_or_else(|| "sum-all".to_owned(), |band| summary_id(band.key)),
        label: band.map_or("合計", |band| band.label),
        href: href(None),
        quota: if quotas.is_empty() {
            "未設定".to_owned()
        } else {
            quota.to_string()
        },
        fullness: match band {
            // Too many here and too few there do not make it right.
            None => (String::new(), "tag"),
            Some(_) if quotas.is_empty() => ("支援枠は未設定".to_owned(), "tag warn"),
            Some(_) => fullness(quota, chosen),
        },
        counts: counts.into_iter().map(|(count, standing)| (count, href(Some(standing)))).collect(),
    }
}

/// The line of a band among the sums.
pub fn summary_id(band: &str) -> String {
    format!("sum-{}", band.replace('+', "-up"))
}
