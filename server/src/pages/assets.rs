//! Stylesheet, modules and icon: compiled in, named with a hash of their bytes, so that a browser keeps them for ever and a new version is another name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, get, web};
use sha2::{Digest, Sha256};

use crate::error::AppError;
use crate::pages::error::PageError;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// What there is: name, media type, text.
const FILES: [(&str, &str, &str); 4] = [
    ("chosa.css", "text/css; charset=utf-8", include_str!("../../assets/chosa.css")),
    ("chosa.js", JAVASCRIPT, include_str!("../../assets/chosa.js")),
    ("idle.js", JAVASCRIPT, include_str!("../../assets/idle.js")),
    ("chosa.svg", "image/svg+xml", include_str!("../../assets/chosa.svg")),
];

/// The paths that pages write, by name.
static PATHS: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|(name, _, text)| {
            let hash: String = hex::encode(Sha256::digest(text)).chars().take(12).collect();
            (*name, format!("/assets/{hash}/{name}"))
        })
        .collect()
});

/// The path of an asset; that of nothing for a name that there is not, which the tests of pages would see as a 404.
pub fn path(name: &str) -> &'static str {
    PATHS.get(name).map_or("/assets/", String::as_str)
}

/// Gives an asset. An old hash gives the file of now: a page that was open while the server was renewed still has its style.
#[get("/assets/{hash}/{name}")]
pub async fn read_asset(path: web::Path<(String, String)>) -> Result<HttpResponse, PageError> {
    let (_, name) = path.into_inner();
    let (_, media_type, text) = FILES
        .iter()
        .find(|(known, ..)| *known == name)
        .ok_or_else(|| AppError::not_found("path_unknown", "このファイルはありません。画面を読み込み直してください。"))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, *media_type))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(*text))
}
