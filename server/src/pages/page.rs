//! What stands around every page: its title, who is signed in, where one is, and what was just done.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use askama::Template;

use crate::auth::actor::Role;
use crate::auth::session;
use crate::pages::assets;

/// Who is signed in, for the head of a page.
#[derive(Debug, Clone)]
pub struct Who {
    /// The part they play.
    pub role: Role,
    /// As typed when signing in.
    pub login: String,
    /// Hospital, prefecture or office.
    pub speaks_for: String,
}

/// One entry of the main menu.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// Path.
    pub href: &'static str,
    /// Words.
    pub text: &'static str,
}

/// The frame of a page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Of the window, and the last crumb.
    pub title: String,
    /// `None` before signing in.
    pub who: Option<Who>,
    /// Path of the menu's entry that this page belongs to.
    pub here: &'static str,
    /// Pages above this one: path, words.
    pub crumbs: Vec<(String, String)>,
    /// What the step before this page has done.
    pub done: Option<&'static str>,
}

const HOME: Link = Link {
    href: "/", text: "ホーム"
};
const PROGRAMS: Link = Link {
    href: "/programs",
    text: "支援事業",
};
const ACCOUNTS: Link = Link {
    href: "/hospital-accounts",
    text: "病院のアカウント",
};
const AUDIT: Link = Link {
    href: "/audit",
    text: "操作の記録",
};
const HELP: Link = Link {
    href: "/help",
    text: "使い方",
};

impl Page {
    /// A page that somebody signed in sees.
    pub fn of(who: Who, title: impl Into<String>) -> Page {
        Page {
            title: title.into(),
            who: Some(who),
            here: "/",
            crumbs: Vec::new(),
            done: None,
        }
    }

    /// A page that anybody sees.
    pub fn of_nobody(title: impl Into<String>) -> Page {
        Page {
            title: title.into(),
            who: None,
            here: "/",
            crumbs: Vec::new(),
            done: None,
        }
    }

    /// Says to which entry of the menu it belongs.
    #[must_use]
    pub fn at(self, here: &'static str) -> Page {
        Page { here, ..self }
    }

    /// Names a page above this one; call it from the outermost inwards.
    #[must_use]
    pub fn below(mut self, href: impl Into<String>, text: impl Into<String>) -> Page {
        self.crumbs.push((href.into(), text.into()));
        self
    }

    /// Says what was just done.
    #[must_use]
    pub fn done(self, done: Option<&'static str>) -> Page {
        Page { done, ..self }
    }

    /// The menu of the role.
    pub fn links(&self) -> &'static [Link] {
        let Some(who) = &self.who else { return &[] };
        match who.role {
            Role::Hospital(_) | Role::Municipality(_) => &[HOME, HELP],
            Role::Prefecture(_) => &[HOME, PROGRAMS, ACCOUNTS, HELP],
            Role::MinistryAnalyst => &[HOME, PROGRAMS, HELP],
            Role::MinistryAdministrator => &[HOME, PROGRAMS, ACCOUNTS, AUDIT, HELP],
            Role::Operator => &[HOME, AUDIT, HELP],
            Role::System => &[],
        }
    }

    /// Whether the entry of the menu is the one that this page belongs to.
    pub fn is_at(&self, href: &str) -> bool {
        self.here == href
    }

    /// After how many minutes without a step a session of pages ends.
    pub fn idle_minutes(&self) -> i64 {
        session::IDLE.num_minutes()
    }

    /// The path of an asset.
    pub fn asset(&self, name: &str) -> String {
        assets::path(name)
    }
}

/// Renders a template.
pub fn render(status: StatusCode, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(html) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html),
        Err(error) => {
            tracing::error!(%error, "a template cannot be rendered");
            HttpResponse::InternalServerError()
                .content_type("text/plain; charset=utf-8")
                .body("システムの不具合により画面を表示できませんでした。時間をおいてもう一度お試しください。")
        }
    }
}

/// Renders a template as a page that is as it should be.
pub fn show(template: &impl Template) -> HttpResponse {
    render(StatusCode::OK, template)
}

/// After a form that was taken: the page to read next, so that reading it again sends nothing twice.
pub fn go_to(path: impl AsRef<str>) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path.as_ref())).finish()
}

/// Fields of a query as they stand in a path; empty ones are left out.
pub fn encoded(fields: &[(&str, &str)]) -> String {
    let said: Vec<_> = fields.iter().filter(|(_, value)| !value.is_empty()).collect();
    serde_urlencoded::to_string(said).unwrap_or_default()
}
