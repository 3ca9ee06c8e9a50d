//! Quotas computed from a national total, as a proposal: the numbers with all that somebody needs who wants to check them. Pure; the methods are
//! `analytics::quota` and docs/quotas.md.

pub mod answer;
mod solve;

use std::collections::BTreeMap;

use analytics::quota::{MAX_SEATS, Rounding};
use analytics::selection::Quota;
use serde::{Deserialize, Serialize};
use survey::band::Banding;
use survey::fault::Fault;
use survey::prefecture::PrefectureCode;

use self::answer::Proposal;
use super::changes::{band_in, cells_of};
use crate::error::AppError;

/// How a total is given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// To all cells at once, by the largest remainders.
    LargestRemainder,
    /// To cells so that the totals of prefectures and of bands are both met.
    Biproportional,
}

/// What is to be computed.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Hospitals of the nation; may be left out where totals are given.
    pub total: Option<u64>,
    /// How.
    pub method: Method,
    /// How quotients become whole; for `Biproportional`.
    pub rounding: Rounding,
    /// The total of every prefecture; `None`: in proportion to the candidates. For `Biproportional`.
    pub prefecture_totals: Option<BTreeMap<PrefectureCode, u64>>,
    /// The total of every band by its key; `None`: in proportion to the candidates. For `Biproportional`.
    pub band_totals: Option<BTreeMap<String, u64>>,
    /// The least of every cell that has as many candidates; cells with fewer have at least what they have.
    pub at_least: u64,
    /// The least of single cells; counts where it is more than `at_least`.
    pub lower: Vec<Quota>,
}

/// The numbers of all cells: a row for each prefecture, in it a number for each band.
pub type Matrix = Vec<Vec<u64>>;

/// A matrix of zeros.
pub(super) fn nothing(banding: Banding) -> Matrix {
    let bands = banding.bands().len();
    PrefectureCode::all().map(|_| vec![0; bands]).collect()
}

/// Where a cell stands in a [`Matrix`].
pub(super) fn cell_mut<'m>(matrix: &'m mut Matrix, banding: Banding, prefecture: PrefectureCode, band: &str) -> Option<&'m mut u64> {
    let row = matrix.get_mut(usize::from(prefecture.number()).checked_sub(1)?)?;
    let place = banding.bands().iter().position(|one| one.key == band)?;
    row.get_mut(place)
}

/// Computes a proposal for the cells of a banding with so many candidates, which are their weights and their caps.
///
/// # Errors
/// `quota_total_missing`, `quota_totals_invalid`, `quota_invalid` where the question makes no sense, `quota_infeasible` with the sentences that say why
/// where there is no answer.
pub fn propose(banding: Banding, candidates: &Matrix, ask: &Ask) -> Result<Proposal, AppError> {
    let lower = lower_bounds(banding, candidates, ask)?;
    let wanted = Totals::of(banding, ask)?;
    let solved = solved(banding, (ask.method, ask.rounding), (candidates, &lower), &wanted)?;
    Ok(answer::proposal(banding, (candidates, &lower), ask, &wanted, solved))
}

fn solved(
    banding: Banding,
    (method, rounding): (Method, Rounding),
    (candidates, lower): (&Matrix, &Matrix),
    wanted: &Totals,
) -> Result<solve::Solved, AppError> {
    match method {
        Method::LargestRemainder => solve::remainders(banding, candidates, lower, wanted.total),
        Method::Biproportional => solve::biproportional(banding, (candidates, lower), wanted, rounding),
    }
}

/// Gives a total to cells in proportion to their weights, which are also their caps, and at least so many.
///
/// # Errors
/// `quota_infeasible` with the sentences that say why.
pub(in crate::app::programs) fn apportioned(
    banding: Banding,
    method: Method,
    rounding: Rounding,
    cells: (&Matrix, &Matrix),
    total: u64,
) -> Result<Matrix, AppError> {
    let wanted = Totals {
        total,
        prefectures: None,
        bands: None,
    };
    Ok(solved(banding, (method, rounding), cells, &wanted)?.cells)
}

