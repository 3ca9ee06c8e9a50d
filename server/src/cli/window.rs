//! `chosa window`: when a survey takes answers. Every act asks for a reason and is audited.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::Serialize;
use survey::area::Area;
use survey::survey::Survey;
use survey::window::JST;
use uuid::Uuid;

use super::database::with_state;
use super::exit::CliError;
use super::{files, output};
use crate::app::state::State;
use crate::app::times::shown;
use crate::app::windows::{self, Extended};
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
    #[command(about = "調査期間と期限延長の一覧")]
    List {
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
        #[arg(long, help = "結果をJSONで出力する")]
        json: bool,
    },
    #[command(about = "調査期間を設ける（再開する）")]
    Open {
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
        #[arg(long, value_name = "TIME", value_parser = first_second, help = "始まり（日本時間。例: 2024-02-01 または 2024-02-01T09:00）")]
        opens: DateTime<Utc>,
        #[arg(long, value_name = "TIME", value_parser = last_second, help = "終わり（日本時間、この秒を含む。日付だけならその日の終わりまで）")]
        closes: DateTime<Utc>,
        #[arg(long, help = "理由（記録に残る）")]
        reason: String,
    },
    #[command(about = "調査期間を予定より早く終える")]
    Close {
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
        #[arg(long, value_name = "ID", help = "調査期間のID（既定は今開いている期間。IDは list で確認する）")]
        window: Option<Uuid>,
        #[arg(long, value_name = "TIME", value_parser = last_second, help = "終わり（日本時間。既定は今）")]
        at: Option<DateTime<Utc>>,
        #[arg(long, help = "理由（記録に残る）")]
        reason: String,
    },
    #[command(about = "1病院または1地域の期限を延長する")]
    Extend {
        #[arg(long, value_parser = files::survey, help = "調査（例: 2024）")]
        survey: &'static Survey,
        #[arg(
            long,
            value_name = "GMIS_ID",
            conflicts_with = "area",
            required_unless_present = "area",
            help = "延長する病院のG-MIS ID"
        )]
        hospital: Option<String>,
        #[arg(long, value_name = "CODE", value_parser = area, help = "延長する地域（都道府県2桁または市区町村5桁）")]
        area: Option<Area>,
        #[arg(long, value_name = "TIME", value_parser = last_second, help = "いつまで（日本時間、この秒を含む。日付だけならその日の終わりまで）")]
        until: DateTime<Utc>,
        #[arg(long, help = "理由（記録に残る）")]
        reason: String,
    },
}

#[derive(Serialize)]
struct WindowReport {
    id: Uuid,
    opens: DateTime<Utc>,
    closes: DateTime<Utc>,
    reason: String,
    closed_early: Option<String>,
}

#[derive(Serialize)]
struct ExtensionReport {
    hospital: Option<String>,
    area: Option<String>,
    until: DateTime<Utc>,
    reason: String,
}

#[derive(Serialize)]
struct Listed {
    windows: Vec<WindowReport>,
    extensions: Vec<ExtensionReport>,
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| {
        let permit = Permit::of(Actor::system())?;
        match arguments.what {
            What::List { survey, json } => list(state, survey, json).await,
            What::Open {
                survey,
                opens,
                closes,
                reason,
            } => {
                windows::open(state, &permit, survey, (opens, closes), &reason).await?;
                said(
                    survey,
                    &format!("調査期間を設けました（{}から{}まで）。", shown(opens), shown(closes)),
                )
            }
            What::Close {
                survey,
                window,
                at,
                reason,
            } => {
                let closed = windows::close(state, &permit, survey, window, at, &reason).await?;
                said(
                    survey,
                    &format!("調査期間は{}までになりました。期限延長はそのまま残ります。", shown(closed.closes())),
                )
            }
            What::Extend {
                survey,
                hospital,
                area,
                until,
                reason,
            } => {
                let whom = hospital
                    .map(Extended::Hospital)
                    .or_else(|| area.as_ref().and_then(windows::whom_of_area));
                let whom = whom.ok_or_else(|| {
                    CliError::usage("--area には都道府県または市区町村のコードを指定してください（全国の場合は window open を使います）。")
                })?;
                windows::extend(state, &permit, survey, &whom, until, &reason).await?;
                said(survey, &format!("期限を{}まで延長しました。", shown(until)))
            }
        }
    })
    .await
}

