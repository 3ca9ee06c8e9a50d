//! The guides of `docs` as pages, compiled in, so that what is read is of the version that runs. Anybody may read them.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, get, web};
use askama::Template;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};
use secrecy::SecretString;

use crate::app::state::State;
use crate::auth::permit::ReadSelf;
use crate::error::AppError;
use crate::pages::error::PageError;
use crate::pages::page::{Page, show};
use crate::pages::visitor::{Visitor, token_of};

/// One document.
struct Guide {
    name: &'static str,
    title: &'static str,
    text: &'static str,
}

const fn guide(name: &'static str, title: &'static str, text: &'static str) -> Guide {
    Guide { name, title, text }
}

const GUIDES: &[Guide] = &[
    guide("hospital", "病院の担当者の方へ", include_str!("../../../docs/guides/hospital.md")),
    guide(
        "prefecture",
        "都道府県の担当者の方へ",
        include_str!("../../../docs/guides/prefecture.md"),
    ),
    guide(
        "ministry",
        "厚生労働省の担当者の方へ",
        include_str!("../../../docs/guides/ministry.md"),
    ),
    guide("operator", "運用の担当者の方へ", include_str!("../../../docs/guides/operator.md")),
    guide("quotas", "支援枠の計算", include_str!("../../../docs/quotas.md")),
    guide("planning", "支援の計画の数え方", include_str!("../../../docs/planning.md")),
    guide("methods", "推計の方法", include_str!("../../../docs/methods.md")),
    guide("suppression", "秘匿の方法", include_str!("../../../docs/suppression.md")),
    guide("machines", "プログラムから使う", include_str!("../../../docs/machines.md")),
];

/// Pictures that guides show: of pages, made by the tests of the pages (`make pictures`), and of made data, held by a test of the main job.
const PICTURES: &[(&str, &[u8])] = &[
    ("clerk-check.png", include_bytes!("../../../docs/images/clerk-check.png")),
    ("clerk-form.png", include_bytes!("../../../docs/images/clerk-form.png")),
    ("clerk-home.png", include_bytes!("../../../docs/images/clerk-home.png")),
    ("clerk-receipt.png", include_bytes!("../../../docs/images/clerk-receipt.png")),
    (
        "clerk-second-factor.png",
        include_bytes!("../../../docs/images/clerk-second-factor.png"),
    ),
    ("ehr-by-band.svg", include_bytes!("../../../docs/images/ehr-by-band.svg")),
    (
        "ehr-by-prefecture.svg",
        include_bytes!("../../../docs/images/ehr-by-prefecture.svg"),
    ),
    ("ehr-trend.svg", include_bytes!("../../../docs/images/ehr-trend.svg")),
    ("ministry-audit.png", include_bytes!("../../../docs/images/ministry-audit.png")),
    ("ministry-map.png", include_bytes!("../../../docs/images/ministry-map.png")),
    ("ministry-release.png", include_bytes!("../../../docs/images/ministry-release.png")),
    ("ministry-table.png", include_bytes!("../../../docs/images/ministry-table.png")),
    ("ministry-trends.png", include_bytes!("../../../docs/images/ministry-trends.png")),
    ("ministry-windows.png", include_bytes!("../../../docs/images/ministry-windows.png")),
    (
        "prefecture-accounts.png",
        include_bytes!("../../../docs/images/prefecture-accounts.png"),
    ),
    ("prefecture-board.png", include_bytes!("../../../docs/images/prefecture-board.png")),
    (
        "prefecture-hospital.png",
        include_bytes!("../../../docs/images/prefecture-hospital.png"),
    ),
    (
        "prefecture-survey.png",
        include_bytes!("../../../docs/images/prefecture-survey.png"),
    ),
];

#[derive(Template)]
#[template(path = "help/guides.html")]
struct GuidesPage {
    page: Page,
    guides: Vec<(String, &'static str)>,
}

#[derive(Template)]
#[template(path = "help/guide.html")]
struct GuidePage {
    page: Page,
    html: String,
}

/// The list of guides.
#[get("/help")]
pub async fn list_guides(reader: Reader) -> HttpResponse {
    show(&GuidesPage {
        page: reader.page("使い方").at("/help"),
        guides: GUIDES.iter().map(|guide| (format!("/help/{}", guide.name), guide.title)).collect(),
    })
}

/// A guide.
///
/// # Errors
/// `path_unknown`.
#[get("/help/{guide}")]
pub async fn read_guide(reader: Reader, name: web::Path<String>) -> Result<HttpResponse, PageError> {
    let guide = GUIDES.iter().find(|guide| guide.name == name.as_str()).ok_or_else(unknown)?;
    Ok(show(&GuidePage {
        page: reader.page(guide.title).at("/help").below("/help", "使い方"),
        html: as_html(guide.text),
    }))
}

/// A picture in a guide.
///
/// # Errors
/// `path_unknown`.
#[get("/help/images/{name}")]
pub async fn read_picture(name: web::Path<String>) -> Result<HttpResponse, PageError> {
    let (name, bytes) = PICTURES.iter().find(|(known, _)| *known == name.as_str()).ok_or_else(unknown)?;
    let kind = if name.ends_with(".svg") { "image/svg+xml" } else { "image/png" };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(*bytes))
}

