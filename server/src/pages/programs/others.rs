//! Hospitals that are no candidates and why, and what a prefecture says by hand: nominations (推薦) and exclusions (除外), each with a reason.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use askama::Template;
use serde::Deserialize;
use survey::prefecture::PrefectureCode;
use uuid::Uuid;

use super::pager::{LINES, Pager};
use super::{below_program, board_path, prefecture};
use crate::app::programs::candidates;
use crate::app::programs::nominations::{self, Book, Whom};
use crate::app::programs::{self};
use crate::app::state::State;
use crate::auth::permit::{ChooseHospitals, Policy, ReadPrograms};
use crate::db::nominations::StandingRow;
use crate::error::AppError;
use crate::pages::answers::checks::keyed;
use crate::pages::error::PageError;
use crate::pages::fields::{Choice, ChoiceField, ErrorSummary, Look, Takes, TextField};
use crate::pages::filters;
use crate::pages::page::{Page, encoded, go_to, render};
use crate::pages::refusals::{Refused, refused};
use crate::pages::visitor::Visitor;
use crate::pages::words;

/// Said by hand and in force.
struct Standing {
    gmis: String,
    name: String,
    reason: String,
    since: String,
}

/// No candidate.
struct Other {
    gmis: String,
    name: String,
    wish: &'static str,
    why: String,
}

#[derive(Template)]
#[template(path = "programs/others.html")]
struct OthersPage {
    page: Page,
    errors: ErrorSummary,
    path: String,
    key: String,
    nominations: Vec<Standing>,
    exclusions: Vec<Standing>,
    others: Vec<Other>,
    pager: Pager,
    /// `None` for who may only look.
    form: Option<(TextField, ChoiceField, TextField)>,
    taking_back: String,
}

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub struct Query {
    #[serde(default)]
    hospital: String,
    #[serde(default)]
    page: String,
    #[serde(default)]
    done: String,
}

/// What a form says of a hospital.
#[derive(Debug, Default, Deserialize)]
pub struct Word {
    /// `nominate`, `exclude`, `withdraw_nomination`, `withdraw_exclusion`.
    #[serde(default)]
    act: String,
    #[serde(default)]
    hospital: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    key: String,
    /// Of the address: which page of the hospitals below the forms.
    #[serde(default)]
    page: String,
}

/// Shows who is no candidate, and what was said by hand.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; or the database is away.
#[get("/programs/{program}/prefectures/{prefecture}/others")]
pub async fn read_others(
    state: web::Data<State>,
    visitor: Visitor<ReadPrograms>,
    place: web::Path<(String, String)>,
    query: web::Query<Query>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let done = match query.done.as_str() {
        "nominate" => Some("推薦しました。リストに載せるには、選定の画面で該当する区分の「推薦した病院」から追加してください。"),
        "exclude" => Some("候補から除外しました。"),
        "withdraw" => Some("取り消しました。"),
        _ => None,
    };
    let word = Word {
        hospital: query.hospital.clone(),
        page: query.page.clone(),
        ..Word::default()
    };
    shown(&state, &visitor, (&program, prefecture(&code)?), (done, None, &word)).await
}

/// Nominates or excludes a hospital, or takes that back.
///
/// # Errors
/// As [`read_others`]. What the use case refuses is the page again.
#[post("/programs/{program}/prefectures/{prefecture}/others")]
pub async fn say_by_hand(
    state: web::Data<State>,
    visitor: Visitor<ChooseHospitals>,
    place: web::Path<(String, String)>,
    form: web::Form<Word>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let (prefecture, word) = (prefecture(&code)?, form.into_inner());
    match say(&state, &visitor, (&program, prefecture), &word).await {
        Ok(done) => {
            let query = encoded(&[("done", done)]);
            Ok(go_to(format!("{}/others?{query}", board_path(&program, prefecture))))
        }
        Err(error) => {
            let refused = refused(error)?;
            shown(&state, &visitor, (&program, prefecture), (None, Some(refused), &word)).await
        }
    }
}

