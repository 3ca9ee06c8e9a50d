//! What every page is wrapped in: headers that browsers obey, and the refusal of forms that another site sent.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, ResponseError};

use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::page::Who;

/// Nothing is taken from elsewhere and nothing stands in the page itself: neither script nor style can be injected.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Headers that hold for every page.
const HEADERS: [(&str, &str); 6] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Refuses what another site sent, and writes the headers. What says nothing of caches is kept by none: pages are personal.
///
/// # Errors
/// Those of the page.
pub async fn protect(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut response = if is_own(request.method(), request.headers()) {
        with_reader(next.call(request).await?.map_into_boxed_body())
    } else {
        let refused = PageError::from(AppError::forbidden(
            "foreign_form",
            "この操作は、別のサイトから送られたため受け付けませんでした。本システムの画面を開き直して、もう一度操作してください。",
        ));
        request.into_response(refused.error_response())
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// An error's page knows nothing of who reads it; where the handler knew, it is written again with them at its head.
fn with_reader(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let who = response.request().extensions().get::<Who>().cloned();
    let error = response.response().error().and_then(|error| error.as_error::<PageError>());
    match (error, who) {
        (Some(error), Some(who)) => {
            let page = error.page_for(Some(who));
            response.into_response(page)
        }
        _ => response,
    }
}

/// Whether a request that changes something came from a page of ours. Browsers say so by `Sec-Fetch-Site`, older ones by `Origin`; who says neither is
/// no browser that could be led here by another site, and is refused all the same.
fn is_own(method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD) {
        return true;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let own = text("origin").and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    own.is_some() && own == text("host")
}
