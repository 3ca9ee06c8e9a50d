//! The prefecture's steps on the board: choose, add, drop, rank, hand in, replace. Each is one use case; what it refuses is told on the board.

use actix_web::{HttpResponse, post, web};
use analytics::selection::list::{Discard, Inexact};
use serde::Deserialize;
use survey::prefecture::PrefectureCode;

use super::board::board;
use super::cells::page_of;
use super::gathered::Gathered;
use super::sums::summary_id;
use super::views::View;
use super::{band_label, board_path, prefecture};
use crate::app::programs::choosing;
use crate::app::programs::lists::ListReport;
use crate::app::programs::lists::steps::{self, Adjustment};
use crate::app::state::State;
use crate::auth::permit::ChooseHospitals;
use crate::error::AppError;
use crate::pages::answers::checks::keyed;
use crate::pages::error::PageError;
use crate::pages::page::go_to;
use crate::pages::refusals::{Refused, refused};
use crate::pages::visitor::Visitor;

/// What a form of the board sends.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Sent {
    /// Which step: `choose`, `add`, `drop`, `up`, `down`, `rank`, `hand_in`, `replace`.
    pub act: String,
    /// G-MIS ID.
    #[serde(default)]
    pub hospital: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The rank that it has or shall have.
    #[serde(default)]
    pub rank: String,
    /// G-MIS ID of the successor; empty: the first reserve.
    #[serde(default)]
    pub by: String,
    /// `yes`: what was adjusted by hand may be thrown away.
    #[serde(default)]
    pub discard: String,
    /// The list's version that was seen.
    #[serde(default)]
    pub version: i32,
    /// Of the page: what it sends twice is done once.
    #[serde(default)]
    pub key: String,
    /// The view to come back to.
    #[serde(default)]
    pub band: String,
    /// The same.
    #[serde(default)]
    pub standing: String,
    /// The same.
    #[serde(default)]
    pub q: String,
    /// The same.
    #[serde(default)]
    pub page: String,
    /// When the ministry extends: until when.
    #[serde(default)]
    pub until: String,
}

/// What came of the step before, for the board.
#[derive(Debug, Default)]
pub struct Problem {
    /// Why it was not done.
    pub refused: Option<Refused>,
    /// What was done.
    pub done: Option<&'static str>,
    /// What was typed.
    pub sent: Sent,
}

impl Problem {
    /// Nothing was refused; perhaps something was done.
    pub fn none(done: &str) -> Problem {
        Problem {
            done: sentence(done),
            ..Problem::default()
        }
    }

    /// A form was refused.
    pub fn of(refused: Refused, sent: Sent) -> Problem {
        Problem {
            refused: Some(refused),
            done: None,
            sent,
        }
    }

    /// The lines of the summary, each leading to what has to be changed.
    pub fn errors(&self, list: Option<&ListReport>) -> Vec<(String, String)> {
        let Some(refused) = &self.refused else { return Vec::new() };
        if refused.code == "list_not_exact" {
            // Each cell has a line of its own, so that the sentence about all of them would say the same again.
            let cells: Vec<_> = list.iter().flat_map(|list| &list.inexact).map(not_exact).collect();
            if !cells.is_empty() {
                return cells;
            }
        }
        match (refused.code.as_str(), self.sent.act.as_str(), self.sent.hospital.as_str()) {
            ("list_changed", ..) => vec![("meanwhile".to_owned(), refused.sentence.clone())],
            ("reason_missing" | "reason_too_long", "return", _) => vec![("return-reason".to_owned(), refused.sentence.clone())],
            ("reason_missing" | "reason_too_long" | "time_invalid", "extend", _) => {
                vec![("extend-until".to_owned(), refused.sentence.clone())]
            }
            ("reason_missing" | "reason_too_long", act @ ("add" | "drop" | "replace"), gmis) => {
                vec![(format!("{act}-{gmis}"), refused.sentence.clone())]
            }
            _ => vec![(String::new(), refused.sentence.clone())],
        }
    }
}

fn not_exact(cell: &Inexact) -> (String, String) {
    let words = format!(
        "{}の選定が支援枠と一致しません。支援枠{}病院に対して、選定は{}病院です。",
        band_label(&cell.band),
        cell.quota,
        cell.chosen
    );
    (summary_id(&cell.band), words)
}

fn sentence(done: &str) -> Option<&'static str> {
    Some(match done {
        "choose" => "選定基準により選定しました。枠ごとの病院を確認し、よければ提出してください。",
        "add" => "病院をリストに追加しました。",
        "drop" => "病院をリストから外しました。",
        "rank" => "順位を変更しました。",
        "hand_in" => "選定リストを提出しました。厚生労働省が確認します。",
        "replace" => "病院を入れ替えました。",
        "accept" => "リストを受理しました。",
        "return" => "リストを差し戻しました。",
        "extend" => "提出期限を延長しました。",
        _ => return None,
    })
}

