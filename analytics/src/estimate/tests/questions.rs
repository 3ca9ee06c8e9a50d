//! Questions in domains: states, domains that add up, and counts that are refused.

use super::super::design::Design;
use super::super::proportion::{EstimateError, Precision, Proportion};
use super::super::question::{QuestionCounts, ResponseRate};
use super::super::{Cell, class_of};
use super::{close, counts};
use proptest::prelude::*;
use std::collections::BTreeMap;
use survey::band::Banding;

fn measured(measures: &[u64]) -> QuestionCounts {
    QuestionCounts::from_measures(measures).unwrap()
}

#[test]
fn response_and_item_nonresponse_are_told_apart() {
    let design = Design::new(&counts(&[((1, 0), 40), ((2, 3), 10)]), &counts(&[((1, 0), 20), ((2, 3), 8)])).unwrap();
    assert_eq!(design.response_rate(|_| true), ResponseRate::new(50, 28));
    assert_eq!(design.response_rate(|cell| cell.0 == 2).rate, Some(0.8));
    assert_eq!(design.response_rate(|cell| cell.0 == 3).rate, None);
    // 20 = 12 answered, 3 blank, 1 no answer, 4 not asked; 9 yes, 3 no.
    let cells = BTreeMap::from([
        ((1, 0), measured(&[20, 12, 3, 1, 4, 9, 3])),
        ((2, 3), measured(&[8, 8, 0, 0, 0, 4, 4])),
    ]);
    let estimate = design.question(&cells, |_| true).unwrap();
    assert_eq!((estimate.counts.n, estimate.counts.asked(), estimate.counts.not_asked), (28, 24, 4));
    let nonresponse = estimate.item_nonresponse.unwrap();
    assert_eq!((nonresponse.count, nonresponse.base), (4, 24));
    // Weighted: 4 x 2 of 16 x 2 + 8 x 1.25.
    assert!(close(nonresponse.share, 8.0 / 42.0));
    let yes = estimate.options[0].clone().unwrap();
    assert!(close(yes.unweighted, 13.0 / 20.0) && close(yes.share, 23.0 / 34.0));
    assert!(close(yes.weighted_base, 34.0) && close(yes.weighted_count, 23.0));
}

#[test]
fn a_cell_of_a_merged_group_is_a_domain_of_it() {
    let design = Design::new(&counts(&[((1, 0), 10), ((1, 1), 10)]), &counts(&[((1, 0), 2), ((1, 1), 6)])).unwrap();
    let cells = BTreeMap::from([
        ((1, 0), measured(&[2, 2, 0, 0, 0, 1, 1])),
        ((1, 1), measured(&[6, 6, 0, 0, 0, 6, 0])),
    ]);
    let small = design.question(&cells, |cell| cell.1 == 0).unwrap().options[0].clone().unwrap();
    assert_eq!((small.base, small.count, small.share), (2, 1, 0.5));
    assert!(close(small.weighted_base, 5.0));
    assert_eq!(small.merged, [0]);
    let Precision::Sampled {
        effective_size, interval, ..
    } = small.precision
    else {
        panic!()
    };
    // 20 x 12 / 8 x (6 x 2 x 0.25 + 1) / 8 / 7 / 25 by hand.
    assert!(close(effective_size, 0.25 / (30.0 * 4.0 / 56.0 / 25.0)));
    assert!(interval.low > 0.0 && interval.high < 1.0 && interval.high - interval.low > 0.7);
}

#[test]
fn nobody_in_the_base_is_no_share() {
    let design = Design::new(&counts(&[((1, 0), 10)]), &counts(&[((1, 0), 6)])).unwrap();
    let cells = BTreeMap::from([((1, 0), measured(&[6, 0, 0, 0, 6, 0, 0]))]);
    let estimate = design.question(&cells, |_| true).unwrap();
    assert_eq!((estimate.item_nonresponse, estimate.options), (None, vec![None, None]));
    assert_eq!(design.question(&BTreeMap::new(), |_| true).unwrap().options, []);
    assert_eq!(QuestionCounts::from_measures(&[1, 1, 0, 0]), None);
}

