//! Callers that are nobody: without a token, or with one that is expired, forged, ended, or of an account that was disabled.

use chrono::{TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tests::app::{TOKEN_SECRET, TestApp};
use tests::client::Client;
use tests::world::{CLIENT, CLIENT_SECRET, now};
use uuid::Uuid;

use crate::matrix::MATRIX;
use crate::{Caller, Imports, TARGETS, requests};

/// A token of the world's client, as the server would sign it but for what is changed.
fn jwt(key: &[u8], algorithm: Algorithm, change: impl FnOnce(&mut Value)) -> String {
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let at = Utc::now().timestamp();
    let mut claims =
        json!({"iss": "chosa", "aud": "chosa-api-v1", "sub": CLIENT, "iat": at, "nbf": at, "exp": at + 900, "jti": Uuid::new_v4()});
    change(&mut claims);
    jsonwebtoken::encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(key)).unwrap()
}

/// Bearers that must not work, each with its reason.
async fn bad_tokens(app: &TestApp) -> Vec<(&'static str, String)> {
    let past = Utc::now().timestamp() - 3_600;
    app.at(now() - TimeDelta::hours(13));
    let expired = app.sign_in("tokyo").await.bearer().to_owned();
    app.at(now());
    let ended = app.sign_in("tokyo").await;
    ended.delete("/api/v1/sessions/current").await.expect(204);
    let good = jwt(&TOKEN_SECRET, Algorithm::HS256, |_| {});
    let without_signature = good.rsplit_once('.').unwrap().0.to_owned();
    vec![
        ("an expired session", expired),
        ("an ended session", ended.bearer().to_owned()),
        ("a session that never was", format!("chosa_{}", "A".repeat(43))),
        (
            "an expired token",
            jwt(&TOKEN_SECRET, Algorithm::HS256, |claims| claims["exp"] = json!(past)),
        ),
        ("a token of another key", jwt(&[8; 32], Algorithm::HS256, |_| {})),
        ("a token of another algorithm", jwt(&TOKEN_SECRET, Algorithm::HS512, |_| {})),
        (
            "a token of an unknown client",
            jwt(&TOKEN_SECRET, Algorithm::HS256, |claims| claims["sub"] = json!("nobody")),
        ),
        (
            "a token for somebody else",
            jwt(&TOKEN_SECRET, Algorithm::HS256, |claims| claims["aud"] = json!("other")),
        ),
        ("a token that lost its signature", format!("{without_signature}.")),
        ("no token at all", "tokyo".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_token_every_operation_answers_as_to_nobody() {
    let app = TestApp::answered().await;
    let imports = Imports::of_world(&app).await;
    let mut callers: Vec<(&str, Client)> = vec![("nobody", app.nobody())];
    for (name, bearer) in bad_tokens(&app).await {
        callers.push((name, app.nobody().bearing(bearer)));
    }
    let before = app.database.counts().await;
    let mut wrong = Vec::new();
    for rights in MATRIX
        .iter()
        .filter(|rights| !matches!(rights.operation, "create_session" | "create_token"))
    {
        for (name, client) in &callers {
            let expected = if *name == "nobody" { rights.nobody } else { rights.bad_token };
            // Whom it is for does not matter to nobody; one bad token is tried on each.
            for target in TARGETS.into_iter().take(if *name == "nobody" { 3 } else { 1 }) {
                let answer = requests::send(rights.operation, client, Caller::Prefecture, target, &imports).await;
                let challenge = answer.status != 401 || answer.header("www-authenticate") == "Bearer";
                if answer.outcome() != expected || !challenge {
                    wrong.push(format!(
                        "{} with {name} for {target:?}: {}, not {expected}",
                        rights.operation,
                        answer.outcome()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(app.database.counts().await, before, "something was written for nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_needs_no_token_and_a_bad_one_does_not_matter() {
    let app = TestApp::answered().await;
    let imports = Imports::of_world(&app).await;
    for client in [app.nobody(), app.nobody().bearing("chosa_forged")] {
        for operation in ["create_session", "create_token"] {
            let answer = requests::send(operation, &client, Caller::Prefecture, crate::Target::Own, &imports).await;
            assert_eq!(answer.outcome(), "201", "{operation}");
            assert_eq!(answer.header("cache-control"), "no-store", "{operation}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_or_client_is_out_at_once() {
    let app = TestApp::answered().await;
    let tokyo = app.sign_in("tokyo").await;
    let token = json!({"client_id": CLIENT, "client_secret": CLIENT_SECRET});
    let token = app.nobody().post("/api/v1/tokens", &token).await.expect(201);
    let program = app.nobody().bearing(token["access_token"].as_str().unwrap());
    assert_eq!(program.get("/api/v1/me").await.expect(200)["area"], "13");
    let superuser = app.database.superuser().await;
    superuser.batch_execute("UPDATE api_client SET disabled_at = now()").await.unwrap();
    program.get("/api/v1/me").await.refused(401, "token_invalid");
    tokyo.get("/api/v1/me").await.expect(200);
    superuser
        .batch_execute("UPDATE account SET disabled_at = now() WHERE login = 'tokyo'")
        .await
        .unwrap();
    tokyo.get("/api/v1/me").await.refused(401, "token_invalid");
}
