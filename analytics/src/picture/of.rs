//! The picture of a table or trend: bars, or a tile map where the rows are prefectures, or lines over the years. Hides nothing: who may see the table
//! may see its picture.

use survey::prefecture::PrefectureCode;

use super::{Bar, Caption, Line, Share, Tile, bars, lines, tile_map};
use crate::by::By;
use crate::estimated::{Estimate, Known};
use crate::grouped;
use crate::table::{OptionCount, Table, TableRow};
use crate::trend::{TrendShare, TrendTable};

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// A cross has more than one share a row.
    #[error("a table by {0} has no picture: only rows of one kind have")]
    Crossed(String),
    /// The question has no such option.
    #[error("question {question} has no option {option}")]
    UnknownOption {
        /// The question's key.
        question: String,
        /// The key asked for.
        option: String,
    },
}

/// One option of a table, by its rows: weighted with intervals where the table has estimates, else as counted. `option`: its key; `None`: the first.
///
/// # Errors
/// [`PictureError`]: the table is a cross, or has no such option.
pub fn of_table(table: &Table, option: Option<&str>, source: &str) -> Result<String, PictureError> {
    let choice = table
        .choices
        .iter()
        .find(|choice| option.is_none_or(|option| choice.key == option))
        .ok_or_else(|| PictureError::UnknownOption {
            question: table.question.to_string(),
            option: option.unwrap_or_default().to_owned(),
        })?;
    let share = |row: &TableRow| {
        let count = row.options.iter().find(|count| count.choice.key == choice.key);
        count.map_or(Share::Absent, of_option)
    };
    let estimated = table.total.options.iter().any(|count| count.estimate.is_some());
    let how = if estimated {
        "調査対象の全病院についての推計（線は95％信頼区間）"
    } else {
        "回答した病院に対する割合"
    };
    let caption = Caption {
        title: format!("{}：「{}」の割合", table.label, choice.label),
        subtitle: format!(
            "{}年調査、{}、{how}。全体 {}、母数 {}病院",
            table.survey,
            table.area.name(),
            share(&table.total).printed(),
            grouped(table.total.base)
        ),
        source: source.to_owned(),
    };
    if table.by == By::PREFECTURE {
        let tile = |row: &TableRow| {
            let code = row.names.prefecture.as_deref()?;
            let prefecture = PrefectureCode::all().find(|other| other.code() == code)?;
            Some(Tile {
                prefecture,
                share: share(row),
            })
        };
        return Ok(tile_map(&caption, &table.rows.iter().filter_map(tile).collect::<Vec<_>>()));
    }
    if table.rows.iter().any(|row| row.names.place.len() > 1) {
        return Err(PictureError::Crossed(table.by.to_string()));
    }
    let bar = |label: &str, row: &TableRow| Bar {
        label: label.to_owned(),
        base: Some(row.base),
        share: share(row),
    };
    let named = |row: &TableRow| bar(row.names.place.first().map_or("全体", |place| place.label.as_str()), row);
    let mut all: Vec<Bar> = table.rows.iter().map(named).collect();
    if table.by != By::AREA {
        all.push(bar("全体", &table.total));
    }
    Ok(bars(&caption, &all))
}

/// The two years of a trend, of the whole area: all hospitals weighted, and those that answered both.
pub fn of_trend(table: &TrendTable, source: &str) -> String {
    let (all, panel) = (&table.total.all, &table.total.panel);
    let line = |label: &str, shares: [&TrendShare; 2]| Line {
        label: label.to_owned(),
        points: shares.map(of_trend_share).to_vec(),
    };
    let caption = Caption {
        title: format!("{}：「{}」の割合の推移", table.later.label, table.later.yes.join("・")),
        subtitle: format!(
            "{}、推計（線は95％信頼区間）。両年に回答した病院 {}",
            table.area.name(),
            grouped(panel.later.n)
        ),
        source: source.to_owned(),
    };
    let years = [&table.earlier, &table.later].map(|year| year.survey.clone());
    lines(
        &caption,
        &years,
        &[
            line("すべての病院", [&all.earlier, &all.later]),
            line("両年に回答した病院", [&panel.earlier, &panel.later]),
        ],
    )
}

fn of_option(count: &OptionCount) -> Share {
    match (&count.estimate, count.percent) {
        (Some(estimate), _) => of_estimate(estimate),
        (None, Some(percent)) => Share::Shown { percent, interval: None },
        (None, None) => Share::Absent,
    }
}

fn of_trend_share(share: &TrendShare) -> Share {
    match (&share.estimate, share.percent) {
        (Some(estimate), _) => of_estimate(estimate),
        (None, Some(percent)) => Share::Shown { percent, interval: None },
        (None, None) => Share::Absent,
    }
}

fn of_estimate(estimate: &Estimate) -> Share {
    match estimate.known {
        // One answer says nothing of the others.
        Known::Unknown => Share::Absent,
        Known::Complete | Known::Sampled => Share::Shown {
            percent: estimate.percent,
            interval: estimate.low.zip(estimate.high),
        },
    }
}
