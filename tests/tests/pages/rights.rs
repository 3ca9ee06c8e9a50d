//! Who may read which page and send which form: every page of the sources, every role. A page that is added is looked at here without anybody remembering it.

use std::path::{Path, PathBuf};

use reqwest::Method;
use tests::app::TestApp;
use tests::pages::Reader;
use tests::world::OWN;

/// A page as its handler declares it.
pub struct Found {
    /// With places in braces.
    pub path: String,
    /// How it is asked for.
    pub method: Method,
    /// What its `Visitor` asks for; `None`: anybody may.
    pub policy: Option<String>,
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every page of the sources.
pub fn pages() -> Vec<Found> {
    let mut sources = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/pages"), &mut sources);
    let mut pages = Vec::new();
    for source in sources {
        let text = std::fs::read_to_string(source).unwrap();
        for (mark, method) in [("\n#[get(\"", Method::GET), ("\n#[post(\"", Method::POST)] {
            for part in text.split(mark).skip(1) {
                let path = part.split('"').next().unwrap().to_owned();
                let head = part.split_once("async fn").unwrap().1.split_once("->").unwrap().0;
                let policy = head
                    .split_once("Visitor<")
                    .map(|(_, after)| after.split('>').next().unwrap().to_owned());
                pages.push(Found {
                    path,
                    method: method.clone(),
                    policy,
                });
            }
        }
    }
    pages
}

/// The roles of the world's accounts that a policy lets in, in words of their own and not the program's.
pub fn allowed(policy: &str) -> &'static [&'static str] {
    match policy {
        "ReadSelf" | "ReadSurveys" | "ReadReleases" => &["hospital", "shinjuku", "tokyo", "analyst", "administrator", "operator"],
        "ReadHospitals" | "ReadAnswers" | "FollowJobs" => &["hospital", "shinjuku", "tokyo", "analyst", "administrator"],
        "SubmitAnswers" => &["hospital", "tokyo"],
        "ReviewAnswers" => &["tokyo", "administrator"],
        "ImportAnswers" => &["hospital", "tokyo", "administrator"],
        "ReadTables" => &["shinjuku", "tokyo", "analyst", "administrator"],
        "RemindHospitals" => &["shinjuku", "tokyo", "administrator"],
        "InviteHospitals" => &["tokyo", "administrator"],
        "ReadPrograms" => &["tokyo", "analyst", "administrator"],
        "ChooseHospitals" | "AskForQuota" | "AskForResults" => &["tokyo"],
        "DownloadLists" => &["tokyo", "administrator"],
        "SetQuotas" | "AcceptLists" | "BringResults" | "GrantTime" | "MakeReleases" => &["administrator"],
        "CheckReleases" => &["analyst", "administrator"],
        "ReadAudit" => &["administrator", "operator"],
        other => panic!("say here who {other} lets in"),
    }
}

const ROLES: [&str; 6] = ["hospital", "shinjuku", "tokyo", "analyst", "administrator", "operator"];

/// A path with something in its places: what there is in the world, or an id that nothing has.
pub fn filled(path: &str) -> String {
    path.replace("{survey}", "2024")
        .replace("{hospital}", OWN.gmis)
        .replace("{number}", "1")
        .replace("{program}", "2024")
        .replace("{prefecture}", "13")
        .replace("{name}", "x")
        .replace("{guide}", "hospital")
        .replace("{hash}", "0")
        .replace("{token}", "none")
        .split('/')
        .map(|part| {
            if part.starts_with('{') {
                "00000000-0000-7000-8000-000000000000"
            } else {
                part
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_for_those_whose_role_may_and_for_nobody_else() {
    let app = TestApp::answered().await;
    let pages = pages();
    assert!(pages.len() > 60, "only {} pages were found", pages.len());
    let nobody = Reader::nobody(&app);
    let mut readers = Vec::new();
    for role in ROLES {
        readers.push((role, Reader::sign_in(&app, role).await));
    }
    for page in &pages {
        let path = filled(&page.path);
        let Some(policy) = &page.policy else { continue };
        let own = |reader: &Reader| reader.request(page.method.clone(), &path).header("sec-fetch-site", "same-origin");
        let shown = nobody
            .send(own(&nobody).header("content-type", "application/x-www-form-urlencoded"))
            .await;
        let led = shown.status == 303 && shown.location().starts_with("/sign-in");
        assert!(
            led || [400, 415].contains(&shown.status),
            "nobody, {} {path}: {}",
            page.method,
            shown.status
        );
        let may = allowed(policy);
        for (role, reader) in readers.iter().filter(|(role, _)| !may.contains(role)) {
            let before = app.database.counts().await;
            let shown = reader
                .send(own(reader).header("content-type", "application/x-www-form-urlencoded"))
                .await;
            // A form that cannot be read is refused before it is asked who sent it.
            let refused = shown.status == 403 || page.method == Method::POST && [400, 415].contains(&shown.status);
            assert!(refused, "{role}, {} {path}: {}", page.method, shown.status);
            assert_eq!(app.database.counts().await, before, "{role}, {} {path}", page.method);
        }
        for (role, reader) in readers.iter().filter(|(role, _)| page.method == Method::GET && may.contains(role)) {
            // Events never end by themselves.
            if path.ends_with("/events") {
                continue;
            }
            let shown = reader.send(own(reader)).await;
            assert_ne!(shown.status, 500, "{role}, {path}");
            assert!(!shown.html.contains("role_not_permitted"), "{role}, {path}");
        }
    }
}
