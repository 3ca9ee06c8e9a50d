//! Indicators (指標): conditions on several questions that are counted like one question, as data beside each survey. Counts nothing itself.

use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::question::QuestionKey;
use crate::survey::Survey;

/// One indicator of a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    /// The key, of no question of the survey.
    pub key: QuestionKey,
    /// Short Japanese name.
    pub label: String,
    /// Who is counted among whom, in Japanese.
    pub note: String,
    /// Which hospitals it is asked of: those for which all of these hold; none: all hospitals.
    pub among: Vec<Given>,
    /// What must hold for a hospital to count; at least one.
    pub all: Vec<Given>,
}

/// One of these answers to a question was given. A question that was not asked was not answered so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// A coded question.
    pub question: QuestionKey,
    /// Keys of its options.
    pub options: Vec<String>,
}

impl Indicator {
    /// The questions that it looks at, each once, in the order of its conditions.
    pub fn questions(&self) -> Vec<&QuestionKey> {
        let mut questions: Vec<&QuestionKey> = Vec::new();
        for condition in self.among.iter().chain(&self.all) {
            if !questions.contains(&&condition.question) {
                questions.push(&condition.question);
            }
        }
        questions
    }
}

/// As filters are written: `question=option|option`.
impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.question, self.options.join("|"))
    }
}

/// Why a survey's indicators cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndicatorError {
    /// Not TOML, or not of the form.
    #[error("the indicators' TOML cannot be read: {0}")]
    Form(#[from] toml::de::Error),
    /// Contradictory in itself or with the survey.
    #[error("indicator {indicator}: {problem}")]
    Content {
        /// Its key.
        indicator: String,
        /// What is wrong.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    indicators: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    label: String,
    note: String,
    #[serde(default)]
    among: Vec<String>,
    all: Vec<String>,
}

/// Reads and checks the indicators of a survey.
///
/// # Errors
/// [`IndicatorError`] names the indicator and what is wrong: keys are unique and of no question, and conditions name coded questions and options.
pub fn from_toml(survey: &Survey, text: &str) -> Result<Vec<Indicator>, IndicatorError> {
    let file: File = toml::from_str(text)?;
    let mut indicators: Vec<Indicator> = Vec::new();
    for entry in file.indicators {
        let problem = |problem: String| IndicatorError::Content {
            indicator: entry.key.clone(),
            problem,
        };
        let taken = indicators.iter().any(|other| other.key.as_str() == entry.key);
        if taken || survey.question(&entry.key).is_some() {
            return Err(problem("the key is taken".to_owned()));
        }
        if entry.all.is_empty() {
            return Err(problem("no condition says who counts".to_owned()));
        }
        let read = |conditions: &[String]| conditions.iter().map(|text| given(survey, text)).collect::<Result<Vec<_>, _>>();
        indicators.push(Indicator {
            key: QuestionKey::from(entry.key.as_str()),
            label: entry.label.clone(),
            note: entry.note.clone(),
            among: read(&entry.among).map_err(problem)?,
            all: read(&entry.all).map_err(problem)?,
        });
    }
    Ok(indicators)
}

fn given(survey: &Survey, text: &str) -> Result<Given, String> {
    let (key, options) = text.split_once('=').ok_or_else(|| format!("{text:?} is no question=option"))?;
    let question = survey.question(key).ok_or_else(|| format!("the survey has no question {key}"))?;
    if !question.is_coded() {
        return Err(format!("question {key} is not coded"));
    }
    let options: Vec<String> = options.split('|').map(str::to_owned).collect();
    match options.iter().find(|option| question.choice(option).is_none()) {
        Some(option) => Err(format!("question {key} has no option {option:?}")),
        None => Ok(Given {
            question: question.key.clone(),
            options,
        }),
    }
}

/// Survey and indicators of each survey that comes with the program.
static COMPILED_IN: LazyLock<Vec<(&'static str, Vec<Indicator>)>> = LazyLock::new(|| {
    // A test proves that all can be read; in a release broken ones would be missing.
    [
        ("2022", include_str!("../surveys/2022/indicators.toml")),
        ("2024", include_str!("../surveys/2024/indicators.toml")),
    ]
    .into_iter()
    .filter_map(|(id, text)| Some((id, from_toml(crate::find(id)?, text).ok()?)))
    .collect()
});

/// The indicators of a survey, in their order; none of a survey that does not come with the program.
pub fn of(survey: &Survey) -> &'static [Indicator] {
    let found = COMPILED_IN.iter().find(|(id, _)| *id == survey.id().as_str());
    found.map_or(&[], |(_, indicators)| indicators.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_survey_has_indicators_that_can_be_read() {
        for survey in crate::compiled_in() {
            assert!(!of(survey).is_empty(), "{}", survey.id());
            assert!(
                of(survey)
                    .iter()
                    .all(|indicator| !indicator.label.is_empty() && !indicator.note.is_empty())
            );
        }
        let weekly = &of(crate::find("2024").unwrap())[0];
        assert_eq!(weekly.all[1].options, ["daily", "weekly"]);
        assert_eq!(weekly.all[1].to_string(), "backup_frequency=daily|weekly");
        let questions: Vec<&str> = weekly.questions().into_iter().map(QuestionKey::as_str).collect();
        assert_eq!(questions, ["ehr_in_use", "ehr_backup", "backup_frequency"]);
    }

    #[test]
    fn an_indicator_that_could_not_be_counted_is_refused() {
        let survey = crate::find("2024").unwrap();
        let problem = |key: &str, all: &str| {
            let text = format!("[[indicators]]\nkey = \"{key}\"\nlabel = \"名\"\nnote = \"注\"\nall = {all}\n");
            match from_toml(survey, &text) {
                Err(IndicatorError::Content { problem, .. }) => problem,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(problem("ehr_in_use", r#"["ehr_backup=yes"]"#), "the key is taken");
        assert_eq!(problem("new", "[]"), "no condition says who counts");
        assert_eq!(problem("new", r#"["ehr_backup"]"#), "\"ehr_backup\" is no question=option");
        assert_eq!(problem("new", r#"["shoe=yes"]"#), "the survey has no question shoe");
        assert_eq!(problem("new", r#"["respondent=yes"]"#), "question respondent is not coded");
        assert_eq!(
            problem("new", r#"["ehr_backup=yes|perhaps"]"#),
            "question ehr_backup has no option \"perhaps\""
        );
    }
}
