//! `chosa remind`: a round of reminders to those who have not answered, as the system; a dry run that shows every mail; a list to print.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use survey::area::Area;
use survey::fault::excerpt;
use survey::prefecture::PrefectureCode;

use super::database::with_state;
use super::exit::CliError;
use super::{files, output};
use crate::app::letters::Template;
use crate::app::reminders::missing::{self, Chosen};
use crate::app::reminders::{self, Reminder, RoundReport};
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::config::Settings;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[arg(long, help = "調査（2022、2024）")]
    survey: String,
    #[arg(long, default_value = "nation", help = "都道府県（01～47）、市区町村コード（5桁）またはnation")]
    area: String,
    #[arg(long = "band", value_name = "BAND", help = "病床規模区分（20-99など。繰り返して指定できる）")]
    bands: Vec<String>,
    #[arg(long, default_value = "first", help = "ひな形（first、last）")]
    template: String,
    #[arg(long, requires = "text", help = "ひな形の代わりに使う件名")]
    subject: Option<String>,
    #[arg(
        long,
        value_name = "FILE",
        requires = "subject",
        help = "ひな形の代わりに使う本文のファイル（UTF-8）"
    )]
    text: Option<PathBuf>,
    #[arg(long, help = "督促の回の名前（病院ごとに1回に1通。省略すると今日の日付）")]
    round: Option<String>,
    #[arg(long, help = "送るメールをすべて表示するだけで送らない")]
    dry_run: bool,
    #[arg(long, value_name = "FILE", help = "未回答病院の一覧をExcelに書き出す（メールは送らない）")]
    print: Option<PathBuf>,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    let survey = files::survey(&arguments.survey).map_err(CliError::usage)?;
    let area = PrefectureCode::parse(&arguments.area)
        .map(Area::Prefecture)
        .or_else(|_not_a_prefecture| Area::parse(&arguments.area))
        .map_err(|error| {
            tracing::debug!(%error, "area refused");
            CliError::usage("--area には nation（全国）、都道府県（01～47）、市区町村コード（5桁）のいずれかを指定してください。")
        })?;
    let bands = arguments.bands.iter().map(|key| missing::band(key)).collect::<Result<_, _>>()?;
    let chosen = Chosen { area, bands };
    let template = template(&arguments)?;
    with_state(settings, async |state| {
        if let Some(path) = &arguments.print {
            return print_list(state, survey, &chosen, path).await;
        }
        let permit = Permit::of(Actor::system())?;
        let reminder = Reminder {
            chosen,
            template,
            round: arguments.round,
        };
        let report = if arguments.dry_run {
            reminders::preview(state, &permit, survey, &reminder).await?
        } else {
            reminders::send(state, &permit, survey, &reminder).await?
        };
        if arguments.json {
            output::print_json(&report)
        } else {
            output::print(|out| told(out, &report, arguments.dry_run))
        }
    })
    .await
}

fn template(arguments: &Arguments) -> Result<Template, CliError> {
    let (Some(subject), Some(path)) = (&arguments.subject, &arguments.text) else {
        return Ok(Template::named(&arguments.template)?);
    };
    let body =
        std::fs::read_to_string(path).map_err(|error| CliError::failed(format!("ファイル {} を読めません: {error}", path.display())))?;
    Ok(Template::of(subject, &body)?)
}

async fn print_list(state: &State, survey: &'static survey::survey::Survey, chosen: &Chosen, path: &Path) -> Result<(), CliError> {
    let bytes = missing::printed(state, &Permit::of(Actor::system())?, survey, chosen).await?;
    files::write(path, &bytes)?;
    output::print(|out| writeln!(out, "{} に書き出しました。", path.display()))
}

fn told(out: &mut dyn Write, report: &RoundReport, is_dry_run: bool) -> io::Result<()> {
    for mail in &report.mails {
        writeln!(out, "宛先: {}（{} {}）", mail.recipient, mail.hospital, excerpt(&mail.name))?;
        writeln!(out, "件名: {}\n", mail.subject)?;
        // A terminal obeys control characters, and a name may hold some.
        for line in mail.body.lines() {
            writeln!(out, "  {}", line.replace(char::is_control, " "))?;
        }
        writeln!(out)?;
    }
    for unreached in &report.without_address {
        let why = match (unreached.reason, &unreached.email) {
            ("undeliverable", Some(email)) => format!("宛先不明: {}", excerpt(email)),
            _ => "メールアドレスなし".to_owned(),
        };
        writeln!(out, "送れない病院: {} {}（{why}）", unreached.hospital, excerpt(&unreached.name))?;
    }
    writeln!(
        out,
        "未回答 {}病院、今回 {}通、この回（{}）で送付済み {}病院、送れない病院 {}病院",
        report.missing,
        report.queued,
        report.round,
        report.already,
        report.without_address.len()
    )?;
    if is_dry_run {
        writeln!(out, "何も送っていません。送るには、--dry-run を付けずに実行してください。")
    } else {
        writeln!(out, "送信待ちに入れました。サーバーが送ります（すぐに送るには chosa mail send）。")
    }
}
