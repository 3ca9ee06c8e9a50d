//! Which cells share a weight, in words: a publication says what was merged. Merges nothing.

use crate::estimate::{Design, Group};
use survey::area::Area;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

/// A line for each group of several cells that reaches into the area, in the order of the prefectures. Cells of other prefectures are not named to the
/// reader of one, and numbers stand only where all of the group is the reader's.
pub(super) fn merged(design: &Design, area: &Area) -> Vec<String> {
    design.merged().filter_map(|group| line(group, area)).collect()
}

fn line(group: &Group, area: &Area) -> Option<String> {
    let own = |prefecture: u8| match area {
        Area::Nation => true,
        Area::Prefecture(code) => code.number() == prefecture,
        Area::Municipality(code) => code.prefecture().number() == prefecture,
    };
    let mut cells: Vec<(u8, Vec<&str>)> = Vec::new();
    for (prefecture, band) in group.cells.iter().filter(|(prefecture, _)| own(*prefecture)) {
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
    if parts.is_empty() {
        return None;
    }
    let whole = !matches!(area, Area::Municipality(_)) && group.cells.iter().all(|(prefecture, _)| own(*prefecture));
    if !whole {
        return Some(format!("{}：この地域の外の区分を含めて一つの重みを使う", parts.join("、")));
    }
    let weight = group.weight().map_or_else(|| "－".to_owned(), |weight| format!("{weight:.3}"));
    Some(format!(
        "{}：調査対象{}病院、回答{}病院、重み{weight}",
        parts.join("、"),
        group.hospitals,
        group.respondents
    ))
}
