//! The ministry's acts on a survey's time: open it again, end a window early, extend for a hospital or an area. Each with a reason.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, post, web};
use survey::area::MunicipalityCode;
use survey::prefecture::PrefectureCode;
use survey::survey::Survey;
use uuid::Uuid;

use super::windows::shown;
use crate::app::state::State;
use crate::app::surveys;
use crate::app::windows::{self, Extended};
use crate::auth::permit::GrantTime;
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::moments::{last_second, moment};
use crate::pages::page::go_to;
use crate::pages::refusals::refused;
use crate::pages::visitor::Visitor;

/// What a form sent.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// `open`, `close`, `extend`.
    pub act: String,
    /// First moment.
    pub from: String,
    /// Last moment; of an early end: empty is now.
    pub until: String,
    /// For whom.
    pub whom: String,
    /// Of an early end.
    pub window: String,
    /// Why.
    pub reason: String,
}

impl Sent {
    /// Fields are named after their form, so that an error can lead to one of them.
    fn of(act: &str, form: &BTreeMap<String, String>) -> Sent {
        let of = |name: &str| {
            form.get(&format!("{act}-{name}"))
                .or_else(|| form.get(name))
                .cloned()
                .unwrap_or_default()
        };
        Sent {
            act: act.to_owned(),
            from: of("from"),
            until: of("until"),
            whom: of("whom"),
            window: of("window"),
            reason: of("reason"),
        }
    }
}

type Form = web::Form<BTreeMap<String, String>>;

/// Opens a survey again.
///
/// # Errors
/// `survey_unknown`; or the database is away. What the use case refuses is the page again.
#[post("/surveys/{survey}/windows/open")]
pub async fn open_window(
    state: web::Data<State>,
    visitor: Visitor<GrantTime>,
    place: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let (survey, sent) = (surveys::known(&place)?, Sent::of("open", &form));
    let opened = async {
        let times = (moment(&sent.from)?, last_second(&sent.until)?);
        windows::open(&state, &visitor.permit, survey, times, &sent.reason).await.map(drop)
    };
    let opened = opened.await;
    answer((&state, &visitor, survey), opened, sent).await
}

/// Ends a window early.
///
/// # Errors
/// As [`open_window`].
#[post("/surveys/{survey}/windows/close")]
pub async fn close_window(
    state: web::Data<State>,
    visitor: Visitor<GrantTime>,
    place: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let (survey, sent) = (surveys::known(&place)?, Sent::of("close", &form));
    let closed = async {
        let window = Uuid::parse_str(&sent.window)
            .ok()
            .ok_or_else(|| AppError::not_found("window_unknown", "この調査期間がありません。画面を読み込み直してください。"))?;
        let closes = match sent.until.trim() {
            "" => None,
            text => Some(last_second(text)?),
        };
        windows::close(&state, &visitor.permit, survey, Some(window), closes, &sent.reason)
            .await
            .map(drop)
    };
    let closed = closed.await;
    answer((&state, &visitor, survey), closed, sent).await
}

/// Extends a survey for a hospital or an area.
///
/// # Errors
/// As [`open_window`].
#[post("/surveys/{survey}/windows/extend")]
pub async fn extend_survey(
    state: web::Data<State>,
    visitor: Visitor<GrantTime>,
    place: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, PageError> {
    let (survey, sent) = (surveys::known(&place)?, Sent::of("extend", &form));
    let extended = async {
        let whom = whom(&sent.whom)?;
        let until = last_second(&sent.until)?;
        windows::extend(&state, &visitor.permit, survey, &whom, until, &sent.reason)
            .await
            .map(drop)
    };
    let extended = extended.await;
    answer((&state, &visitor, survey), extended, sent).await
}

async fn answer(
    (state, visitor, survey): (&State, &Visitor<GrantTime>, &Survey),
    done: Result<(), AppError>,
    sent: Sent,
) -> Result<HttpResponse, PageError> {
    match done {
        Ok(()) => Ok(go_to(format!("/surveys/{}/windows?done={}", survey.id(), sent.act))),
        Err(error) => {
            let refused = refused(error)?;
            shown(state, visitor, survey, (None, Some(refused), sent)).await
        }
    }
}

/// A prefecture by name or two digits, a municipality by five, else a hospital by its G-MIS ID, which has seven or eight characters.
fn whom(text: &str) -> Result<Extended, AppError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(AppError::invalid("whom_invalid", "延長する対象を入力してください。"));
    }
    if let Ok(code) = PrefectureCode::parse(text) {
        return Ok(Extended::Prefecture(code));
    }
    if let Ok(code) = MunicipalityCode::parse(text) {
        return Ok(Extended::Municipality(code));
    }
    Ok(Extended::Hospital(text.to_uppercase()))
}
