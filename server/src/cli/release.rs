//! `chosa release`: publishing. What is made stays: look at `preview` first.

use std::path::{Path, PathBuf};

use analytics::suppress::{Beside, Report};
use serde::Serialize;
use survey::survey::Survey;

use super::database::with_state;
use super::exit::{CliError, Exit};
use super::{files, output};
use crate::app::releases::{self, Listed};
use crate::app::state::State;
use crate::app::times::shown;
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::config::Settings;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    #[command(about = "公表版を作ったらどうなるかを、作らずに見る")]
    Preview {
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
        #[arg(long, help = "結果をJSONで出力する")]
        json: bool,
    },
    #[command(about = "公表版を作る（取り消せない）")]
    Make {
        #[arg(
            long,
            required = true,
            value_parser = files::survey,
            help = "調査（例: 2024）。いくつも指定すると、その順に作る。推移は、前の年の公表版と比べる"
        )]
        survey: Vec<&'static Survey>,
        #[arg(long, default_value = "", help = "何を訂正したか。第2版からは必須で、公表版に印刷される")]
        note: String,
        #[arg(long, value_name = "DIR", help = "作ったファイルをこのフォルダーにも書き出す")]
        out: Option<PathBuf>,
    },
    #[command(about = "公表版の一覧")]
    List {
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
        #[arg(long, help = "結果をJSONで出力する")]
        json: bool,
    },
    #[command(about = "公表版のファイルを書き出す")]
    Get {
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
        #[arg(long, help = "第何版か（既定は最新）")]
        number: Option<i32>,
        #[arg(long, value_name = "DIR", help = "このフォルダーに書き出す")]
        out: PathBuf,
    },
    #[command(about = "公表版を、もとの回答から今のプログラムで数え直して、すべての数を比べる")]
    Check {
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
        #[arg(long, help = "第何版か（既定は最新）")]
        number: Option<i32>,
    },
}

#[derive(Serialize)]
struct FileReport {
    name: String,
    bytes: i64,
    sha256: String,
    restricted: bool,
}

#[derive(Serialize)]
struct ReleaseReport {
    survey: String,
    number: i32,
    note: String,
    as_of: String,
    made_at: String,
    hospitals: i32,
    responses: i32,
    hidden: usize,
    distributions: usize,
    files: Vec<FileReport>,
}

impl From<&Listed> for ReleaseReport {
    fn from(listed: &Listed) -> ReleaseReport {
        let row = &listed.row;
        ReleaseReport {
            survey: row.survey_id.clone(),
            number: row.number,
            note: row.note.clone(),
            as_of: row.as_of.to_rfc3339(),
            made_at: row.made_at.to_rfc3339(),
            hospitals: row.hospitals,
            responses: row.responses,
            hidden: listed.hidden.hidden,
            distributions: listed.hidden.all,
            files: listed
                .files
                .iter()
                .map(|file| FileReport {
                    name: file.name.clone(),
                    bytes: file.size,
                    sha256: hex::encode(&file.blob_sha256),
                    restricted: file.restricted,
                })
                .collect(),
        }
    }
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| match arguments.what {
        What::Preview { survey, json } => preview(state, survey, json).await,
        What::Make { survey, note, out } => {
            for survey in survey {
                let listed = make(state, survey, &note).await?;
                tell(&listed)?;
                if let Some(out) = &out {
                    said(write(state, survey, &listed, out).await?);
                }
            }
            Ok(())
        }
        What::List { survey, json } => {
            let listed = releases::list(state, &Permit::of(Actor::system())?, survey).await?;
            if json {
                return output::print_json(&listed.iter().map(ReleaseReport::from).collect::<Vec<_>>());
            }
            if listed.is_empty() {
                output::talk(&format!("{}年調査の公表版はまだありません。", survey.id()));
            }
            listed.iter().try_for_each(tell)
        }
        What::Get { survey, number, out } => {
            let listed = find(state, survey, number).await?;
            said(write(state, survey, &listed, &out).await?);
            Ok(())
        }
        What::Check { survey, number } => check(state, survey, number).await,
    })
    .await
}

/// Makes a release.
pub(super) async fn make(state: &State, survey: &'static Survey, note: &str) -> Result<Listed, CliError> {
    let number = releases::make(state, &Permit::of(Actor::system())?, survey, note, None).await?;
    find(state, survey, Some(number)).await
}

fn said(paths: Vec<PathBuf>) {
    for path in paths {
        output::talk(&path.display().to_string());
    }
}

