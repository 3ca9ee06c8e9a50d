//! The same numbers from R's `survey` (`analytics/tests/r`, where the scripts that made the files stand), to a billionth.

use super::super::change::{Difference, DifferencePrecision, Year, change};
use super::super::proportion::{Precision, Proportion};
use super::super::{Cell, class_of};
use super::close;
use super::microdata::{Hospital, Nation, rows};
use std::collections::{BTreeMap, BTreeSet};
use survey::band::Banding;
use survey::prefecture::PrefectureCode;

type Row = BTreeMap<String, String>;

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} of {row:?}"))
}

fn assert_close(found: f64, row: &Row, column: &str) {
    assert!(
        close(found, number(row, column)),
        "{column}: {found:e}, R {} in {row:?}",
        row[column]
    );
}

fn cell(row: &Row) -> Cell {
    (row["prefecture"].parse().unwrap(), row["band"].parse().unwrap())
}

#[test]
fn groups_are_those_of_a_second_writing_of_the_rule() {
    let mut expected: BTreeMap<(String, String), Vec<Row>> = BTreeMap::new();
    for row in rows(include_str!("../../../tests/r/groups.csv")) {
        expected.entry((row["case"].clone(), row["year"].clone())).or_default().push(row);
    }
    assert_eq!(expected.len(), 8);
    let mut merged = 0;
    for ((case, year), rows) in expected {
        let design = Nation::of(&case).design(&year);
        let mut together: BTreeMap<&str, Vec<Cell>> = BTreeMap::new();
        for row in &rows {
            together.entry(&row["group"]).or_default().push(cell(row));
            let group = design.group(cell(row)).unwrap();
            assert_eq!(
                (group.hospitals.to_string(), group.respondents.to_string()),
                (row["hospitals"].clone(), row["respondents"].clone())
            );
        }
        let ours: BTreeSet<Vec<Cell>> = design.groups().iter().map(|group| group.cells.clone()).collect();
        let theirs: BTreeSet<Vec<Cell>> = together.into_values().map(sorted).collect();
        assert_eq!(ours, theirs, "{case} {year}");
        merged += design.merged().count();
    }
    assert!(merged > 10);
}

fn sorted(mut cells: Vec<Cell>) -> Vec<Cell> {
    cells.sort_unstable();
    cells
}

/// The hospitals of a domain as the file names it.
fn inside(kind: &str, domain: usize, hospital: &Hospital, year: &str) -> bool {
    let prefecture = usize::from(hospital.prefecture);
    let cell = hospital.cell(year).unwrap();
    let class = class_of(cell, Banding::Program).unwrap();
    match kind {
        "nation" => true,
        "city" => usize::from(hospital.city) == domain,
        "among_ehr" => hospital.answer("ehr", year) == "yes",
        "region" => region(prefecture) == domain,
        "prefecture" => prefecture == domain,
        "band" => usize::from(cell.1) == domain,
        "class" => class == domain,
        "cell" => prefecture * 10 + usize::from(cell.1) == domain,
        "prefecture_class" => prefecture * 10 + class == domain,
        _ => panic!("{kind}"),
    }
}

/// Number of the region, 1 to 8 in JIS order.
fn region(prefecture: usize) -> usize {
    let of = |code: PrefectureCode| (usize::from(code.number()) <= prefecture).then(|| code.region());
    PrefectureCode::all().filter_map(of).collect::<BTreeSet<_>>().len()
}

#[test]
fn shares_standard_errors_effective_sizes_and_limits_are_those_of_r() {
    let expected = rows(include_str!("../../../tests/r/estimates.csv"));
    assert!(expected.len() > 1_000);
    let nations: BTreeMap<&str, Nation> = ["full", "merged", "complete", "twice"].map(|case| (case, Nation::of(case))).into();
    let design = |case: &'static str, year: &'static str| ((case, year), nations[case].design(year));
    let designs = BTreeMap::from([
        design("full", "2022"),
        design("merged", "2022"),
        design("merged", "2024"),
        design("complete", "2022"),
        design("twice", "2022"),
    ]);
    let mut seen = Seen::default();
    for row in &expected {
        let (nation, year) = (&nations[row["case"].as_str()], row["year"].as_str());
        let (question, options): (_, &[&str]) = match row["question"].as_str() {
            "desk_a" => ("desk", &["a"]),
            "desk_c" => ("desk", &["c"]),
            "backup_nonresponse" => ("backup", &[]),
            other => (other, &["yes"]),
        };
        let domain = row["domain"].parse().unwrap();
        let counts = nation.question(question, options, year, |hospital| inside(&row["kind"], domain, hospital, year));
        let estimate = designs[&(row["case"].as_str(), year)].question(&counts, |_| true).unwrap();
        let found = if options.is_empty() {
            estimate.item_nonresponse
        } else {
            estimate.options[0].clone()
        };
        let found = found.unwrap_or_else(|| panic!("{row:?}"));
        compare(&found, row);
        seen.count(&found);
    }
    // The file holds what it was made for: shares of 0 and 1, domains that answered whole, cells that were merged.
    assert!(seen.ends > 100 && seen.complete > 20 && seen.merged > 100, "{seen:?}");
}