/// Takes a step of the prefecture.
///
/// # Errors
/// `program_unknown`, `prefecture_not_yours`; or the database is away. What the use cases refuse is the board again.
#[post("/programs/{program}/prefectures/{prefecture}")]
pub async fn act_on_board(
    state: web::Data<State>,
    visitor: Visitor<ChooseHospitals>,
    place: web::Path<(String, String)>,
    form: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let (program, code) = place.into_inner();
    let (prefecture, sent) = (prefecture(&code)?, form.into_inner());
    let taken = take(&state, &visitor, (&program, prefecture), &sent).await;
    let view = View::of(&sent.band, &sent.standing, &sent.q, &sent.page);
    match taken {
        Ok(done) => {
            let (view, anchor) = place_of(&state, &visitor, (&program, prefecture), view, &sent).await?;
            let query = view.query(&[("done", done)]);
            Ok(go_to(format!("{}?{query}{anchor}", board_path(&program, prefecture))))
        }
        Err(error) => {
            let problem = Problem::of(refused(error)?, sent);
            board(&state, &visitor, (&program, prefecture), view, problem).await
        }
    }
}

/// Back to the line that was acted on, on whatever page of the same view it stands now; what concerns the whole list is told at the top.
async fn place_of(
    state: &State,
    visitor: &Visitor<ChooseHospitals>,
    (program, prefecture): (&str, PrefectureCode),
    view: View,
    sent: &Sent,
) -> Result<(View, String), AppError> {
    let is_line = matches!(sent.act.as_str(), "add" | "up" | "down" | "rank") && sent.hospital.chars().all(char::is_alphanumeric);
    if !is_line {
        return Ok((view, String::new()));
    }
    let gathered = Gathered::read(state, &visitor.also()?, program, prefecture).await?;
    Ok(match page_of(&gathered, &view, &sent.hospital)? {
        Some(page) => (View { page, ..view }, format!("#h-{}", sent.hospital)),
        // It left the view: what was next to it is.
        None => (view, "#list".to_owned()),
    })
}

async fn take(
    state: &State,
    visitor: &Visitor<ChooseHospitals>,
    (program, prefecture): (&str, PrefectureCode),
    sent: &Sent,
) -> Result<&'static str, AppError> {
    // The same button pressed twice is one step; another button of the same page is another one.
    let what = format!("{} {} {} {} {}", sent.act, sent.hospital, sent.rank, sent.by, sent.version);
    let key = keyed(
        &format!("{program} {} {what} {}", prefecture.code(), sent.reason),
        &format!("{} {what}", sent.key),
    );
    if sent.act == "choose" {
        let discard = if sent.discard == "yes" {
            Discard::Adjustments
        } else {
            Discard::Nothing
        };
        choosing::choose(state, &visitor.permit, program, prefecture, discard, Some(&key)).await?;
        return Ok("choose");
    }
    let (adjustment, done) = adjustment(sent)?;
    let seen = (Some(sent.version), &adjustment);
    steps::adjust(state, &visitor.permit, (program, prefecture), seen, Some(&key)).await?;
    Ok(done)
}

fn adjustment(sent: &Sent) -> Result<(Adjustment, &'static str), AppError> {
    let rank = || {
        let number = sent.rank.trim().parse::<u32>();
        number
            .ok()
            .ok_or_else(|| AppError::invalid("rank_invalid", "順位は1以上の整数で入力してください。"))
    };
    let to = |rank| {
        let step = Adjustment::Rank {
            hospital: sent.hospital.clone(),
            rank,
        };
        (step, "rank")
    };
    Ok(match sent.act.as_str() {
        "add" => {
            let step = Adjustment::Add {
                hospital: sent.hospital.clone(),
                rank: if sent.rank.trim().is_empty() { None } else { Some(rank()?) },
                reason: sent.reason.clone(),
            };
            (step, "add")
        }
        "drop" => {
            let step = Adjustment::Drop {
                hospital: sent.hospital.clone(),
                reason: sent.reason.clone(),
            };
            (step, "drop")
        }
        "up" => to(rank()?.saturating_sub(1)),
        "down" => to(rank()?.saturating_add(1)),
        "rank" => to(rank()?),
        "hand_in" => (Adjustment::HandIn, "hand_in"),
        "replace" => {
            let step = Adjustment::Replace {
                hospital: sent.hospital.clone(),
                by: Some(sent.by.clone()).filter(|by| !by.is_empty()),
                reason: sent.reason.clone(),
            };
            (step, "replace")
        }
        _ => {
            return Err(AppError::invalid(
                "form_invalid",
                "送られた操作を読み取れませんでした。画面を読み込み直してください。",
            ));
        }
    })
}
