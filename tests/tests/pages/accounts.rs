//! Pages of accounts: links, sign-ins that are slowed down, second factors, sessions, passwords.

mod factors;
mod idle;
mod links;
mod living;
mod throttle;

use server::auth::second_factor::Demand;
use tests::app::TestApp;
use tests::database::TestDatabase;
use tests::pages::{Reader, Shown};
use tests::world::PASSWORD;
use totp_rs::{Builder, Secret, Totp};

const NEW_PASSWORD: &str = "another horse battery";

/// A server that asks everybody who sees others' data for a second factor.
async fn strict() -> TestApp {
    TestApp::with(TestDatabase::world().await, |parts| parts.second_factor = Demand::Required).await
}

/// Sends login and password from a browser that keeps nothing.
async fn try_password(app: &TestApp, login: &str, password: &str) -> Shown {
    let form = [("login", login), ("password", password)];
    Reader::nobody(app).post("/sign-in", &form).await
}

/// The cookies that an answer sets, as a browser sends them back.
fn cookies(shown: &Shown) -> Vec<String> {
    shown
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned())
        .collect()
}

/// An app that shows codes, with the key that a page shows.
struct Authenticator(Totp);

impl Authenticator {
    fn of(page: &str) -> Authenticator {
        let text = page.split("class=\"code factor-key\">").nth(1).unwrap().split('<').next().unwrap();
        let secret = Secret::try_from_base32(text.replace(' ', "")).unwrap();
        Authenticator(Builder::new().with_secret(secret).build().unwrap())
    }

    /// What it shows at the server's time.
    fn code(&self, app: &TestApp) -> String {
        let now = u64::try_from(app.clock.now().timestamp()).unwrap();
        self.0.generate(now).to_string()
    }
}

/// Sets up a second factor on the page; the app and the recovery codes.
async fn set_up(app: &TestApp, reader: &Reader) -> (Authenticator, Vec<String>) {
    let page = reader.get("/account/second-factor").await.expect(200);
    let authenticator = Authenticator::of(&page);
    let sealed = tests::pages::field(&page, "sealed");
    let code = authenticator.code(app);
    let form = [("sealed", sealed.as_str()), ("code", &code), ("current", PASSWORD)];
    let page = reader.post("/account/second-factor", &form).await.expect(200);
    let codes: Vec<String> = page
        .split("<li class=\"code\">")
        .skip(1)
        .map(|part| part.split('<').next().unwrap().to_owned())
        .collect();
    assert_eq!(codes.len(), 10);
    (authenticator, codes)
}

/// The first step of a sign-in with a second factor: a reader with the cookie that waits.
async fn first_step(app: &TestApp, login: &str) -> Reader {
    let shown = try_password(app, login, PASSWORD).await;
    assert_eq!(shown.location(), "/sign-in/second-factor?next=%2F");
    let cookies = cookies(&shown);
    let [cookie] = cookies.as_slice() else {
        panic!("one cookie and no session: {cookies:?}")
    };
    assert!(cookie.starts_with("__Host-chosa-pending="), "{cookie}");
    let mut reader = Reader::nobody(app);
    reader.cookie.clone_from(cookie);
    reader
}
