//! Indicators against a plain count, hospital by hospital, of what the evaluator says in words.

use super::made::Made;
use super::tables::{assert_parts_add_up, chose, in_row};
use crate::{By, TableRequest, table};
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use survey::area::Area;
use survey::band::Banding;
use survey::evaluate::{Evaluation, State};
use survey::indicator::{self, Given};

/// What a list of conditions is of a hospital: the first of these that one of them is, or yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Blank,
    NoAnswer,
    No,
    Yes,
}

fn said(answers: &Evaluation, conditions: &[Given]) -> Said {
    let one = |condition: &Given| match answers.states[&condition.question] {
        State::Answered => {
            let answer = answers.answers.get(condition.question.as_str());
            if condition.options.iter().any(|option| chose(answer, option)) {
                Said::Yes
            } else {
                Said::No
            }
        }
        State::NotAsked => Said::No,
        State::NoAnswer => Said::NoAnswer,
        State::Blank | State::Undetermined | State::Invalid => Said::Blank,
    };
    conditions.iter().map(one).min().unwrap_or(Said::Yes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_indicator_equals_a_plain_count_and_its_states_sum_to_n(
        seed in any::<u64>(), size in 0_usize..150, survey in 0_usize..2, by in 0_usize..3, area in 0_usize..2,
    ) {
        let made = Made::new(["2022", "2024"][survey], seed, size);
        let snapshot = made.snapshot();
        let bands = Banding::Survey.into();
        for indicator in indicator::of(made.survey) {
            let request = TableRequest {
                question: indicator.key.clone(),
                area: Area::parse(["nation", "14"][area]).unwrap(),
                by: [By::AREA, By::BAND, By::parse("region,band").unwrap()][by],
                banding: Banding::Survey.into(),
                filters: Vec::new(),
estimates: false,
};
            let table = table(&snapshot, &request).unwrap();
            prop_assert_eq!(&table.label, &indicator.label);
            for row in table.rows.iter().chain([&table.total]) {
                let counted: Vec<_> = made
                    .hospitals
                    .iter()
                    .filter(|hospital| request.area.covers(hospital.prefecture, hospital.municipality.as_ref()))
                    .filter(|hospital| in_row(hospital, &row.names.place, &bands))
                    .filter_map(|hospital| hospital.answered.as_ref())
                    .map(|answers| match said(answers, &indicator.among) {
                        Said::Yes => (true, said(answers, &indicator.all)),
                        other => (false, other),
                    })
                    .collect();
                let of = |wanted: &[(bool, Said)]| u64::try_from(counted.iter().filter(|one| wanted.contains(one)).count()).unwrap();
                prop_assert_eq!(row.n, u64::try_from(counted.len()).unwrap());
                prop_assert_eq!(row.options[0].count, of(&[(true, Said::Yes)]));
                prop_assert_eq!(row.options[1].count, of(&[(true, Said::No)]));
                prop_assert_eq!(row.base, row.options[0].count + row.options[1].count);
                prop_assert_eq!(row.blank, of(&[(true, Said::Blank), (false, Said::Blank)]));
                prop_assert_eq!(row.no_answer, of(&[(true, Said::NoAnswer), (false, Said::NoAnswer)]));
                prop_assert_eq!(row.not_asked, of(&[(false, Said::No)]));
                prop_assert_eq!(row.base + row.blank + row.no_answer + row.not_asked, row.n);
            }
            assert_parts_add_up(&table);
        }
    }
}
