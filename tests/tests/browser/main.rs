//! The pages in Chromium, as their users use them: each journey with and without JavaScript, looked at by axe-core, by the HTML standard and at 320 px.
//! The journeys are `tests/browser/journeys`; every page's picture stays in `target/tmp/screenshots`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};
use server::app::enrolments::{self, Invitation};
use server::app::outbox;
use server::auth::actor::Actor;
use server::auth::permit::Permit;
use tests::app::TestApp;
use tests::files::xlsx;
use tests::smtp::SmtpServer;
use tests::world::{OTHER_WARD, PASSWORD, UNPLACED, answers_2024, but, done, now, survey_of};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("browser")
}

/// Installs what drives the browser, once, if it is not there as the lock file says.
fn install() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let (wanted, there) = (folder().join("package-lock.json"), folder().join("node_modules/.package-lock.json"));
        let modified = |path: &Path| std::fs::metadata(path).and_then(|data| data.modified()).ok();
        if modified(&there).is_some_and(|there| Some(there) >= modified(&wanted)) {
            return;
        }
        let status = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--silent"])
            .current_dir(folder())
            .status()
            .unwrap();
        assert!(status.success(), "npm ci failed in tests/browser");
    });
}

/// Where the journeys of this run note which pages they looked at in every medium, so that each is looked at once.
fn seen() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("seen-{}", std::process::id()));
        // Left by an earlier run of the same number, if at all.
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    })
}

/// Runs a journey; everything that it looked at must hold.
async fn journey(name: &'static str, app: &TestApp, mut given: Value) {
    given["password"] = json!(PASSWORD);
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    let base = app.base.clone();
    let output = tokio::task::spawn_blocking(move || {
        install();
        Command::new("node")
            .args(["run.mjs", name])
            .current_dir(folder())
            .env("CHOSA_BASE", base)
            .env("CHOSA_SHOTS", shots)
            .env("CHOSA_SEEN", seen())
            .env("CHOSA_GIVEN", given.to_string())
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    assert!(
        output.status.success(),
        "{name}:\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The clerk of a hospital that was just invited: the link came by mail.
async fn clerk(scripts: bool) {
    let app = TestApp::spawn().await;
    let smtp = SmtpServer::start().await;
    let list = [Invitation {
        hospital: UNPLACED.gmis.to_owned(),
        email: "desk@example.jp".to_owned(),
    }];
    let system = || Actor::system();
    done(enrolments::invite(&app.state, &Permit::of(system()).unwrap(), &list).await);
    done(outbox::send_due(&app.state, &Permit::of(system()).unwrap(), &smtp.mailer()).await);
    let mail = smtp.arrived_for("desk@example.jp").pop().unwrap();
    let link = mail
        .body
        .lines()
        .find_map(|line| line.strip_prefix("https://chosa.example.jp"))
        .unwrap();
    let given = json!({
        "scripts": scripts, "link": link, "gmis": UNPLACED.gmis, "login": UNPLACED.gmis.to_lowercase(), "now": now().timestamp(),
    });
    journey("clerk", &app, given).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerks_whole_way() {
    clerk(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerks_whole_way_without_javascript() {
    clerk(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_by_keyboard_alone() {
    let app = TestApp::spawn().await;
    journey("keyboard", &app, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clerks_at_one_draft() {
    let app = TestApp::spawn().await;
    journey("together", &app, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_stay_text() {
    let app = TestApp::spawn().await;
    let name = "<b>試験</b><script>alert(0)</script>=1+1\u{202e}病院";
    let superuser = app.database.superuser().await;
    let changed = superuser
        .execute(
            "UPDATE hospital SET name = $1 WHERE id IN (SELECT hospital_id FROM frame WHERE gmis_id = 'SJK0001')",
            &[&name],
        )
        .await;
    assert_eq!(changed.unwrap(), 1);
    journey("hostile", &app, json!({"hospital": "<b>試験</b><script>alert(0)</script>=1+1"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_as_pages() {
    let app = TestApp::spawn().await;
    journey("guides", &app, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_left_alone() {
    let app = TestApp::spawn().await;
    journey("idle", &app, json!({})).await;
}

/// A file that takes a while: one hospital that has not answered, one with a fault, and thousands that nobody knows.
fn bulk(name: &str) -> PathBuf {
    let nobody: Vec<String> = (0..4000).map(|number| format!("ZZZ{number:04}")).collect();
    let mut rows = vec![
        (UNPLACED.gmis, answers_2024()),
        (OTHER_WARD.gmis, but(answers_2024(), "ehr_in_use", "たぶん")),
    ];
    rows.extend(nobody.iter().map(|gmis| (gmis.as_str(), answers_2024())));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, xlsx(survey_of("2024").first_edition(), &rows)).unwrap();
    path
}

/// A prefecture's staff.
async fn prefecture(scripts: bool) {
    let app = TestApp::answered().await;
    let bulk = bulk(if scripts { "bulk.xlsx" } else { "bulk-without-scripts.xlsx" });
    let given = json!({"scripts": scripts, "bulk": bulk, "answered": answers_2024()["respondent"]["organisation"]});
    journey("prefecture", &app, given).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefectures_staff() {
    prefecture(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefectures_staff_without_javascript() {
    prefecture(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_selection_board_from_candidates_to_acceptance() {
    let app = TestApp::answered().await;
    journey("board", &app, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_selection_board_without_javascript() {
    let app = TestApp::answered().await;
    journey("board", &app, json!({"scripts": false})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ministry_from_the_map_to_a_release() {
    let app = TestApp::answered().await;
    journey("ministry", &app, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ministry_without_javascript() {
    let app = TestApp::answered().await;
    journey("ministry", &app, json!({"scripts": false})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_around_the_lists_of_a_programme() {
    let app = TestApp::answered().await;
    journey("programme", &app, json!({})).await;
}
