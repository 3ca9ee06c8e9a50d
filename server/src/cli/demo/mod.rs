//! `chosa demo`: the main job from end to end on the files of a made nation, through the same use cases as everything else.
//!
//! Works on a database of its own, made anew at each run, in a data folder of its own: real answers are never near.

mod accounts;
mod steps;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use analytics::{By, RateRequest, TableRequest};
use chrono::{TimeDelta, Utc};
use secrecy::SecretString;
use survey::area::Area;
use survey::band::Banding;
use survey::prefecture::PrefectureCode;
use survey::question::QuestionKey;
use survey::survey::Survey;

use super::database::{Database, private_options};
use super::exit::CliError;
use super::{import, output, quota, release, select, serve, tabulate};
use crate::app::programs::{self, NewProgram, Terms};
use crate::app::state::State;
use crate::app::{statistics, windows};
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::auth::second_factor::Demand;
use crate::config::Settings;
use crate::db::migrations;
use crate::private_postgres::PrivatePostgres;
use crate::startup;
use steps::Steps;

const DATABASE: &str = "chosa_demo";
const PROGRAM: &str = "2024";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[arg(value_name = "DIR", help = "made-nation が作ったフォルダー")]
    data: PathBuf,
    #[arg(long, value_name = "DIR", default_value = "out", help = "書き出す先")]
    out: PathBuf,
    #[arg(long, value_name = "FILE", help = "2024年調査の回答を、このファイルに置き換える")]
    answers_2024: Option<PathBuf>,
    #[arg(long, help = "書き出したら終了する（サーバーを動かさない）")]
    once: bool,
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    let settings = Settings {
        data_folder: beside(&settings.data_folder),
        ..settings.clone()
    };
    let settings = Settings {
        token_secret_file: settings.data_folder.join("token.secret"),
        receipt_secret_file: settings.data_folder.join("receipt.secret"),
        // Who looks around in made data needs no app for it.
        second_factor: Demand::Offered,
        ..settings
    };
    let mut steps = Steps::default();
    let database = steps.time("Postgresの起動と移行", open(&settings)).await?;
    let result = demonstrate(&arguments, &settings, &database, &mut steps).await;
    let closed = database.close().await;
    result.and(closed)
}

fn beside(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().map(|name| name.to_os_string()).unwrap_or_default();
    name.push("-demo");
    folder.with_file_name(name)
}

/// A private Postgres with a fresh database.
async fn open(settings: &Settings) -> Result<Database, CliError> {
    let private = PrivatePostgres::start(private_options(settings)).await?;
    let made = async {
        private.address().drop_database(DATABASE).await?;
        private.address().create_database(DATABASE).await?;
        migrations::run(&private.owner_url(DATABASE)).await?;
        Ok::<_, CliError>(())
    };
    if let Err(error) = made.await {
        private.stop().await?;
        return Err(error);
    }
    Ok(Database {
        url: SecretString::from(private.application_url(DATABASE)),
        private: Some(Arc::new(private)),
    })
}

