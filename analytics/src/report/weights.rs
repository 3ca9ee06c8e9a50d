//! Which cells share a weight, in words: a publication says what was merged. Merges nothing.

use crate::estimate::{Design, Group};
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

/// A line for each group of several cells, in the order of the prefectures.
pub(super) fn merged(design: &Design) -> Vec<String> {
    design.merged().map(line).collect()
}

fn line(group: &Group) -> String {
    let mut cells: Vec<(u8, Vec<&str>)> = Vec::new();
    for (prefecture, band) in &group.cells {
        let label = Banding::Survey.bands().get(usize::from(*band)).map_or("", |band| band.label);
        match cells.last_mut().filter(|(last, _)| last == prefecture) {
            Some((_, bands)) => bands.push(label),
            None => cells.push((*prefecture, vec![label])),
        }
    }
    let name = |prefecture: u8| PrefectureCode::new(prefecture).map_or("", PrefectureCode::name);
    let parts: Vec<String> = cells
        .iter()
        .map(|(prefecture, bands)| format!("{}（{}）", name(*prefecture), bands.join("、")))
        .collect();
    let weight = group.weight().map_or_else(|| "－".to_owned(), |weight| format!("{weight:.3}"));
    format!(
        "{}：調査対象{}病院、回答{}病院、重み{weight}",
        parts.join("、"),
        group.hospitals,
        group.respondents
    )
}
