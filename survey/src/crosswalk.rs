//! Which questions of different surveys may be compared, and with what reservation: the compiled-in crosswalk file.
//! Must not compute rates, nor guess: a pair that is not listed does not compare, whatever its keys are.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::answer::Answers;
use crate::edition::Edition;

/// Why a text is no crosswalk.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CrosswalkError {
    /// Not TOML, or not of the expected shape.
    #[error("the crosswalk does not parse: {0}")]
    Toml(#[from] toml::de::Error),
    /// One pair stands twice, perhaps with two verdicts.
    #[error("{from_survey}.{from_question} to {to_survey}.{to_question} stands twice in the crosswalk")]
    DuplicatePair {
        /// The earlier survey.
        from_survey: String,
        /// Its question.
        from_question: String,
        /// The later survey.
        to_survey: String,
        /// Its question.
        to_question: String,
    },
    /// A comparable pair must say how both years count, and one that does not compare must not.
    #[error("{from_survey}.{from_question} to {to_survey}.{to_question}: `from` and `to` stand beside comparable = true, and only there")]
    CountingMisplaced {
        /// The earlier survey.
        from_survey: String,
        /// Its question.
        from_question: String,
        /// The later survey.
        to_survey: String,
        /// Its question.
        to_question: String,
    },
}

/// An answer to another question of the same survey.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// Key of the question.
    pub question: String,
    /// Option keys; one of them was given.
    pub is: Vec<String>,
}

/// How one year of a comparable pair is counted, so that both years divide by the same kind of hospitals.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    /// Option keys that count as yes; every other answer counts as no.
    pub yes: Vec<String>,
    /// Only hospitals that said this are in the base; `None`: all.
    #[serde(default)]
    pub among: Option<Said>,
    /// Hospitals of the base that said this count as no, whatever they said to the question itself, and also where it was not asked.
    #[serde(default)]
    pub no_if: Option<Said>,
}

/// Two questions of two surveys, and whether they compare.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The earlier survey, such as `2022`.
    pub from_survey: String,
    /// The key of its question.
    pub from_question: String,
    /// The later survey.
    pub to_survey: String,
    /// The key of its question.
    pub to_question: String,
    /// Whether rates of the two may stand side by side, on the harmonised base and with the note.
    pub comparable: bool,
    /// How the earlier year is counted; present exactly where the pair compares.
    #[serde(default)]
    pub from: Option<Counting>,
    /// How the later year is counted; present exactly where the pair compares.
    #[serde(default)]
    pub to: Option<Counting>,
    /// What a reader must know, or why they do not compare; Japanese.
    pub note: String,
}

/// All pairs, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crosswalk {
    #[serde(rename = "pair", default)]
    pairs: Vec<Pair>,
}

static COMPILED_IN: LazyLock<Result<Crosswalk, CrosswalkError>> =
    LazyLock::new(|| Crosswalk::from_toml(include_str!("../surveys/crosswalk.toml")));

static NOTHING_COMPARES: Crosswalk = Crosswalk { pairs: Vec::new() };

impl Crosswalk {
    /// Reads a crosswalk: an array of tables `[[pair]]`.
    ///
    /// # Errors
    /// [`CrosswalkError`] if it is no TOML, a field is missing or unknown, a pair stands twice, or says how to count what does not compare.
    pub fn from_toml(text: &str) -> Result<Self, CrosswalkError> {
        let crosswalk: Self = toml::from_str(text)?;
        let misplaced = |pair: &&Pair| pair.from.is_some() != pair.comparable || pair.to.is_some() != pair.comparable;
        if let Some(pair) = crosswalk.pairs.iter().find(misplaced) {
            return Err(CrosswalkError::CountingMisplaced {
                from_survey: pair.from_survey.clone(),
                from_question: pair.from_question.clone(),
                to_survey: pair.to_survey.clone(),
                to_question: pair.to_question.clone(),
            });
        }
        let mut earlier = crosswalk.pairs.iter().enumerate();
        match earlier.find(|(index, pair)| crosswalk.pairs.iter().take(*index).any(|other| other.joins_the_same(pair))) {
            None => Ok(crosswalk),
            Some((_, pair)) => Err(CrosswalkError::DuplicatePair {
                from_survey: pair.from_survey.clone(),
                from_question: pair.from_question.clone(),
                to_survey: pair.to_survey.clone(),
                to_question: pair.to_question.clone(),
            }),
        }
    }

