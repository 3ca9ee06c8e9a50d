//! A session of pages ends when nobody uses it.

use chrono::TimeDelta;
use tests::app::TestApp;
use tests::pages::Reader;
use tests::world::now;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_pages_ends_after_an_hour_without_a_step_and_one_of_the_api_does_not() {
    let app = TestApp::spawn().await;
    let hospital = Reader::sign_in(&app, "hospital").await;
    let program = app.sign_in("hospital").await;
    app.at(now() + TimeDelta::minutes(59));
    hospital.get("/").await.expect(200);
    app.at(now() + TimeDelta::minutes(118));
    // What the dialog sends is a step.
    assert_eq!(hospital.post("/session", &[]).await.status, 204);
    app.at(now() + TimeDelta::minutes(177));
    hospital.get("/").await.expect(200);
    app.at(now() + TimeDelta::minutes(237));
    assert_eq!(hospital.get("/").await.location(), "/sign-in?next=%2F");
    assert_eq!(hospital.post("/session", &[]).await.status, 303);
    let page = Reader::nobody(&app).get("/sign-in?next=%2F&done=idle").await.expect(200);
    assert!(page.contains("操作がないまま時間がたったため"));
    program.get("/api/v1/me").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_noted_once_a_minute_that_a_session_is_used() {
    let app = TestApp::spawn().await;
    let hospital = Reader::sign_in(&app, "hospital").await;
    let noted = async |seconds: i64| {
        app.at(now() + TimeDelta::seconds(seconds));
        hospital.get("/").await.expect(200);
        app.database
            .number("SELECT extract(epoch FROM last_seen - created_at)::bigint FROM session")
            .await
    };
    assert_eq!(noted(59).await, 0);
    assert_eq!(noted(60).await, 60);
    assert_eq!(noted(119).await, 60);
    assert_eq!(noted(121).await, 121);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_who_is_signed_in_bring_the_module_that_warns() {
    let app = TestApp::spawn().await;
    let hospital = Reader::sign_in(&app, "hospital").await;
    let page = hospital.get("/").await.expect(200);
    assert!(page.contains("data-idle=\"60\"") && page.contains("/idle.js\""));
    let path = page.split('"').find(|part| part.ends_with("/idle.js")).unwrap().to_owned();
    let module = hospital.get(&path).await;
    assert_eq!(module.headers["content-type"], "text/javascript; charset=utf-8");
    assert!(module.html.contains("chosa:save"));
    assert!(!Reader::nobody(&app).get("/sign-in").await.expect(200).contains("idle.js"));
}