/// A release, or the newest one.
async fn find(state: &State, survey: &Survey, number: Option<i32>) -> Result<Listed, CliError> {
    let permit = Permit::of(Actor::system())?;
    let mut all = releases::list(state, &permit, survey).await?;
    let place = all.iter().position(|one| number.is_none_or(|number| one.row.number == number));
    match place {
        Some(place) => Ok(all.swap_remove(place)),
        None => Err(CliError::failed(
            "この公表版はありません。chosa release list で番号を確認してください。".to_owned(),
        )),
    }
}

async fn preview(state: &State, survey: &'static Survey, json: bool) -> Result<(), CliError> {
    let preview = releases::preview(state, &Permit::of(Actor::system())?, survey).await?;
    if json {
        return output::print_json(&preview);
    }
    output::print(|out| {
        let report = preview.suppression;
        writeln!(out, "{}年調査 第{}版（まだ作っていません）", survey.id(), preview.number)?;
        writeln!(out, "集計の時点: {}", shown(preview.as_of))?;
        writeln!(out, "調査対象 {}病院、回答 {}病院", preview.hospitals, preview.responses)?;
        if let Some(differing) = preview.differing {
            writeln!(out, "前の版と違う病院: {differing}")?;
        }
        match &preview.compared_with {
            Some((earlier, number)) => writeln!(out, "推移: {earlier}年調査 第{number}版と比べる")?,
            None => writeln!(out, "推移: 前の年の調査に公表版がないため載せない")?,
        }
        writeln!(
            out,
            "秘匿: {}の分布のうち{}（一次秘匿 {}、規則からの下限 {}）",
            report.all, report.hidden, report.primary, report.least
        )
    })
}

/// What is withheld beside published counts, to stand after what is hidden; nothing where it was not counted.
pub(super) fn withheld(report: &Report) -> String {
    report.beside.map_or_else(String::new, |Beside { estimates, trends }| {
        format!(
            "、推計の秘匿 {}/{}、推移（この年の分）の秘匿 {}/{}",
            estimates.withheld, estimates.all, trends.withheld, trends.all
        )
    })
}

fn tell(listed: &Listed) -> Result<(), CliError> {
    output::print(|out| {
        let (row, report) = (&listed.row, listed.hidden);
        writeln!(
            out,
            "{}年調査 第{}版: {}現在、{}病院のうち{}病院の回答、秘匿 {}/{}{}",
            row.survey_id,
            row.number,
            shown(row.as_of),
            row.hospitals,
            row.responses,
            report.hidden,
            report.all,
            withheld(&report)
        )?;
        if !row.note.is_empty() {
            writeln!(out, "  訂正: {}", row.note)?;
        }
        for file in &listed.files {
            let whom = if file.restricted { "（省内限り）" } else { "" };
            writeln!(out, "  {}  {}{whom}", hex::encode(&file.blob_sha256), file.name)?;
        }
        Ok(())
    })
}

/// Writes the files of a release into a folder; where they are.
pub(super) async fn write(state: &State, survey: &Survey, listed: &Listed, out: &Path) -> Result<Vec<PathBuf>, CliError> {
    let permit = Permit::of(Actor::system())?;
    let failed = |error: std::io::Error| CliError::failed(format!("{} に書き込めません: {error}", out.display()));
    std::fs::create_dir_all(out).map_err(failed)?;
    let mut paths = Vec::new();
    for file in &listed.files {
        let (_, bytes) = releases::file(state, &permit, survey, listed.row.number, &file.name).await?;
        let path = out.join(&file.name);
        std::fs::write(&path, bytes).map_err(failed)?;
        paths.push(path);
    }
    Ok(paths)
}

async fn check(state: &State, survey: &'static Survey, number: Option<i32>) -> Result<(), CliError> {
    let number = find(state, survey, number).await?.row.number;
    let again = releases::check(state, &Permit::of(Actor::system())?, survey, number).await?;
    output::print(|out| {
        for difference in &again.differences {
            let value = |side: &Option<(String, String)>| {
                side.as_ref()
                    .map_or_else(|| "なし".to_owned(), |(value, state)| format!("{value}（{state}）"))
            };
            writeln!(
                out,
                "{}: 公表 {}、数え直し {}",
                difference.of.join(" "),
                value(&difference.first),
                value(&difference.second)
            )?;
        }
        writeln!(
            out,
            "{}年調査 第{number}版: {}個の数を比べ、違うものは{}個",
            survey.id(),
            again.compared,
            again.differences.len()
        )
    })?;
    if again.differences.is_empty() {
        Ok(())
    } else {
        Err(CliError::new(
            Exit::BadData,
            "公表した数と数え直した数が違います。chosa doctor で保存された回答を検査し、プログラムの版を確認してください。".to_owned(),
        ))
    }
}
