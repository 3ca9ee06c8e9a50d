//! A proposal as it is answered: cells and totals by name, ties, and the divisors with which anybody can check it.

use analytics::quota::{Divisor, Rounding};
use serde::Serialize;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

use super::solve::{Solved, transposed};
use super::{Ask, Matrix, Method, Totals, sum};

/// The rule of ties, said with every proposal.
const TIE_RULE: &str = "同点の場合は都道府県コード順、同じ都道府県の中では病床規模の小さい区分を優先する。";

/// Quotas of all cells, computed.
#[derive(Debug, Clone, Serialize)]
pub struct Proposal {
    /// How it was computed.
    pub method: Method,
    /// How quotients became whole; only with divisors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounding: Option<Rounding>,
    /// The sum of all cells.
    pub total: u64,
    /// The sum of their candidates.
    pub candidates: u64,
    /// By prefecture and band.
    pub cells: Vec<ProposedCell>,
    /// The totals of the prefectures.
    pub prefectures: Vec<Line>,
    /// The totals of the bands.
    pub bands: Vec<Line>,
    /// Whether only the order of prefectures and bands decided somewhere; which: `tied` of cells and totals.
    pub tied: bool,
    /// In Japanese.
    pub tie_rule: &'static str,
}

/// A cell of a proposal.
#[derive(Debug, Clone, Serialize)]
pub struct ProposedCell {
    /// The prefecture.
    pub prefecture: PrefectureCode,
    /// Key of the programme's band.
    pub band: String,
    /// Weight and cap.
    pub candidates: u64,
    /// The least that was asked for.
    pub lower: u64,
    /// The quota.
    pub hospitals: u64,
    /// Whether another number would be just as good and the rule of ties decided.
    pub tied: bool,
}

/// A prefecture or a band in a proposal.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// Two digits, or key of the band.
    pub key: String,
    /// In Japanese.
    pub name: String,
    /// Of its cells.
    pub candidates: u64,
    /// Of its cells.
    pub hospitals: u64,
    /// Whether the total was given; else it was computed.
    pub given: bool,
    /// Whether the rule of ties decided the total.
    pub tied: bool,
    /// A cell's candidates over the divisors of its prefecture and its band, rounded, are its quota, unless a bound keeps it from that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divisor: Option<ShownDivisor>,
}

/// An exact divisor: the product of `over` over the product of `under`.
#[derive(Debug, Clone, Serialize)]
pub struct ShownDivisor {
    /// Factors.
    pub over: Vec<u64>,
    /// Factors.
    pub under: Vec<u64>,
    /// For showing; nothing is decided with it.
    pub approximate: f64,
}

pub(super) fn proposal(banding: Banding, (candidates, lower): (&Matrix, &Matrix), ask: &Ask, wanted: &Totals, solved: Solved) -> Proposal {
    let (of_prefectures, of_bands) = solved.divisors.unzip();
    let prefectures: Vec<Line> = lines(
        PrefectureCode::all().map(|code| (code.code(), code.name())),
        (candidates, &solved.cells),
        wanted.prefectures.is_some(),
        &solved.tied_prefectures,
        of_prefectures,
    );
    let bands = lines(
        banding.bands().iter().map(|band| (band.key.to_owned(), band.label)),
        (&transposed(banding, candidates), &transposed(banding, &solved.cells)),
        wanted.bands.is_some(),
        &solved.tied_bands,
        of_bands,
    );
    let cells: Vec<ProposedCell> = PrefectureCode::all()
        .enumerate()
        .flat_map(|(row, prefecture)| {
            let bands = banding.bands().iter().enumerate();
            bands.map(move |(column, band)| (row, prefecture, column, band))
        })
        .map(|(row, prefecture, column, band)| ProposedCell {
            prefecture,
            band: band.key.to_owned(),
            candidates: at(candidates, row, column),
            lower: at(lower, row, column),
            hospitals: at(&solved.cells, row, column),
            tied: solved.tied_cells.contains(&(row, column)),
        })
        .collect();
    Proposal {
        method: ask.method,
        rounding: (ask.method == Method::Biproportional).then_some(ask.rounding),
        total: wanted.total,
        candidates: cells.iter().map(|cell| cell.candidates).sum(),
        tied: cells.iter().any(|cell| cell.tied) || prefectures.iter().chain(&bands).any(|line| line.tied),
        cells,
        prefectures,
        bands,
        tie_rule: TIE_RULE,
    }
}

fn at(matrix: &Matrix, row: usize, column: usize) -> u64 {
    matrix.get(row).and_then(|row| row.get(column)).copied().unwrap_or_default()
}

fn lines<'n>(
    names: impl Iterator<Item = (String, &'n str)>,
    (candidates, cells): (&Matrix, &Matrix),
    given: bool,
    tied: &[usize],
    divisors: Option<Vec<Divisor>>,
) -> Vec<Line> {
    let total = |matrix: &Matrix, place: usize| matrix.get(place).map_or(0, |row| sum(row));
    names
        .enumerate()
        .map(|(place, (key, name))| Line {
            key,
            name: name.to_owned(),
            candidates: total(candidates, place),
            hospitals: total(cells, place),
            given,
            tied: tied.contains(&place),
            divisor: divisors
                .as_ref()
                .and_then(|divisors| divisors.get(place))
                .map(|divisor| ShownDivisor {
                    over: divisor.over.clone(),
                    under: divisor.under.clone(),
                    approximate: divisor.approximate(),
                }),
        })
        .collect()
}
