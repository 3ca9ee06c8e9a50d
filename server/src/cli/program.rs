//! `chosa program`: opening a programme and granting time, its coverage, what it takes, and a plan over years, as the system, through the same use cases as the
//! API.

mod open;
mod show;

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use survey::prefecture::PrefectureCode;
use survey::window::JST;

use super::database::with_state;
use super::exit::CliError;
use super::{output, window};
use crate::app::programs;
use crate::app::programs::planning::coverage;
use crate::app::programs::planning::effort::{self, Of};
use crate::app::programs::planning::terms::{Asked, Per};
use crate::app::programs::planning::years::{self, Question};
use crate::app::programs::quotas::proposal::Method;
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::config::Settings;
use crate::error::AppError;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    #[command(about = "支援事業の一覧")]
    List,
    #[command(about = "支援事業を開く。病院、病床数、区分はこの時点で固定される")]
    Open {
        #[arg(
            value_name = "FILE",
            help = "支援事業（TOML）: id、fiscal_year、title、surveys、use_rule、deadline ほか"
        )]
        file: PathBuf,
    },
    #[command(about = "都道府県の提出期限を延ばす")]
    Extend {
        #[arg(long, help = "支援事業")]
        program: String,
        #[arg(long, value_parser = prefecture, help = "都道府県（01～47）")]
        prefecture: PrefectureCode,
        #[arg(long, value_name = "TIME", value_parser = window::last_second, help = "新しい期限（日本時間、この秒を含む。日付だけならその日の終わりまで）")]
        deadline: DateTime<Utc>,
        #[arg(long, help = "理由（記録に残る）")]
        reason: String,
    },
    #[command(about = "電子カルテ導入病院のうち、支援済み・選定中・残りの数を枠ごとに表示する")]
    Coverage(Whose),
    #[command(about = "支援にかかる人日と日程を表示する")]
    Effort {
        #[command(flatten)]
        whose: Whose,
        #[arg(long, value_enum, default_value_t, help = "対象とする病院")]
        of: OfName,
        #[command(flatten)]
        terms: TermArguments,
    },
    #[command(about = "年度ごとの総数から、各年度の枠、人日、日程と、残る病院を表示する")]
    Plan {
        #[command(flatten)]
        whose: Whose,
        #[arg(long, value_name = "N,N", help = "初年度からの各年度の病院数（例: 2000,2000）")]
        totals: String,
        #[arg(long, value_enum, default_value_t, help = "総数の配り方")]
        method: MethodName,
        #[command(flatten)]
        terms: TermArguments,
    },
}

#[derive(Debug, clap::Args)]
struct Whose {
    #[arg(long, help = "支援事業")]
    program: String,
    #[arg(long, value_parser = prefecture, help = "都道府県（01～47）。省略時は全国")]
    prefecture: Option<PrefectureCode>,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct TermArguments {
    #[arg(long, value_name = "D,D,D", help = "仮の人日。病床規模の小さい区分から順に（例: 5,10,20）")]
    person_days: Option<String>,
    #[arg(
        long,
        value_name = "D,D,D",
        requires = "surveyors",
        help = "仮の日数。病床規模の小さい区分から順に（例: 1.6,3.3,6.6）"
    )]
    days: Option<String>,
    #[arg(long, help = "1班の調査員の数（2または3など）")]
    surveyors: Option<u8>,
    #[arg(long, help = "同時に動く班の数。指定すると終わりの日を表示する")]
    teams: Option<u64>,
    #[arg(long, value_enum, default_value_t, help = "班の数が全国のものか、都道府県ごとのものか")]
    per: PerName,
    #[arg(long, value_name = "YYYY-MM-DD", help = "始まりの日。省略時は年度の4月1日")]
    from: Option<NaiveDate>,
    #[arg(long, value_name = "YYYY-MM-DD", help = "終わりの日。指定すると、間に合う班の数を表示する")]
    until: Option<NaiveDate>,
}

impl From<TermArguments> for Asked {
    fn from(terms: TermArguments) -> Asked {
        Asked {
            person_days: terms.person_days,
            days: terms.days,
            surveyors: terms.surveyors,
            teams: terms.teams,
            per: Some(match terms.per {
                PerName::Nation => Per::Nation,
                PerName::Prefecture => Per::Prefecture,
            }),
            from: terms.from,
            until: terms.until,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum OfName {
    /// 支援枠の数
    #[default]
    Quota,
    /// 選定リストにある病院
    Chosen,
    /// 電子カルテがあり、まだどのリストにもない病院
    Remaining,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum MethodName {
    /// 最大剰余法
    #[default]
    LargestRemainder,
    /// 都道府県計と区分計の両方に合わせる
    Biproportional,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum PerName {
    /// 全国
    #[default]
    Nation,
    /// 都道府県ごと
    Prefecture,
}

fn prefecture(text: &str) -> Result<PrefectureCode, String> {
    PrefectureCode::parse(text).map_err(|_unknown| "都道府県を 01～47 の番号か名前で指定してください。".to_owned())
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| {
        let permit = Permit::of(Actor::system())?;
        match arguments.what {
            What::List => open::list(&programs::list(state, &permit).await?),
            What::Open { file } => {
                let new = open::read(&file)?;
                let opened = programs::open(state, &Permit::of(Actor::system())?, &new).await;
                let opened = opened.map_err(|error| match error {
                    AppError::Invalid(refusal) => CliError::bad_data(refusal.message),
                    error => error.into(),
                })?;
                open::list(&[opened])
            }
            What::Extend {
                program,
                prefecture,
                deadline,
                reason,
            } => {
                let permit = Permit::of(Actor::system())?;
                let granted = programs::extend(state, &permit, &program, prefecture, (deadline, &reason))
                    .await
                    .map_err(refused)?;
                let until = granted.deadline.with_timezone(&JST).format("%Y-%m-%d %H:%M");
                output::talk(&format!("{}の提出期限を{until}までに延ばしました。", prefecture.name()));
                Ok(())
            }
            What::Coverage(whose) => {
                let report = coverage::read(state, &permit, &whose.program, whose.prefecture).await?;
                if whose.json {
                    return output::print_json(&report);
                }
                output::print(|out| show::coverage(out, &report))
            }
            What::Effort { whose, of, terms } => {
                let of = match of {
                    OfName::Quota => Of::Quota,
                    OfName::Chosen => Of::Chosen,
                    OfName::Remaining => Of::Remaining,
                };
                let whom = (of, whose.prefecture);
                let report = effort::read(state, &permit, &whose.program, whom, &terms.into())
                    .await
                    .map_err(refused)?;
                if whose.json {
                    return output::print_json(&report);
                }
                output::print(|out| show::effort(out, &report))
            }
            What::Plan {
                whose,
                totals,
                method,
                terms,
            } => {
                let question = Question {
                    totals,
                    method: match method {
                        MethodName::LargestRemainder => Method::LargestRemainder,
                        MethodName::Biproportional => Method::Biproportional,
                    },
                    prefecture: whose.prefecture,
                };
                let report = years::read(state, &permit, &whose.program, &question, &terms.into())
                    .await
                    .map_err(refused)?;
                if whose.json {
                    return output::print_json(&report);
                }
                output::print(|out| show::plan(out, &report))
            }
        }
    })
    .await
}

/// What was typed does not fit: the sentence without the code of the API.
fn refused(error: AppError) -> CliError {
    match error {
        AppError::Invalid(refusal) => CliError::usage(refusal.message),
        error => error.into(),
    }
}