#[derive(Debug, Default)]
struct Seen {
    ends: usize,
    complete: usize,
    merged: usize,
}

impl Seen {
    fn count(&mut self, found: &Proportion) {
        self.ends += usize::from(found.share == 0.0 || found.share == 1.0);
        self.complete += usize::from(found.precision == Precision::Complete);
        self.merged += usize::from(!found.merged.is_empty());
    }
}

fn compare(found: &Proportion, row: &Row) {
    assert_eq!(
        (found.base.to_string(), found.count.to_string()),
        (row["base"].clone(), row["count"].clone()),
        "{row:?}"
    );
    assert_close(found.share, row, "share");
    assert_close(found.weighted_base, row, "weighted_base");
    match found.precision {
        Precision::Sampled {
            standard_error,
            effective_size,
            interval,
            ..
        } => {
            assert_close(standard_error, row, "se");
            assert_close(effective_size, row, "effective_size");
            assert_close(interval.low, row, "low");
            assert_close(interval.high, row, "high");
        }
        Precision::Complete => assert_eq!(
            (number(row, "se"), row["effective_size"].as_str(), row["low"].as_str()),
            (0.0, "", "")
        ),
        Precision::Unknown => panic!("{row:?}"),
    }
}

#[test]
fn changes_and_their_standard_errors_are_those_of_r() {
    let expected = rows(include_str!("../../../tests/r/changes.csv"));
    assert_eq!(expected.len(), 8);
    for row in expected {
        let nation = Nation::of(&row["case"]);
        let (earlier, later) = (nation.design("2022"), nation.design("2024"));
        let parts = ["2022", "2024"].map(|year| nation.yes(&row["question"], year));
        let year = |design, parts| Year { design, parts };
        let both = nation.both(&row["question"]);
        let found = change(year(&earlier, &parts[0]), year(&later, &parts[1]), &both).unwrap().unwrap();
        assert_close(found.difference.value, &row, "difference");
        let DifferencePrecision::Sampled {
            correlation,
            standard_error,
            ..
        } = found.difference.precision
        else {
            panic!("{found:?}")
        };
        assert_close(correlation, &row, "correlation");
        assert_close(standard_error, &row, "se");
    }
}

fn error(difference: &Difference) -> f64 {
    match difference.precision {
        DifferencePrecision::Sampled { standard_error, .. } => standard_error,
        _ => panic!("{difference:?}"),
    }
}

#[test]
fn transitions_and_net_changes_are_those_of_r() {
    let expected = rows(include_str!("../../../tests/r/panels.csv"));
    assert_eq!(expected.len(), 8);
    for row in expected {
        let nation = Nation::of(&row["case"]);
        let found = nation
            .panel_design()
            .transitions(&nation.transitions(&row["question"]))
            .unwrap()
            .unwrap();
        let counts = [found.counts.base(), found.counts.gained, found.counts.lost].map(|count| count.to_string());
        assert_eq!(counts, [row["base"].clone(), row["gained"].clone(), row["lost"].clone()]);
        assert_close(found.net.value, &row, "net");
        assert_close(error(&found.net), &row, "net_se");
        for (share, name) in [
            (Some(found.gained), "gained"),
            (Some(found.lost), "lost"),
            (found.gained_of_no, "gained_of_no"),
        ] {
            let share = share.unwrap();
            assert_close(share.share, &row, &format!("{name}_share"));
            assert_close(share.variance().unwrap().sqrt(), &row, &format!("{name}_se"));
        }
    }
}
