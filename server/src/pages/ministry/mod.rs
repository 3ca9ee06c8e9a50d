//! What is beside a survey's own pages: windows and extensions, the map of response rates, releases, trends; and the audit. Most of it is the ministry's;
//! releases are for everybody who is signed in.

mod actions;
mod audits;
mod details;
mod grants;
mod maps;
mod next_release;
mod releases;
mod trends;
mod windows;

use actix_web::{HttpResponse, web};

/// Stands below pictures of live tables.
const INTERNAL: &str = "秘匿処理をしていない内部用の速報。公表には公表版を使う";

/// The pages of this part.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(windows::read_windows)
        .service(grants::open_window)
        .service(grants::close_window)
        .service(grants::extend_survey)
        .service(maps::read_map)
        .service(maps::draw_map)
        .service(releases::list_releases)
        .service(next_release::read_next_release)
        .service(next_release::make_release)
        .service(releases::read_release)
        .service(releases::download_file)
        .service(releases::check_release)
        .service(trends::read_trends)
        .service(trends::draw_trend)
        .service(audits::list_audit);
}

/// A picture as a file of its own: the pages' policy lets no style stand in them.
fn picture(svg: String) -> HttpResponse {
    HttpResponse::Ok().content_type("image/svg+xml").body(svg)
}

/// Percent with one decimal, or a dash.
fn percent(percent: Option<f64>) -> String {
    percent.map_or_else(|| "―".to_owned(), |percent| format!("{percent:.1}%"))
}
