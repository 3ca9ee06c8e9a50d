//! `chosa account`: accounts and API clients. Passwords come on stdin, a line each, never in a flag.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use survey::area::Area;
use survey::fault::{Fault, excerpt};
use survey::prefecture::PrefectureCode;

use super::columns::{self, Align};
use super::database::with_state;
use super::exit::CliError;
use super::{faults, files, output};
use crate::app::accounts::{self, Speaks};
use crate::app::enrolments::{self, Invitation};
use crate::app::factors;
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
    #[command(about = "アカウントを作る（パスワードは標準入力の1行目）")]
    Create {
        #[arg(help = "ログインID")]
        login: String,
        #[arg(long, value_enum, help = "役割")]
        role: RoleName,
        #[arg(long, help = "都道府県（01～47）または市区町村コード（5桁）")]
        area: Option<String>,
        #[arg(long, help = "病院のG-MIS ID")]
        hospital: Option<String>,
        #[arg(long, help = "病院を探す調査対象名簿の調査", default_value = "2024")]
        survey: String,
    },
    #[command(about = "病院のアカウントを一覧からまとめて作り、利用開始の案内メールを送る")]
    Enrol {
        #[arg(long, value_name = "FILE", help = "G-MIS IDとメールアドレスの一覧（.xlsx、.xls、.ods、CSVなど）")]
        list: PathBuf,
        #[arg(long, help = "結果をJSONで出力する")]
        json: bool,
    },
    #[command(about = "病院のアカウントの案内の状況を表示する（宛先不明のものなど）")]
    Enrolments {
        #[arg(long, help = "waiting、sent、enrolled、expired、undeliverable、failed（省略するとすべて）")]
        state: Option<String>,
    },
    #[command(about = "2要素認証を解除する（アプリも回復コードも失った人のために）")]
    ClearSecondFactor {
        #[arg(help = "ログインID")]
        login: String,
    },
    #[command(about = "APIクライアントを作る（シークレットは標準入力の1行目）")]
    Client {
        #[arg(help = "クライアントID")]
        client: String,
        #[arg(long, help = "権限を借りるアカウントのログインID")]
        login: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum RoleName {
    Hospital,
    Municipality,
    Prefecture,
    MinistryAnalyst,
    MinistryAdministrator,
    Operator,
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    match arguments.what {
        What::Create {
            login,
            role,
            area,
            hospital,
            survey,
        } => {
            let speaks = speaks(role, area.as_deref(), hospital, survey)?;
            let password = secret()?;
            with_state(settings, async |state| {
                accounts::create(state, &Permit::of(Actor::system())?, &login, password, &speaks).await?;
                output::print(|out| writeln!(out, "アカウント {login} を作りました。"))
            })
            .await
        }
        What::Enrol { list, json } => enrol(settings, &list, json).await,
        What::Enrolments { state } => show_enrolments(settings, state.as_deref()).await,
        What::ClearSecondFactor { login } => {
            with_state(settings, async |state| {
                factors::clear(state, &Permit::of(Actor::system())?, &login).await?;
                output::print(|out| writeln!(out, "アカウント {login} の2要素認証を解除し、ログインをすべて終えました。"))
            })
            .await
        }
        What::Client { client, login } => {
            let secret = secret()?;
            with_state(settings, async |state| {
                accounts::create_client(state, &Permit::of(Actor::system())?, &client, &login, secret).await?;
                output::print(|out| writeln!(out, "APIクライアント {client} を作りました。"))
            })
            .await
        }
    }
}

async fn enrol(settings: &Settings, path: &Path, json: bool) -> Result<(), CliError> {
    with_state(settings, async |state| {
        let refused = |found: &[Fault]| {
            let lines: String = found.iter().map(|fault| format!("\n  {}", faults::line(fault, None))).collect();
            CliError::bad_data(format!(
                "一覧 {} を読み取れません。直してから、もう一度実行してください。{lines}",
                path.display()
            ))
        };
        let workbook = files::workbook(&state.shared.parser, path)
            .await?
            .map_err(|fault| refused(&[fault]))?;
        let (contacts, found) = importer::contacts::examine_contacts(&workbook);
        if found.iter().any(Fault::is_error) {
            return Err(refused(&found));
        }
        let list: Vec<Invitation> = contacts
            .into_iter()
            .map(|(hospital, email)| Invitation { hospital, email })
            .collect();
        let verdicts = enrolments::invite(state, &Permit::of(Actor::system())?, &list).await?;
        if json {
            output::print_json(&verdicts)?;
        } else {
            output::print(|out| {
                for line in &verdicts {
                    writeln!(
                        out,
                        "{} {} {}",
                        excerpt(&line.hospital),
                        excerpt(&line.email),
                        in_words(line.verdict)
                    )?;
                }
                Ok(())
            })?;
        }
        if verdicts
            .iter()
            .any(|line| matches!(line.verdict, "hospital_unknown" | "email_invalid" | "duplicate"))
        {
            return Err(CliError::bad_data(
                "使えない行がありました。ほかの行のアカウントは作りました。その行だけを直して、もう一度実行してください。",
            ));
        }
        Ok(())
    })
    .await
}

async fn show_enrolments(settings: &Settings, wanted: Option<&str>) -> Result<(), CliError> {
    with_state(settings, async |state| {
        let permit = Permit::of(Actor::system())?;
        let mut rows = Vec::new();
        let mut before = None;
        loop {
            let page = enrolments::list(state, &permit, wanted, before, 500).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            rows.extend(page.into_iter().map(|row| {
                vec![
                    row.gmis_id,
                    row.state,
                    excerpt(row.email.as_deref().unwrap_or("（消去済み）")),
                    faults::one_line(&row.name),
                    faults::one_line(&row.error.unwrap_or_default()),
                ]
            }));
        }
        let heads = ["G-MIS ID", "状態", "メールアドレス", "病院名", "メールサーバーの応答"].map(|head| (head, Align::Left));
        output::print(|out| columns::write(out, &heads, &rows))
    })
    .await
}

/// A verdict, and what to do where it is not done.
fn in_words(verdict: &str) -> &'static str {
    match verdict {
        "created" => "アカウントを作りました",
        "reissued" => "案内を送り直します",
        "exists" => "アカウントがあります（1施設に1つ）",
        "email_invalid" => "メールアドレスの形式が正しくありません",
        "duplicate" => "同じ病院が前の行にあります",
        _ => "このG-MIS IDの病院はありません",
    }
}

