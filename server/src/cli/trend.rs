//! `chosa trend`: a question of two surveys side by side, as the system.

use std::io::{self, Write};
use std::path::PathBuf;

use analytics::Estimate;
use analytics::picture;
use analytics::trend::{TrendBy, TrendChange, TrendRequest, TrendRow, TrendShare, TrendTable};
use survey::area::Area;
use survey::question::QuestionKey;
use survey::survey::Survey;

use super::columns::{self, Align, percent};
use super::database::with_state;
use super::exit::CliError;
use super::tabulate::INTERNAL;
use super::{files, output};
use crate::app::trends;
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::config::Settings;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[arg(long, value_parser = files::survey, help = "前の年の調査（例: 2022）")]
    from: &'static Survey,
    #[arg(long, value_parser = files::survey, help = "後の年の調査（例: 2024）")]
    to: &'static Survey,
    #[arg(long, help = "後の年の設問キー")]
    question: String,
    #[arg(long, default_value = "nation", help = "地域: nation、都道府県（01～47）、市区町村コード")]
    area: String,
    #[arg(long, value_enum, default_value_t = Rows::Band, help = "行")]
    by: Rows,
    #[arg(long, value_name = "FILE", help = "図（SVG）をこのファイルに書き出す")]
    picture: Option<PathBuf>,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum Rows {
    Area,
    Band,
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    let area = Area::parse(&arguments.area).map_err(|error| {
        tracing::debug!(%error, "area refused");
        CliError::usage("--area には nation（全国）、都道府県（01～47）、市区町村コード（5桁）のいずれかを指定してください。")
    })?;
    let request = TrendRequest {
        question: QuestionKey::from(arguments.question.as_str()),
        area,
        by: match arguments.by {
            Rows::Area => TrendBy::Area,
            Rows::Band => TrendBy::Band,
        },
    };
    with_state(settings, async |state| {
        let permit = Permit::of(Actor::system())?;
        let table = trends::trend(state, &permit, (arguments.from, arguments.to), request).await?;
        if let Some(file) = &arguments.picture {
            files::write(file, picture::of_trend(&table, INTERNAL).as_bytes())?;
        }
        if arguments.json {
            output::print_json(&table)
        } else {
            output::print(|out| write_trend(out, &table))
        }
    })
    .await
}

/// A trend for people: shares, then what became of the panel, then the note.
fn write_trend(out: &mut dyn Write, table: &TrendTable) -> io::Result<()> {
    let (earlier, later) = (&table.earlier.survey, &table.later.survey);
    let of_year = |year: &str| {
        [
            format!("{year}年 母数"),
            "はい".to_owned(),
            "%".to_owned(),
            "推計（95％区間）".to_owned(),
        ]
    };
    let headings: Vec<String> = of_year(earlier)
        .into_iter()
        .chain(of_year(later))
        .chain(["増減（95％区間）".to_owned()])
        .collect();
    let columns: Vec<(&str, Align)> = [("区分", Align::Left), ("病院", Align::Left)]
        .into_iter()
        .chain(headings.iter().map(|heading| (heading.as_str(), Align::Right)))
        .collect();
    let lines = || table.rows.iter().chain([&table.total]);
    let rows: Vec<Vec<String>> = lines()
        .flat_map(|row| {
            let (all, panel) = (&row.all, &row.panel);
            [
                shares(row, "すべて", [&all.earlier, &all.later], all.change.as_ref()),
                shares(row, "両年に回答", [&panel.earlier, &panel.later], panel.change.as_ref()),
            ]
        })
        .collect();
    columns::write(out, &columns, &rows)?;
    writeln!(out)?;
    let columns = [
        ("両年に回答した病院", Align::Left),
        ("母数", Align::Right),
        ("いいえ→はい", Align::Right),
        ("%", Align::Right),
        ("はい→いいえ", Align::Right),
        ("%", Align::Right),
        ("はい→はい", Align::Right),
        ("いいえ→いいえ", Align::Right),
    ];
    let transitions: Vec<Vec<String>> = lines()
        .map(|row| {
            let panel = &row.panel;
            vec![
                label(row),
                panel.earlier.base.to_string(),
                panel.gained.count.to_string(),
                percent(panel.gained.percent),
                panel.lost.count.to_string(),
                percent(panel.lost.percent),
                panel.stayed_yes.count.to_string(),
                panel.stayed_no.count.to_string(),
            ]
        })
        .collect();
    columns::write(out, &columns, &transitions)?;
    writeln!(out, "\n注: {}", table.note)
}

fn shares(row: &TrendRow, hospitals: &str, years: [&TrendShare; 2], change: Option<&TrendChange>) -> Vec<String> {
    let year = |share: &TrendShare| {
        [
            share.base.to_string(),
            share.count.to_string(),
            percent(share.percent),
            share.estimate.as_ref().map_or_else(|| percent(None), estimate),
        ]
    };
    let change = change.map_or_else(
        || percent(None),
        |change| format!("{:+.1}{}", change.points, interval(change.low, change.high)),
    );
    [label(row), hospitals.to_owned()]
        .into_iter()
        .chain(years.into_iter().flat_map(year))
        .chain([change])
        .collect()
}

fn estimate(estimate: &Estimate) -> String {
    format!("{:.1}{}", estimate.percent, interval(estimate.low, estimate.high))
}

fn interval(low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("（{low:.1}～{high:.1}）"),
        _ => String::new(),
    }
}

fn label(row: &TrendRow) -> String {
    row.band_label.clone().unwrap_or_else(|| "計".to_owned())
}
