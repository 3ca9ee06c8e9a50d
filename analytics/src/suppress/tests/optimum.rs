//! Isolated unions against brute force over all sets of cells, and the extension against the best of all sets of domains, on small tables.

use super::people::Chance;
use crate::suppress::case::Case;
use crate::suppress::domain::Grid;
use crate::suppress::unions;
use crate::suppress::{Cell, Counts, Decision, Question, Report, Rule, Tables, decide};
use proptest::prelude::*;
use survey::prefecture::PrefectureCode;

/// Whether a set of cells is a sum of published totals, times whatever factors: elimination in whole numbers.
fn is_isolated(grid: &Grid, hidden: &[bool], set: &[bool]) -> bool {
    let totals = (0..hidden.len()).filter(|domain| !hidden[*domain]).map(|domain| {
        let cells = grid.cells_of(domain);
        (0..set.len()).map(|cell| i64::from(cells.contains(&cell))).collect::<Vec<i64>>()
    });
    let mut rows: Vec<Vec<i64>> = totals.collect();
    let mut rest: Vec<i64> = set.iter().map(|flag| i64::from(*flag)).collect();
    for cell in 0..set.len() {
        let Some(index) = rows.iter().position(|row| row[cell] != 0) else {
            continue;
        };
        let pivot = rows.swap_remove(index);
        for row in rows.iter_mut().chain([&mut rest]) {
            let (own, other) = (pivot[cell], row[cell]);
            for (value, by) in row.iter_mut().zip(&pivot) {
                *value = *value * own - by * other;
            }
            let divisor = row.iter().fold(0, |divisor, value| greatest_divisor(divisor, *value)).max(1);
            row.iter_mut().for_each(|value| *value /= divisor);
        }
    }
    rest.iter().all(|value| *value == 0)
}

fn greatest_divisor(one: i64, other: i64) -> i64 {
    if other == 0 {
        one.abs()
    } else {
        greatest_divisor(other, one % other)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn the_smallest_isolated_union_is_the_smallest_of_all_sets_of_cells(
        hidden in proptest::collection::vec(any::<bool>(), 15),
        weight in proptest::collection::vec(1_u32..9, 12),
    ) {
        let grid = Grid::new(PrefectureCode::all().take(2).collect());
        let found = unions::smallest(&grid, &hidden, &weight).map(|union| union.weight);
        let sets = (1_usize..1 << 12).map(|mask| (0..12).map(|cell| mask >> cell & 1 == 1).collect::<Vec<bool>>());
        let sum = |set: &[bool]| -> u32 { set.iter().zip(&weight).filter(|(flag, _)| **flag).map(|(_, weight)| *weight).sum() };
        let mut by_weight: Vec<Vec<bool>> = sets.collect();
        by_weight.sort_by_key(|set| sum(set));
        let best = by_weight.iter().find(|set| is_isolated(&grid, &hidden, set)).map(|set| sum(set));
        prop_assert_eq!(found, best);
    }
}

/// One question in three prefectures, cells of a few hospitals to some dozens. `rare`: with a third option that next to nobody chooses, so that the nation's
/// tables show by themselves that nobody did in most bands.
fn small(seed: u64, rare: bool) -> Tables {
    let chance = &mut Chance(seed);
    let question = Question {
        key: "record".to_owned(),
        exclusive: vec![false; 2 + usize::from(rare)],
        several: false,
        gate: None,
    };
    let places = PrefectureCode::all()
        .take(3)
        .flat_map(|prefecture| (0..6).map(move |band| (prefecture, band)));
    let cells = places.map(|(prefecture, band)| {
        let n: u32 = (0..[40, 12, 6][chance.index(3)]).map(|_| u32::from(chance.happens(60))).sum();
        let yes: u32 = (0..n).map(|_| u32::from(chance.happens(55))).sum();
        let other = u32::from(rare && yes < n && chance.happens(4));
        let counts = Counts {
            base: n,
            options: [vec![yes, n - yes - other], if rare { vec![other] } else { Vec::new() }].concat(),
            ..Counts::default()
        };
        Cell {
            prefecture,
            band,
            frame: n,
            n,
            questions: vec![counts],
        }
    });
    let cells = cells.collect();
    Tables::new(vec![question], cells).unwrap()
}

fn hidden(decision: &Decision) -> Vec<bool> {
    decision.reasons()[0].iter().map(Option::is_some).collect()
}

/// The fewest domains that make the rest safe, by trying all sets, smallest first.
fn fewest(tables: &Tables, rule: &Rule, primary: &[bool], limit: usize) -> usize {
    let case = Case::new(tables, rule, 0, &[], |_| 0);
    let free: Vec<usize> = (0..primary.len()).filter(|domain| !primary[*domain]).collect();
    let of = |mask: usize| {
        let mut hidden = primary.to_vec();
        free.iter()
            .enumerate()
            .filter(|(bit, _)| mask >> bit & 1 == 1)
            .for_each(|(_, domain)| hidden[*domain] = true);
        hidden
    };
    let mut masks: Vec<usize> = (0..1_usize << free.len())
        .filter(|mask| mask.count_ones() <= u32::try_from(limit).unwrap())
        .collect();
    masks.sort_by_key(|mask| mask.count_ones());
    let best = masks.into_iter().find(|mask| case.leak(&of(*mask)).is_none());
    usize::try_from(best.map_or(u32::MAX, usize::count_ones)).unwrap()
}

#[test]
fn on_small_tables_hardly_more_is_hidden_than_the_best_of_all_sets_and_never_less_than_the_floor() {
    let rule = Rule::default();
    let (mut ours, mut best, mut floors, mut compared) = (0, 0, 0, 0);
    for (seed, rare) in (0..60).map(|seed| (seed, seed % 2 == 1)) {
        let tables = small(seed, rare);
        let decision = decide(&tables, &rule, &[]).unwrap();
        let primary: Vec<bool> = decision.reasons()[0]
            .iter()
            .map(|reason| reason.is_some_and(|reason| reason.is_primary()))
            .collect();
        let first = primary.iter().filter(|flag| **flag).count();
        let all = hidden(&decision).iter().filter(|flag| **flag).count();
        // Without anything primary there is nothing to do, and where most is primary nothing is left to choose.
        if first == 0 || first > 6 {
            continue;
        }
        compared += 1;
        ours += all;
        let fewest = first + fewest(&tables, &rule, &primary, all - first);
        let floor = Report::new(&tables, &decision).least;
        assert!(floor <= fewest, "seed {seed}: {floor} is no floor, {fewest} are enough");
        floors += floor;
        best += fewest;
    }
    println!("{compared} tables: {ours} hidden, at best {best}, floor {floors}");
    assert!(compared >= 20, "{compared}");
    // A floor that is worth something: primary hiding alone would be a floor too.
    assert!(floors * 100 >= best * 70, "floor {floors}, at best {best}");
    assert!(ours * 100 <= best * 106, "{ours} hidden, at best {best}");
}
