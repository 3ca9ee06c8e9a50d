//! `chosa candidate`: who may be chosen and with how many points, and what a prefecture says by hand of its hospitals: nominations, exclusions, findings of
//! inspections. Acts as the system, through the same use cases as the API.

use std::io::{self, Write};

use analytics::selection::ScoredCandidate;
use chrono::NaiveDate;
use serde_json::{Value, json};
use survey::band::Band;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::columns::{self, Align};
use super::database::with_state;
use super::exit::CliError;
use super::{faults, list, output};
use crate::app::inspections::{self, NewInspection};
use crate::app::programs::candidates::{self, Candidates};
use crate::app::programs::nominations::{self, Book, Whom};
use crate::app::state::State;
use crate::auth::actor::Actor;
use crate::auth::permit::Permit;
use crate::config::Settings;
use crate::db::inspections::FoundRow;
use crate::db::nominations::StandingRow;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Args)]
struct Whose {
    #[arg(long, help = "支援事業")]
    program: String,
    #[arg(long, value_parser = list::prefecture, help = "都道府県（01～47）")]
    prefecture: PrefectureCode,
    #[arg(long, help = "結果をJSONで出力する")]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Said {
    #[command(flatten)]
    whose: Whose,
    #[arg(value_name = "G-MIS_ID", help = "病院のG-MIS ID")]
    hospital: String,
    #[arg(long, help = "理由（記録に残る）")]
    reason: String,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    #[command(about = "候補病院を点数の順に見る（閲覧は記録に残る）")]
    List(Whose),
    #[command(about = "推薦と除外を見る")]
    Marks(Whose),
    #[command(about = "候補でない病院を推薦する")]
    Nominate(Said),
    #[command(about = "推薦を取り消す")]
    WithdrawNomination(Said),
    #[command(about = "病院を候補から除外する")]
    Exclude(Said),
    #[command(about = "除外を取り消す")]
    WithdrawExclusion(Said),
    #[command(about = "立入検査の指摘を見る")]
    Inspections {
        #[arg(long, value_parser = list::prefecture, help = "都道府県（01～47）")]
        prefecture: PrefectureCode,
        #[arg(long, help = "結果をJSONで出力する")]
        json: bool,
    },
    #[command(about = "立入検査の指摘を記録する")]
    Inspect {
        #[arg(long, value_parser = list::prefecture, help = "都道府県（01～47）")]
        prefecture: PrefectureCode,
        #[arg(value_name = "G-MIS_ID", help = "病院のG-MIS ID")]
        hospital: String,
        #[arg(long, help = "指摘の区分（1：口頭指導、2：文書指摘、3：重大な不備）")]
        level: i16,
        #[arg(long, value_name = "YYYY-MM-DD", help = "立入検査の日")]
        on: NaiveDate,
        #[arg(long, default_value = "", help = "指摘の内容")]
        note: String,
    },
    #[command(about = "誤って記録した指摘を取り消す")]
    WithdrawInspection {
        #[arg(long, value_parser = list::prefecture, help = "都道府県（01～47）")]
        prefecture: PrefectureCode,
        #[arg(value_name = "ID", help = "指摘の番号（chosa candidate inspections で表示される）")]
        inspection: Uuid,
        #[arg(long, help = "理由（記録に残る）")]
        reason: String,
    },
}

pub(super) async fn run(arguments: Arguments, settings: &Settings) -> Result<(), CliError> {
    with_state(settings, async |state| match arguments.what {
        What::List(whose) => {
            let found = candidates::list(state, &Permit::of(Actor::system())?, &whose.program, whose.prefecture).await?;
            if whose.json {
                return output::print_json(&found);
            }
            output::print(|out| shown(out, &found))
        }
        What::Marks(whose) => marks(state, &whose).await,
        What::Nominate(said) => say(state, Book::Nomination, &said).await,
        What::Exclude(said) => say(state, Book::Exclusion, &said).await,
        What::WithdrawNomination(said) => take_back(state, Book::Nomination, &said).await,
        What::WithdrawExclusion(said) => take_back(state, Book::Exclusion, &said).await,
        What::Inspections { prefecture, json } => {
            let found = inspections::list(state, &Permit::of(Actor::system())?, prefecture).await?;
            findings(&found, json)
        }
        What::Inspect {
            prefecture,
            hospital,
            level,
            on,
            note,
        } => {
            let new = NewInspection {
                hospital,
                level,
                inspected_on: on,
                note,
            };
            let permit = Permit::of(Actor::system())?;
            let answer = inspections::enter(state, &permit, prefecture, &new, None).await?;
            output::print_json(&answer.body)
        }
        What::WithdrawInspection {
            prefecture,
            inspection,
            reason,
        } => {
            let permit = Permit::of(Actor::system())?;
            let answer = inspections::withdraw(state, &permit, (prefecture, inspection), &reason, None).await?;
            output::print_json(&answer.body)
        }
    })
    .await
}

