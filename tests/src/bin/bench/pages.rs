//! Pages at the nation's scale: how long half and 99 of 100 requests take while fifty people read at once, how many bytes come over the wire, and when the
//! browser has painted and how much it moved afterwards.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use reqwest::header::{ACCEPT_ENCODING, COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;
use secrecy::SecretString;
use serde_json::{Value, json};
use server::app::accounts::{self, Speaks};
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use tests::nation::state_at;
use tests::world::{PASSWORD, done, prefecture};

use crate::cluster::{Cluster, MINISTRY};
use crate::report::{Report, median};
use crate::serving::Serving;
use crate::{imports, made};

/// People who read at once.
const READERS: usize = 50;
/// Pages that each of them reads in one repetition.
const EACH: usize = 10;

/// Who reads what; `{hospital}` is the hospital of the account `hospital`.
const PAGES: &[(&str, &str)] = &[
    ("hospital", "/"),
    ("hospital", "/surveys/2024/hospitals/{hospital}/form?topic=5"),
    ("hospital", "/surveys/2024/hospitals/{hospital}/form?topic=all"),
    ("hospital", "/surveys/2024/hospitals/{hospital}/check"),
    ("hospital", "/surveys/2024/hospitals/{hospital}/receipts/1"),
    ("hospital", "/account"),
    ("tokyo", "/"),
    ("tokyo", "/surveys/2024"),
    ("tokyo", "/surveys/2024/hospitals"),
    ("tokyo", "/surveys/2024/hospitals/{hospital}"),
    ("tokyo", "/surveys/2024/reminders"),
    ("tokyo", "/surveys/2024/uploads"),
    ("tokyo", "/surveys/2024/table?question=backup_copies&by=band&area=13"),
    (MINISTRY, "/surveys/2024"),
    (MINISTRY, "/surveys/2024/hospitals"),
    (
        MINISTRY,
        "/surveys/2024/table?question=backup_copies&by=prefecture_band&area=nation",
    ),
    (MINISTRY, "/surveys/2024/map"),
    (MINISTRY, "/surveys/2024/windows"),
    (MINISTRY, "/surveys/2024/releases"),
    (MINISTRY, "/audit"),
];

/// Measures it.
pub async fn measure(cluster: &Cluster, hospitals: usize, repetitions: usize, report: &mut Report) {
    let template = cluster.make("pages", hospitals).await;
    let database = cluster.copy(&template).await;
    imports::import(cluster, &database, &made::workbook(hospitals), hospitals, false).await;
    // The first of the frame that is in the prefecture whose staff read.
    let tokyo = prefecture(13);
    let frame = made::frame(hospitals);
    let hospital = frame.iter().find(|hospital| hospital.prefecture == tokyo).unwrap();
    let gmis = hospital.gmis.as_str().to_owned();
    let state = state_at(&database.application_url, chrono::Utc::now()).await;
    let own = Speaks::Hospital {
        survey: made::SURVEY.to_owned(),
        gmis: gmis.clone(),
    };
    for (login, speaks) in [("hospital", own), ("tokyo", Speaks::Prefecture(tokyo))] {
        let permit = Permit::of(Actor::system()).unwrap();
        done(accounts::create(&state, &permit, login, SecretString::from(PASSWORD), &speaks).await);
    }
    drop(state);
    let serving = Serving::start(&database, cluster.folder());
    let base = format!("http://{}", serving.address);
    let mut seen = Vec::new();
    for (login, page) in PAGES {
        let path = page.replace("{hospital}", &gmis);
        let cookie = sign_in(&base, login).await;
        let (mut half, mut most, mut bytes) = (vec![], vec![], 0);
        for repetition in 0..=repetitions {
            let (mut taken, size) = together(&format!("{base}{path}"), &cookie).await;
            bytes = size;
            taken.sort_by(f64::total_cmp);
            if repetition > 0 {
                half.push(taken[taken.len() / 2]);
                most.push(taken[taken.len() * 99 / 100]);
            }
        }
        seen.push(json!({"login": login, "page": page, "p50_ms": median(&half), "p99_ms": median(&most), "bytes": bytes}));
        report.add(format!("page {page} ({login}), {READERS} readers: p50"), "ms", half, "");
        report.add(format!("page {page} ({login}), {READERS} readers: p99"), "ms", most, "");
        report.add(format!("page {page} ({login}): compressed"), "bytes", vec![bytes as f64], "");
        if let Some(painted) = paint(&base, login, &path) {
            let number = |key: &str| painted[key].as_f64().unwrap_or(f64::NAN);
            report.add(
                format!("page {page} ({login}): first view over the wire"),
                "bytes",
                vec![number("bytes")],
                "< 150 kB",
            );
            report.add(
                format!("page {page} ({login}): first contentful paint"),
                "ms",
                vec![number("paint")],
                "",
            );
            report.add(format!("page {page} ({login}): layout shift"), "", vec![number("shift")], "");
        }
    }
    report.condition("pages", Value::from(seen));
    serving.stop();
    cluster.drop(database).await;
}

fn reader() -> reqwest::Client {
    reqwest::Client::builder().redirect(Policy::none()).build().unwrap()
}

async fn sign_in(base: &str, login: &str) -> String {
    let form = [("login", login), ("password", PASSWORD)];
    let request = reader()
        .post(format!("{base}/sign-in"))
        .header("sec-fetch-site", "same-origin")
        .form(&form);
    let response = request.send().await.unwrap();
    let cookie = response.headers().get(SET_COOKIE).unwrap().to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Milliseconds of every request, and the bytes of an answer as it comes over the wire.
async fn together(url: &str, cookie: &str) -> (Vec<f64>, usize) {
    let one = |_| {
        let (url, cookie) = (url.to_owned(), cookie.to_owned());
        tokio::spawn(async move {
            let client = reader();
            let (mut taken, mut bytes) = (Vec::new(), 0);
            for _ in 0..EACH {
                let begin = Instant::now();
                let response = client
                    .get(&url)
                    .header(COOKIE, &cookie)
                    .header(ACCEPT_ENCODING, "gzip")
                    .send()
                    .await
                    .unwrap();
                assert_eq!(response.status(), 200, "{url}");
                bytes = response.bytes().await.unwrap().len();
                taken.push(begin.elapsed().as_secs_f64() * 1_000.0);
            }
            (taken, bytes)
        })
    };
    let (mut all, mut size) = (Vec::new(), 0);
    for task in (0..READERS).map(one).collect::<Vec<_>>() {
        let (taken, bytes) = task.await.unwrap();
        all.extend(taken);
        size = bytes;
    }
    (all, size)
}

/// What the browser says of one page; nothing where there is no browser.
fn paint(base: &str, login: &str, path: &str) -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let output = Command::new("node")
        .args(["paint.mjs", base, login, PASSWORD, path])
        .current_dir(folder)
        .output()
        .ok()?;
    if !output.status.success() {
        eprintln!("no paint of {path}: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    serde_json::from_slice(&output.stdout).ok()
}
