//! Stylesheet, modules and icon: compiled in, named with one hash of them all, so that a browser keeps them for ever and a new version is another name, for
//! what a module imports too.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, get, web};
use sha2::{Digest, Sha256};

use crate::error::AppError;
use crate::pages::error::PageError;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// What there is: name, media type, text.
const FILES: &[(&str, &str, &str)] = &[
    ("autosave.js", JAVASCRIPT, include_str!("../../assets/autosave.js")),
    ("chosa.css", "text/css; charset=utf-8", include_str!("../../assets/chosa.css")),
    ("chosa.js", JAVASCRIPT, include_str!("../../assets/chosa.js")),
    ("progress.js", JAVASCRIPT, include_str!("../../assets/progress.js")),
    ("copy.js", JAVASCRIPT, include_str!("../../assets/copy.js")),
    ("idle.js", JAVASCRIPT, include_str!("../../assets/idle.js")),
    ("chosa.svg", "image/svg+xml", include_str!("../../assets/chosa.svg")),
];

/// A hash of all of them.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for (name, _, text) in FILES {
        hash.update(name);
        hash.update(text);
    }
    hex::encode(hash.finalize()).chars().take(12).collect()
});

/// The path of an asset.
pub fn path(name: &str) -> String {
    format!("/assets/{}/{name}", *HASH)
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