fn said(survey: &Survey, what: &str) -> Result<(), CliError> {
    output::print(|out| writeln!(out, "{}年調査: {what}", survey.id()))
}

async fn list(state: &State, survey: &Survey, json: bool) -> Result<(), CliError> {
    let permit = Permit::of(Actor::system())?;
    let window = |announced: crate::app::times::Announced| WindowReport {
        closes: announced.closes(),
        id: announced.window.id,
        opens: announced.window.opens,
        reason: announced.window.reason,
        closed_early: announced.closure.map(|closure| closure.reason),
    };
    let extension = |extension: windows::Extension| ExtensionReport {
        hospital: extension.hospital,
        area: extension
            .row
            .prefecture
            .map(|number| format!("{number:02}"))
            .or(extension.row.municipality),
        until: extension.row.until,
        reason: extension.row.reason,
    };
    let listed = Listed {
        windows: windows::list(state, &permit, survey).await?.into_iter().map(window).collect(),
        extensions: windows::extensions(state, &permit, survey)
            .await?
            .into_iter()
            .map(extension)
            .collect(),
    };
    if json {
        return output::print_json(&listed);
    }
    output::print(|out| {
        for window in &listed.windows {
            let reason = if window.reason == "notice" {
                "通知の期間"
            } else {
                &window.reason
            };
            let early = window
                .closed_early
                .as_ref()
                .map_or_else(String::new, |reason| format!("、繰上げ終了: {reason}"));
            writeln!(
                out,
                "{} から {} まで（{reason}{early}） {}",
                shown(window.opens),
                shown(window.closes),
                window.id
            )?;
        }
        for extension in &listed.extensions {
            let whom = extension.hospital.as_ref().or(extension.area.as_ref()).map_or("", String::as_str);
            writeln!(out, "期限延長 {whom}: {} まで（{}）", shown(extension.until), extension.reason)?;
        }
        Ok(())
    })
}

fn area(code: &str) -> Result<Area, String> {
    Area::parse(code).map_err(|error| {
        tracing::debug!(%error, "area refused");
        "都道府県2桁（例: 13）または市区町村5桁（例: 13104）のコードで指定してください".to_owned()
    })
}

fn first_second(text: &str) -> Result<DateTime<Utc>, String> {
    moment(text, NaiveTime::MIN)
}

/// A moment in Japan; of a date alone its last second.
pub(super) fn last_second(text: &str) -> Result<DateTime<Utc>, String> {
    moment(text, NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default())
}

/// A moment in Japan; of a date alone the time that is given.
fn moment(text: &str, time: NaiveTime) -> Result<DateTime<Utc>, String> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.to_utc());
    }
    let local = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map(|day| day.and_time(time))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M"));
    local
        .ok()
        .and_then(|local| local.and_local_timezone(JST).single())
        .map(|moment| moment.to_utc())
        .ok_or_else(|| "2024-03-15、2024-03-15T17:00、2024-03-15T17:00:00+09:00 のいずれかの形で指定してください".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_in_japan_and_whole() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(first_second("2024-02-01"), Ok(at("2024-01-31T15:00:00Z")));
        assert_eq!(last_second("2024-03-08"), Ok(at("2024-03-08T14:59:59Z")));
        assert_eq!(last_second("2024-03-08T17:00"), Ok(at("2024-03-08T08:00:00Z")));
        assert_eq!(last_second("2024-03-08T17:00:00+09:00"), Ok(at("2024-03-08T08:00:00Z")));
        assert!(last_second("8 March").is_err());
    }
}
