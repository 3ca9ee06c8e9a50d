//! The questionnaire of one hospital: typed, checked, submitted, pulled back. The same pages serve the hospital and who enters answers for it.

pub mod checks;
pub mod forms;
pub mod given;
pub mod questions;
pub mod receipts;

use survey::submission::SubmissionState;
use survey::survey::Survey;

use crate::app::entries::Entry;
use crate::auth::actor::Role;
use crate::pages::page::Page;
use crate::pages::visitor::Visitor;

/// The path of one of a hospital's pages.
pub fn path(survey: &Survey, gmis: &str, page: &str) -> String {
    format!("/surveys/{}/hospitals/{gmis}/{page}", survey.id())
}

/// The frame of a page of a hospital's questionnaire.
fn framed<P: crate::auth::permit::Policy>(visitor: &Visitor<P>, survey: &Survey, entry: &Entry, title: &str) -> Page {
    let page = visitor.page(title);
    if matches!(visitor.who.role, Role::Hospital(_)) {
        return page.below("/", "ホーム");
    }
    page.below("/", "ホーム")
        .below(format!("/surveys/{}", survey.id()), format!("{}年調査", survey.id()))
        .below(
            format!("/surveys/{}/hospitals/{}", survey.id(), entry.hospital.gmis_id),
            entry.hospital.name.clone(),
        )
}

/// What must not be overlooked: that something is saved and not submitted, or that answers wait for correction.
fn standing_words(entry: &Entry) -> Option<&'static str> {
    match entry.state {
        Some(SubmissionState::Returned) => {
            Some("回答は差し戻されています。指摘された設問を直して、もう一度提出してください。提出するまで集計されません。")
        }
        Some(SubmissionState::Withdrawn) => Some("回答は引き戻されています。もう一度提出するまで集計されません。"),
        Some(SubmissionState::Submitted) if entry.is_unsubmitted() => {
            Some("提出した後に変更した内容は、一時保存のままです。提出し直すまで、前に提出した回答が集計されます。")
        }
        Some(SubmissionState::Submitted | SubmissionState::Accepted) => None,
        Some(SubmissionState::Draft) | None if entry.draft.is_some() => {
            Some("一時保存されていますが、まだ提出されていません。「内容を確認して提出へ」から提出してください。")
        }
        Some(SubmissionState::Draft) | None => None,
    }
}
