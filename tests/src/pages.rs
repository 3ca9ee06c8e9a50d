//! Somebody who reads pages without JavaScript: a browser's cookie and headers over real HTTP, forms as browsers send them. What is on the screen is looked
//! at by `tests/browser`; here are status, words and where a form leads.

use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;

use crate::app::TestApp;
use crate::world::PASSWORD;

/// A reader of pages, signed in or not.
#[derive(Debug, Clone)]
pub struct Reader {
    http: reqwest::Client,
    base: String,
    /// The session's cookie as it is sent.
    pub cookie: String,
}

/// A page, or what came instead of one.
#[derive(Debug, Clone)]
pub struct Shown {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub html: String,
}

impl Shown {
    /// The body of an answer with this status.
    ///
    /// # Panics
    /// If the status is another.
    pub fn expect(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.html);
        self.html
    }

    /// Where it leads.
    ///
    /// # Panics
    /// If it leads nowhere.
    pub fn location(&self) -> String {
        assert_eq!(self.status, 303, "{}", self.html);
        self.headers[LOCATION].to_str().unwrap().to_owned()
    }
}

impl Reader {
    /// Nobody, at a server.
    pub fn nobody(app: &TestApp) -> Reader {
        Reader {
            http: reqwest::Client::builder().redirect(Policy::none()).build().unwrap(),
            base: app.base.clone(),
            cookie: String::new(),
        }
    }

    /// Signed in on the sign-in page with the password of the world's accounts.
    ///
    /// # Panics
    /// If that is refused.
    pub async fn sign_in(app: &TestApp, login: &str) -> Reader {
        let mut reader = Reader::nobody(app);
        let shown = reader.post("/sign-in", &[("login", login), ("password", PASSWORD)]).await;
        assert_eq!(shown.location(), "/");
        reader.keep(&shown);
        reader
    }

    /// Keeps the cookie that came with an answer, as a browser does.
    pub fn keep(&mut self, shown: &Shown) {
        if let Some(cookie) = shown.headers.get(SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            self.cookie = text.split(';').next().unwrap_or_default().to_owned();
        }
    }

    /// Reads a page.
    pub async fn get(&self, path: &str) -> Shown {
        self.send(self.http.get(self.url(path))).await
    }

    /// Sends a form as a page of ours would.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Shown {
        let request = self.http.post(self.url(path)).header("sec-fetch-site", "same-origin");
        self.send(request.form(form)).await
    }

    /// Sends a form with a file in its field `file`.
    pub async fn upload(&self, path: &str, form: &[(&str, &str)], name: &str, bytes: Vec<u8>) -> Shown {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let mut body = reqwest::multipart::Form::new().part("file", part);
        for (name, value) in form {
            body = body.text((*name).to_owned(), (*value).to_owned());
        }
        let request = self.http.post(self.url(path)).header("sec-fetch-site", "same-origin");
        self.send(request.multipart(body)).await
    }

    /// Sends a form and reads the page that it leads to.
    pub async fn submit(&self, path: &str, form: &[(&str, &str)]) -> String {
        let shown = self.post(path, form).await;
        self.get(&shown.location()).await.expect(200)
    }

    /// A request by hand.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// Sends a request that was made by hand, with the cookie.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Shown {
        let request = if self.cookie.is_empty() {
            request
        } else {
            request.header("cookie", &self.cookie)
        };
        let response = request.send().await.unwrap();
        Shown {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            html: response.text().await.unwrap(),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// The value of a hidden or text field on a page.
///
/// # Panics
/// If there is no such field.
pub fn field(html: &str, name: &str) -> String {
    let (_, rest) = html
        .split_once(&format!("name=\"{name}\""))
        .unwrap_or_else(|| panic!("no field {name} in {html}"));
    let tag = rest.split('>').next().unwrap_or_default();
    let value = tag
        .split_once("value=\"")
        .map_or("", |(_, after)| after.split('"').next().unwrap_or_default());
    value
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
}