async fn demonstrate(arguments: &Arguments, settings: &Settings, database: &Database, steps: &mut Steps) -> Result<(), CliError> {
    let state = startup::state(&database.parts(settings)?).await?;
    for survey in survey::compiled_in() {
        take_in(&state, arguments, survey, steps).await?;
    }
    let chosen = choose(&state, arguments, steps).await?;
    if let Some(private) = &database.private {
        // Postgres would do so within a minute by itself; who opens the pages at once should not wait for plans made without it.
        migrations::gather_statistics(&private.owner_url(DATABASE)).await?;
    }
    let latest = survey::compiled_in().last().ok_or_else(|| CliError::failed("調査がありません"))?;
    for survey in survey::compiled_in() {
        show(&state, survey, steps).await?;
    }
    output::print(|out| writeln!(out))?;
    output::print(|out| select::write(out, &chosen))?;
    let mut paths = Vec::new();
    let bar = steps.bar("ファイルの書き出し", survey::compiled_in().len());
    for survey in survey::compiled_in() {
        let name = format!("{}年調査のファイル出力", survey.id());
        paths.extend(
            steps
                .time(&name, tabulate::write_files(&state, survey, &Area::Nation, &arguments.out))
                .await?,
        );
        bar.inc(1);
    }
    bar.finish_and_clear();
    for survey in survey::compiled_in() {
        let name = format!("{}年調査の公表版", survey.id());
        let listed = steps.time(&name, release::make(&state, survey, "")).await?;
        let (row, report) = (&listed.row, listed.hidden);
        output::print(|out| {
            writeln!(
                out,
                "\n{}年調査 公表版 第{}版: {}の分布のうち{}を秘匿（一次秘匿 {}）{}",
                row.survey_id,
                row.number,
                report.all,
                report.hidden,
                report.primary,
                release::withheld(&report)
            )
        })?;
        paths.extend(release::write(&state, survey, &listed, &arguments.out.join("release")).await?);
    }
    let list = arguments.out.join(format!("selection_{}.xlsx", chosen.prefecture.code()));
    let bytes = programs::choosing::list_file(&state, &Permit::of(Actor::system())?, PROGRAM, chosen.prefecture).await?;
    super::files::write(&list, &bytes)?;
    paths.push(list);
    let template = arguments.out.join(format!("template_{}_form.xlsx", latest.id()));
    let bytes = importer::template::form(latest.first_edition(), None, &importer::template::Filling::default())
        .map_err(|error| CliError::failed(error.to_string()))?;
    super::files::write(&template, &bytes)?;
    paths.push(template);
    output::print(|out| {
        writeln!(out, "\n書き出したファイル")?;
        paths.iter().try_for_each(|path| writeln!(out, "  {}", path.display()))?;
        writeln!(out, "\n時間のかかった手順")?;
        steps
            .slowest(5)
            .into_iter()
            .try_for_each(|(name, time)| writeln!(out, "  {:>7.2}秒  {name}", time.as_secs_f64()))
    })?;
    if arguments.once {
        return Ok(());
    }
    for survey in survey::compiled_in().iter().filter(|survey| survey.id() != latest.id()) {
        let over = "デモ：受付中の調査を一つにするため";
        windows::close(&state, &Permit::of(Actor::system())?, survey, None, None, over).await?;
    }
    accounts::make(&state, latest).await?;
    serve::serve(settings, database).await
}

/// Why surveys of years ago take answers, as the page of their windows shows it.
const REOPENED: &str = "デモのため";

/// Frame, reopening and answers of one survey.
async fn take_in(state: &State, arguments: &Arguments, survey: &'static Survey, steps: &mut Steps) -> Result<(), CliError> {
    let id = survey.id();
    let frame = arguments.data.join(format!("frame_{id}.csv"));
    let drawn = steps
        .time(&format!("{id}年調査の名簿の登録"), import::frame(state, survey, &frame))
        .await?;
    let now = Utc::now();
    let times = (now - TimeDelta::minutes(1), now + TimeDelta::days(30));
    windows::open(state, &Permit::of(Actor::system())?, survey, times, REOPENED).await?;
    let files = answer_files(arguments, survey)?;
    let bar = steps.bar(&format!("{id}年調査の回答の取込み"), files.len());
    let (mut accepted, mut rejected, mut refused) = (0, 0, Vec::new());
    for file in &files {
        let report = steps
            .time(
                &format!("{id}年調査の回答の取込み"),
                import::answers(state, survey, file, (None, None), false),
            )
            .await;
        bar.inc(1);
        match report {
            Ok(report) => {
                let number = |key: &str| report.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
                accepted += number("accepted");
                rejected += number("rejected");
            }
            Err(error) if arguments.answers_2024.is_none() => return Err(error),
            // Somebody else's file: what is wrong with it is said, and the demonstration goes on with what there is.
            Err(error) => refused.push(format!("{}: {}", file.display(), error.message)),
        }
    }
    bar.finish_and_clear();
    output::print(|out| {
        writeln!(
            out,
            "{id}年調査: 名簿 {drawn}病院、回答ファイル {}個、受付 {accepted}病院、要修正 {rejected}病院（再開の理由: {REOPENED}）",
            files.len()
        )?;
        refused
            .iter()
            .try_for_each(|line| writeln!(out, "  取り込めなかったファイル {line}"))
    })
}

/// Files named `answers_<survey>*`, by name; or somebody else's in their place.
fn answer_files(arguments: &Arguments, survey: &Survey) -> Result<Vec<PathBuf>, CliError> {
    if let Some(file) = arguments.answers_2024.as_ref().filter(|_| survey.id().as_str() == "2024") {
        return Ok(vec![file.clone()]);
    }
    let failed = |error: std::io::Error| CliError::failed(format!("フォルダー {} を読めません: {error}", arguments.data.display()));
    let prefix = format!("answers_{}", survey.id());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&arguments.data).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(&prefix) && (name.ends_with(".xlsx") || name.ends_with(".csv")) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(CliError::failed(format!(
            "{} に {prefix}*.xlsx がありません。先に made-nation を実行してください。",
            arguments.data.display()
        )));
    }
    Ok(files)
}