fn speaks(role: RoleName, area: Option<&str>, hospital: Option<String>, survey: String) -> Result<Speaks, CliError> {
    let area = area
        .map(|text| {
            PrefectureCode::parse(text)
                .map(Area::Prefecture)
                .or_else(|_not_a_prefecture| Area::parse(text))
        })
        .transpose()
        .map_err(|error| {
            tracing::debug!(%error, "area refused");
            CliError::usage("--area には都道府県（01～47）か市区町村コード（5桁）を指定してください。")
        })?;
    match (role, area, hospital) {
        (RoleName::Hospital, None, Some(gmis)) => Ok(Speaks::Hospital { survey, gmis }),
        (RoleName::Prefecture, Some(Area::Prefecture(code)), None) => Ok(Speaks::Prefecture(code)),
        (RoleName::Municipality, Some(Area::Municipality(code)), None) => Ok(Speaks::Municipality(code)),
        (RoleName::MinistryAnalyst, None, None) => Ok(Speaks::MinistryAnalyst),
        (RoleName::MinistryAdministrator, None, None) => Ok(Speaks::MinistryAdministrator),
        (RoleName::Operator, None, None) => Ok(Speaks::Operator),
        _ => Err(CliError::usage(
            "役割に合う指定をしてください: hospital は --hospital、prefecture と municipality は --area、その他はどちらも指定しません。",
        )),
    }
}

fn secret() -> Result<SecretString, CliError> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| CliError::failed(format!("標準入力を読めません: {error}")))?;
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n']).to_owned()))
}
