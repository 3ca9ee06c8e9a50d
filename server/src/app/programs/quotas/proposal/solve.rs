//! The methods with names for their rows and columns: what they say becomes sentences about prefectures and bands.

use analytics::quota::{Bounds, Divisor, ListError, Request, Rounding, Shares, biproportional as apportion, largest_remainder};
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

use super::{Matrix, Totals, infeasible, sum};
use crate::error::AppError;

/// Numbers with what decided them. Rows and columns by their places.
pub(super) struct Solved {
    pub(super) cells: Matrix,
    pub(super) tied_cells: Vec<(usize, usize)>,
    pub(super) tied_prefectures: Vec<usize>,
    pub(super) tied_bands: Vec<usize>,
    pub(super) divisors: Option<(Vec<Divisor>, Vec<Divisor>)>,
}

/// All cells as one list, prefecture by prefecture.
pub(super) fn remainders(banding: Banding, candidates: &Matrix, lower: &Matrix, total: u64) -> Result<Solved, AppError> {
    let width = banding.bands().len();
    let place = |entry: usize| (entry / width, entry % width);
    let shares = share(&candidates.concat(), &lower.concat(), &candidates.concat(), total, |entry| {
        let (row, column) = place(entry);
        format!("{}・{}", prefecture(row), band(banding, column))
    })?;
    Ok(Solved {
        cells: shares.seats.chunks(width).map(<[u64]>::to_vec).collect(),
        tied_cells: shares.tied.into_iter().map(place).collect(),
        tied_prefectures: Vec::new(),
        tied_bands: Vec::new(),
        divisors: None,
    })
}

/// Totals that were not given are in proportion to the candidates, by the largest remainders.
pub(super) fn biproportional(
    banding: Banding,
    (candidates, lower): (&Matrix, &Matrix),
    wanted: &Totals,
    rounding: Rounding,
) -> Result<Solved, AppError> {
    let band = |place| band(banding, place);
    let mut tied_prefectures = Vec::new();
    let rows = match &wanted.prefectures {
        Some(given) => given.clone(),
        None => {
            let shares = of_lines(candidates, lower, wanted.total, prefecture)?;
            tied_prefectures = shares.tied;
            shares.seats
        }
    };
    let mut tied_bands = Vec::new();
    let columns = match &wanted.bands {
        Some(given) => given.clone(),
        None => {
            let shares = of_lines(&transposed(banding, candidates), &transposed(banding, lower), wanted.total, band)?;
            tied_bands = shares.tied;
            shares.seats
        }
    };
    let request = Request {
        weights: candidates,
        row_totals: &rows,
        column_totals: &columns,
        lower: Some(lower),
        upper: Some(candidates),
        rounding,
    };
    let solved = apportion(&request).map_err(|error| infeasible(&error.sentence(prefecture, band)))?;
    Ok(Solved {
        cells: solved.seats,
        tied_cells: solved.tied,
        tied_prefectures,
        tied_bands,
        divisors: Some((solved.row_divisors, solved.column_divisors)),
    })
}

/// A total for each row, within what its cells hold.
fn of_lines(candidates: &Matrix, lower: &Matrix, total: u64, name: impl Fn(usize) -> String) -> Result<Shares, AppError> {
    let sums = |matrix: &Matrix| matrix.iter().map(|row| sum(row)).collect::<Vec<u64>>();
    let room = sums(candidates);
    share(&room, &sums(lower), &room, total, name)
}

fn share(weights: &[u64], lower: &[u64], upper: &[u64], total: u64, name: impl Fn(usize) -> String) -> Result<Shares, AppError> {
    let bounds = Bounds {
        lower: Some(lower),
        upper: Some(upper),
    };
    largest_remainder(weights, total, bounds).map_err(|error: ListError| infeasible(&error.sentence(name)))
}

pub(super) fn transposed(banding: Banding, matrix: &Matrix) -> Matrix {
    let width = banding.bands().len();
    (0..width)
        .map(|column| matrix.iter().filter_map(|row| row.get(column).copied()).collect())
        .collect()
}

pub(super) fn prefecture(place: usize) -> String {
    PrefectureCode::all()
        .nth(place)
        .map_or_else(String::new, |code| code.name().to_owned())
}

pub(super) fn band(banding: Banding, place: usize) -> String {
    banding.bands().get(place).map_or_else(String::new, |band| band.label.to_owned())
}
