//! How far a job is: on a page that is read again, and as events.

use tests::app::TestApp;
use tests::database::TestDatabase;
use tests::files::csv;
use tests::pages::{Reader, field};
use tests::world::{OWN, answers_2024, survey_of};

/// A server that does no job by itself.
async fn without_workers() -> TestApp {
    TestApp::with(TestDatabase::world().await, |parts| parts.job_workers = 0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_is_read_again_and_one_that_is_over_leads_to_its_result() {
    let app = without_workers().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let uploads = "/surveys/2024/uploads";
    let key = field(&tokyo.get(uploads).await.expect(200), "key");
    let bytes = csv(survey_of("2024").first_edition(), &[(OWN.gmis, answers_2024())]);
    let job = tokyo
        .upload(uploads, &[("key", &key), ("act", "import")], "a.csv", bytes)
        .await
        .location();
    assert!(job.starts_with("/jobs/"), "{job}");
    let html = tokyo.get(&job).await.expect(200);
    assert!(
        html.contains("http-equiv=\"refresh\"") && html.contains("順番を待っています") && html.contains("<progress"),
        "{html}"
    );
    assert_eq!(tokyo.get(&format!("{job}/file")).await.status, 409);
    for (login, status) in [("kanagawa", 404), ("administrator", 404), ("operator", 403), ("hospital", 404)] {
        let other = Reader::sign_in(&app, login).await;
        for page in ["", "/events", "/file"] {
            assert_eq!(other.get(&format!("{job}{page}")).await.status, status, "{login} {page}");
        }
    }
    let nobody = Reader::nobody(&app).get(&format!("{job}/events")).await;
    assert!(nobody.location().starts_with("/sign-in?next="));
    assert!(work(&app).await);
    // The stream says how it stands and ends.
    let events = tokyo.get(&format!("{job}/events")).await;
    assert_eq!(events.headers["content-type"], "text/event-stream");
    assert!(
        events.html.starts_with("event: job\ndata: {") && events.html.contains("\"over\":true"),
        "{}",
        events.html
    );
    let html = tokyo.get(&job).await.expect(200);
    assert!(html.contains("終わりました") && !html.contains("http-equiv=\"refresh\""), "{html}");
    assert!(html.contains("取込みの結果を見る"));
    assert_eq!(tokyo.get(&format!("{job}/file")).await.status, 404);
}

async fn work(app: &TestApp) -> bool {
    server::app::jobs::work_one(&app.state, uuid::Uuid::new_v4(), None)
        .await
        .unwrap_or_else(|error| panic!("{}", error.for_operator()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_an_export_is_for_who_asked_for_it() {
    let app = TestApp::answered().await;
    let id: uuid::Uuid = app
        .database
        .superuser()
        .await
        .query_one("SELECT id FROM job WHERE state = 'done' AND prefecture = 13", &[])
        .await
        .unwrap()
        .get(0);
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get(&format!("/jobs/{id}")).await.expect(200);
    assert!(
        html.contains("ファイルを受け取る") && html.contains(&format!("/jobs/{id}/file")),
        "{html}"
    );
    let file = tokyo.get(&format!("/jobs/{id}/file")).await;
    assert!(file.status == 200 && file.html.starts_with("made for"));
    let kanagawa = Reader::sign_in(&app, "kanagawa").await;
    assert_eq!(kanagawa.get(&format!("/jobs/{id}/file")).await.status, 404);
    assert_eq!(kanagawa.get("/jobs/none").await.status, 404);
}
