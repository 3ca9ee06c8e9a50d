//! The table of one question: counted submissions, base, states and options for every row of an area. Writes no file and hides nothing:
//! who may see an unsuppressed table is decided by the caller.

use crate::by::By;
use crate::columns;
use crate::cube::{self, Cell, Measure};
use crate::filter::Filter;
use crate::percent::percent;
use crate::shape::{self, Names, PlaceValue};
use crate::snapshot::Snapshot;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use survey::area::Area;
use survey::bands::{BandRange, Bands};
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
    /// Which bed classes; they matter for rows and filters by band only.
    pub banding: Bands,
    /// Only hospitals for which all of these hold. They take hospitals away, never rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
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
    pub banding: Bands,
    /// Only hospitals for which all of these hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// When the answers were read.
    pub as_of: DateTime<Utc>,
    /// The options, in the order of the questionnaire.
    pub choices: Vec<TableChoice>,
    /// In the order of `by`, the first dimension the slowest: regions from north to south, prefectures and municipalities by code, bands from small
    /// to large. Every region, prefecture and band of the area has its row also where n is 0; of municipalities those of the frame.
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
    /// What the row is about, in the order of `by`; empty for the area as a whole.
    pub place: Vec<PlaceValue>,
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
    /// Of a several-choice question: percent of all answers chosen in the row, so that the options add up to 100 but for rounding. `None` for other
    /// questions, and where nothing was chosen.
    pub percent_of_answers: Option<f64>,
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
    /// The banding has no such class.
    #[error("banding {banding} has no class {band}")]
    UnknownBand {
        /// The banding as written.
        banding: String,
        /// The key asked for.
        band: String,
    },
    /// Who has not answered cannot be told apart by an answer.
    #[error("response rates cannot be filtered by the answer to {question}")]
    FilterByAnswer {
        /// The question asked for.
        question: String,
    },
    /// The counting itself failed: a defect, not something that a caller can mend.
    #[error("counting failed: {0}")]
    Counting(String),
}

/// Counts one question. Call it from a plain thread (see the crate's documentation).
///
/// # Errors
/// [`TableError`]: the question is unknown or not coded, or a filter names something that there is not.
pub fn table(snapshot: &Snapshot, request: &TableRequest) -> Result<Table, TableError> {
    Ok(Counted::new(
        snapshot,
        &request.question,
        &request.area,
        request.banding.clone(),
        &request.filters,
    )?
    .table(request.by))
}

/// One question counted in the finest cells of an area; every shape of table adds up from them.
pub(crate) struct Counted<'a> {
    snapshot: &'a Snapshot,
    question: &'a Question,
    area: Area,
    banding: Bands,
    filters: Vec<Filter>,
    plan: Plan,
    cells: BTreeMap<Cell, Vec<u64>>,
}

impl<'a> Counted<'a> {
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        key: &QuestionKey,
        area: &Area,
        banding: impl Into<Bands>,
        filters: &[Filter],
    ) -> Result<Counted<'a>, TableError> {
        let (survey, banding) = (snapshot.survey(), banding.into());
        let named = || (survey.id().as_str().to_owned(), key.as_str().to_owned());
        let question = survey.question(key.as_str()).ok_or_else(|| {
            let (survey, question) = named();
            TableError::UnknownQuestion { survey, question }
        })?;
        let plan = Plan::new(snapshot, question).ok_or_else(|| {
            let (survey, question) = named();
            TableError::NotCoded { survey, question }
        })?;
        let only = filters
            .iter()
            .map(|filter| filter.condition(survey, &banding))
            .collect::<Result<Vec<_>, _>>()?;
        let cells = cube::count(&snapshot.columns().responses, area, &banding, &only, &plan.measures)
            .map_err(|error| TableError::Counting(error.to_string()))?;
        Ok(Counted {
            snapshot,
            question,
            area: area.clone(),
            banding,
            filters: filters.to_vec(),
            plan,
            cells,
        })
    }

    pub(crate) fn table(&self, by: By) -> Table {
        let ranges = self.banding.ranges();
        Table {
            survey: self.snapshot.survey().id().as_str().to_owned(),
            question: self.question.key.clone(),
            label: self.question.label.clone(),
            area: self.area.clone(),
            by,
            banding: self.banding.clone(),
            filters: self.filters.clone(),
            as_of: self.snapshot.as_of(),
            choices: self.plan.choices.clone(),
            rows: self.rows(by, &ranges),
            // Of no dimensions there is one row.
            total: self
                .rows(By::AREA, &ranges)
                .pop()
                .unwrap_or_else(|| self.plan.row(Names::default(), &[])),
        }
    }

    fn rows(&self, by: By, ranges: &[BandRange]) -> Vec<TableRow> {
        let counted = shape::fold(&self.cells, by);
        let keys = shape::rows(&self.area, by, &self.banding, &self.snapshot.columns().municipalities);
        let row = |key| {
            let counts = counted.get(&key).map_or(&[][..], Vec::as_slice);
            self.plan.row(shape::names(key, by, ranges), counts)
        };
        keys.into_iter().map(row).collect()
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
    /// Whether a hospital may choose several options.
    several: bool,
    choices: Vec<TableChoice>,
    measures: Vec<Measure>,
}

impl Plan {
    fn new(snapshot: &Snapshot, question: &Question) -> Option<Plan> {
        let slots = snapshot.survey().layout().slots_of(question.key.as_str());
        // All slots of one question are in the same state (checked by the snapshot), so the first one stands for all.
        let first = slots.first()?.index;
        let equal = |code: u8| Measure::Where(columns::slot_is(first, code));
        let mut measures = vec![
            Measure::Rows,
            Measure::Where(columns::slot_from(first, FIRST_OPTION)),
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
                    measures.push(Measure::Where(columns::slot_is(slot, CHOSEN)));
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
        Some(Plan {
            several: matches!(question.kind, Kind::Several(_)),
            choices,
            measures,
        })
    }

    /// A row of these counts; of none, zeros.
    fn row(&self, names: Names, counts: &[u64]) -> TableRow {
        let mut counts = counts.iter().copied();
        let mut next = || counts.next().unwrap_or(0);
        let (n, base, blank, no_answer, not_asked) = (next(), next(), next(), next(), next());
        let chosen: Vec<u64> = self.choices.iter().map(|_| next()).collect();
        let answers = self.several.then(|| chosen.iter().sum::<u64>());
        let options = self.choices.iter().zip(chosen).map(|(choice, count)| OptionCount {
            key: choice.key.clone(),
            label: choice.label.clone(),
            count,
            percent: percent(count, base),
            percent_of_answers: answers.and_then(|answers| percent(count, answers)),
        });
        TableRow {
            place: names.place,
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