/// The totals that were asked for, in the order of prefectures and bands.
struct Totals {
    total: u64,
    prefectures: Option<Vec<u64>>,
    bands: Option<Vec<u64>>,
}

impl Totals {
    fn of(banding: Banding, ask: &Ask) -> Result<Totals, AppError> {
        if ask.method == Method::LargestRemainder && (ask.prefecture_totals.is_some() || ask.band_totals.is_some()) {
            return Err(invalid("都道府県計や区分計を指定するときは、配り方を二方向比例配分にしてください。").at("method"));
        }
        let prefectures = ask.prefecture_totals.as_ref().map(of_prefectures).transpose()?;
        let bands = ask.band_totals.as_ref().map(|given| of_bands(banding, given)).transpose()?;
        let sums: Vec<(&str, u64)> = [
            ("全国の総数", ask.total),
            ("都道府県計の合計", prefectures.as_deref().map(sum)),
            ("区分計の合計", bands.as_deref().map(sum)),
        ]
        .into_iter()
        .filter_map(|(name, sum)| Some((name, sum?)))
        .collect();
        let Some((_, total)) = sums.first().copied() else {
            return Err(AppError::invalid("quota_total_missing", "全国の総数、または都道府県計か区分計を指定してください。").at("total"));
        };
        if sums.iter().any(|(_, sum)| *sum != total) {
            let sums: Vec<String> = sums.iter().map(|(name, sum)| format!("{name}は{sum}")).collect();
            return Err(invalid(&format!("{}で、一致しません。同じ数にしてください。", sums.join("、"))).at("total"));
        }
        if total > MAX_SEATS {
            return Err(invalid(&format!("総数{total}は多すぎます。{MAX_SEATS}以下にしてください。")).at("total"));
        }
        Ok(Totals { total, prefectures, bands })
    }
}

fn invalid(message: &str) -> AppError {
    AppError::invalid("quota_totals_invalid", message)
}

fn sum(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0, |sum, number| sum.saturating_add(*number))
}

/// Every prefecture has to be named: one left out would silently get nothing.
fn of_prefectures(given: &BTreeMap<PrefectureCode, u64>) -> Result<Vec<u64>, AppError> {
    let missing: Vec<&str> = PrefectureCode::all()
        .filter(|code| !given.contains_key(code))
        .map(PrefectureCode::name)
        .collect();
    if missing.is_empty() {
        Ok(given.values().copied().collect())
    } else {
        Err(invalid(&format!(
            "都道府県計に次の都道府県がありません: {}。枠のない都道府県には0を指定してください。",
            missing.join("、")
        ))
        .at("prefecture_totals"))
    }
}

fn of_bands(banding: Banding, given: &BTreeMap<String, u64>) -> Result<Vec<u64>, AppError> {
    for key in given.keys() {
        band_in(banding, key).map_err(|error| error.at("band_totals"))?;
    }
    let total = |band: &survey::band::Band| {
        given.get(band.key).copied().ok_or_else(|| {
            invalid(&format!(
                "区分計に{}がありません。枠のない区分には0を指定してください。",
                band.label
            ))
            .at("band_totals")
        })
    };
    banding.bands().iter().map(total).collect()
}

fn lower_bounds(banding: Banding, candidates: &Matrix, ask: &Ask) -> Result<Matrix, AppError> {
    let mut lower: Matrix = candidates
        .iter()
        .map(|row| row.iter().map(|number| ask.at_least.min(*number)).collect())
        .collect();
    for ((prefecture, band), hospitals) in cells_of(&ask.lower).map_err(|error| error.at("lower"))? {
        band_in(banding, band).map_err(|error| error.at("lower"))?;
        if let Some(bound) = cell_mut(&mut lower, banding, prefecture, band) {
            *bound = u64::from(hospitals).max(*bound);
        }
    }
    Ok(lower)
}

/// A question that has no answer: each line of the sentence is a fault of its own.
fn infeasible(sentence: &str) -> AppError {
    let faults = sentence
        .lines()
        .map(|line| Fault::error("quota_infeasible", line.to_owned()))
        .collect();
    AppError::faulty("quota_infeasible", format!("支援枠を計算できません。{sentence}"), faults).at("total")
}
