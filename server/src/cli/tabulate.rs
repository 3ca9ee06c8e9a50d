//! `chosa tabulate`: a live table, response rates, or all statistics files, as the system.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use analytics::picture::{self, PictureError};
use analytics::{Estimate, PlaceValue, RateRequest, RateTable, Table, TableRequest};
use survey::area::Area;
use survey::indicator;
use survey::question::QuestionKey;
use survey::survey::Survey;

use super::columns::{self, Align, percent};
use super::database::with_state;
use super::exit::CliError;
use super::{files, output, vocabulary};
use crate::app::state::State;
use crate::app::statistics::{self, File};
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::config::Settings;
use crate::error::AppError;

/// Stands below pictures of live tables.
pub(super) const INTERNAL: &str = "秘匿処理をしていない内部用の速報。公表には公表版を使う";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
    survey: &'static Survey,
    #[arg(
        long,
        value_delimiter = ',',
        help = "設問キーまたは指標のキー。コンマでつなぐと、まとめて数える（--json では表の配列）。all はすべての設問と指標。省略すると回答率"
    )]
    question: Vec<String>,
    #[arg(long, default_value = "nation", help = "地域: nation、都道府県（01～47）、市区町村コード")]
    area: String,
    #[arg(
        long,
        default_value = "band",
        help = "行: area（全体）か、region、prefecture、municipality、band、属性（founder など。--list で一覧）のうち3つまでをコンマでつなぐ（例: region,band）"
    )]
    by: String,
    #[arg(
        long,
        default_value = "survey",
        help = "病床規模区分: survey、program、または各区分の下限の病床数（例: 20,50,100,300）"
    )]
    banding: String,
    #[arg(
        long = "filter",
        value_name = "KEY=VALUE",
        help = "絞り込み（繰り返すと「かつ」、| は「または」）。例: vpn_present=yes、region=kanto、prefecture=13|14、band=20-99、founder=national|unknown"
    )]
    filters: Vec<String>,
    #[arg(
        long,
        help = "設問の表に、調査対象の全病院についての推計（重みづけした割合）と95％信頼区間、項目無回答率を添える"
    )]
    estimates: bool,
    #[arg(long, conflicts_with_all = ["question", "files"], help = "集計できる設問、指標、属性とその値を表示する")]
    list: bool,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
    #[arg(
        long,
        value_name = "FILE",
        requires = "question",
        help = "設問の図（SVG）をこのファイルに書き出す: 都道府県別は地図、ほかは棒"
    )]
    picture: Option<PathBuf>,
    #[arg(
        long,
        value_name = "KEY",
        requires = "picture",
        help = "図にする選択肢のキー（既定は最初の選択肢）"
    )]
    option: Option<String>,
    #[arg(long, value_name = "DIR", help = "報告書と機械可読データをこのフォルダーに書き出す")]
    files: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    if arguments.list {
        return vocabulary::list(arguments.survey, arguments.json);
    }
    let area = Area::parse(&arguments.area).map_err(|error| {
        tracing::debug!(%error, "area refused");
        CliError::usage("--area には nation（全国）、都道府県（01～47）、市区町村コード（5桁）のいずれかを指定してください。")
    })?;
    let by = written("--by", statistics::by(&arguments.by))?;
    let banding = written("--banding", statistics::banding(&arguments.banding))?;
    let filters = arguments.filters.iter().map(|text| statistics::filter(text));
    let filters = written("--filter", filters.collect::<Result<Vec<_>, _>>())?;
    with_state(settings, async |state| {
        if let Some(folder) = &arguments.files {
            for path in write_files(state, arguments.survey, &area, folder).await? {
                output::print(|out| writeln!(out, "{}", path.display()))?;
            }
            return Ok(());
        }
        let permit = Permit::of(Actor::system())?;
        if !arguments.question.is_empty() {
            let request = |question: QuestionKey| TableRequest {
                question,
                area: area.clone(),
                by,
                banding: banding.clone(),
                filters: filters.clone(),
                estimates: arguments.estimates,
            };
            let requests = questions(arguments.survey, &arguments.question).into_iter().map(request).collect();
            let tables = statistics::tables(state, &permit, arguments.survey, requests).await?;
            if let Some(file) = &arguments.picture {
                let [table] = tables.as_slice() else {
                    return Err(CliError::usage(
                        "--picture: 図は1つの設問について描きます。--question には設問を1つだけ指定してください。",
                    ));
                };
                draw(table, arguments.option.as_deref(), file)?;
            }
            match tables.as_slice() {
                [table] if arguments.json => output::print_json(table),
                tables if arguments.json => output::print_json(&tables),
                tables => output::print(|out| {
                    for (index, table) in tables.iter().enumerate() {
                        if tables.len() > 1 {
                            let gap = if index > 0 { "\n" } else { "" };
                            writeln!(out, "{gap}{}（{}）", table.label, table.question)?;
                        }
                        write_table(out, table)?;
                    }
                    Ok(())
                }),
            }
        } else {
            let request = RateRequest {
                area,
                by,
                banding,
                filters,
            };
            let rates = statistics::response_rates(state, &permit, arguments.survey, request).await?;
            if arguments.json {
                output::print_json(rates.as_ref())
            } else {
                output::print(|out| write_rates(out, &rates))
            }
        }
    })
    .await
}

