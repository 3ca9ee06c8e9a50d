//! The table of one question: counted submissions, base, states and options for every row of an area. Writes no file and hides nothing:
//! who may see an unsuppressed table is decided by the caller.

use crate::cube::{self, Cell, Measure};
use crate::percent::percent;
use crate::shape::{self, By, Place};
use crate::snapshot::Snapshot;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use survey::area::Area;
use survey::band::Banding;
use survey::codes::{BLANK, CHOSEN, FIRST_OPTION, NO_ANSWER, NOT_ASKED};
use survey::question::{Kind, Question, QuestionKey};

/// Which table. The area is mandatory: there is no table of "everything that I may see".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRequest {
    /// A coded question of the snapshot's survey.
    pub question: QuestionKey,
    /// Whose hospitals.
    pub area: Area,
    /// What the rows are.
    pub by: By,
    /// Which bed classes; it matters for rows by band only.
    pub banding: Banding,
    /// Only hospitals that gave this answer to another question (2022: items 13 and 14 by the presence of a VPN device); `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub among: Option<Among>,
}

/// Hospitals that gave an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Among {
    /// A coded question of the same survey.
    pub question: QuestionKey,
    /// One of its options.
    pub option: String,
}

/// One question counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The survey's id.
    pub survey: String,
    /// The question's key.
    pub question: QuestionKey,
    /// The question's short Japanese name.
    pub label: String,
    /// Whose hospitals.
    pub area: Area,
    /// What the rows are.
    pub by: By,
    /// Which bed classes.
    pub banding: Banding,
    /// Only hospitals that gave this answer; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub among: Option<Among>,
    /// When the answers were read.
    pub as_of: DateTime<Utc>,
    /// The options, in the order of the questionnaire.
    pub choices: Vec<TableChoice>,
    /// A row for every prefecture and band asked for, also where n is 0; by prefecture code, then from small to large.
    pub rows: Vec<TableRow>,
    /// The area as a whole.
    pub total: TableRow,
}

/// An option of the table's question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableChoice {
    /// The option's key.
    pub key: String,
    /// The option as printed.
    pub label: String,
}

/// One row. `base + blank + no_answer + not_asked = n`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableRow {
    /// Two-digit prefecture code, in rows by prefecture.
    pub prefecture: Option<String>,
    /// The prefecture's formal name, in rows by prefecture.
    pub prefecture_name: Option<String>,
    /// The band's key, in rows by band.
    pub band: Option<String>,
    /// The band as printed, in rows by band.
    pub band_label: Option<String>,
    /// Counted submissions (hospitals).
    pub n: u64,
    /// Of those, the ones that answered the question: what a percentage divides by.
    pub base: u64,
    /// Asked, left empty (空欄).
    pub blank: u64,
    /// 無回答, which only proxy entry may write.
    pub no_answer: u64,
    /// Not asked (非該当).
    pub not_asked: u64,
    /// Every option in the order of [`Table::choices`]. Of a several-choice question the counts may add up to more than the base.
    pub options: Vec<OptionCount>,
}

/// How many chose an option.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OptionCount {
    /// The option's key.
    pub key: String,
    /// The option as printed.
    pub label: String,
    /// Hospitals.
    pub count: u64,
    /// Percent of the base with one decimal, rounded half up; `None` where the base is 0.
    pub percent: Option<f64>,
}

/// Why there is no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The survey has no such question.
    #[error("survey {survey} has no question {question}")]
    UnknownQuestion {
        /// The survey's id.
        survey: String,
        /// The key asked for.
        question: String,
    },
    /// Names and contacts, and free text without a slot, are not counted.
    #[error("question {question} of survey {survey} is not coded, so it has no table")]
    NotCoded {
        /// The survey's id.
        survey: String,
        /// The key asked for.
        question: String,
    },
    /// The question has no such option.
    #[error("question {question} of survey {survey} has no option {option}")]
    UnknownOption {
        /// The survey's id.
        survey: String,
        /// The question asked for.
        question: String,
        /// The option asked for.
        option: String,
    },
    /// The counting itself failed: a defect, not something that a caller can mend.
    #[error("counting failed: {0}")]
    Counting(String),
}

/// Counts one question. Call it from a plain thread (see the crate's documentation).
///
/// # Errors
/// [`TableError`]: the question is unknown or not coded.
pub fn table(snapshot: &Snapshot, request: &TableRequest) -> Result<Table, TableError> {
    Ok(Counted::new(snapshot, &request.question, &request.area, request.banding, request.among.as_ref())?.table(request.by))
}

/// One question counted in the finest cells of an area; every shape of table adds up from them.
pub(crate) struct Counted<'a> {
    snapshot: &'a Snapshot,
    question: &'a Question,
    area: Area,
    banding: Banding,
    among: Option<Among>,
    plan: Plan,
    cells: BTreeMap<Cell, Vec<u64>>,
}