    /// The crosswalk that is part of the program. A test proves that it parses; if it did not, nothing would compare.
    pub fn compiled_in() -> &'static Self {
        COMPILED_IN.as_ref().unwrap_or(&NOTHING_COMPARES)
    }

    /// What answers to an earlier survey say to an edition of a later one: of comparable questions only, and only where the same word is an option there.
    pub fn carry(&self, from_survey: &str, answers: &Answers, to: &Edition) -> Answers {
        let comparable = |pair: &&Pair| pair.comparable && pair.from_survey == from_survey && pair.to_survey == to.survey().as_str();
        let carried = |pair: &Pair| {
            let answer = answers.get(&pair.from_question)?;
            let question = to.question(&pair.to_question)?;
            let fits = answer
                .as_str()
                .is_some_and(|word| question.choices().iter().any(|option| option.key == word));
            fits.then(|| (pair.to_question.clone(), answer.clone()))
        };
        self.pairs.iter().filter(comparable).filter_map(carried).collect()
    }

    /// All pairs, those that do not compare included.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// The newest earlier survey that something of this one compares with.
    pub fn earlier(&self, to_survey: &str) -> Option<&str> {
        let compared = self.pairs.iter().filter(|pair| pair.comparable && pair.to_survey == to_survey);
        compared.map(|pair| pair.from_survey.as_str()).max()
    }

    /// The pairs of two surveys, the earlier one first, in the order of the file.
    pub fn between(&self, from_survey: &str, to_survey: &str) -> impl Iterator<Item = &Pair> {
        self.pairs
            .iter()
            .filter(move |pair| pair.from_survey == from_survey && pair.to_survey == to_survey)
    }
}

