//! `chosa select`: chooses a prefecture's hospitals against its quotas, as the system, and shows or writes the list.

use analytics::selection::list::Discard;
use std::io::{self, Write};
use std::path::PathBuf;

use analytics::selection::Selection;
use survey::band::Band;
use survey::prefecture::PrefectureCode;

use super::columns::{self, Align};
use super::database::with_state;
use super::exit::CliError;
use super::{files, output, wishes};
use crate::app::programs;
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::config::Settings;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[arg(long, help = "支援事業")]
    program: String,
    #[arg(long, help = "都道府県（01～47）")]
    prefecture: String,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
    #[arg(short, long, value_name = "FILE", help = "一覧をExcelに書き出す")]
    output: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    let prefecture = PrefectureCode::parse(&arguments.prefecture).map_err(|error| {
        tracing::debug!(%error, "prefecture refused");
        CliError::usage("--prefecture には都道府県を 01～47 の番号か名前で指定してください。")
    })?;
    with_state(settings, async |state| {
        let selection = choose(state, &arguments.program, prefecture).await?;
        if let Some(path) = &arguments.output {
            let bytes = programs::choosing::list_file(state, &Permit::of(Actor::system())?, &arguments.program, prefecture).await?;
            files::write(path, &bytes)?;
        }
        if arguments.json {
            output::print_json(&selection)
        } else {
            output::print(|out| write(out, &selection))
        }
    })
    .await
}

/// Chooses, and gives the result.
pub(super) async fn choose(state: &State, program: &str, prefecture: PrefectureCode) -> Result<Selection, CliError> {
    let permit = Permit::of(Actor::system())?;
    programs::choosing::choose(state, &permit, program, prefecture, Discard::Nothing, None).await?;
    let read = Permit::of(Actor::system())?;
    Ok(programs::choosing::current(state, &read, program, prefecture).await?.selection)
}

/// A selection for people: cells against quotas, shortages in words, then the list.
pub(super) fn write(out: &mut dyn Write, selection: &Selection) -> io::Result<()> {
    let cells = [
        ("病床規模区分", Align::Left),
        ("支援枠", Align::Right),
        ("候補", Align::Right),
        ("選定", Align::Right),
        ("不足", Align::Right),
        ("境界点", Align::Right),
        ("同点", Align::Right),
    ];
    let band = |key: &str| Band::of_key(key).map_or_else(|| key.to_owned(), |band| band.label.to_owned());
    let rows: Vec<Vec<String>> = selection
        .cells
        .iter()
        .map(|cell| {
            let boundary = cell.boundary_score.map_or_else(|| "-".to_owned(), |score| score.to_string());
            [band(&cell.band)]
                .into_iter()
                .chain([cell.quota, cell.candidates].map(|number| number.to_string()))
                .chain([
                    cell.chosen.len().to_string(),
                    cell.missing.to_string(),
                    boundary,
                    cell.tied_at_boundary.to_string(),
                ])
                .collect()
        })
        .collect();
    writeln!(
        out,
        "{} の選定（結果ハッシュ {}）",
        selection.prefecture.name(),
        selection.result_hash.get(..16).unwrap_or_default()
    )?;
    columns::write(out, &cells, &rows)?;
    for cell in selection.cells.iter().filter(|cell| cell.missing > 0) {
        writeln!(
            out,
            "{}の枠は候補が{}病院しかなく、{}病院不足しています。",
            band(&cell.band),
            cell.candidates,
            cell.missing
        )?;
    }
    if let Some(outcome) = &selection.wishes {
        wishes::write(out, outcome)?;
    }
    let columns = [
        ("区分", Align::Left),
        ("順位", Align::Right),
        ("G-MIS ID", Align::Left),
        ("病床", Align::Right),
        ("点", Align::Right),
        ("病院名", Align::Left),
    ];
    let rows: Vec<Vec<String>> = selection
        .cells
        .iter()
        .flat_map(|cell| cell.chosen.iter())
        .map(|chosen| {
            let candidate = &chosen.scored.candidate;
            vec![
                band(&candidate.band),
                chosen.rank.to_string(),
                candidate.gmis.clone(),
                candidate.beds.number().to_string(),
                chosen.scored.score.to_string(),
                super::faults::one_line(&candidate.name),
            ]
        })
        .collect();
    writeln!(out)?;
    columns::write(out, &columns, &rows)
}
