//! Two surveys side by side: one pair of the crosswalk on its harmonised base, for all hospitals and for the panel that answered both, with
//! intervals and transitions. Definitions are in `docs/methods.md`, sections 6, 7 and 9.
//!
//! Decides not what compares (the crosswalk does) nor who may see it (the caller does). Hospitals are joined by their internal id, which stays
//! inside: no output names a hospital.

mod joined;
mod panel;
mod said;
mod share;

use crate::snapshot::Snapshot;
use chrono::{DateTime, Utc};
use joined::{Domain, Joined};
use serde::{Deserialize, Serialize};
use survey::area::Area;
use survey::band::Banding;
use survey::crosswalk::{Counting, Crosswalk, Pair};
use survey::question::QuestionKey;

pub(crate) use panel::{asked, overlap};
pub use share::{TrendAll, TrendChange, TrendPanel, TrendShare, TrendTransition};

/// Which trend. The area is mandatory, as for tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendRequest {
    /// The question's key in the later survey.
    pub question: QuestionKey,
    /// Whose hospitals: each year's by the frame of that year, the panel's by the later frame.
    pub area: Area,
    /// What the rows are.
    pub by: TrendBy,
}

/// What the rows of a trend are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrendBy {
    /// The area as a whole and nothing below it.
    Area,
    /// A row for each band of the survey banding.
    Band,
}

/// One pair of the crosswalk, counted in both years.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendTable {
    /// The earlier year.
    pub earlier: TrendYear,
    /// The later year.
    pub later: TrendYear,
    /// What a reader must know of the comparison; Japanese.
    pub note: String,
    /// Whose hospitals.
    pub area: Area,
    /// What the rows are.
    pub by: TrendBy,
    /// A row for every band from small to large, also where nobody answered; empty by area.
    pub rows: Vec<TrendRow>,
    /// The area as a whole.
    pub total: TrendRow,
}

/// What is counted in one of the years.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendYear {
    /// The survey's id.
    pub survey: String,
    /// The question's key in that survey.
    pub question: QuestionKey,
    /// Its short Japanese name.
    pub label: String,
    /// The options that count as yes, as printed.
    pub yes: Vec<String>,
    /// When the answers were read.
    pub as_of: DateTime<Utc>,
}

/// One row: all hospitals, and those that answered both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendRow {
    /// The band's key, in rows by band.
    pub band: Option<String>,
    /// The band as printed, in rows by band.
    pub band_label: Option<String>,
    /// Every hospital of either year.
    pub all: TrendAll,
    /// The hospitals that answered both surveys.
    pub panel: TrendPanel,
}

/// Why there is no trend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrendError {
    /// The later survey has no such question.
    #[error("survey {survey} has no question {question}")]
    UnknownQuestion {
        /// The later survey's id.
        survey: String,
        /// The key asked for.
        question: String,
    },
    /// The crosswalk does not name the question for these surveys; an equal key proves nothing.
    #[error("the crosswalk lists no question of survey {from} for {question} of survey {to}")]
    NotListed {
        /// The earlier survey's id.
        from: String,
        /// The later survey's id.
        to: String,
        /// The key asked for.
        question: String,
    },
    /// The crosswalk says that the questions do not compare.
    #[error("{question} of survey {to} does not compare with {from_question} of survey {from}: {note}")]
    NotComparable {
        /// The earlier survey's id.
        from: String,
        /// The later survey's id.
        to: String,
        /// The key asked for.
        question: String,
        /// The question of the earlier survey that looks alike.
        from_question: String,
        /// Why not; Japanese.
        note: String,
    },
    /// A crosswalk that does not fit the surveys, or counts that do not fit each other: a defect, not something that a caller can mend.
    #[error("the trend could not be counted: {0}")]
    Counting(String),
}

/// Counts one comparable pair in both years. `earlier` and `later` are snapshots of two different surveys.
///
/// # Errors
/// [`TrendError`]: the question is unknown, or the crosswalk does not say that it compares.
pub fn trend(earlier: &Snapshot, later: &Snapshot, crosswalk: &Crosswalk, request: &TrendRequest) -> Result<TrendTable, TrendError> {
    let (pair, from, to) = comparable(earlier, later, crosswalk, &request.question)?;
    let joined = Joined::new(
        said::year(earlier, &pair.from_question, from, &request.area)?,
        said::year(later, &pair.to_question, to, &request.area)?,
    )?;
    let row = |band: Option<usize>| {
        let (all, panel) = joined.count(Domain { band })?;
        let named = band.and_then(|index| Banding::Survey.bands().get(index));
        Ok::<TrendRow, TrendError>(TrendRow {
            band: named.map(|band| band.key.to_owned()),
            band_label: named.map(|band| band.label.to_owned()),
            all,
            panel,
        })
    };
    let bands = match request.by {
        TrendBy::Area => 0,
        TrendBy::Band => Banding::Survey.bands().len(),
    };
    Ok(TrendTable {
        earlier: described(earlier, &pair.from_question, from)?,
        later: described(later, &pair.to_question, to)?,
        note: pair.note.clone(),
        area: request.area.clone(),
        by: request.by,
        rows: (0..bands).map(|band| row(Some(band))).collect::<Result<_, _>>()?,
        total: row(None)?,
    })
}

/// The questions of the later survey that compare with the earlier one, in the order of the crosswalk.
pub fn comparable_questions(earlier: &Snapshot, later: &Snapshot, crosswalk: &Crosswalk) -> Vec<QuestionKey> {
    crosswalk
        .between(earlier.survey().id().as_str(), later.survey().id().as_str())
        .filter(|pair| pair.comparable)
        .map(|pair| QuestionKey::from(pair.to_question.as_str()))
        .collect()
}

/// The pair of a question, with how each year is counted.
fn comparable<'c>(
    earlier: &Snapshot,
    later: &Snapshot,
    crosswalk: &'c Crosswalk,
    key: &QuestionKey,
) -> Result<(&'c Pair, &'c Counting, &'c Counting), TrendError> {
    let (from, to) = (earlier.survey().id().as_str(), later.survey().id().as_str());
    let question = key.as_str().to_owned();
    if later.survey().question(key.as_str()).is_none() {
        return Err(TrendError::UnknownQuestion {
            survey: to.to_owned(),
            question,
        });
    }
    let listed = || crosswalk.between(from, to).filter(|pair| pair.to_question == question);
    let counted = listed().filter(|pair| pair.comparable);
    if let Some(found) = counted
        .filter_map(|pair| Some((pair, pair.from.as_ref()?, pair.to.as_ref()?)))
        .next()
    {
        return Ok(found);
    }
    Err(match listed().next() {
        Some(pair) => TrendError::NotComparable {
            from: from.to_owned(),
            to: to.to_owned(),
            question,
            from_question: pair.from_question.clone(),
            note: pair.note.clone(),
        },
        None => TrendError::NotListed {
            from: from.to_owned(),
            to: to.to_owned(),
            question,
        },
    })
}

fn described(snapshot: &Snapshot, key: &str, counting: &Counting) -> Result<TrendYear, TrendError> {
    let survey = snapshot.survey();
    let question = survey.question(key).ok_or_else(|| said::misfit(snapshot, key))?;
    let label = |option: &String| question.choice(option).map(|choice| choice.label.clone());
    Ok(TrendYear {
        survey: survey.id().as_str().to_owned(),
        question: question.key.clone(),
        label: question.label.clone(),
        yes: counting.yes.iter().filter_map(label).collect(),
        as_of: snapshot.as_of(),
    })
}
