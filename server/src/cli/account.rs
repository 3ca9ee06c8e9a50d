//! `chosa account`: accounts and API clients. Passwords come on stdin, a line each, never in a flag.

use std::io::BufRead;

use secrecy::SecretString;
use survey::area::Area;
use survey::prefecture::PrefectureCode;

use super::database::with_state;
use super::exit::CliError;
use super::output;
use crate::app::accounts::{self, Speaks};
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

fn speaks(role: RoleName, area: Option<&str>, hospital: Option<String>, survey: String) -> Result<Speaks, CliError> {
    let area = area
        .map(|text| {
            PrefectureCode::parse(text)
                .map(Area::Prefecture)
                .or_else(|_not_a_prefecture| Area::parse(text))
        })
        .transpose()
        .map_err(|error| CliError::usage(format!("--area を読めません: {error}")))?;
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
