//! Which cells share a weight: written cases of every stage of the rule, and what holds for every frame.

use super::super::design::{Design, DesignError, Group, Merged};
use super::super::{Cell, class_of, real};
use super::{close, counts};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use survey::band::Banding;

/// A design of cells with (hospitals, respondents).
fn design(cells: &[(Cell, u64, u64)]) -> Design {
    let hospitals = cells.iter().map(|(cell, hospitals, _)| (*cell, *hospitals)).collect();
    let respondents = cells.iter().map(|(cell, _, respondents)| (*cell, *respondents)).collect();
    Design::new(&hospitals, &respondents).unwrap()
}

fn groups(design: &Design) -> Vec<Vec<Cell>> {
    design.groups().iter().map(|group| group.cells.clone()).collect()
}

#[test]
fn cells_with_five_respondents_stand_alone() {
    let design = design(&[((1, 0), 9, 5), ((1, 1), 5, 5), ((2, 0), 7, 6)]);
    assert_eq!(groups(&design), [[(1, 0)], [(1, 1)], [(2, 0)]]);
    assert_eq!(design.merged().count(), 0);
    assert_eq!(design.weight((1, 0)), Some(1.8));
    assert_eq!(design.weight((1, 1)), Some(1.0));
    assert_eq!(design.weight((3, 0)), None);
}

#[test]
fn a_small_cell_takes_in_the_next_larger_band_and_the_last_joins_the_run_before() {
    let cells = [
        ((1, 0), 9, 4),
        ((1, 1), 9, 3),
        ((1, 2), 9, 6),
        ((1, 3), 9, 0),
        // Band 4 has no hospitals: the next band after 3 is 5.
        ((1, 4), 0, 0),
        ((1, 5), 9, 4),
    ];
    let design = design(&cells);
    assert_eq!(groups(&design), [vec![(1, 0), (1, 1)], vec![(1, 2), (1, 3), (1, 5)]]);
    assert!(design.groups().iter().all(|group| group.merged == Merged::Prefecture));
    let second = &design.groups()[1];
    assert_eq!((second.hospitals, second.respondents, second.weight()), (27, 10, Some(2.7)));
}

#[test]
fn cells_of_a_short_prefecture_join_the_same_band_of_the_next_prefecture_of_the_region() {
    // 31 to 35 are 中国; 33 is short. 34 has no band 2, so the next that has it is 31, after the last.
    let cells = [
        ((31, 0), 20, 10),
        ((31, 2), 20, 10),
        ((33, 0), 20, 2),
        ((33, 2), 20, 1),
        ((33, 4), 2, 1),
        ((34, 0), 20, 10),
        ((34, 3), 20, 10),
        ((36, 4), 20, 10),
    ];
    let design = design(&cells);
    let expected = [
        vec![(31, 0)],
        vec![(31, 2), (33, 2)],
        vec![(33, 0), (34, 0)],
        // No group of the region holds band 4 or 5: the nearest smaller is 3. Shikoku's band 4 is another region's.
        vec![(33, 4), (34, 3)],
        vec![(36, 4)],
    ];
    assert_eq!(groups(&design), expected);
    assert_eq!(design.group((33, 0)).map(|group| group.merged), Some(Merged::Region));
}

#[test]
fn larger_bands_are_tried_before_smaller_ones() {
    let design = design(&[((31, 0), 9, 9), ((31, 5), 9, 9), ((32, 1), 9, 4)]);
    assert_eq!(groups(&design), [vec![(31, 0)], vec![(31, 5), (32, 1)]]);
}

#[test]
fn a_region_of_short_prefectures_is_added_up_by_band() {
    let design = design(&[((36, 0), 9, 3), ((37, 0), 9, 2), ((37, 1), 9, 1), ((38, 1), 9, 4), ((1, 0), 9, 9)]);
    assert_eq!(groups(&design), [vec![(1, 0)], vec![(36, 0), (37, 0)], vec![(37, 1), (38, 1)]]);
}

#[test]
fn a_short_region_goes_to_the_nation_and_a_short_nation_is_one_group() {
    // Shikoku has 4; the next prefecture of the nation with band 0 is 40, after which 01 would come.
    let shikoku = design(&[((1, 0), 9, 9), ((36, 0), 9, 3), ((37, 0), 9, 1), ((40, 0), 9, 9)]);
    assert_eq!(groups(&shikoku), [vec![(1, 0)], vec![(36, 0), (37, 0), (40, 0)]]);
    let round = design(&[((1, 0), 9, 9), ((36, 0), 9, 9), ((40, 0), 9, 4)]);
    assert_eq!(groups(&round), [vec![(1, 0), (40, 0)], vec![(36, 0)]]);
    assert_eq!(round.group((40, 0)).map(|group| group.merged), Some(Merged::Nation));
    // Every region short, the nation not: by band over the nation.
    let thin = design(&[((1, 0), 9, 3), ((13, 0), 9, 3), ((27, 3), 9, 4)]);
    assert_eq!(groups(&thin), [vec![(1, 0), (13, 0), (27, 3)]]);
    let bands = design(&[((1, 0), 9, 3), ((13, 0), 9, 3), ((27, 3), 9, 4), ((36, 4), 9, 1)]);
    assert_eq!(groups(&bands), [vec![(1, 0), (13, 0)], vec![(27, 3), (36, 4)]]);
    let four = design(&[((1, 0), 9, 3), ((13, 3), 9, 1)]);
    assert_eq!(groups(&four), [[(1, 0), (13, 3)]]);
}