fn whom(said: &Said) -> Whom<'_> {
    Whom {
        program: &said.whose.program,
        prefecture: said.whose.prefecture,
        hospital: &said.hospital,
    }
}

async fn say(state: &State, book: Book, said: &Said) -> Result<(), CliError> {
    nominations::add(state, &Permit::of(Actor::system())?, book, whom(said), &said.reason, None).await?;
    marks(state, &said.whose).await
}

async fn take_back(state: &State, book: Book, said: &Said) -> Result<(), CliError> {
    nominations::withdraw(state, &Permit::of(Actor::system())?, book, whom(said), &said.reason, None).await?;
    marks(state, &said.whose).await
}

/// Nominations and exclusions in force.
async fn marks(state: &State, whose: &Whose) -> Result<(), CliError> {
    let mut rows = Vec::new();
    let mut json = serde_json::Map::new();
    for (book, key, word) in [(Book::Nomination, "nominations", "推薦"), (Book::Exclusion, "exclusions", "除外")] {
        let standing = nominations::list(state, &Permit::of(Actor::system())?, book, &whose.program, whose.prefecture).await?;
        let one =
            |row: &StandingRow| json!({"hospital": row.gmis_id, "name": row.name, "reason": row.reason, "recorded_at": row.recorded_at});
        json.insert(key.to_owned(), standing.iter().map(one).collect());
        rows.extend(standing.iter().map(|row| {
            vec![
                word.to_owned(),
                row.gmis_id.clone(),
                faults::one_line(&row.name),
                faults::one_line(&row.reason),
            ]
        }));
    }
    if whose.json {
        return output::print_json(&Value::Object(json));
    }
    let columns = [
        ("", Align::Left),
        ("G-MIS ID", Align::Left),
        ("病院名", Align::Left),
        ("理由", Align::Left),
    ];
    output::print(|out| columns::write(out, &columns, &rows))
}

fn shown(out: &mut dyn Write, found: &Candidates) -> io::Result<()> {
    let columns = [
        ("区分", Align::Left),
        ("", Align::Left),
        ("G-MIS ID", Align::Left),
        ("病床", Align::Right),
        ("点", Align::Right),
        ("内訳", Align::Left),
        ("病院名", Align::Left),
    ];
    let row = |word: &str, one: &ScoredCandidate| {
        let parts: Vec<String> = one.parts.iter().map(|part| format!("{} {}", part.criterion, part.points)).collect();
        let band = Band::of_key(&one.candidate.band).map_or(one.candidate.band.as_str(), |band| band.label);
        vec![
            band.to_owned(),
            word.to_owned(),
            one.candidate.gmis.clone(),
            one.candidate.beds.number().to_string(),
            one.score.to_string(),
            parts.join("、"),
            faults::one_line(&one.candidate.name),
        ]
    };
    let candidates = found.candidates.iter().map(|one| row("候補", one));
    let nominated = found.nominated.iter().map(|one| row("推薦", &one.scored));
    columns::write(out, &columns, &candidates.chain(nominated).collect::<Vec<_>>())?;
    writeln!(
        out,
        "候補 {}病院、推薦 {}病院、対象外 {}病院（理由は --json で見られます）",
        found.candidates.len(),
        found.nominated.len(),
        found.excluded.len()
    )
}

fn findings(found: &[FoundRow], json: bool) -> Result<(), CliError> {
    if json {
        let one = |row: &FoundRow| json!({"id": row.id, "hospital": row.gmis_id, "name": row.name, "level": row.level, "inspected_on": row.inspected_on, "note": row.note});
        return output::print_json(&found.iter().map(one).collect::<Vec<_>>());
    }
    let columns = [
        ("ID", Align::Left),
        ("日", Align::Left),
        ("区分", Align::Right),
        ("G-MIS ID", Align::Left),
        ("病院名", Align::Left),
        ("内容", Align::Left),
    ];
    let row = |row: &FoundRow| {
        vec![
            row.id.to_string(),
            row.inspected_on.to_string(),
            row.level.to_string(),
            row.gmis_id.clone().unwrap_or_default(),
            faults::one_line(&row.name),
            faults::one_line(&row.note),
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    output::print(|out| columns::write(out, &columns, &rows))
}
