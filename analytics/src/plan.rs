//! What to count for a question or an indicator: five state measures, then one measure an option. Counts nothing itself.
//!
//! An indicator is counted like a question. Each of its conditions is true, false (another answer, or not asked), blank or 無回答 of a hospital, and a
//! list of conditions is blank if one is blank, else 無回答 if one is, else true if all are: only hospitals of which every condition is known are in the
//! base, so that a missing answer never counts as "no". Not asked are those for which the list of `among` is false; where it is blank or 無回答, so is
//! the indicator. The four sum to n.

use crate::columns;
use crate::cube::Measure;
use crate::filter;
use crate::percent::percent;
use crate::shape::RowNames;
use crate::table::{OptionCount, TableChoice, TableError, TableRow};
use polars::prelude::{Expr, lit};
use std::iter;
use std::sync::Arc;
use survey::codes::{BLANK, CHOSEN, FIRST_OPTION, NO_ANSWER, NOT_ASKED};
use survey::indicator::{self, Given, Indicator};
use survey::question::{Choice, Kind, Question, QuestionKey};
use survey::survey::Survey;

/// What a hospital can be by an indicator.
pub(crate) const INDICATOR_CHOICES: [(&str, &str); 2] = [("yes", "該当する"), ("no", "該当しない")];

/// What is counted for a question or an indicator.
pub(crate) struct Plan {
    pub(crate) key: QuestionKey,
    /// Short Japanese name.
    pub(crate) label: String,
    pub(crate) measures: Vec<Measure>,
    pub(crate) form: Arc<Form>,
}

/// How a row is made of its counts.
pub(crate) struct Form {
    pub(crate) choices: Vec<Arc<TableChoice>>,
    /// Whether a hospital may choose several options.
    several: bool,
}

impl Plan {
    /// The question of a key, or else the indicator.
    pub(crate) fn of(survey: &Survey, key: &QuestionKey) -> Result<Plan, TableError> {
        if let Some(question) = survey.question(key.as_str()) {
            return Plan::of_question(survey, question).ok_or_else(|| TableError::NotCoded {
                survey: survey.id().to_string(),
                question: key.to_string(),
            });
        }
        match indicator::of(survey).iter().find(|indicator| indicator.key == *key) {
            Some(indicator) => Plan::of_indicator(survey, indicator),
            None => Err(TableError::UnknownQuestion {
                survey: survey.id().to_string(),
                question: key.to_string(),
            }),
        }
    }

    /// `None`: the question is not coded.
    pub(crate) fn of_question(survey: &Survey, question: &Question) -> Option<Plan> {
        let slots = survey.layout().slots_of(question.key.as_str());
        // All slots of one question are in the same state (checked by the snapshot), so the first one stands for all.
        let first = slots.first()?.index;
        let equal = |code: u8| Measure::Code { slot: first, code };
        let mut measures = vec![
            Measure::Rows,
            Measure::Answered { slot: first },
            equal(BLANK),
            equal(NO_ANSWER),
            equal(NOT_ASKED),
        ];
        let several = match &question.kind {
            Kind::Respondent(_) => return None,
            Kind::Several(_) => true,
            Kind::YesNo(_) | Kind::One(_) | Kind::Text(_) => false,
        };
        let code = |option: &Choice| FIRST_OPTION.saturating_add(option.code);
        let options = question.choices();
        for (index, option) in options.iter().enumerate() {
            measures.push(if several {
                let slot = slots.iter().find(|slot| slot.choice.as_deref() == Some(option.key.as_str()))?;
                Measure::Code {
                    slot: slot.index,
                    code: CHOSEN,
                }
            } else if index + 1 < options.len() {
                equal(code(option))
            } else {
                // A snapshot holds no code that means nothing: what is left is the last option, and one code less to look for.
                Measure::Other {
                    slot: first,
                    than: options.iter().take(index).map(code).collect(),
                }
            });
        }
        let choices = options.iter().map(|option| choice(&option.key, &option.label)).collect();
        Some(Plan {
            key: question.key.clone(),
            label: question.label.clone(),
            measures,
            form: Arc::new(Form { choices, several }),
        })
    }

    fn of_indicator(survey: &Survey, indicator: &Indicator) -> Result<Plan, TableError> {
        let (asked, holds) = (Outcome::of(survey, &indicator.among)?, Outcome::of(survey, &indicator.all)?);
        let among_asked = |condition: Expr| asked.yes.clone().and(condition);
        let measures = [
            among_asked(holds.yes.clone().or(holds.no.clone())),
            asked.blank.clone().or(among_asked(holds.blank.clone())),
            asked.no_answer.clone().or(among_asked(holds.no_answer.clone())),
            asked.no.clone(),
            among_asked(holds.yes.clone()),
            among_asked(holds.no.clone()),
        ];
        Ok(Plan {
            key: indicator.key.clone(),
            label: indicator.label.clone(),
            measures: [Measure::Rows].into_iter().chain(measures.map(Measure::Where)).collect(),
            form: Arc::new(Form {
                choices: INDICATOR_CHOICES.map(|(key, label)| choice(key, label)).into(),
                several: false,
            }),
        })
    }
}

impl Form {
    /// A row of these counts; of none, zeros.
    pub(crate) fn row(&self, names: &Arc<RowNames>, counts: &[u64]) -> TableRow {
        let mut counts = counts.iter().copied().chain(iter::repeat(0));
        let mut next = || counts.next().unwrap_or(0);
        let (n, base, blank, no_answer, not_asked) = (next(), next(), next(), next(), next());
        let chosen = counts.take(self.choices.len());
        let answers = self.several.then(|| chosen.clone().sum::<u64>());
        let options = self.choices.iter().zip(chosen).map(|(choice, count)| OptionCount {
            choice: Arc::clone(choice),
            count,
            percent: percent(count, base),
            percent_of_answers: answers.and_then(|answers| percent(count, answers)),
            estimate: None,
        });
        TableRow {
            names: Arc::clone(names),
            options: options.collect(),
            n,
            base,
            blank,
            no_answer,
            not_asked,
            item_nonresponse: None,
        }
    }
}

fn choice(key: &str, label: &str) -> Arc<TableChoice> {
    Arc::new(TableChoice {
        key: key.to_owned(),
        label: label.to_owned(),
    })
}

/// What a list of conditions is of each row; exactly one of the four holds.
struct Outcome {
    yes: Expr,
    no: Expr,
    blank: Expr,
    no_answer: Expr,
}

impl Outcome {
    fn of(survey: &Survey, conditions: &[Given]) -> Result<Outcome, TableError> {
        let (mut all, mut blank, mut no_answer) = (lit(true), lit(false), lit(false));
        for condition in conditions {
            all = all.and(filter::given(survey, &condition.question, &condition.options)?);
            if let Some(first) = survey.layout().slots_of(condition.question.as_str()).first() {
                blank = blank.or(columns::slot_is(first.index, BLANK));
                no_answer = no_answer.or(columns::slot_is(first.index, NO_ANSWER));
            }
        }
        let no_answer = blank.clone().not().and(no_answer);
        let known = blank.clone().or(no_answer.clone()).not();
        Ok(Outcome {
            yes: all.clone(),
            no: known.and(all.not()),
            blank,
            no_answer,
        })
    }
}