#[test]
fn nobody_and_nothing_are_designs_without_weights() {
    let nobody = design(&[((1, 0), 9, 0), ((47, 5), 1, 0)]);
    assert_eq!(groups(&nobody), [[(1, 0), (47, 5)]]);
    assert_eq!(nobody.weight((1, 0)), None);
    assert_eq!(design(&[]).groups(), []);
}

#[test]
fn counts_that_cannot_be_are_refused() {
    let refused =
        |cell: Cell, hospitals, respondents| Design::new(&counts(&[(cell, hospitals)]), &counts(&[(cell, respondents)])).unwrap_err();
    for cell in [(0, 0), (48, 0), (1, 6)] {
        assert_eq!(
            refused(cell, 1, 1),
            DesignError::UnknownCell {
                prefecture: cell.0,
                band: cell.1
            }
        );
    }
    assert!(matches!(
        refused((1, 0), 3, 4),
        DesignError::MoreRespondentsThanHospitals {
            hospitals: 3,
            respondents: 4,
            ..
        }
    ));
    assert!(Design::new(&counts(&[]), &counts(&[((1, 0), 1)])).is_err());
}

#[test]
fn survey_bands_lie_whole_in_classes_of_the_programme() {
    let classes: Vec<_> = (0..7).map(|band| class_of((1, band), Banding::Program)).collect();
    assert_eq!(classes, [Some(0), Some(0), Some(1), Some(1), Some(2), Some(2), None]);
    assert!((0..6).all(|band| class_of((1, band), Banding::Survey) == Some(usize::from(band))));
}

/// Frames of a few prefectures near each other or anywhere, with many cells that have few respondents or none.
fn frames() -> impl Strategy<Value = BTreeMap<Cell, (u64, u64)>> {
    let cell = (prop_oneof![1..=47_u8, 31..=39_u8], 0..6_u8);
    let size = (0..40_u64, prop_oneof![Just(0_u64), 0..5_u64, 0..40_u64]);
    proptest::collection::btree_map(
        cell,
        size.prop_map(|(hospitals, respondents)| (hospitals, respondents.min(hospitals))),
        0..60,
    )
}

fn of(frame: &BTreeMap<Cell, (u64, u64)>) -> Design {
    let cells: Vec<_> = frame
        .iter()
        .map(|(cell, (hospitals, respondents))| (*cell, *hospitals, *respondents))
        .collect();
    design(&cells)
}

fn prefectures(group: &Group) -> BTreeSet<u8> {
    group.cells.iter().map(|cell| cell.0).collect()
}

proptest! {
    #[test]
    fn every_frame_cell_is_in_exactly_one_group(frame in frames()) {
        let design = of(&frame);
        let mut grouped: Vec<Cell> = design.groups().iter().flat_map(|group| group.cells.clone()).collect();
        grouped.sort_unstable();
        let cells: Vec<Cell> = frame.iter().filter(|(_, size)| size.0 > 0).map(|(cell, _)| *cell).collect();
        prop_assert_eq!(&grouped, &cells);
        for cell in cells {
            prop_assert!(design.group(cell).unwrap().cells.contains(&cell));
        }
    }

    #[test]
    fn a_group_has_five_respondents_unless_nothing_is_left_to_merge_with(frame in frames()) {
        let design = of(&frame);
        prop_assert!(design.groups().len() <= 1 || design.groups().iter().all(|group| group.respondents >= 5));
    }

    #[test]
    fn weights_add_up_to_the_hospitals_of_the_frame(frame in frames()) {
        let design = of(&frame);
        let respondents: u64 = frame.values().map(|size| size.1).sum();
        let weighted: f64 = frame.iter().filter(|(_, size)| size.1 > 0).map(|(cell, size)| real(size.1) * design.weight(*cell).unwrap()).sum();
        let hospitals: u64 = frame.values().map(|size| size.0).sum();
        let expected = if respondents > 0 { real(hospitals) } else { 0.0 };
        prop_assert!(close(weighted, expected));
        for (cell, _) in frame.iter().filter(|(_, size)| size.0 > 0) {
            prop_assert!(design.weight(*cell).is_none_or(|weight| weight >= 1.0));
        }
    }

    /// Only what must be merged is: a prefecture with enough respondents keeps its bands to itself or lends them to short ones, a cell with
    /// five respondents is only in company of cells that need it.
    #[test]
    fn merging_stays_as_near_as_it_can(frame in frames()) {
        let design = of(&frame);
        let in_prefecture = |prefecture: u8| frame.iter().filter(|(cell, _)| cell.0 == prefecture).map(|(_, size)| size.1).sum::<u64>();
        for group in design.groups() {
            let lenders = prefectures(group).into_iter().filter(|prefecture| in_prefecture(*prefecture) >= 5).count();
            prop_assert!(lenders <= 1, "{group:?}");
            prop_assert_eq!(group.merged == Merged::No, group.cells.len() == 1);
            prop_assert_eq!(group.merged <= Merged::Prefecture, prefectures(group).len() == 1);
            if group.merged == Merged::Prefecture {
                let enough = group.cells.iter().filter(|cell| frame[cell].1 >= 5).count();
                // A run that ends with a large cell, and a last run that joined it.
                prop_assert!(enough <= 1, "{group:?}");
            }
        }
    }

    #[test]
    fn cells_without_hospitals_change_nothing(frame in frames(), empty in (1..=47_u8, 0..6_u8)) {
        let mut more = frame.clone();
        more.entry(empty).or_insert((0, 0));
        prop_assert_eq!(of(&frame), of(&more));
    }
}
