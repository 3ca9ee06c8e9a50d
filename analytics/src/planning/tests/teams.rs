//! Teams side by side: worked by hand, and against the bounds that hold for any such plan.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::planning::teams::{MOST_HOSPITALS, Visits, done_after, teams_needed, whole_days};
use crate::planning::workload::{surveyors, work};
use crate::program::{Effort, usual_effort};
use survey::band::Banding;

fn visits(list: &[(u64, u64)]) -> Vec<Visits> {
    list.iter()
        .map(|(hospitals, days)| Visits {
            hospitals: *hospitals,
            days: *days,
        })
        .collect()
}

fn usual() -> Vec<Effort> {
    let effort = usual_effort(Banding::Program);
    Banding::Program.bands().iter().map(|band| effort[band.key].clone()).collect()
}

#[test]
fn the_work_of_the_notice_adds_up() {
    let effort = usual();
    assert_eq!(surveyors(&effort).into_iter().collect::<Vec<_>>(), [2, 3]);
    let all = work(&[4, 2, 1], &effort);
    // 4 x 5 + 2 x 10 + 20 person-days; with three 4 x 1.6 + 2 x 3.3 + 6.6 days, with two 4 x 2.5 + 2 x 5 + 10.
    assert_eq!((all.hospitals, all.person_days), (7, 600));
    assert_eq!(all.team_days, BTreeMap::from([(2, 300), (3, 196)]));
    let mut uneven = effort;
    uneven[2].days.remove(&3);
    assert_eq!(work(&[1, 0, 0], &uneven).team_days, BTreeMap::from([(2, 25)]));
}

#[test]
fn the_longest_come_first() {
    // Two teams: 10 | 5, 5 | 2.5: 10.0, then 5 + 5, and the last goes to whoever is free first.
    let some = visits(&[(1, 25), (2, 50), (1, 100)]);
    assert_eq!(done_after(&some, 1), Some(225));
    assert_eq!(done_after(&some, 2), Some(125));
    assert_eq!(done_after(&some, 3), Some(100));
    assert_eq!(done_after(&some, u64::MAX), Some(100));
    assert_eq!(done_after(&some, 0), None);
    assert_eq!(done_after(&[], 5), Some(0));
    assert_eq!(done_after(&visits(&[(MOST_HOSPITALS, 1), (1, 1)]), 5), None);
    assert_eq!(
        (teams_needed(&some, 225), teams_needed(&some, 124), teams_needed(&some, 99)),
        (Some(1), Some(3), None)
    );
    assert_eq!(teams_needed(&[], 0), Some(0));
    assert_eq!((whole_days(0), whole_days(1), whole_days(10), whole_days(11)), (0, 1, 1, 2));
}

fn some() -> impl Strategy<Value = Vec<Visits>> {
    proptest::collection::vec((0..30_u64, 1..120_u64), 1..5).prop_map(|list| visits(&list))
}

proptest! {
    #[test]
    fn a_plan_is_between_its_bounds_and_shrinks_with_teams(visits in some(), teams in 1..12_u64) {
        let done = done_after(&visits, teams).unwrap();
        let total: u64 = visits.iter().map(|one| one.hospitals * one.days).sum();
        let longest = visits.iter().filter(|one| one.hospitals > 0).map(|one| one.days).max().unwrap_or(0);
        prop_assert!(done >= longest.max(total.div_ceil(teams)), "no team does more than a day in a day");
        prop_assert!(done * teams <= total + longest * (teams - 1), "no team waits while there is work");
        prop_assert!(done_after(&visits, teams + 1).unwrap() <= done);
        let mut more = visits.clone();
        more[0].hospitals += 1;
        prop_assert!(done_after(&more, teams).unwrap() >= done);
    }

    #[test]
    fn the_teams_needed_suffice_and_one_less_does_not(visits in some(), within in 1..600_u64) {
        let fits = |teams: u64| done_after(&visits, teams).is_some_and(|done| done <= within);
        match teams_needed(&visits, within) {
            None => prop_assert!(!fits(1_000)),
            Some(0) => prop_assert!(visits.iter().all(|one| one.hospitals == 0)),
            Some(teams) => prop_assert!(fits(teams) && (teams == 1 || !fits(teams - 1))),
        }
    }
}