impl<'a> Counted<'a> {
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        key: &QuestionKey,
        area: &Area,
        banding: Banding,
        among: Option<&Among>,
    ) -> Result<Counted<'a>, TableError> {
        let survey = snapshot.survey();
        let named = || (survey.id().as_str().to_owned(), key.as_str().to_owned());
        let question = survey.question(key.as_str()).ok_or_else(|| {
            let (survey, question) = named();
            TableError::UnknownQuestion { survey, question }
        })?;
        let plan = Plan::new(snapshot, question).ok_or_else(|| {
            let (survey, question) = named();
            TableError::NotCoded { survey, question }
        })?;
        let only = among.map(|among| among.measure(snapshot)).transpose()?;
        let cells = cube::count(&snapshot.columns().responses, area, banding, only.as_ref(), &plan.measures)
            .map_err(|error| TableError::Counting(error.to_string()))?;
        Ok(Counted {
            snapshot,
            question,
            area: area.clone(),
            banding,
            among: among.cloned(),
            plan,
            cells,
        })
    }

    pub(crate) fn table(&self, by: By) -> Table {
        let row = |place: Place| {
            self.plan
                .row(place, self.banding, &place.sum(&self.cells, self.plan.measures.len()))
        };
        Table {
            survey: self.snapshot.survey().id().as_str().to_owned(),
            question: self.question.key.clone(),
            label: self.question.label.clone(),
            area: self.area.clone(),
            by,
            banding: self.banding,
            among: self.among.clone(),
            as_of: self.snapshot.as_of(),
            choices: self.plan.choices.clone(),
            rows: shape::places(&self.area, by, self.banding).into_iter().map(row).collect(),
            total: row(Place::WHOLE),
        }
    }
}

impl Among {
    /// The byte that says so.
    fn measure(&self, snapshot: &Snapshot) -> Result<Measure, TableError> {
        let survey = snapshot.survey();
        let (id, key) = (survey.id().as_str().to_owned(), self.question.as_str().to_owned());
        let question = survey.question(&key).ok_or_else(|| TableError::UnknownQuestion {
            survey: id.clone(),
            question: key.clone(),
        })?;
        let choice = question.choice(&self.option);
        let slots = survey.layout().slots_of(&key);
        let slot = slots
            .iter()
            .find(|slot| slot.choice.as_ref().is_none_or(|choice| *choice == self.option));
        match (choice, slot) {
            (Some(_), Some(slot)) if slot.choice.is_some() => Ok(Measure::Equal {
                slot: slot.index,
                code: CHOSEN,
            }),
            (Some(choice), Some(slot)) => Ok(Measure::Equal {
                slot: slot.index,
                code: FIRST_OPTION.saturating_add(choice.code),
            }),
            _ => Err(TableError::UnknownOption {
                survey: id,
                question: key,
                option: self.option.clone(),
            }),
        }
    }
}

/// The questions of the snapshot's survey that can be counted, in the order of the questionnaire.
pub(crate) fn counted_questions(snapshot: &Snapshot) -> impl Iterator<Item = &Question> {
    snapshot
        .survey()
        .questions()
        .iter()
        .filter(|question| Plan::new(snapshot, question).is_some())
}

/// What to count for a question: five state measures, then one measure an option.
struct Plan {
    choices: Vec<TableChoice>,
    measures: Vec<Measure>,
}

impl Plan {
    fn new(snapshot: &Snapshot, question: &Question) -> Option<Plan> {
        let slots = snapshot.survey().layout().slots_of(question.key.as_str());
        // All slots of one question are in the same state (checked by the snapshot), so the first one stands for all.
        let first = slots.first()?.index;
        let equal = |code: u8| Measure::Equal { slot: first, code };
        let mut measures = vec![
            Measure::Rows,
            Measure::AtLeast {
                slot: first,
                code: FIRST_OPTION,
            },
            equal(BLANK),
            equal(NO_ANSWER),
            equal(NOT_ASKED),
        ];
        let mut choices = Vec::new();
        match &question.kind {
            Kind::Respondent(_) => return None,
            Kind::Several(options) => {
                for option in options {
                    let slot = slots.iter().find(|slot| slot.choice.as_deref() == Some(option.key.as_str()))?.index;
                    choices.push(TableChoice {
                        key: option.key.clone(),
                        label: option.label.clone(),
                    });
                    measures.push(Measure::Equal { slot, code: CHOSEN });
                }
            }
            Kind::YesNo(_) | Kind::One(_) | Kind::Text(_) => {
                for option in question.choices() {
                    choices.push(TableChoice {
                        key: option.key.clone(),
                        label: option.label.clone(),
                    });
                    measures.push(equal(FIRST_OPTION.saturating_add(option.code)));
                }
            }
        }
        Some(Plan { choices, measures })
    }

    fn row(&self, place: Place, banding: Banding, counts: &[u64]) -> TableRow {
        let names = shape::names(place, banding);
        let mut counts = counts.iter().copied();
        let mut next = || counts.next().unwrap_or(0);
        let (n, base, blank, no_answer, not_asked) = (next(), next(), next(), next(), next());
        let options = self.choices.iter().map(|choice| {
            let count = next();
            OptionCount {
                key: choice.key.clone(),
                label: choice.label.clone(),
                count,
                percent: percent(count, base),
            }
        });
        TableRow {
            prefecture: names.prefecture,
            prefecture_name: names.prefecture_name,
            band: names.band,
            band_label: names.band_label,
            options: options.collect(),
            n,
            base,
            blank,
            no_answer,
            not_asked,
        }
    }
}
