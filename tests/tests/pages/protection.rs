//! What every page is wrapped in: who may read it, headers, forms of other sites.

use reqwest::Method;
use tests::app::TestApp;
use tests::pages::Reader;

use crate::rights::{allowed, filled, pages};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_to_the_sign_in_page_and_back_to_where_they_wanted_to_go() {
    let app = TestApp::spawn().await;
    let nobody = Reader::nobody(&app);
    let there = nobody.get("/surveys/2024/hospitals/SJK0001/form?topic=2").await.location();
    assert_eq!(there, "/sign-in?next=%2Fsurveys%2F2024%2Fhospitals%2FSJK0001%2Fform%3Ftopic%3D2");
    let page = nobody.get(&there).await.expect(200);
    let next = tests::pages::field(&page, "next");
    let form = [("login", "hospital"), ("password", tests::world::PASSWORD), ("next", next.as_str())];
    let shown = nobody.post("/sign-in", &form).await;
    assert_eq!(shown.location(), "/surveys/2024/hospitals/SJK0001/form?topic=2");
    // Never to another site.
    for foreign in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
    ] {
        let form = [("login", "hospital"), ("password", tests::world::PASSWORD), ("next", foreign)];
        assert_eq!(nobody.post("/sign-in", &form).await.location(), "/", "{foreign}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_of_this_host_only_and_no_script_sees_it() {
    let app = TestApp::spawn().await;
    let nobody = Reader::nobody(&app);
    let shown = nobody
        .post("/sign-in", &[("login", "hospital"), ("password", tests::world::PASSWORD)])
        .await;
    let cookie = shown.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-chosa=chosa_"), "{cookie}");
    for part in ["HttpOnly", "Secure", "Path=/", "SameSite=Lax"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_login_are_the_same_page() {
    let app = TestApp::spawn().await;
    let nobody = Reader::nobody(&app);
    let wrong = nobody
        .post("/sign-in", &[("login", "hospital"), ("password", "wrong")])
        .await
        .expect(422);
    let unknown = nobody
        .post("/sign-in", &[("login", "nosuchxx"), ("password", "wrong")])
        .await
        .expect(422);
    assert_eq!(wrong, unknown.replace("nosuchxx", "hospital"));
    assert!(wrong.contains("ログインIDまたはパスワードが違います"));
    assert!(!wrong.contains("value=\"wrong\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_carries_the_headers_that_browsers_obey() {
    let app = TestApp::spawn().await;
    let reader = Reader::sign_in(&app, "hospital").await;
    for path in ["/", "/sign-in", "/no-such-page", "/surveys/2024/hospitals/SJK0001/form"] {
        let shown = reader.get(path).await;
        let header = |name: &str| {
            shown
                .headers
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
                .unwrap_or_default()
        };
        let policy = header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        // The policy would not let them work.
        assert!(
            !shown.html.contains(" style=\"") && !shown.html.contains("<style") && !shown.html.contains(" onclick"),
            "{path}"
        );
    }
    let home = reader.get("/").await.html;
    let asset = home.split("href=\"/assets/").nth(1).unwrap().split('"').next().unwrap();
    let style = reader.get(&format!("/assets/{asset}")).await;
    assert_eq!(style.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
}

/// Every page of the sources, its files and pictures with it, as the first role reads it that may.
#[tokio::test(flavor = "multi_thread")]
async fn no_personal_page_is_kept_by_a_browser_or_shown_in_a_frame() {
    let app = TestApp::answered().await;
    // Most of what a ministry reads is there in the world; what it may not is a prefecture's or a hospital's.
    let roles = ["administrator", "tokyo", "hospital"];
    let mut readers = std::collections::HashMap::new();
    for role in roles {
        readers.insert(role, Reader::sign_in(&app, role).await);
    }
    let nobody = Reader::nobody(&app);
    let (mut personal, mut shown_whole) = (0, 0);
    for page in pages().iter().filter(|page| page.method == Method::GET) {
        // Styles and modules are of nobody, and events never end by themselves.
        if page.path.starts_with("/assets/") || page.path.ends_with("/events") {
            continue;
        }
        let path = filled(&page.path);
        let reader = match &page.policy {
            None => &nobody,
            Some(policy) => {
                let role = roles.into_iter().find(|role| allowed(policy).contains(role)).unwrap();
                personal += 1;
                &readers[role]
            }
        };
        let shown = reader.get(&path).await;
        let header = |name: &str| {
            let value = shown.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            value.unwrap_or_default()
        };
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        shown_whole += u32::from(shown.status == 200);
    }
    assert!(personal > 35, "only {personal} personal pages were found");
    // Not only the headers of refusals were looked at.
    assert!(shown_whole > 35, "only {shown_whole} pages were shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_site_sends_is_refused_and_nothing_is_stored() {
    let app = TestApp::spawn().await;
    let reader = Reader::sign_in(&app, "hospital").await;
    let path = "/surveys/2024/hospitals/SJK0001/form";
    let body = "topic=2&base=%7B%7D&safety_manager_placed=yes&act=save";
    let by = |headers: &[(&'static str, String)]| {
        let mut request = reader
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request
    };
    let foreign = [
        vec![],
        vec![("sec-fetch-site", "cross-site".to_owned())],
        vec![("sec-fetch-site", "same-site".to_owned())],
        vec![("sec-fetch-site", "none".to_owned())],
        vec![("origin", "https://evil.example".to_owned())],
        vec![("origin", "null".to_owned())],
    ];
    for headers in foreign {
        let html = reader.send(by(&headers)).await.expect(403);
        assert!(html.contains("foreign_form"), "{headers:?}");
    }
    assert!(!reader.get("/").await.html.contains("一時保存しました"));
    let own = by(&[("origin", app.base.clone())]);
    reader.send(own).await.expect(200);
    assert!(reader.get("/").await.html.contains("一時保存しました"));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session() {
    let app = TestApp::spawn().await;
    let reader = Reader::sign_in(&app, "hospital").await;
    assert!(reader.get("/").await.html.contains("hospital のアカウント"));
    let out = reader.post("/sign-out", &[]).await;
    assert_eq!(out.location(), "/sign-in?done=signed-out");
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(reader.get("/").await.location(), "/sign-in?next=%2F");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_pages_and_api_paths_say_so_each_in_its_own_way() {
    let app = TestApp::spawn().await;
    let nobody = Reader::nobody(&app);
    assert!(nobody.get("/no-such-page").await.expect(404).contains("ページが見つかりません"));
    let api = nobody.get("/api/v1/no-such-path").await;
    assert_eq!(api.status, 404);
    assert_eq!(api.headers["content-type"], "application/problem+json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_refuses_says_who_is_signed_in_and_leads_on() {
    let app = TestApp::spawn().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    for (path, status) in [("/audit", 403), ("/nowhere", 404), ("/surveys/1999", 404)] {
        let html = tokyo.get(path).await.expect(status);
        assert!(
            html.contains("tokyo のアカウント") && html.contains("href=\"/programs\""),
            "{path}: {html}"
        );
    }
    let html = Reader::nobody(&app).get("/nowhere").await.expect(404);
    assert!(!html.contains("のアカウント") && !html.contains("class=\"nav\""), "{html}");
    // Who sees no hospitals of a survey is led to none of their pages.
    let html = Reader::sign_in(&app, "operator")
        .await
        .get("/surveys/2024/releases")
        .await
        .expect(200);
    assert!(
        !html.contains("href=\"/surveys/2024\"") && !html.contains("/surveys/2024/hospitals"),
        "{html}"
    );
}
