//! Returning and accepting a hospital's answers, and pulling back what was entered for it.

use tests::app::TestApp;
use tests::pages::{Reader, field};

use super::{OFFICES, statuses};

const HOSPITAL: &str = "/surveys/2024/hospitals/SJK0001";
const RETURN: &str = "/surveys/2024/hospitals/SJK0001/return";

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_returned_with_comments_and_the_hospital_reads_them() {
    let app = TestApp::answered().await;
    assert_eq!(statuses(&app, RETURN, &OFFICES).await, [403, 200, 404, 403, 200, 403]);
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get(RETURN).await.expect(200);
    assert!(
        html.contains("name=\"comment.ehr_in_use\"") && html.contains("回答：はい"),
        "{html}"
    );
    let (version, key) = (field(&html, "version"), field(&html, "key"));
    let form = |more: &[(&'static str, &'static str)]| {
        let mut form = vec![("version", version.clone()), ("key", key.clone())];
        form.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        form
    };
    let send = async |more: &[(&'static str, &'static str)]| {
        let form = form(more);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        tokyo.post(RETURN, &form).await
    };
    let before = app.database.counts().await;
    let html = send(&[("general", " "), ("resubmit_until", "2024-02-20T17:00")]).await.expect(422);
    assert!(
        html.contains("コメントを1件以上") && html.contains("value=\"2024-02-20T17:00\""),
        "{html}"
    );
    let html = send(&[("comment.ehr_in_use", "確かめてください。"), ("resubmit_until", "2024-02-01T17:00")])
        .await
        .expect(422);
    assert!(
        html.contains("id=\"resubmit_until-error\"") && html.contains("確かめてください。"),
        "{html}"
    );
    assert!(
        send(&[("comment.ehr_in_use", "x"), ("resubmit_until", "昨日")])
            .await
            .expect(422)
            .contains("日時を読み取れません")
    );
    let submission = "SELECT count(*) FROM submission WHERE state = 'returned'";
    assert_eq!(app.database.number(submission).await, 0);
    let after = app.database.counts().await;
    assert_eq!(before["submission_event"], after["submission_event"]);
    let taken = [
        ("comment.ehr_in_use", "電子カルテの有無を確かめてください。"),
        ("resubmit_until", "2024-02-20T17:00"),
    ];
    let there = send(&taken).await.location();
    assert_eq!(there, format!("{HOSPITAL}?done=returned"));
    // The same page again is the same return.
    assert_eq!(send(&taken).await.location(), there);
    assert_eq!(app.database.counts().await["submission_event"], before["submission_event"] + 1);
    let html = tokyo.get(&there).await.expect(200);
    assert!(
        html.contains("差し戻しました") && html.contains("差戻し（第2版）") && html.contains("再提出期限：2024年2月20日 17:00"),
        "{html}"
    );
    let hospital = Reader::sign_in(&app, "hospital").await;
    let html = hospital.get(&format!("{HOSPITAL}/form?topic=all")).await.expect(200);
    assert!(html.contains("電子カルテの有無を確かめてください。"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_meanwhile_is_neither_accepted_nor_returned_unseen() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let seen = tokyo.get(HOSPITAL).await.expect(200);
    let (version, key) = (field(&seen, "version"), field(&seen, "key"));
    let hospital = Reader::sign_in(&app, "hospital").await;
    hospital
        .post(&format!("{HOSPITAL}/withdraw"), &[("version", &version)])
        .await
        .location();
    let accept = format!("{HOSPITAL}/acceptance");
    let html = tokyo.post(&accept, &[("version", &version), ("key", &key)]).await.expect(409);
    assert!(html.contains("role=\"alert\"") && html.contains("引き戻し"), "{html}");
    let form = [("version", version.as_str()), ("key", "k"), ("general", "書き直し")];
    let html = tokyo.post(RETURN, &form).await.expect(409);
    // What was typed is kept, and sent again it is about what is stored now.
    assert!(html.contains("書き直し") && field(&html, "version") != version, "{html}");
    assert_eq!(
        app.database
            .number("SELECT count(*) FROM submission WHERE state IN ('returned') AND survey_id = '2024'")
            .await,
        0
    );
    let (version, key) = (field(&html, "version"), field(&html, "key"));
    let form = [("version", version.as_str()), ("key", &key), ("general", "書き直し")];
    tokyo.post(RETURN, &form).await.location();
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_accepted_by_those_who_may() {
    let app = TestApp::answered().await;
    let accept = format!("{HOSPITAL}/acceptance");
    for (login, status) in [("hospital", 403), ("shinjuku", 403), ("analyst", 403), ("kanagawa", 404)] {
        let form = [("version", "3"), ("key", "k")];
        assert_eq!(
            Reader::sign_in(&app, login).await.post(&accept, &form).await.status,
            status,
            "{login}"
        );
    }
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let html = tokyo.get(HOSPITAL).await.expect(200);
    let form = [("version", field(&html, "version")), ("key", field(&html, "key"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let there = tokyo.post(&accept, &form).await.location();
    let html = tokyo.get(&there).await.expect(200);
    assert!(
        html.contains("確認済みにしました") && html.contains("確認（第2版）") && !html.contains("確認済みにする"),
        "{html}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefecture_pulls_back_what_it_entered() {
    let app = TestApp::answered().await;
    let tokyo = Reader::sign_in(&app, "tokyo").await;
    let path = "/surveys/2024/hospitals/SJK0002";
    let version = field(&tokyo.get(path).await.expect(200), "version");
    tokyo.post(&format!("{path}/withdraw"), &[("version", &version)]).await.location();
    assert!(tokyo.get(path).await.expect(200).contains("引き戻し（第1版）"));
}
