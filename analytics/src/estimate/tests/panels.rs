//! Transitions of the panel: identities between the shares, and the ends.

use super::super::change::DifferencePrecision;
use super::super::design::Design;
use super::super::panel::{PanelChange, Transitions};
use super::super::proportion::EstimateError;
use super::super::{Cell, real};
use super::{close, counts};
use proptest::prelude::*;
use std::collections::BTreeMap;

const CELLS: [Cell; 2] = [(1, 0), (2, 0)];

fn panel(hospitals: [u64; 2], respondents: [u64; 2], transitions: [[u64; 4]; 2]) -> PanelChange {
    let sizes = |sizes: [u64; 2]| CELLS.into_iter().zip(sizes).collect();
    let design = Design::new(&sizes(hospitals), &sizes(respondents)).unwrap();
    let cells = CELLS
        .into_iter()
        .zip(transitions.map(|[stayed_no, gained, lost, stayed_yes]| Transitions {
            stayed_no,
            gained,
            lost,
            stayed_yes,
        }))
        .collect();
    design.transitions(&cells).unwrap().unwrap()
}

#[test]
fn net_change_is_gains_less_losses_and_later_less_earlier() {
    let panel = panel([40, 30], [20, 10], [[8, 5, 1, 4], [2, 3, 2, 3]]);
    assert_eq!(
        panel.counts,
        Transitions {
            stayed_no: 10,
            gained: 8,
            lost: 3,
            stayed_yes: 7
        }
    );
    // 2 x 18 + 3 x 10 hospitals; gained 2 x 5 + 3 x 3, lost 2 x 1 + 3 x 2.
    assert!(close(panel.gained.share, 19.0 / 66.0) && close(panel.lost.share, 8.0 / 66.0));
    assert!(close(panel.net.value, 11.0 / 66.0));
    assert!(close(panel.later.share - panel.earlier.share, panel.net.value));
    assert!(close(panel.gained_of_no.unwrap().share, 19.0 / 41.0));
    assert!(close(panel.lost_of_yes.unwrap().share, 8.0 / 25.0));
}

#[test]
fn a_panel_without_any_transition_still_has_an_interval() {
    let panel = panel([100, 0], [50, 0], [[25, 0, 0, 25], [0; 4]]);
    let DifferencePrecision::Sampled {
        standard_error, interval, ..
    } = panel.net.precision
    else {
        panic!("{:?}", panel.net)
    };
    assert_eq!((panel.net.value, standard_error), (0.0, 0.0));
    // n* = 50 / (1 - 0.5) = 100: Wilson's upper limit of 0 of 100 on either side.
    assert!(
        (interval.high - 0.0370).abs() < 5e-5 && close(-interval.low, interval.high),
        "{interval:?}"
    );
}

#[test]
fn a_panel_of_all_hospitals_is_complete_and_an_empty_one_is_none() {
    let whole = panel([10, 10], [10, 10], [[5, 5, 0, 0], [0, 0, 2, 8]]);
    assert_eq!(whole.net.precision, DifferencePrecision::Complete);
    let design = Design::new(&counts(&[((1, 0), 9)]), &counts(&[((1, 0), 6)])).unwrap();
    assert_eq!(design.transitions(&BTreeMap::from([((1, 0), Transitions::default())])), Ok(None));
    let too_many = Transitions {
        gained: 7,
        ..Transitions::default()
    };
    assert!(matches!(
        design.transitions(&BTreeMap::from([((1, 0), too_many)])),
        Err(EstimateError::MoreThanRespondents { counted: 7, .. })
    ));
}

proptest! {
    /// In one cell that is all base, the variance of the paired difference has a closed form: (1 - f) / (n - 1) (b + c - (b - c)^2 / n) / n.
    #[test]
    fn the_variance_of_the_net_change_is_that_of_the_paired_differences(no in 2..30_u64, gained in 0..30_u64, lost in 0..30_u64, yes in 3..30_u64, more in 1..50_u64) {
        let n = no + gained + lost + yes;
        let panel = panel([n + more, 0], [n, 0], [[no, gained, lost, yes], [0; 4]]);
        let DifferencePrecision::Sampled { standard_error, interval, .. } = panel.net.precision else { panic!() };
        let (size, b, c) = (real(n), real(gained), real(lost));
        let expected = real(more) / real(n + more) / (size - 1.0) * (b + c - (b - c).powi(2) / size) / size;
        prop_assert!((standard_error.powi(2) - expected).abs() < 1e-12);
        prop_assert!(interval.low <= panel.net.value && panel.net.value <= interval.high && interval.low < interval.high);
    }
}
