//! A clerk's way without JavaScript: home, form by topics, skips, faults, correction, submission, receipt, pulling back; and two clerks at once.

use tests::app::TestApp;
use tests::pages::{Reader, field};

const FORM: &str = "/surveys/2024/hospitals/SJK0001/form";
const CHECK: &str = "/surveys/2024/hospitals/SJK0001/check";

/// Fills in a topic as a browser would, with what stands in it already.
async fn save(reader: &Reader, topic: &str, act: &str, answers: &[(&str, &str)]) -> tests::pages::Shown {
    let html = reader.get(&format!("{FORM}?topic={topic}")).await.expect(200);
    let base = field(&html, "base");
    let mut form = vec![("topic", topic), ("base", base.as_str()), ("act", act)];
    form.extend(answers);
    reader.post(FORM, &form).await
}

const RESPONDENT: [(&str, &str); 4] = [
    ("respondent.name", "試験 太郎"),
    ("respondent.corporation", "医療法人試験会"),
    ("respondent.organisation", "試験病院"),
    ("respondent.contact", "03-0000-0000"),
];

async fn fill_in(reader: &Reader) {
    assert_eq!(save(reader, "1", "next", &RESPONDENT).await.location(), format!("{FORM}?topic=2"));
    let second = [
        ("safety_manager_placed", "yes"),
        ("information_policy_defined", "yes"),
        ("responsibility_boundary_agreed", "no"),
        ("network_map_known", "yes"),
    ];
    save(reader, "2", "next", &second).await.location();
    let third = [
        ("consultation_desk", "vendor"),
        ("consultation_desk", "other"),
        ("incident_contacts_known", "yes"),
        ("alerts_collected", "yes"),
        ("mds_sds_checked", "no"),
    ];
    save(reader, "3", "next", &third).await.location();
    save(reader, "4", "next", &[("bcp_defined", "no")]).await.location();
    save(reader, "5", "next", &[("ehr_in_use", "no")]).await.location();
    let last = [("server_services_stopped", "yes"), ("client_services_stopped", "yes")];
    assert_eq!(save(reader, "6", "next", &last).await.location(), CHECK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_fills_in_corrects_submits_pulls_back_and_submits_again() {
    let app = TestApp::spawn().await;
    let reader = Reader::sign_in(&app, "hospital").await;
    let home = reader.get("/").await.expect(200);
    assert!(
        home.contains("未回答") && home.contains("回答を始める") && home.contains("あと27日"),
        "{home}"
    );

    // Opening the form saves nothing; nothing is missing before somebody asks.
    let first = reader.get(FORM).await.expect(200);
    assert!(
        first.contains("まだ一時保存していません") && !first.contains("error-text"),
        "{first}"
    );
    assert!(reader.get("/").await.expect(200).contains("未回答"));

    // Skips follow the answers.
    let html = save(&reader, "5", "save", &[("ehr_in_use", "no")]).await.expect(200);
    assert!(html.contains("data-question=\"ehr_backup\" data-asked=\"not_asked\""), "{html}");
    assert!(html.contains("まだ提出されていません"));
    let html = save(&reader, "5", "save", &[("ehr_in_use", "yes"), ("ehr_backup", "yes")])
        .await
        .expect(200);
    assert!(html.contains("data-question=\"backup_copies\" data-asked=\"required\""));

    // What is missing is told with links to the fields, and is not taken.
    let check = reader.get(CHECK).await.expect(200);
    assert!(check.contains("form?topic=5&#38;check=1#backup_copies"), "{check}");
    assert!(!check.contains("この内容で提出する"));
    let faulty = reader.get(&format!("{FORM}?topic=5&check=1")).await.expect(200);
    assert!(faulty.contains("id=\"backup_copies-error\"") && faulty.contains("href=\"#backup_copies\""));

    fill_in(&reader).await;
    let check = reader.get(CHECK).await.expect(200);
    assert!(
        check.contains("まだ提出されていません") && check.contains("事業者、その他"),
        "{check}"
    );
    let (version, key) = (field(&check, "version"), field(&check, "key"));
    let form = [("version", version.as_str()), ("key", key.as_str())];
    let shown = reader.post(CHECK, &form).await;
    assert_eq!(shown.location(), "/surveys/2024/hospitals/SJK0001/receipts/1?done=submitted");
    // The same page once more is the same submission.
    assert_eq!(reader.post(CHECK, &form).await.location(), shown.location());
    let receipt = reader.get(&shown.location()).await.expect(200);
    assert!(
        receipt.contains("受付番号") && receipt.contains("画面で入力") && receipt.contains("試験 太郎"),
        "{receipt}"
    );
    let file = reader.get("/surveys/2024/hospitals/SJK0001/receipts/1/file").await;
    let signed: serde_json::Value = serde_json::from_str(&file.html).unwrap();
    app.nobody().post("/api/v1/receipts/verify", &signed).await.expect(200);

    // Pulled back, it is asked for again; corrected, it is a second revision.
    let version = field(&receipt, "version");
    let shown = reader
        .post("/surveys/2024/hospitals/SJK0001/withdraw", &[("version", &version)])
        .await;
    let form = reader.get(&shown.location()).await.expect(200);
    assert!(form.contains("回答は引き戻されています"), "{form}");
    assert!(reader.get("/").await.expect(200).contains("引き戻し"));
    save(&reader, "4", "save", &[("bcp_defined", "yes"), ("bcp_drilled", "no")])
        .await
        .expect(200);
    let check = reader.get(CHECK).await.expect(200);
    let form = [("version", field(&check, "version")), ("key", field(&check, "key"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert!(reader.post(CHECK, &form).await.location().contains("/receipts/2"));
    let home = reader.get("/").await.expect(200);
    assert!(home.contains("提出済み") && !home.contains("まだ提出されていません"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clerks_keep_what_each_changed_and_decide_only_what_both_did() {
    let app = TestApp::spawn().await;
    let reader = Reader::sign_in(&app, "hospital").await;
    let colleague = Reader::sign_in(&app, "hospital").await;
    save(&reader, "2", "save", &[("safety_manager_placed", "yes")]).await.expect(200);
    let page = reader.get(&format!("{FORM}?topic=2")).await.expect(200);
    let base = field(&page, "base");
    let theirs = [("safety_manager_placed", "no"), ("network_map_known", "yes")];
    save(&colleague, "2", "save", &theirs).await.expect(200);
    // One other field: joined without a word.
    let form = |safety: &'static str, policy: &'static str| {
        vec![
            ("topic", "2"),
            ("act", "save"),
            ("safety_manager_placed", safety),
            ("information_policy_defined", policy),
        ]
    };
    let mut mine = form("yes", "no");
    mine.push(("base", &base));
    let html = reader.post(FORM, &mine).await.expect(200);
    for standing in [
        "name=\"safety_manager_placed\" value=\"no\"",
        "name=\"network_map_known\" value=\"yes\"",
    ] {
        let place = html.find(standing).unwrap();
        let tag = &html[place..place + html[place..].find('>').unwrap()];
        assert!(tag.contains("checked"), "{tag}");
    }
    // The same field otherwise: both are shown, nothing is overwritten.
    let base = field(&html, "base");
    save(
        &colleague,
        "2",
        "save",
        &[("safety_manager_placed", "no"), ("information_policy_defined", "yes")],
    )
    .await
    .expect(200);
    let mut mine = form("yes", "no");
    mine[3] = ("information_policy_defined", "");
    mine.push(("base", &base));
    let conflict = reader.post(FORM, &mine).await.expect(409);
    assert!(
        conflict.contains("あなたの入力：（空欄）") && conflict.contains("保存されている回答：はい"),
        "{conflict}"
    );
    assert!(
        !conflict.contains("decide.network_map_known") && !conflict.contains("decide.safety_manager_placed"),
        "{conflict}"
    );
    let base = field(&conflict, "base");
    let decided = [
        ("topic", "2"),
        ("act", "save"),
        ("base", base.as_str()),
        ("safety_manager_placed", "yes"),
        ("network_map_known", "yes"),
        ("decide.information_policy_defined", "stored"),
    ];
    let html = reader.post(FORM, &decided).await.expect(200);
    let place = html.find("name=\"information_policy_defined\" value=\"yes\"").unwrap();
    assert!(html[place..place + 90].contains("checked"), "{}", &html[place..place + 90]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_stays_text_everywhere() {
    let app = TestApp::spawn().await;
    let reader = Reader::sign_in(&app, "hospital").await;
    let long = "長".repeat(10_000);
    for name in ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "\u{202e}右から", long.as_str()] {
        let html = save(&reader, "1", "save", &[("respondent.name", name), ("respondent.contact", "1")])
            .await
            .expect(200);
        assert!(!html.contains("<script>alert"), "{html}");
        assert_eq!(field(&html, "respondent.name"), name);
        let check = reader.get(CHECK).await.expect(200);
        assert!(!check.contains("<script>alert"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_form_is_not_there() {
    let app = TestApp::spawn().await;
    let reader = Reader::sign_in(&app, "hospital").await;
    for page in ["form", "check", "receipts/1"] {
        reader.get(&format!("/surveys/2024/hospitals/SJK0002/{page}")).await.expect(404);
    }
    let analyst = Reader::sign_in(&app, "analyst").await;
    analyst.get(FORM).await.expect(403);
}