async fn say(
    state: &State,
    visitor: &Visitor<ChooseHospitals>,
    (program, prefecture): (&str, PrefectureCode),
    word: &Word,
) -> Result<&'static str, AppError> {
    let gmis = word.hospital.trim().to_uppercase();
    let whom = Whom {
        program,
        prefecture,
        hospital: &gmis,
    };
    let what = format!("{program} {} {} {gmis}", prefecture.code(), word.act);
    let key = keyed(&format!("{what} {}", word.reason), &format!("{} {what}", word.key));
    let permit = &visitor.permit;
    match word.act.as_str() {
        "nominate" => nominations::add(state, permit, Book::Nomination, whom, &word.reason, Some(&key)).await?,
        "exclude" => nominations::add(state, permit, Book::Exclusion, whom, &word.reason, Some(&key)).await?,
        "withdraw_nomination" => nominations::withdraw(state, permit, Book::Nomination, whom, &word.reason, Some(&key)).await?,
        "withdraw_exclusion" => nominations::withdraw(state, permit, Book::Exclusion, whom, &word.reason, Some(&key)).await?,
        _ => return Err(AppError::invalid("act_missing", "推薦か除外のどちらかを選んでください。")),
    };
    Ok(match word.act.as_str() {
        "nominate" => "nominate",
        "exclude" => "exclude",
        _ => "withdraw",
    })
}

async fn shown<P: Policy>(
    state: &State,
    visitor: &Visitor<P>,
    (program, prefecture): (&str, PrefectureCode),
    (done, refused, word): (Option<&'static str>, Option<Refused>, &Word),
) -> Result<HttpResponse, PageError> {
    let permit = visitor.also::<ReadPrograms>()?;
    let row = programs::read(state, &permit, program).await?;
    let candidates = candidates::list(state, &permit, program, prefecture).await?;
    let nominations = nominations::list(state, &permit, Book::Nomination, program, prefecture).await?;
    let exclusions = nominations::list(state, &permit, Book::Exclusion, program, prefecture).await?;
    let path = board_path(program, prefecture);
    let page = below_program(visitor.page("候補にならない病院と推薦・除外"), &row);
    let pager = Pager::of(candidates.excluded.len(), word.page.parse().unwrap_or(1), |page| {
        format!("{path}/others?page={page}#others")
    });
    let others = candidates.excluded.into_iter().skip(pager.skipped()).take(LINES).map(|one| Other {
        gmis: one.hospital,
        name: one.name,
        wish: match one.wish {
            analytics::selection::Wish::Wanted => "希望する",
            analytics::selection::Wish::NotWanted => "希望しない",
            analytics::selection::Wish::Unanswered => "―",
        },
        why: one.message,
    });
    let taking_back = if word.act.starts_with("withdraw") {
        word.hospital.clone()
    } else {
        String::new()
    };
    let template = OthersPage {
        page: page.below(path.clone(), format!("{}の選定", prefecture.name())).done(done),
        errors: ErrorSummary {
            errors: refused
                .iter()
                .map(|refused| (place_of(refused, word), refused.sentence.clone()))
                .collect(),
        },
        key: Uuid::now_v7().to_string(),
        nominations: nominations.into_iter().map(standing).collect(),
        exclusions: exclusions.into_iter().map(standing).collect(),
        others: others.collect(),
        pager,
        form: visitor
            .maybe::<ChooseHospitals>()
            .map(|_| fields(word, refused.as_ref().filter(|_| taking_back.is_empty()))),
        taking_back,
        path,
    };
    Ok(render(refused.map_or(StatusCode::OK, |refused| refused.status), &template))
}

fn standing(row: StandingRow) -> Standing {
    Standing {
        gmis: row.gmis_id,
        name: row.name,
        reason: row.reason,
        since: words::day(row.recorded_at),
    }
}

/// The field that a refusal speaks of.
fn place_of(refused: &Refused, word: &Word) -> String {
    if word.act.starts_with("withdraw") {
        return format!("{}-{}", word.act, word.hospital);
    }
    match refused.code.as_str() {
        "reason_missing" | "reason_too_long" => "reason",
        "act_missing" => "act",
        _ => "hospital",
    }
    .to_owned()
}

fn fields(word: &Word, refused: Option<&Refused>) -> (TextField, ChoiceField, TextField) {
    let error = |field: &str| {
        refused
            .filter(|refused| place_of(refused, word) == field)
            .map(|refused| refused.sentence.clone())
    };
    let hospital = TextField::new("hospital", "病院のG-MIS ID")
        .support("半角の英数字7～8文字です。")
        .value(word.hospital.clone())
        .error(error("hospital"));
    let choices = vec![
        Choice::new(
            "nominate",
            "推薦する（条件を満たさない病院を、手作業で載せられるようにする）",
            &word.act,
        ),
        Choice::new("exclude", "候補から除外する（統合の予定があるなど）", &word.act),
    ];
    let reason = TextField::new("reason", "理由")
        .takes(Takes::Lines)
        .support("記録に残り、厚生労働省にも表示されます。")
        .value(word.reason.clone())
        .error(error("reason"));
    (
        hospital,
        ChoiceField::new("act", "推薦・除外", Look::Radios, choices).error(error("act")),
        reason,
    )
}
