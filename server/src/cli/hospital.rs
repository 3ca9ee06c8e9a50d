//! `chosa hospital`: the hospital master from a file, as the system, through the same use case as the API.

use std::path::PathBuf;

use survey::attribute::catalogue;

use super::database::with_state;
use super::exit::CliError;
use super::{faults, output};
use crate::app::masters::difference::Change;
use crate::app::masters::{self, MasterReport, MasterUpload};
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
    #[command(about = "病院マスターを取り込む（開設、廃止、統合、名称・番号・病床数の変更）")]
    Import {
        #[arg(value_name = "FILE", help = "病院マスター（.xlsx、.xls、.ods、CSVなど）")]
        file: PathBuf,
        #[arg(long, help = "変更の内容を表示するだけで取り込まない")]
        dry_run: bool,
        #[arg(long, value_name = "HASH", help = "--dry-run で表示された値。内容がそれと異なれば取り込まない")]
        hash: Option<String>,
        #[arg(long, help = "結果をJSONで出力する")]
        json: bool,
    },
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    let What::Import { file, dry_run, hash, json } = arguments.what;
    let bytes = std::fs::read(&file).map_err(|error| CliError::failed(format!("ファイル {} を開けません: {error}", file.display())))?;
    let upload = MasterUpload {
        file_name: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        bytes,
        expected: hash,
    };
    with_state(settings, async |state| {
        let permit = Permit::of(Actor::system())?;
        let report = if dry_run {
            masters::preview(state, &permit, &upload).await?
        } else {
            masters::apply(state, &permit, &upload).await?
        };
        told(&report, json)?;
        if report.hash.is_some() {
            Ok(())
        } else {
            Err(CliError::bad_data(
                "病院マスターに誤りがあります。直してから、もう一度実行してください。",
            ))
        }
    })
    .await
}

fn told(report: &MasterReport, json: bool) -> Result<(), CliError> {
    if json {
        return output::print_json(report);
    }
    output::print(|out| {
        for fault in &report.faults {
            writeln!(out, "{}", faults::line(fault, None))?;
        }
        for planned in &report.changes {
            // Names are shown as an excerpt: a terminal obeys control characters.
            writeln!(out, "{} {}", planned.gmis_id, survey::fault::excerpt(&planned.name))?;
            for change in &planned.changes {
                writeln!(out, "  {}", in_words(change))?;
            }
        }
        for row in &report.out_of_scope {
            writeln!(out, "調査対象から外す候補: {}年調査 {}", row.survey, row.gmis_id)?;
        }
        for missing in &report.missing {
            let gmis = missing.gmis_id.as_deref().unwrap_or("G-MIS IDなし");
            writeln!(
                out,
                "ファイルにない病院（変更しません）: {gmis} {}",
                survey::fault::excerpt(&missing.name)
            )?;
        }
        for (kind, count) in report.summary.iter().filter(|(_, count)| **count > 0) {
            writeln!(out, "{}: {count}件", kind_in_words(kind))?;
        }
        match (&report.hash, report.import) {
            (Some(_), None) if report.changes.is_empty() => writeln!(out, "変更はありません。"),
            (Some(hash), None) => writeln!(
                out,
                "何も保存していません。この内容のとおりに取り込むには、--dry-run を外し、--hash {hash} を付けてください。"
            ),
            (_, Some(_)) => writeln!(out, "取り込みました。"),
            (None, None) => Ok(()),
        }
    })
}

/// The kinds of the summary, as on screen.
fn kind_in_words(kind: &str) -> &str {
    match kind {
        "opened" => "新規",
        "opening_dated" => "開設日の変更",
        "closed" => "廃止",
        "merged" => "統合",
        "reopened" => "廃止の取消し",
        "renamed" => "名称の変更",
        "recoded" => "番号の変更",
        "formerly_known_as" => "旧番号の登録",
        "moved" => "所在地の変更",
        "beds_changed" => "病床数の変更",
        "attribute_changed" => "属性の変更",
        "missing" => "ファイルにない病院",
        "unchanged" => "変更なし",
        other => other,
    }
}

/// What changes, from what to what. Texts are excerpts, as names are.
fn in_words(change: &Change) -> String {
    let text = |text: &str| survey::fault::excerpt(text);
    let was = |value: Option<String>| value.unwrap_or_else(|| "未登録".to_owned());
    let number = |alias: &str| if alias == "gmis_id" { "G-MIS ID" } else { "医療機関コード" };
    match change {
        Change::Opened { on: Some(on) } => format!("新規（開設日 {on}）"),
        Change::Opened { on: None } => "新規".to_owned(),
        Change::OpeningDated { from, to } => format!("開設日: {} → {to}", was(from.map(|day| day.to_string()))),
        Change::Closed { on } => format!("廃止: {on}"),
        Change::Merged { on, successor } => format!("統合: {on}（承継先 {}）", text(successor)),
        Change::Reopened => "廃止の取消し".to_owned(),
        Change::Renamed { from, to } => format!("名称: {} → {}", text(from), text(to)),
        Change::Recoded { alias, from, to } => format!("{}: {} → {}", number(alias), was(from.as_deref().map(text)), text(to)),
        Change::FormerlyKnownAs { alias, value } => format!("旧{}: {}", number(alias), text(value)),
        Change::Moved { from, to } => format!("所在地: {} → {}", text(from), text(to)),
        Change::BedsChanged { from, to } => format!("病床数: {} → {to}", was(from.map(|beds| beds.to_string()))),
        Change::AttributeChanged { attribute, from, to } => {
            let value = |value: &Option<String>| was(value.as_deref().map(|value| text(&attribute_in_words(attribute, value))));
            format!("{}: {} → {}", attribute_label(attribute), value(from), value(to))
        }
    }
}

fn attribute_label(key: &str) -> &str {
    let name = catalogue().name(key).map(|name| name.label.as_str());
    catalogue()
        .attribute(key)
        .map(|attribute| attribute.label.as_str())
        .or(name)
        .unwrap_or(key)
}

/// The label of a value; codes and names stand for themselves.
fn attribute_in_words(key: &str, value: &str) -> String {
    let values = catalogue().attribute(key).map(|attribute| attribute.values()).unwrap_or_default();
    let known = values.iter().find(|known| known.key == value);
    known.map_or(value, |known| known.label.as_str()).to_owned()
}