impl Pair {
    fn joins_the_same(&self, other: &Self) -> bool {
        (&self.from_survey, &self.from_question, &self.to_survey, &self.to_question)
            == (&other.from_survey, &other.from_question, &other.to_survey, &other.to_question)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_crosswalk_parses() {
        assert_eq!(COMPILED_IN.as_ref().err(), None);
        assert_eq!(Crosswalk::compiled_in().pairs().len(), 8);
    }

    /// Every pair that was decided on: questions, whether they compare, what counts as yes in each year, and whether the base is that of the
    /// hospitals with an EHR in which no backup counts as no.
    #[test]
    fn the_pairs_are_those_that_were_decided_on() {
        let of_all = (false, false);
        let of_ehr = (true, false);
        let of_ehr_with_no = (true, true);
        let two_or_more = ["three_or_more", "two"].as_slice();
        let expected = [
            ("ehr_in_use", "ehr_in_use", Some((["yes"].as_slice(), of_all))),
            ("ehr_backup", "ehr_backup", Some((["yes"].as_slice(), of_ehr))),
            ("backup_generations_kept", "backup_generations", Some((two_or_more, of_ehr_with_no))),
            (
                "backup_leak_protection",
                "backup_leak_protection",
                Some((["yes"].as_slice(), of_ehr_with_no)),
            ),
            ("backup_disaster_separated", "backup_offline", None),
            ("security_officer_placed", "safety_manager_placed", None),
            ("emergency_procedure_drilled", "bcp_defined", None),
            ("emergency_procedure_drilled", "bcp_drilled", None),
        ];
        let pairs: Vec<&Pair> = Crosswalk::compiled_in().between("2022", "2024").collect();
        assert_eq!(pairs.len(), Crosswalk::compiled_in().pairs().len());
        assert_eq!(pairs.len(), expected.len());
        assert_eq!(
            ["2022", "2024"].map(|survey| Crosswalk::compiled_in().earlier(survey)),
            [None, Some("2022")]
        );
        for (pair, (from, to, counting)) in pairs.into_iter().zip(expected) {
            assert_eq!((pair.from_question.as_str(), pair.to_question.as_str()), (from, to));
            assert_eq!(pair.comparable, counting.is_some(), "{to}");
            assert!(!pair.note.is_empty());
            let Some((yes, (of_ehr, no_backup_is_no))) = counting else {
                continue;
            };
            let (earlier, later) = (pair.from.as_ref().unwrap(), pair.to.as_ref().unwrap());
            assert_eq!(earlier.yes, ["yes"], "2022 asks all of them by yes and no");
            assert_eq!(later.yes, yes, "{to}");
            for side in [earlier, later] {
                let said = |question: &str, is: &str| Said {
                    question: question.to_owned(),
                    is: vec![is.to_owned()],
                };
                assert_eq!(side.among, of_ehr.then(|| said("ehr_in_use", "yes")), "{to}");
                assert_eq!(side.no_if, no_backup_is_no.then(|| said("ehr_backup", "no")), "{to}");
            }
        }
    }

    #[test]
    fn every_question_and_option_that_is_named_exists_and_has_one_slot() {
        let check = |survey: &str, question: &str, options: &[String]| {
            let survey = crate::find(survey).unwrap();
            let found = survey.question(question).unwrap();
            assert_eq!(survey.layout().slots_of(question).len(), 1, "{question}");
            for option in options {
                assert!(found.choice(option).is_some(), "{question} {option}");
            }
        };
        for pair in Crosswalk::compiled_in().pairs() {
            for (survey, question, counting) in [
                (&pair.from_survey, &pair.from_question, &pair.from),
                (&pair.to_survey, &pair.to_question, &pair.to),
            ] {
                check(survey, question, counting.as_ref().map_or(&[], |counting| &counting.yes));
                let said = counting.iter().flat_map(|counting| counting.among.iter().chain(&counting.no_if));
                said.for_each(|said| check(survey, &said.question, &said.is));
            }
        }
    }

    #[test]
    fn only_what_means_the_same_is_carried_over() {
        let answers = serde_json::json!({
            "ehr_in_use": "yes", "ehr_backup": "no_answer", "backup_generations_kept": "yes", "backup_leak_protection": "no",
            "security_officer_placed": "yes", "respondent": {"name": "x"},
        });
        let edition = crate::find("2024").unwrap().first_edition();
        let carried = Crosswalk::compiled_in().carry("2022", answers.as_object().unwrap(), edition);
        let expected = serde_json::json!({"ehr_in_use": "yes", "backup_leak_protection": "no"});
        assert_eq!(serde_json::Value::Object(carried), expected);
        assert!(
            Crosswalk::compiled_in()
                .carry("2024", answers.as_object().unwrap(), edition)
                .is_empty()
        );
    }

    #[test]
    fn a_pair_listed_twice_is_refused() {
        let once = "[[pair]]\nfrom_survey='2022'\nfrom_question='a'\nto_survey='2024'\nto_question='b'\ncomparable=false\nnote='x'\n";
        let counted = "from={yes=['yes']}\nto={yes=['yes']}\n";
        let again = format!("{}{counted}", once.replace("false", "true"));
        assert!(Crosswalk::from_toml(once).is_ok());
        assert!(Crosswalk::from_toml(&again).is_ok());
        assert!(matches!(
            Crosswalk::from_toml(&format!("{once}{again}")),
            Err(CrosswalkError::DuplicatePair { .. })
        ));
        for misplaced in [
            format!("{once}{counted}"),
            once.replace("false", "true"),
            format!("{once}from={{yes=[]}}\n"),
        ] {
            assert!(matches!(
                Crosswalk::from_toml(&misplaced),
                Err(CrosswalkError::CountingMisplaced { .. })
            ));
        }
    }

    #[test]
    fn an_unknown_field_is_refused() {
        assert!(matches!(Crosswalk::from_toml("[[pairs]]\n"), Err(CrosswalkError::Toml(_))));
    }
}
