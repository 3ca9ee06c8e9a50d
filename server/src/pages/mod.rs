//! Pages for people, in Japanese, whole without JavaScript: reads forms, calls one use case, renders a template. Rules live in `app`, words that more than
//! one page needs in `words`, what is said in HTML in `templates/`.
//!
//! A page never decides what is right: the evaluator, the policies and the use cases do, the same as for the API.

pub mod accounts;
pub mod answers;
pub mod assets;
pub mod error;
pub mod fields;
pub mod filters;
pub mod help;
pub mod homes;
pub mod jobs;
pub mod ministry;
pub mod moments;
pub mod page;
pub mod programs;
pub mod protection;
pub mod refusals;
pub mod second_steps;
pub mod sessions;
pub mod surveys;
pub mod uploads;
pub mod visitor;
pub mod words;

use actix_web::middleware::{Compress, from_fn};
use actix_web::web;

use crate::error::AppError;
use error::PageError;

/// Largest form: a text of the longest kind in every question.
const FORM_BYTES: usize = 1 << 20;

/// All pages, under headers that browsers obey and behind the check of where a form came from.
pub fn configure(config: &mut web::ServiceConfig) {
    let pages = web::scope("")
        .wrap(Compress::default())
        .wrap(from_fn(protection::protect))
        .configure(extractors)
        .service(assets::read_asset)
        .service(homes::read_home)
        .service(help::list_guides)
        .service(help::read_guide)
        .service(help::read_picture)
        .service(sessions::read_sign_in)
        .service(sessions::sign_in)
        .service(sessions::sign_out)
        .service(sessions::keep_alive)
        .service(second_steps::read_second_step)
        .service(second_steps::take_second_step)
        .service(answers::forms::read_form)
        .service(answers::forms::save_form)
        .service(answers::checks::read_check)
        .service(answers::checks::submit_form)
        .service(answers::checks::withdraw_form)
        .service(answers::receipts::read_receipt)
        .service(answers::receipts::download_receipt)
        .configure(accounts::configure)
        .configure(surveys::configure)
        .configure(programs::configure)
        .configure(ministry::configure)
        .default_service(web::to(error::unknown_page));
    config.service(pages);
}

/// What cannot be read is refused as a page.
fn extractors(config: &mut web::ServiceConfig) {
    let refuse = |code: &'static str, message: &'static str| PageError::from(AppError::invalid(code, message));
    config
        .app_data(web::FormConfig::default().limit(FORM_BYTES).error_handler(move |error, _| {
            tracing::debug!(%error, "form refused");
            refuse(
                "form_invalid",
                "送られた内容を読み取れませんでした。前の画面に戻り、入力した内容を確かめてから、もう一度送ってください。",
            )
            .into()
        }))
        .app_data(web::QueryConfig::default().error_handler(move |error, _| {
            tracing::debug!(%error, "query refused");
            refuse("query_invalid", "URLの条件が正しくありません。前の画面に戻って選び直してください。").into()
        }))
        .app_data(web::PathConfig::default().error_handler(move |error, _| {
            tracing::debug!(%error, "path refused");
            PageError::from(AppError::not_found(
                "path_unknown",
                "このURLのページはありません。URLを確かめるか、ホームから選び直してください。",
            ))
            .into()
        }));
}
