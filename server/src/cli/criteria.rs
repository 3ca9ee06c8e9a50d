//! `chosa criteria`: a prefecture's criteria as a TOML file: the ones in force, what others would change, and setting them. Acts as the system.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use analytics::selection::{Comparison, Criteria, Move};
use serde_json::Value;
use survey::band::Band;
use survey::prefecture::PrefectureCode;

use super::columns::{self, Align};
use super::database::with_state;
use super::exit::CliError;
use super::{faults, output, wishes};
use crate::app::programs::criteria::{self, InForce};
use crate::app::versions::Seen;
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::config::Settings;
use crate::error::AppError;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Args)]
struct Whose {
    #[arg(long, help = "支援事業")]
    program: String,
    #[arg(long, value_parser = prefecture, help = "都道府県（01～47）")]
    prefecture: PrefectureCode,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    #[command(about = "今の選定基準をTOMLで出力する（書き換えて preview と set に使う）")]
    Show {
        #[command(flatten)]
        whose: Whose,
    },
    #[command(about = "選定基準を変えると何が変わるかを見る（保存しない）")]
    Preview {
        #[command(flatten)]
        whose: Whose,
        #[arg(value_name = "FILE", help = "選定基準（TOML）")]
        file: PathBuf,
    },
    #[command(about = "選定基準を保存する（先に preview で確かめる）")]
    Set {
        #[command(flatten)]
        whose: Whose,
        #[arg(value_name = "FILE", help = "選定基準（TOML）")]
        file: PathBuf,
    },
}

fn prefecture(text: &str) -> Result<PrefectureCode, String> {
    PrefectureCode::parse(text).map_err(|_unknown| "都道府県を 01～47 の番号か名前で指定してください。".to_owned())
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| match &arguments.what {
        What::Show { whose } => {
            let read = Permit::of(Actor::system())?;
            let in_force = criteria::read(state, &read, &whose.program, whose.prefecture).await?;
            if whose.json {
                return output::print_json(&in_force);
            }
            let text = toml_of(&in_force.criteria)?;
            output::talk(&version(&in_force));
            output::print(|out| out.write_all(text.as_bytes()))
        }
        What::Preview { whose, file } => {
            let wanted = wanted(file)?;
            let permit = Permit::of(Actor::system())?;
            let comparison = criteria::preview(state, &permit, &whose.program, whose.prefecture, wanted)
                .await
                .map_err(refused)?;
            if whose.json {
                return output::print_json(&comparison);
            }
            output::print(|out| write(out, &comparison))
        }
        What::Set { whose, file } => {
            let wanted = wanted(file)?;
            let read = Permit::of(Actor::system())?;
            let seen = criteria::read(state, &read, &whose.program, whose.prefecture).await?.version;
            let permit = Permit::of(Actor::system())?;
            let what = (wanted, Seen::Version(seen));
            let in_force = criteria::set(state, &permit, &whose.program, whose.prefecture, what)
                .await
                .map_err(refused)?;
            if whose.json {
                return output::print_json(&in_force);
            }
            output::talk(&version(&in_force));
            Ok(())
        }
    })
    .await
}

/// A file that says something impossible is bad data, not a failure.
fn refused(error: AppError) -> CliError {
    match error {
        AppError::Invalid(refusal) => CliError::bad_data(refusal.message),
        error => error.into(),
    }
}

fn version(in_force: &InForce) -> String {
    match in_force.version {
        0 => format!("支援事業の全国の選定基準です（{}）。", in_force.criteria.name),
        version => format!("都道府県の選定基準の第{version}版です（{}）。", in_force.criteria.name),
    }
}

/// A file as it was written; what is wrong in it is found where criteria are checked.
fn wanted(file: &Path) -> Result<Value, CliError> {
    let text = std::fs::read_to_string(file).map_err(|error| CliError::bad_data(format!("{} を読めません: {error}", file.display())))?;
    toml::from_str(&text).map_err(|error| {
        let place = error.message();
        CliError::bad_data(format!("{} はTOMLとして読み取れません: {place}", file.display()))
    })
}

fn toml_of(criteria: &Criteria) -> Result<String, CliError> {
    toml::to_string(criteria).map_err(|error| CliError::failed(format!("選定基準をTOMLにできません: {error}")))
}

fn write(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    let columns = [
        ("変化", Align::Left),
        ("G-MIS ID", Align::Left),
        ("順位", Align::Right),
        ("新順位", Align::Right),
        ("点", Align::Right),
        ("新しい点", Align::Right),
        ("病院名", Align::Left),
    ];
    for cell in &comparison.cells {
        let band = Band::of_key(&cell.band).map_or(cell.band.as_str(), |band| band.label);
        let quota = cell.quota.map_or_else(|| "未設定".to_owned(), |quota| quota.to_string());
        writeln!(
            out,
            "{band}（支援枠 {quota}、候補 {}）：{}病院が入り、{}病院が外れます。順位か点が変わる病院は{}です。",
            cell.candidates,
            cell.enters.len(),
            cell.leaves.len(),
            cell.moves.len()
        )?;
        let row = |what: &str, one: &Move| {
            vec![
                what.to_owned(),
                one.gmis.clone(),
                one.rank_before.to_string(),
                one.rank_after.to_string(),
                one.score_before.to_string(),
                one.score_after.to_string(),
                faults::one_line(&one.name),
            ]
        };
        let entering = cell.enters.iter().map(|one| row("入る", one));
        let rows: Vec<Vec<String>> = entering.chain(cell.leaves.iter().map(|one| row("外れる", one))).collect();
        if !rows.is_empty() {
            columns::write(out, &columns, &rows)?;
        }
    }
    if !comparison.changes_choice {
        writeln!(out, "枠に入る病院は変わりません。")?;
    }
    if comparison.wishes_before_infeasible {
        writeln!(
            out,
            "今の選定基準の希望は、今の候補と支援枠では同時に満たせません。希望がない場合の選定と比べました。"
        )?;
    }
    if let Some(outcome) = &comparison.wishes {
        wishes::write(out, outcome)?;
    }
    Ok(())
}
