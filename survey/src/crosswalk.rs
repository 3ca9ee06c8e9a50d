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
    /// [`CrosswalkError`] if it is no TOML, a field is missing or unknown, or a pair stands twice.
    pub fn from_toml(text: &str) -> Result<Self, CrosswalkError> {
        let crosswalk: Self = toml::from_str(text)?;
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

    #[test]
    fn four_pairs_compare_and_every_pair_says_something() {
        let comparable: Vec<_> = Crosswalk::compiled_in()
            .pairs()
            .iter()
            .filter(|pair| pair.comparable)
            .map(|pair| pair.to_question.as_str())
            .collect();
        assert_eq!(
            comparable,
            ["ehr_in_use", "ehr_backup", "backup_generations", "backup_leak_protection"]
        );
        assert!(Crosswalk::compiled_in().pairs().iter().all(|pair| !pair.note.is_empty()));
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
        let once = "[[pair]]\nfrom_survey='2022'\nfrom_question='a'\nto_survey='2024'\nto_question='b'\ncomparable=true\nnote='x'\n";
        let again = once.replace("true", "false");
        assert!(Crosswalk::from_toml(once).is_ok());
        assert!(matches!(
            Crosswalk::from_toml(&format!("{once}{again}")),
            Err(CrosswalkError::DuplicatePair { .. })
        ));
    }

    #[test]
    fn an_unknown_field_is_refused() {
        assert!(matches!(Crosswalk::from_toml("[[pairs]]\n"), Err(CrosswalkError::Toml(_))));
    }
}
