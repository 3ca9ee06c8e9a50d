//! How much is hidden of the made nation, seed 47, both surveys.

use super::attacks::attack;
use crate::suppress::audit::Number;
use crate::suppress::{Decision, Domain, Report, Rule, Tables, Withheld, decide, tally};
use std::sync::OnceLock;
use survey::answer::{EntryPath, HospitalFacts};
use survey::evaluate::evaluate;

fn tables(nation: &fixtures::Nation, id: &str) -> Tables {
    let survey = survey::survey::find(id).unwrap();
    let made = nation.survey(id).unwrap();
    let answered = made
        .frame
        .iter()
        .filter_map(|hospital| Some((hospital, made.answers.get(&hospital.gmis)?)));
    let codes: Vec<_> = answered
        .map(|(hospital, answers)| {
            let facts = HospitalFacts {
                beds: Some(hospital.beds),
                ..HospitalFacts::default()
            };
            let answers = serde_json::to_value(answers).unwrap();
            let evaluation = evaluate(survey.first_edition(), &facts, &answers, EntryPath::Proxy);
            (hospital.prefecture, hospital.beds, evaluation.codes)
        })
        .collect();
    let frame = made.frame.iter().map(|hospital| (hospital.prefecture, hospital.beds));
    tally(
        survey,
        frame,
        codes.iter().map(|(prefecture, beds, codes)| (*prefecture, *beds, codes.as_slice())),
    )
    .unwrap()
}

/// Both surveys, made and decided once for all tests.
fn nation() -> &'static [(Tables, Decision)] {
    static MADE: OnceLock<Vec<(Tables, Decision)>> = OnceLock::new();
    MADE.get_or_init(|| {
        let nation = fixtures::make(fixtures::DEFAULT_SEED, 1.0).unwrap();
        let of = |id: &&str| {
            let tables = tables(&nation, id);
            let decision = decide(&tables, &Rule::default(), &[]).unwrap().audited(&tables, &[]).unwrap();
            (tables, decision)
        };
        ["2022", "2024"].iter().map(of).collect()
    })
}

#[test]
fn of_the_made_nation_little_more_is_hidden_than_any_decision_must_hide() {
    let releases = nation();
    let reports: Vec<Report> = releases.iter().map(|(tables, decision)| Report::new(tables, decision)).collect();
    let both = reports.iter().copied().reduce(Report::and).unwrap();
    println!("{reports:?}\n{both:?}");
    println!(
        "hidden {} permille, primary {} permille",
        both.hidden_permille(),
        both.primary_permille()
    );
    assert!(both.primary > 400, "there is something to hide");
    assert!(
        both.hidden * 100 <= both.least * 105,
        "hidden {}, at least {}",
        both.hidden,
        both.least
    );
    for (tables, decision) in releases {
        let withheld = decision.withheld().unwrap().iter();
        // What stays withheld of who answered both years is seen in trends only.
        let (panels, withheld): (Vec<&Withheld>, Vec<&Withheld>) = withheld.partition(|one| one.number == Number::Panel);
        let named = withheld
            .iter()
            .map(|one| format!("{:?} {} {:?}", one.number, tables.questions()[one.question].key, one.domain));
        println!("withheld {}: {:?}, panels {panels:?}", withheld.len(), named.collect::<Vec<_>>());
        assert!(withheld.iter().all(|one| one.domain != Domain::Nation) && withheld.len() < 8);
        let of = |number: Number| withheld.iter().filter(|one| one.number == number).count();
        let beside = Report::new(tables, decision).beside.unwrap();
        let questions = tables.questions().len();
        assert_eq!(
            (beside.estimates.all, beside.estimates.withheld),
            (7 * questions, of(Number::Estimate))
        );
        // A row goes with an estimate that it hangs on, too.
        assert!(
            (of(Number::Trend)..=withheld.len()).contains(&beside.trends.withheld) && beside.trends.all > 7,
            "{beside:?}"
        );
        // Of a row on a harmonised base base and yes are exact: one that is withheld alone is the nation's less the others.
        for harmonised in tables.harmonised().iter().filter(|harmonised| !harmonised.is_own()) {
            let goes = |domain: &&Domain| !decision.may_print_trend(**domain, harmonised.question);
            let gone = tables.domains().iter().take(7).filter(goes).count();
            assert_ne!(gone, 1, "{}", tables.questions()[harmonised.question].key);
        }
        let national = |domain: &&Domain| matches!(domain, Domain::Nation | Domain::Band(_));
        for domain in tables.domains().iter().filter(national) {
            assert!(
                (0..tables.questions().len()).all(|question| decision.reason(*domain, question).is_none()),
                "{domain:?}"
            );
        }
    }
}

#[test]
fn no_band_of_the_nation_is_hidden_alone() {
    // Small enough for bands in which all said the same.
    let nation = fixtures::make(fixtures::DEFAULT_SEED, 0.06).unwrap();
    let mut hidden_bands = 0;
    for id in ["2022", "2024"] {
        let tables = tables(&nation, id);
        let decision = decide(&tables, &Rule::default(), &[]).unwrap();
        for question in (0..tables.questions().len()).filter(|question| decision.reason(Domain::Nation, *question).is_none()) {
            let answered = |band: &usize| tables.counts(Domain::Band(*band), question).unwrap().base > 0;
            let hidden = (0..6)
                .filter(answered)
                .filter(|band| decision.reason(Domain::Band(*band), question).is_some());
            let hidden = hidden.count();
            assert_ne!(
                hidden,
                1,
                "{id} {}: the nation less five bands is the sixth",
                tables.questions()[question].key
            );
            hidden_bands += hidden;
        }
    }
    assert!(hidden_bands > 0, "there is something to hide");
}

#[test]
fn the_attack_finds_nothing_in_single_questions_of_the_made_nation_with_weighted_estimates_of_its_bands() {
    for (tables, decision) in nation() {
        let hangs = |question: usize| tables.questions()[question].gate.is_some() || tables.children(question).next().is_some();
        let mut attack = attack(tables, decision);
        for (weighted, open) in attack.weighted.iter_mut().zip(&attack.open) {
            let national = tables
                .domains()
                .iter()
                .map(|domain| matches!(domain, Domain::Nation | Domain::Band(_)));
            *weighted = national.zip(open).map(|(national, open)| national && *open).collect();
        }
        for question in (0..tables.questions().len()).filter(|question| !hangs(*question)).take(1) {
            assert_eq!(attack.leaks_of(question, false), Vec::<String>::new());
        }
    }
}