fn unknown() -> AppError {
    AppError::not_found("path_unknown", "このページはありません。「使い方」の一覧から選び直してください。")
}

/// Whoever reads a guide: the head of the page says who, if somebody is signed in.
pub struct Reader(Option<Visitor<ReadSelf>>);

impl Reader {
    fn page(&self, title: &str) -> Page {
        self.0
            .as_ref()
            .map_or_else(|| Page::of_nobody(title), |visitor| visitor.page(title))
    }
}

impl actix_web::FromRequest for Reader {
    type Error = PageError;
    type Future = std::pin::Pin<Box<dyn std::future::Future<Output = Result<Reader, PageError>>>>;

    fn from_request(request: &actix_web::HttpRequest, payload: &mut actix_web::dev::Payload) -> Self::Future {
        let token: Option<SecretString> = token_of(request);
        let known = request.app_data::<web::Data<State>>().is_some() && token.is_some();
        let visitor = Visitor::<ReadSelf>::from_request(request, payload);
        Box::pin(async move { Ok(Reader(if known { visitor.await.ok() } else { None })) })
    }
}

/// Markdown of ours as HTML: no raw HTML, links led to our pages, tables that can be scrolled.
fn as_html(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut dropped = false;
    let events = Parser::new_ext(markdown, options).filter_map(move |event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let Some(dest_url) = led(&dest_url) else {
                dropped = true;
                return None;
            };
            Some(Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }))
        }
        Event::End(TagEnd::Link) if dropped => {
            dropped = false;
            None
        }
        Event::Start(Tag::Image {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let name = dest_url.rsplit('/').next().unwrap_or_default();
            Some(Event::Start(Tag::Image {
                link_type,
                dest_url: CowStr::from(format!("/help/images/{name}")),
                title,
                id,
            }))
        }
        other => Some(other),
    });
    let mut text = String::new();
    html::push_html(&mut text, events);
    let mut parts = text.split("<table>");
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    // Each can be scrolled by keyboard, and has a name of its own to be told apart by.
    for (part, number) in parts.zip(1_usize..) {
        numbered.push_str(&format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"表{number}\"><table>"
        ));
        numbered.push_str(part);
    }
    numbered
        .replace("</table>", "</table></div>")
        .replace("<th></th>", "<td></td>")
        .replace("<pre>", "<pre tabindex=\"0\">")
        .replace("<th style=\"text-align: right\">", "<th class=\"n\">")
        .replace("<td style=\"text-align: right\">", "<td class=\"n\">")
        .split("<img src=\"/help/images/")
        .enumerate()
        .map(|(place, part)| if place == 0 { part.to_owned() } else { placed(part) })
        .collect()
}

/// A picture that is loaded when it comes into view, in the room that it will take. `rest` begins with its name.
fn placed(rest: &str) -> String {
    let name = rest.split('"').next().unwrap_or_default();
    let size = PICTURES.iter().find(|(known, _)| *known == name).and_then(|(_, bytes)| size(bytes));
    let size = size.map_or_else(String::new, |(width, height)| format!(" width=\"{width}\" height=\"{height}\""));
    format!("<img loading=\"lazy\"{size} src=\"/help/images/{rest}")
}

/// Width and height in pixels of a PNG, which says them at the same place always; `None` of other files.
fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    const PLACE: usize = 16;
    bytes.starts_with(b"\x89PNG").then_some(())?;
    let number = |from: usize| Some(u32::from_be_bytes(bytes.get(from..from + 4)?.try_into().ok()?));
    Some((number(PLACE)?, number(PLACE + 4)?))
}

/// Where a link of a document leads: to another guide, to a place on the page, or nowhere.
fn led(link: &str) -> Option<CowStr<'static>> {
    if link.starts_with('#') || link.starts_with("https://") {
        return Some(CowStr::from(link.to_owned()));
    }
    let file = link.split('#').next()?.rsplit('/').next()?;
    let guide = GUIDES.iter().find(|guide| file.strip_suffix(".md") == Some(guide.name))?;
    Some(CowStr::from(format!("/help/{}", guide.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guides_lead_to_guides_and_hold_no_html_of_their_own() {
        let html = as_html("[枠](../quotas.md#a) [README](../../README.md) <b>x</b>\n\n| a |\n|--:|\n| 1 |\n");
        assert!(html.contains("<a href=\"/help/quotas\">枠</a> README &lt;b&gt;"), "{html}");
        assert!(html.contains("<td class=\"n\">1</td>"), "{html}");
        for guide in GUIDES {
            let html = as_html(guide.text);
            assert!(!html.contains(" style=") && !html.contains(".md\""), "{}", guide.name);
            assert_eq!(
                html.matches("<img ").count(),
                html.matches("<img loading=\"lazy\"").count(),
                "{}",
                guide.name
            );
            for picture in html.split("/help/images/").skip(1) {
                let name = picture.split('"').next().unwrap();
                let bytes = PICTURES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes);
                let bytes = bytes.unwrap_or_else(|| panic!("{}: {name}", guide.name));
                assert_eq!(size(bytes).is_some(), name.ends_with(".png"), "{name}");
            }
        }
    }
}
