//! Pages at the nation's scale: how long half and 99 of 100 requests take while fifty people read at once, how many bytes come over the wire, and when the
//! browser has painted and how much it moved afterwards.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use analytics::selection::list::Discard;
use chrono::{TimeDelta, Utc};
use fixtures::DEFAULT_SEED;
use reqwest::header::{ACCEPT_ENCODING, COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;
use secrecy::SecretString;
use serde_json::{Value, json};
use server::app::accounts::{self, Speaks};
use server::app::programs::choosing;
use server::app::{releases, windows};
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use server::db::migrations;
use tests::nation::{self, Files, Order, PROGRAM, state_at};
use tests::world::{PASSWORD, done, prefecture, survey_of};

use crate::cluster::{Cluster, Database, MINISTRY};
use crate::imports;
use crate::made::SURVEY;
use crate::report::{Report, median};
use crate::serving::Serving;

/// Logins of a hospital and of its prefecture.
const HOSPITAL: &str = "hospital";
const PREFECTURE: &str = "tokyo";

/// People who read at once.
const READERS: usize = 50;
/// Pages that each of them reads in one repetition.
const EACH: usize = 10;

/// Who reads what: every page that an address leads to, files and pictures left out. `{hospital}` is the hospital of the account `hospital`, `{import}` the ministry's
/// upload of the nation.
const PAGES: &[(&str, &str)] = &[
    ("", "/sign-in"),
    ("", "/help"),
    ("", "/help/hospital"),
    (HOSPITAL, "/"),
    (HOSPITAL, "/surveys/2024/hospitals/{hospital}/form?topic=5"),
    (HOSPITAL, "/surveys/2024/hospitals/{hospital}/form?topic=all"),
    (HOSPITAL, "/surveys/2024/hospitals/{hospital}/check"),
    (HOSPITAL, "/surveys/2024/hospitals/{hospital}/receipts/1"),
    (HOSPITAL, "/surveys/2024/hospitals/{hospital}/workbook"),
    (HOSPITAL, "/account"),
    (PREFECTURE, "/"),
    (PREFECTURE, "/surveys/2024"),
    (PREFECTURE, "/surveys/2024/hospitals"),
    (PREFECTURE, "/surveys/2024/hospitals/{hospital}"),
    (PREFECTURE, "/surveys/2024/hospitals/{hospital}/return"),
    (PREFECTURE, "/surveys/2024/reminders"),
    (PREFECTURE, "/surveys/2024/uploads"),
    (PREFECTURE, "/surveys/2024/table?question=backup_copies&by=band&area=13"),
    (PREFECTURE, "/hospital-accounts"),
    (PREFECTURE, "/programs"),
    (PREFECTURE, "/programs/2024/prefectures/13"),
    (PREFECTURE, "/programs/2024/prefectures/13/criteria"),
    (PREFECTURE, "/programs/2024/prefectures/13/others"),
    (PREFECTURE, "/programs/2024/prefectures/13/quota"),
    (MINISTRY, "/"),
    (MINISTRY, "/surveys/2024"),
    (MINISTRY, "/surveys/2024/hospitals"),
    (MINISTRY, "/surveys/2024/uploads/{import}"),
    (
        MINISTRY,
        "/surveys/2024/table?question=backup_copies&by=prefecture_band&area=nation",
    ),
    (MINISTRY, "/surveys/2024/map"),
    (MINISTRY, "/surveys/2024/trends"),
    (MINISTRY, "/surveys/2024/windows"),
    (MINISTRY, "/surveys/2024/releases"),
    (MINISTRY, "/surveys/2024/releases/1"),
    (MINISTRY, "/programs/2024"),
    (MINISTRY, "/programs/2024/quotas"),
    (MINISTRY, "/programs/2024/requests"),
    (MINISTRY, "/programs/2024/coverage"),
    (MINISTRY, "/audit"),
];

/// Measures it.
pub async fn measure(cluster: &Cluster, scale: f64, repetitions: usize, report: &mut Report) {
    let (database, gmis) = whole_service(cluster, scale).await;
    let serving = Serving::start(&database, cluster.folder());
    let base = format!("http://{}", serving.address);
    let import = upload(&serving, scale).await;
    let mut seen = Vec::new();
    for (login, page) in PAGES {
        let path = page.replace("{hospital}", &gmis).replace("{import}", &import);
        let cookie = match *login {
            "" => String::new(),
            login => sign_in(&base, login).await,
        };
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

/// A database with everything that pages show: both surveys answered, the programme with the list of a prefecture, a release of each survey, accounts. And the
/// hospital of one of them, of the prefecture whose staff read, which has answered.
async fn whole_service(cluster: &Cluster, scale: f64) -> (Database, String) {
    let database = cluster.empty("pages").await;
    let migrated = migrations::run(&cluster.owner_url(&database)).await;
    migrated.unwrap_or_else(|error| panic!("{}", error.for_operator()));
    let nation = fixtures::make(DEFAULT_SEED, scale).unwrap();
    let files = Files::of(&nation);
    let state = nation::state(&database.application_url).await;
    nation::take_in(&state, &files, Order::Names).await;
    nation::open_program(&state, &files, "令和6年度 支援事業").await;
    let tokyo = prefecture(13);
    let system = Actor::system;
    done(choosing::choose(&state, &Permit::of(system()).unwrap(), PROGRAM, tokyo, Discard::Nothing, None).await);
    for survey in survey::compiled_in() {
        done(releases::make(&state, &Permit::of(system()).unwrap(), survey, "測定", None).await);
    }
    let made = nation.survey(SURVEY).unwrap();
    let gmis = made.answers.keys().find(|gmis| {
        let mut own = made.frame.iter().filter(|hospital| hospital.prefecture == tokyo);
        own.any(|hospital| hospital.gmis == **gmis)
    });
    let gmis = gmis.unwrap().as_str().to_owned();
    let state = state_at(&database.application_url, Utc::now()).await;
    let window = (Utc::now() - TimeDelta::minutes(1), Utc::now() + TimeDelta::days(30));
    done(windows::open(&state, &Permit::of(system()).unwrap(), survey_of(SURVEY), window, "測定").await);
    let own = Speaks::Hospital {
        survey: SURVEY.to_owned(),
        gmis: gmis.clone(),
    };
    for (login, speaks) in [
        (HOSPITAL, own),
        (PREFECTURE, Speaks::Prefecture(tokyo)),
        (MINISTRY, Speaks::MinistryAdministrator),
    ] {
        let permit = Permit::of(system()).unwrap();
        done(accounts::create(&state, &permit, login, SecretString::from(PASSWORD), &speaks).await);
    }
    drop(state);
    cluster.settle(&database).await;
    (database, gmis)
}

/// The ministry sends the nation's answers to 2024 once more, so that its page has hospitals to show; the number of the import.
async fn upload(serving: &Serving, scale: f64) -> String {
    let files = Files::of(&fixtures::make(DEFAULT_SEED, scale).unwrap());
    let name = files.answers(SURVEY).into_iter().next().unwrap();
    let client = serving.sign_in(MINISTRY).await;
    let path = format!("/api/v1/surveys/{SURVEY}/imports?file_name={name}&again=true");
    let answer = client.upload(&path, files.read(&name)).await;
    let result = match answer.status {
        202 => imports::followed(&client, answer.header("location")).await,
        _ => answer.expect(201),
    };
    result["import"].as_str().unwrap().to_owned()
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
            let (mut taken, mut bytes, mut refused) = (Vec::new(), 0, 0_u32);
            for _ in 0..EACH {
                let begin = Instant::now();
                let response = client
                    .get(&url)
                    .header(COOKIE, &cookie)
                    .header(ACCEPT_ENCODING, "gzip")
                    .send()
                    .await
                    .unwrap();
                match response.status().as_u16() {
                    200 => bytes = response.bytes().await.unwrap().len(),
                    // Busy, said so: its time counts, and it is told.
                    503 => refused += 1,
                    status => panic!("{status} {url}"),
                }
                taken.push(begin.elapsed().as_secs_f64() * 1_000.0);
            }
            (taken, bytes, refused)
        })
    };
    let (mut all, mut size, mut refusals) = (Vec::new(), 0, 0);
    for task in (0..READERS).map(one).collect::<Vec<_>>() {
        let (taken, bytes, refused) = task.await.unwrap();
        all.extend(taken);
        size = size.max(bytes);
        refusals += refused;
    }
    if refusals > 0 {
        println!("{url}: {refusals} of {} requests refused with 503", READERS * EACH);
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
