//! The made hospitals of `analytics/tests/r/hospitals.csv`, counted as the cube would. A row is a hospital; an empty band: not in that frame.

use super::super::Cell;
use super::super::change::Both;
use super::super::design::Design;
use super::super::panel::Transitions;
use super::super::proportion::Part;
use super::super::question::QuestionCounts;
use std::collections::BTreeMap;

const HOSPITALS: &str = include_str!("../../../tests/r/hospitals.csv");

/// Every row of a CSV text as a map from column to value.
pub(super) fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

/// The hospitals of one case.
pub(super) struct Nation(Vec<Hospital>);

/// One row of the file; read once, for it is asked a thousand times.
pub(super) struct Hospital {
    pub(super) prefecture: u8,
    pub(super) city: bool,
    /// Of 2022 and of 2024.
    years: [Answers; 2],
}

/// A hospital in one year.
struct Answers {
    band: Option<u8>,
    /// In the order of [`QUESTIONS`]; empty where it did not answer the survey.
    words: [String; 4],
}

const QUESTIONS: [&str; 4] = ["ehr", "backup", "desk", "signed"];

impl Hospital {
    fn new(row: &BTreeMap<String, String>) -> Hospital {
        let answers = |year: &str| Answers {
            band: row[&format!("band_{year}")].parse().ok(),
            words: QUESTIONS.map(|question| row[&format!("{question}_{year}")].clone()),
        };
        Hospital {
            prefecture: row["prefecture"].parse().unwrap(),
            city: row["city"] == "1",
            years: ["2022", "2024"].map(answers),
        }
    }

    fn year(&self, year: &str) -> &Answers {
        &self.years[usize::from(year == "2024")]
    }

    /// What it answered in a year; empty where it did not answer the survey.
    pub(super) fn answer(&self, question: &str, year: &str) -> &str {
        let index = QUESTIONS.iter().position(|other| *other == question).unwrap();
        &self.year(year).words[index]
    }

    /// Its cell in a year's frame.
    pub(super) fn cell(&self, year: &str) -> Option<Cell> {
        Some((self.prefecture, self.year(year).band?))
    }

    pub(super) fn answered(&self, year: &str) -> bool {
        self.cell(year).is_some() && !self.answer("signed", year).is_empty()
    }
}

/// Whether a state word is an answer to a question.
fn is_answer(word: &str) -> bool {
    matches!(word, "yes" | "no" | "a" | "b")
}

impl Nation {
    pub(super) fn of(case: &str) -> Nation {
        let rows = rows(HOSPITALS).into_iter().filter(|row| row["case"] == case);
        let nation: Vec<Hospital> = rows.map(|row| Hospital::new(&row)).collect();
        assert!(!nation.is_empty(), "no case {case}");
        Nation(nation)
    }

    /// How many hospitals each cell has for which there is a cell.
    fn count(&self, cell: impl Fn(&Hospital) -> Option<Cell>) -> BTreeMap<Cell, u64> {
        let mut counts = BTreeMap::new();
        for cell in self.0.iter().filter_map(cell) {
            *counts.entry(cell).or_default() += 1;
        }
        counts
    }

    pub(super) fn design(&self, year: &str) -> Design {
        let respondents = self.count(|hospital| hospital.cell(year).filter(|_| hospital.answered(year)));
        Design::new(&self.count(|hospital| hospital.cell(year)), &respondents).unwrap()
    }

    /// Hospitals of both frames by their cell of 2024, and those that answered both.
    pub(super) fn panel_design(&self) -> Design {
        let cell = |hospital: &Hospital| hospital.cell("2022").and_then(|_| hospital.cell("2024"));
        let answered = |hospital: &Hospital| cell(hospital).filter(|_| hospital.answered("2022") && hospital.answered("2024"));
        Design::new(&self.count(cell), &self.count(answered)).unwrap()
    }

    /// A question's measures of the respondents in a domain, as the cube gives them.
    pub(super) fn question(
        &self,
        question: &str,
        options: &[&str],
        year: &str,
        domain: impl Fn(&Hospital) -> bool,
    ) -> BTreeMap<Cell, QuestionCounts> {
        let mut cells: BTreeMap<Cell, Vec<u64>> = BTreeMap::new();
        for hospital in self.0.iter().filter(|hospital| hospital.answered(year) && domain(hospital)) {
            let word = hospital.answer(question, year);
            let states = [true, is_answer(word), word == "blank", word == "no_answer", word == "not_asked"];
            let measures = cells
                .entry(hospital.cell(year).unwrap())
                .or_insert_with(|| vec![0; states.len() + options.len()]);
            for (sum, holds) in measures
                .iter_mut()
                .zip(states.into_iter().chain(options.iter().map(|option| *option == word)))
            {
                *sum += u64::from(holds);
            }
        }
        cells
            .into_iter()
            .map(|(cell, measures)| (cell, QuestionCounts::from_measures(&measures).unwrap()))
            .collect()
    }

    pub(super) fn yes(&self, question: &str, year: &str) -> BTreeMap<Cell, Part> {
        let part = |counts: QuestionCounts| Part {
            base: counts.base,
            count: counts.options[0],
        };
        let counted = self.question(question, &["yes"], year, |_| true);
        counted.into_iter().map(|(cell, counts)| (cell, part(counts))).collect()
    }

    /// What the two years have in common of a yes or no question.
    pub(super) fn both(&self, question: &str) -> BTreeMap<(Cell, Cell), Both> {
        let state = |hospital: &Hospital, year: &str| match hospital.answer(question, year) {
            "yes" => 2,
            "no" => 1,
            _ => 0,
        };
        let mut pairs: BTreeMap<(Cell, Cell), Both> = BTreeMap::new();
        for hospital in &self.0 {
            if let (Some(earlier), Some(later)) = (hospital.cell("2022"), hospital.cell("2024")) {
                let both = pairs.entry((earlier, later)).or_default();
                both.hospitals += 1;
                if hospital.answered("2022") && hospital.answered("2024") {
                    both.states[state(hospital, "2022")][state(hospital, "2024")] += 1;
                }
            }
        }
        pairs
    }

    /// Transitions of a yes or no question by the cell of 2024.
    pub(super) fn transitions(&self, question: &str) -> BTreeMap<Cell, Transitions> {
        let mut cells: BTreeMap<Cell, Transitions> = BTreeMap::new();
        for ((_, later), both) in self.both(question) {
            let [_, [_, stayed_no, gained], [_, lost, stayed_yes]] = both.states;
            let sum = cells.entry(later).or_default();
            sum.stayed_no += stayed_no;
            sum.gained += gained;
            sum.lost += lost;
            sum.stayed_yes += stayed_yes;
        }
        cells
    }
}