#[test]
fn one_respondent_of_a_nation_tells_a_share_and_no_precision() {
    let design = Design::new(&counts(&[((1, 0), 10)]), &counts(&[((1, 0), 1)])).unwrap();
    let cells = BTreeMap::from([((1, 0), measured(&[1, 1, 0, 0, 0, 1]))]);
    let only = design.question(&cells, |_| true).unwrap().options[0].clone().unwrap();
    assert_eq!((only.share, only.precision, only.variance()), (1.0, Precision::Unknown, None));
}

#[test]
fn counts_that_cannot_be_of_these_respondents_are_refused() {
    let design = Design::new(&counts(&[((1, 0), 10)]), &counts(&[((1, 0), 6)])).unwrap();
    let refused = |cell: Cell, measures: &[u64]| {
        design
            .question(&BTreeMap::from([(cell, measured(measures))]), |_| true)
            .unwrap_err()
    };
    assert!(matches!(
        refused((1, 0), &[7, 7, 0, 0, 0]),
        EstimateError::MoreThanRespondents {
            counted: 7,
            respondents: 6,
            ..
        }
    ));
    assert!(matches!(
        refused((2, 0), &[1, 1, 0, 0, 0]),
        EstimateError::MoreThanRespondents { respondents: 0, .. }
    ));
    assert!(matches!(
        refused((1, 0), &[6, 5, 0, 0, 0]),
        EstimateError::StatesDoNotAddUp { states: 5, n: 6, .. }
    ));
    assert!(matches!(
        refused((1, 0), &[6, 5, 1, 0, 0, 6]),
        EstimateError::PartAboveBase { part: 6, base: 5, .. }
    ));
}

/// A nation of some prefectures and bands, and a yes or no question of a part of each cell's respondents.
fn nations() -> impl Strategy<Value = BTreeMap<Cell, [u64; 4]>> {
    let cell = (0..40_u64, 0..40_u64, 0..40_u64, 0..40_u64).prop_map(|(a, b, c, d)| {
        let mut sizes = [a, b, c, d];
        sizes.sort_unstable();
        // Hospitals, respondents, base, yes.
        [sizes[3], sizes[2], sizes[1], sizes[0]]
    });
    proptest::collection::btree_map((1..=12_u8, 0..6_u8), cell, 1..30)
}

fn share(design: &Design, nation: &BTreeMap<Cell, [u64; 4]>, keep: impl Fn(Cell) -> bool) -> Option<Proportion> {
    let cells = nation
        .iter()
        .map(|(cell, [_, n, base, yes])| (*cell, measured(&[*n, *base, 0, 0, n - base, *yes, base - yes])))
        .collect();
    design.question(&cells, keep).unwrap().options.first().cloned().flatten()
}

proptest! {
    #[test]
    fn weighted_counts_of_domains_add_up_to_those_of_their_union(nation in nations()) {
        let design = Design::new(
            &nation.iter().map(|(cell, sizes)| (*cell, sizes[0])).collect(),
            &nation.iter().map(|(cell, sizes)| (*cell, sizes[1])).collect(),
        ).unwrap();
        let all = share(&design, &nation, |_| true);
        let weighted = |part: Option<Proportion>| part.map_or((0.0, 0.0), |part| (part.weighted_base, part.weighted_count));
        let (base, count) = weighted(all.clone());
        for banding in [Banding::Survey, Banding::Program] {
            let classes = (0..banding.bands().len()).map(|class| weighted(share(&design, &nation, |cell| class_of(cell, banding) == Some(class))));
            let sums = classes.fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
            prop_assert!(close(sums.0, base) && close(sums.1, count));
        }
        if let Some(all) = all {
            prop_assert!((0.0..=1.0).contains(&all.share));
            match all.precision {
                Precision::Sampled { variance, effective_size, interval, .. } => {
                    prop_assert!(variance >= 0.0 && effective_size > 0.0 && effective_size.is_finite());
                    prop_assert!(interval.low <= all.share && all.share <= interval.high);
                }
                Precision::Complete => prop_assert!(close(all.share, all.unweighted)),
                Precision::Unknown => prop_assert!(design.groups().len() == 1),
            }
        }
    }
}
