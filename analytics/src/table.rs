//! The table of one question: counted submissions, base, states and options for every row of an area. Writes no file and hides nothing:
//! who may see an unsuppressed table is decided by the caller.

use crate::by::{By, Dimension};
use crate::cube::{self, Counts, Detail};
use crate::estimate::Design;
use crate::estimated::Estimate;
use crate::filter::Filter;
use crate::kernel;
use crate::plan::Plan;
use crate::shape::{RowNames, Shape};
use crate::snapshot::Snapshot;
use crate::table_rows::TableRows;
use crate::weigh;
use chrono::{DateTime, Utc};
use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use survey::area::Area;
use survey::bands::Bands;
use survey::question::{Question, QuestionKey};

/// Which table. The area is mandatory: there is no table of "everything that I may see".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TableRequest {
    /// A coded question of the snapshot's survey, or one of its indicators (`survey::indicator`).
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
    /// Also what the shares would be of all hospitals of the frame: weighted, with intervals.
    #[serde(default)]
    pub estimates: bool,
}

/// One question counted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// The survey's id.
    pub survey: String,
    /// The key of the question or indicator.
    pub question: QuestionKey,
    /// Its short Japanese name.
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
    pub choices: Vec<Arc<TableChoice>>,
    /// In the order of `by`, the first dimension the slowest: regions from north to south, prefectures and municipalities by code, bands from small
    /// to large, values of attributes as the catalogue has them, what the frame does not say last. Every region, prefecture, band and value of the
    /// area has its row also where n is 0; of municipalities and codes those of the frame.
    pub rows: TableRows,
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
    /// What the row is about.
    #[serde(flatten)]
    pub names: Arc<RowNames>,
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
    /// Blank and no answer among those that were asked. Only if estimates were asked for; `None` where nobody was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_nonresponse: Option<Box<ItemNonresponse>>,
}

/// How many of those that were asked gave no answer to the question (項目無回答).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemNonresponse {
    /// Hospitals that were asked: base, blank and no answer.
    pub asked: u64,
    /// Blank and no answer.
    pub count: u64,
    /// Percent of the asked with one decimal, rounded half up.
    pub percent: Option<f64>,
    /// The same of all hospitals of the frame.
    pub estimate: Option<Estimate>,
}

/// How many chose an option.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OptionCount {
    /// Which option.
    #[serde(flatten)]
    pub choice: Arc<TableChoice>,
    /// Hospitals.
    pub count: u64,
    /// Percent of the base with one decimal, rounded half up; `None` where the base is 0.
    pub percent: Option<f64>,
    /// Of a several-choice question: percent of all answers chosen in the row, so that the options add up to 100 but for rounding. `None` for other
    /// questions, and where nothing was chosen.
    pub percent_of_answers: Option<f64>,
    /// `percent` of all hospitals of the frame. Only if estimates were asked for; `None` where the base is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    /// Apart, because most tables have none.
    pub estimate: Option<Box<Estimate>>,
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
    let counted = Counted::of(snapshot, request)?;
    if request.estimates {
        counted.weighted_table(request.by, &weigh::design(snapshot)?)
    } else {
        Ok(counted.table(request.by))
    }
}

/// Counts many questions on all cores; the tables stand in the order of the requests. Call it from a plain thread.
///
/// # Errors
/// [`TableError`], as [`table()`]: if several requests are refused, one of their refusals.
pub fn tables(snapshot: &Snapshot, requests: &[TableRequest]) -> Result<Vec<Table>, TableError> {
    requests.par_iter().map(|request| table(snapshot, request)).collect()
}

/// One question counted in the cells of an area; every shape of table that asks for no finer ones adds up from them, by the attributes that it was
/// counted for or none.
pub(crate) struct Counted<'a> {
    snapshot: &'a Snapshot,
    area: Area,
    banding: Bands,
    filters: Vec<Filter>,
    plan: Plan,
    counts: Counts,
}

impl<'a> Counted<'a> {
    /// For tables by regions, prefectures and bands, whose cells [`Detail::PrefectureBand`] tells apart.
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        key: &QuestionKey,
        area: &Area,
        banding: impl Into<Bands>,
        filters: &[Filter],
    ) -> Result<Counted<'a>, TableError> {
        let request = TableRequest {
            question: key.clone(),
            area: area.clone(),
            by: By::AREA,
            banding: banding.into(),
            filters: filters.to_vec(),
            estimates: false,
        };
        Counted::of(snapshot, &request)
    }

    /// In the detail that a request asks for.
    fn of(snapshot: &'a Snapshot, request: &TableRequest) -> Result<Counted<'a>, TableError> {
        let survey = snapshot.survey();
        let (area, banding) = (request.area.clone(), request.banding.clone());
        let plan = Plan::of(survey, &request.question)?;
        let only = request
            .filters
            .iter()
            .map(|filter| filter.condition(survey, &banding))
            .collect::<Result<Vec<_>, _>>()?;
        let attributes = request.by.attributes();
        let detail = if request.by.has(Dimension::Municipality) || !attributes.is_empty() {
            Detail::Finest
        } else {
            Detail::PrefectureBand
        };
        let counts = cube::count_responses(
            snapshot.columns(),
            (detail, kernel::SPREAD_FROM),
            &area,
            &banding,
            &attributes,
            &only,
            &plan.measures,
        )
        .map_err(|error| TableError::Counting(error.to_string()))?;
        Ok(Counted {
            snapshot,
            area,
            banding,
            filters: request.filters.clone(),
            plan,
            counts,
        })
    }

    pub(crate) fn table(&self, by: By) -> Table {
        Table {
            survey: self.snapshot.survey().id().as_str().to_owned(),
            question: self.plan.key.clone(),
            label: self.plan.label.clone(),
            area: self.area.clone(),
            by,
            banding: self.banding.clone(),
            filters: self.filters.clone(),
            as_of: self.snapshot.as_of(),
            choices: self.plan.form.choices.clone(),
            rows: self.rows(by),
            // Of no dimensions there is one row.
            total: self
                .rows(By::AREA)
                .into_iter()
                .next()
                .unwrap_or_else(|| self.plan.form.row(&Arc::default(), &[])),
        }
    }

    /// The table with estimates too, by the design of the whole survey: a weight does not depend on what is asked for.
    pub(crate) fn weighted_table(&self, by: By, design: &Design) -> Result<Table, TableError> {
        let table = self.table(by);
        let (mut total, mut rows) = (table.total, Vec::from(table.rows));
        let strata = weigh::strata(&self.counts, &self.shape(by));
        for (index, row) in rows.iter_mut().enumerate() {
            weigh::weigh(row, design, strata.get(&index))?;
        }
        let whole = weigh::strata(&self.counts, &self.shape(By::AREA));
        weigh::weigh(&mut total, design, whole.values().next())?;
        Ok(Table {
            total,
            rows: rows.into(),
            ..table
        })
    }

    fn shape(&self, by: By) -> Arc<Shape> {
        self.snapshot.shape(&self.area, by, &self.banding)
    }

    fn rows(&self, by: By) -> TableRows {
        let shape = self.shape(by);
        let folded = shape.fold(&self.counts);
        TableRows::new(Arc::clone(&self.plan.form), shape, folded)
    }
}

/// The questions of the snapshot's survey that can be counted, in the order of the questionnaire.
pub(crate) fn counted_questions(snapshot: &Snapshot) -> impl Iterator<Item = &Question> {
    snapshot
        .survey()
        .questions()
        .iter()
        .filter(|question| Plan::of_question(snapshot.survey(), question).is_some())
}
