//! The bounds of a whole band against linear programming: what is said to be possible must be, and what is said to be most must not be exceeded.

use super::attack::{Attack, Published, weights};
use super::people::People;
use super::program::value;
use crate::suppress::whole::Whole;
use crate::suppress::{Domain, Rule};

#[test]
fn between_the_two_bounds_lies_what_the_nations_tables_leave_open() {
    let (mut compared, mut tight) = (0, 0);
    for seed in 0..6 {
        let tables = People::new(seed).tables();
        let every = |flag: bool| vec![vec![flag; tables.domains().len()]; tables.questions().len()];
        let attack = Attack {
            tables: &tables,
            rule: Rule::default(),
            open: every(true),
            weighted: every(false),
            weights: weights(&tables),
        };
        let system = attack.system(&[0, 1, 2, 3], Published::NationAndBands, false);
        let national = |domain: &Domain| matches!(domain, Domain::Nation | Domain::Band(_));
        let hidden: Vec<bool> = tables.domains().iter().map(|domain| !national(domain)).collect();
        // The last domains are a small prefecture's three bands, the seventh the whole of another.
        let domains = [7].into_iter().chain(tables.domains().len() - 3..tables.domains().len());
        for (domain, question) in domains.flat_map(|domain| (0..4).map(move |question| (domain, question))) {
            let whole = Whole::new(&tables, question);
            for option in 0..tables.questions()[question].exclusive.len() {
                let cells = tables.grid().cells_of(domain);
                let terms: Vec<(usize, f64)> = cells.iter().map(|cell| (system.unknowns[question][*cell][option], 1.0)).collect();
                let minus: Vec<(usize, f64)> = terms.iter().map(|(unknown, factor)| (*unknown, -factor)).collect();
                let most = value(&terms, &system.program.greatest(&terms, false).unwrap());
                let least = value(&terms, &system.program.greatest(&minus, false).unwrap());
                let (within, bound) = (whole.within(&hidden, domain, option), whole.most(&hidden, domain, option).unwrap());
                let place = format!("seed {seed}, question {question}, option {option}, domain {domain}");
                assert!(f64::from(within) <= most - least + 1e-6, "{place}: {within} of {}", most - least);
                assert!(f64::from(bound) >= most - least - 1e-6, "{place}: {bound} for {}", most - least);
                compared += 1;
                tight += usize::from(f64::from(bound) <= most - least + 1e-6);
            }
        }
    }
    assert!(compared > 100 && tight * 10 >= compared * 9, "{tight} of {compared}");
}
