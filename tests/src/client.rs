//! A client of the API over real HTTP: with or without a bearer. Sends what it is told and judges nothing but that a refusal is problem+json.

use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;
use uuid::Uuid;

/// How long a job may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who talks to the server.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    bearer: Option<String>,
}

/// What the server answered, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

/// A request on its way.
#[must_use]
pub struct Request(reqwest::RequestBuilder);

impl Client {
    /// Nobody, at a server.
    pub fn nobody(base: impl Into<String>) -> Client {
        Client {
            http: reqwest::Client::new(),
            base: base.into(),
            bearer: None,
        }
    }

    /// The same client with another bearer.
    #[must_use]
    pub fn bearing(&self, bearer: impl Into<String>) -> Client {
        Client {
            bearer: Some(bearer.into()),
            ..self.clone()
        }
    }

    /// The bearer.
    pub fn bearer(&self) -> &str {
        self.bearer.as_deref().unwrap_or_default()
    }

    /// A request of any kind.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let request = self.http.request(method, format!("{}{path}", self.base));
        Request(match &self.bearer {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        })
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send().await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path).send().await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::POST, path).json(body).send().await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.request(Method::PUT, path).json(body).send().await
    }

    /// POST of JSON with a new idempotency key; asked again with the same key while a job is at work on it.
    pub async fn submit(&self, path: &str, body: &Value) -> Answer {
        let key = new_key();
        self.until_done(async || self.request(Method::POST, path).key(&key).json(body).send().await)
            .await
    }

    /// POST of a file with a new idempotency key; asked again with the same key while a job is at work on it.
    pub async fn upload(&self, path: &str, file: impl Into<Vec<u8>>) -> Answer {
        let (key, file) = (new_key(), file.into());
        self.until_done(async || self.request(Method::POST, path).key(&key).bytes(file.clone()).send().await)
            .await
    }

    /// On a busy machine a job may take longer than a request waits: then the answer is 202 and the result comes when it is asked for again.
    async fn until_done(&self, ask: impl AsyncFn() -> Answer) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = ask().await;
            let at_work = answer.status == 202 && answer.headers.contains_key("location");
            if !at_work || begun.elapsed() > PATIENCE {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A key that was never used.
pub fn new_key() -> String {
    Uuid::new_v4().to_string()
}

impl Request {
    /// With a header.
    pub fn header(self, name: &str, value: &str) -> Request {
        Request(self.0.header(name, value))
    }

    /// With an idempotency key.
    pub fn key(self, key: impl AsRef<str>) -> Request {
        self.header("Idempotency-Key", key.as_ref())
    }

    /// With JSON.
    pub fn json(self, body: &Value) -> Request {
        Request(self.0.json(body))
    }

    /// With bytes.
    pub fn bytes(self, body: impl Into<Vec<u8>>) -> Request {
        Request(self.0.header(CONTENT_TYPE, "application/octet-stream").body(body.into()))
    }

    /// With a media type and text.
    pub fn text(self, media_type: &str, body: impl Into<String>) -> Request {
        Request(self.0.header(CONTENT_TYPE, media_type).body(body.into()))
    }

    /// Sends it and reads the answer.
    ///
    /// # Panics
    /// If there is no answer, or a refusal that is not problem+json.
    pub async fn send(self) -> Answer {
        self.try_send().await.unwrap()
    }

    /// Sends it over a network that may break.
    ///
    /// # Errors
    /// There is no answer, or not all of it.
    ///
    /// # Panics
    /// If a refusal is not problem+json.
    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let response = self.0.send().await?;
        let answer = Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await?.into(),
        };
        if answer.status >= 400 {
            answer.problem();
        }
        Ok(answer)
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// The body as JSON of an answer with this status.
    ///
    /// # Panics
    /// If the status is another one: then the body says why.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The bytes of an answer with status 200.
    ///
    /// # Panics
    /// If the status is another one.
    #[track_caller]
    pub fn file(self) -> Vec<u8> {
        assert_eq!(self.status, 200, "{self}");
        self.body
    }

    /// The problem of a refusal with this status and code; also that its fields agree with each other and that it speaks Japanese.
    ///
    /// # Panics
    /// If it is anything else.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{self}");
        self.problem()
    }

    /// The code of a refusal.
    pub fn code(&self) -> String {
        self.problem()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Status, and the code where it is a refusal: `200`, `403 role_not_permitted`.
    pub fn outcome(&self) -> String {
        if self.status < 400 {
            self.status.to_string()
        } else {
            format!("{} {}", self.status, self.code())
        }
    }

    /// A header as text; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self}");
        let problem = self.json();
        let code = problem["code"].as_str().unwrap();
        assert_eq!(problem["status"], self.status, "{self}");
        assert_eq!(problem["type"], format!("urn:chosa:problem:{code}"), "{self}");
        assert!(!problem["title"].as_str().unwrap().is_empty(), "{self}");
        assert!(
            problem["detail"].as_str().unwrap().chars().any(|c| ('ぁ'..='ん').contains(&c)),
            "no Japanese: {self}"
        );
        problem
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(f, "{} {}", self.status, body.chars().take(2_000).collect::<String>())
    }
}