/// Stands for everything that can be counted.
const ALL: &str = "all";

/// The questions and indicators that are meant.
fn questions(survey: &Survey, named: &[String]) -> Vec<QuestionKey> {
    if named == [ALL] {
        let coded = survey.questions().iter().filter(|question| question.is_coded());
        let indicators = indicator::of(survey).iter().map(|indicator| &indicator.key);
        return coded.map(|question| &question.key).chain(indicators).cloned().collect();
    }
    named.iter().map(|key| QuestionKey::from(key.trim())).collect()
}

/// Writes the picture of a table.
fn draw(table: &Table, option: Option<&str>, file: &Path) -> Result<(), CliError> {
    let picture = picture::of_table(table, option, INTERNAL).map_err(|error| {
        CliError::usage(match error {
            PictureError::Crossed(_) => "--picture: 行をかけ合わせた表は図にできません。--by には一つだけ指定してください。".to_owned(),
            PictureError::UnknownOption { option, .. } => {
                let known: Vec<&str> = table.choices.iter().map(|choice| choice.key.as_str()).collect();
                format!(
                    "--option: 選択肢 {option} はありません。{} のいずれかを指定してください。",
                    known.join("、")
                )
            }
        })
    })?;
    files::write(file, picture.as_bytes())
}

/// What was written behind an option is a mistake in the command.
fn written<T>(option: &str, read: Result<T, AppError>) -> Result<T, CliError> {
    read.map_err(|error| CliError::usage(format!("{option}: {}", CliError::from(error).message)))
}

/// Writes the workbook for reading and the files for machines. Returns their paths.
pub(super) async fn write_files(state: &State, survey: &'static Survey, area: &Area, folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let failed = |error: io::Error| CliError::failed(format!("{} に書き込めません: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let permit = Permit::of(Actor::system())?;
    let mut paths = Vec::new();
    for file in [File::Houkoku, File::DataXlsx, File::DataCsv, File::CodeTable, File::Definitions] {
        let bytes = statistics::file(state, &permit, survey, area.clone(), file).await?;
        let path = folder.join(file.name(survey));
        std::fs::write(&path, bytes).map_err(failed)?;
        paths.push(path);
    }
    Ok(paths)
}

/// A table of a question for people.
pub(super) fn write_table(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    let estimated = table.total.item_nonresponse.is_some() || table.total.options.iter().any(|option| option.estimate.is_some());
    let estimates: &[(&str, Align)] = if estimated {
        &[("推計%（95%区間）", Align::Right)]
    } else {
        &[]
    };
    let nonresponse: &[(&str, Align)] = if estimated { &[("項目無回答", Align::Right)] } else { &[] };
    let options = table.choices.iter().flat_map(|choice| {
        [(choice.label.as_str(), Align::Right), ("%", Align::Right)]
            .into_iter()
            .chain(estimates.iter().copied())
    });
    let head = [("区分", Align::Left), ("回答数", Align::Right), ("母数", Align::Right)];
    let tail = [("空欄", Align::Right), ("無回答", Align::Right), ("非該当", Align::Right)];
    let columns: Vec<(&str, Align)> = head
        .into_iter()
        .chain(options)
        .chain(tail)
        .chain(nonresponse.iter().copied())
        .collect();
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| (label(&row.names.place), row))
        .chain([("計".to_owned(), &table.total)])
        .map(|(label, row)| {
            let options = row.options.iter().flat_map(|option| {
                let weighted = estimated.then(|| estimate(option.estimate.as_deref()));
                [option.count.to_string(), percent(option.percent)].into_iter().chain(weighted)
            });
            let nonresponse = estimated.then(|| percent(row.item_nonresponse.as_ref().and_then(|item| item.percent)));
            [label, row.n.to_string(), row.base.to_string()]
                .into_iter()
                .chain(options)
                .chain([row.blank.to_string(), row.no_answer.to_string(), row.not_asked.to_string()])
                .chain(nonresponse)
                .collect()
        })
        .collect();
    columns::write(out, &columns, &rows)
}

/// `62.1% (60.0-64.2)`; a share without sampling error, or of nobody, has no limits.
fn estimate(estimate: Option<&Estimate>) -> String {
    let limits = estimate.and_then(|estimate| estimate.low.zip(estimate.high));
    let limits = limits.map_or_else(String::new, |(low, high)| format!(" ({low:.1}-{high:.1})"));
    format!("{}{limits}", percent(estimate.map(|estimate| estimate.percent)))
}

/// Response rates for people.
pub(super) fn write_rates(out: &mut dyn Write, rates: &RateTable) -> io::Result<()> {
    let columns = [
        ("区分", Align::Left),
        ("対象", Align::Right),
        ("回答", Align::Right),
        ("回答率", Align::Right),
    ];
    let rows: Vec<Vec<String>> = rates
        .rows
        .iter()
        .map(|row| (label(&row.names.place), row))
        .chain([("計".to_owned(), &rates.total)])
        .map(|(label, row)| vec![label, row.targets.to_string(), row.responses.to_string(), percent(row.percent)])
        .collect();
    columns::write(out, &columns, &rows)
}

fn label(place: &[PlaceValue]) -> String {
    let parts: Vec<&str> = place.iter().map(|value| value.label.as_str()).collect();
    if parts.is_empty() { "全体".to_owned() } else { parts.join(" ") }
}