/// Opens the programme, chooses for every prefecture twice, and gives the list of the one that has most to show: a short cell.
async fn choose(state: &State, arguments: &Arguments, steps: &mut Steps) -> Result<analytics::selection::Selection, CliError> {
    let set = Permit::of(Actor::system())?;
    let new = NewProgram {
        id: PROGRAM.to_owned(),
        fiscal_year: 2024,
        title: "医療機関におけるサイバーセキュリティ確保事業（令和6年度）".to_owned(),
        surveys: survey::compiled_in().iter().rev().map(|survey| survey.id().to_string()).collect(),
        use_rule: "調査の依頼文書に基づき、都道府県が支援対象病院の選定に用いる（デモ）".to_owned(),
        deadline: Utc::now() + TimeDelta::days(30),
        terms: Terms::default(),
    };
    programs::open(state, &set, &new).await?;
    quota::set(state, PROGRAM, &arguments.data.join("quotas_2024.csv"), None).await?;
    let mut selections = Vec::new();
    let bar = steps.bar("支援対象病院の選定", PrefectureCode::all().count());
    for prefecture in PrefectureCode::all() {
        let selection = steps
            .time("支援対象病院の選定（47都道府県）", select::choose(state, PROGRAM, prefecture))
            .await?;
        let again = steps
            .time(
                "支援対象病院の選定（2回目、同じ結果の確認）",
                select::choose(state, PROGRAM, prefecture),
            )
            .await?;
        if again.result_hash != selection.result_hash {
            return Err(CliError::failed(format!("{} の選定が2回で異なりました", prefecture.name())));
        }
        bar.inc(1);
        selections.push(selection);
    }
    bar.finish_and_clear();
    let quota: u32 = selections
        .iter()
        .flat_map(|selection| &selection.cells)
        .map(|cell| cell.quota)
        .sum();
    let chosen: usize = selections
        .iter()
        .flat_map(|selection| &selection.cells)
        .map(|cell| cell.chosen.len())
        .sum();
    let short: Vec<String> = selections
        .iter()
        .flat_map(|selection| {
            selection
                .cells
                .iter()
                .filter(|cell| cell.missing > 0)
                .map(|cell| (selection.prefecture, cell))
        })
        .map(|(prefecture, cell)| format!("{} {}（{}病院不足）", prefecture.name(), cell.band, cell.missing))
        .collect();
    output::print(|out| {
        writeln!(
            out,
            "支援事業: 支援枠 {quota}病院、選定 {chosen}病院、不足のある枠 {}",
            if short.is_empty() { "なし".to_owned() } else { short.join("、") }
        )
    })?;
    let shown = selections.iter().position(|selection| !selection.complete).unwrap_or(0);
    selections
        .into_iter()
        .nth(shown)
        .ok_or_else(|| CliError::failed("選定の結果がありません"))
}

/// Response rates and the table of the electronic health record, by band.
async fn show(state: &State, survey: &'static Survey, steps: &mut Steps) -> Result<(), CliError> {
    let id = survey.id();
    let permit = Permit::of(Actor::system())?;
    let request = RateRequest {
        area: Area::Nation,
        by: By::BAND,
        banding: Banding::Survey.into(),
        filters: Vec::new(),
    };
    let rates = steps
        .time(&format!("{id}年調査の集計"), async {
            Ok(statistics::response_rates(state, &permit, survey, request).await?)
        })
        .await?;
    let request = TableRequest {
        question: QuestionKey::from("ehr_in_use"),
        area: Area::Nation,
        by: By::BAND,
        banding: Banding::Survey.into(),
        filters: Vec::new(),
        estimates: false,
    };
    let table = steps
        .time(&format!("{id}年調査の集計"), async {
            Ok(statistics::table(state, &permit, survey, request).await?)
        })
        .await?;
    output::print(|out| {
        writeln!(out, "\n{id}年調査 回答率（病床規模別）")?;
        tabulate::write_rates(out, &rates)?;
        writeln!(out, "\n{id}年調査 {}（病床規模別）", table.label)?;
        tabulate::write_table(out, &table)
    })
}
