//! A use case's error as a page (docs/adr/0012-pages.md): the same sentence as the API's, with a way on. Whoever is not signed in is led to the sign-in page.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;

use crate::api::problem::ApiError;
use crate::auth::permit::ReadSelf;
use crate::error::AppError;
use crate::pages::page::{Page, Who, render};
use crate::pages::visitor::Visitor;

/// Why there is no page.
#[derive(Debug)]
pub enum PageError {
    /// Nobody is signed in: the sign-in page, which leads back to this path.
    SignIn(String),
    /// Whoever is signed in has to set up a second factor first.
    SetUp,
    /// What a use case said.
    Refused(ApiError),
}

impl From<AppError> for PageError {
    fn from(error: AppError) -> PageError {
        match error {
            AppError::Unauthenticated(_) => PageError::SignIn(String::from("/")),
            other => PageError::Refused(ApiError::from(other)),
        }
    }
}

impl PageError {
    /// The same, remembering where somebody wanted to go; only a page that was read can be come back to.
    pub fn wanted(error: AppError, request: &HttpRequest) -> PageError {
        match PageError::from(error) {
            PageError::SignIn(_) if request.method() == actix_web::http::Method::GET => {
                PageError::SignIn(request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string))
            }
            other => other,
        }
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PageError::SignIn(_) => f.write_str("not signed in"),
            PageError::SetUp => f.write_str("no second factor"),
            PageError::Refused(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PageError {}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    sentence: String,
    code: String,
    faults: Vec<String>,
}

impl PageError {
    /// The page, with who reads it at its head if that is known.
    pub fn page_for(&self, who: Option<Who>) -> HttpResponse {
        let error = match self {
            PageError::SignIn(next) => {
                let query = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
                return HttpResponse::SeeOther()
                    .insert_header((LOCATION, format!("/sign-in?{query}")))
                    .finish();
            }
            PageError::SetUp => {
                return HttpResponse::SeeOther()
                    .insert_header((LOCATION, "/account/second-factor"))
                    .finish();
            }
            PageError::Refused(error) => error,
        };
        let problem = error.problem();
        let title = match self.status_code() {
            StatusCode::NOT_FOUND => "ページが見つかりません",
            StatusCode::FORBIDDEN => "この操作はできません",
            status if status.is_server_error() => "処理できませんでした",
            _ => "受け付けられませんでした",
        };
        let page = who.map_or_else(|| Page::of_nobody(title), |who| Page::of(who, title));
        render(
            self.status_code(),
            &ErrorPage {
                page: page.at(""),
                sentence: sentence(&problem.code, problem.detail),
                code: problem.code,
                faults: problem.faults.into_iter().map(|fault| fault.message).collect(),
            },
        )
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            PageError::SignIn(_) | PageError::SetUp => StatusCode::SEE_OTHER,
            PageError::Refused(error) => error.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        self.page_for(None)
    }
}

/// The API's sentence, but for the one that speaks of what only programs send.
fn sentence(code: &str, detail: String) -> String {
    match code {
        "unavailable" => {
            "サービスが一時的に利用できません。しばらく待ってから、前の画面に戻り、もう一度お試しください。一時保存した内容は残っています。"
                .to_owned()
        }
        _ => detail,
    }
}

/// A path that there is not. Who reads it is asked for, so that it stands at the head of the page.
///
/// # Errors
/// Always.
pub async fn unknown_page(_reader: Option<Visitor<ReadSelf>>) -> Result<HttpResponse, PageError> {
    Err(AppError::not_found(
        "path_unknown",
        "このURLのページはありません。URLを確かめるか、ホームから選び直してください。",
    )
    .into())
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody;

    use super::*;

    #[test]
    fn who_reads_a_page_is_told_nothing_of_keys_and_causes() {
        for error in [AppError::unavailable("cause 1"), AppError::internal("cause 2")] {
            let response = PageError::from(error).error_response();
            assert!(response.status().is_server_error());
            let bytes = response.into_body().try_into_bytes().unwrap();
            let html = std::str::from_utf8(&bytes).unwrap();
            assert!(html.contains("もう一度お試しください"), "{html}");
            assert!(!html.contains("Idempotency-Key") && !html.contains("cause"), "{html}");
        }
    }
}
