use serde_json::json;

use super::{LOG_IN, REFRESH, REGISTER};
use crate::support::{PASSWORD, Socket, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_member_signs_in_and_sees_who_they_are() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;

    let reply = ada.query("{ viewer { email roles member { id name handle } } }").await;

    let viewer = reply.data("viewer");
    assert_eq!(viewer["member"]["id"], ada.id);
    assert_eq!(viewer["email"], "ada@example.org");
    assert_eq!(viewer["roles"], json!(["LEARNER"]));
    assert_eq!(viewer["member"]["name"], "ada");
    assert_eq!(app.anonymous().query("{ viewer { member { id } } }").await.data("viewer"), &json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_is_refused_with_every_path_and_changes_nothing() {
    let app = TestApp::start().await;
    let input = json!({ "email": "nonsense", "password": "short", "name": " ", "roles": ["ADMIN"] });

    let reply = app.anonymous().run(REGISTER, json!({ "input": input })).await;

    let paths: Vec<_> = reply.data("registerMember")["userErrors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["path"][0].clone())
        .collect();
    assert_eq!(paths, ["email", "password", "name", "roles"]);
    assert_eq!(app.count("select count(*) from members").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_address_and_wrong_password_look_the_same() {
    let app = TestApp::start().await;
    app.member("ada").await;
    let log_in = async |email: &str, password: &str| {
        app.anonymous().run(LOG_IN, json!({ "input": { "email": email, "password": password } })).await.json
    };

    let unknown = log_in("bob@example.org", PASSWORD).await;
    let wrong = log_in("ada@example.org", "wrong password").await;

    assert_eq!(unknown, wrong);
    assert_eq!(log_in("ada@example.org", &"x".repeat(5_000)).await, wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_kills_the_tokens_of_this_device_only() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let phone = app.sign_in("ada@example.org").await;

    ada.query("mutation { logOut(input: {}) { userErrors { code } } }").await.ok("logOut");

    let reply = ada.query("{ viewer { member { id } } }").await;
    assert_eq!((reply.status, reply.error_codes()), (401, vec!["UNAUTHENTICATED".to_owned()]));
    let refreshed =
        app.anonymous().run(REFRESH, json!({ "input": { "refreshToken": ada.refresh_token } })).await;
    assert_eq!(refreshed.codes("refreshSession"), ["TOKEN_INVALID"]);
    assert_eq!(phone.query("{ viewer { member { id } } }").await.data("viewer")["member"]["id"], ada.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_ends_after_fifteen_minutes() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    app.advance(chrono::TimeDelta::minutes(14));
    assert_eq!(ada.query("{ viewer { member { id } } }").await.status, 200);

    app.advance(chrono::TimeDelta::minutes(2));

    assert_eq!(ada.query("{ viewer { member { id } } }").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_token_is_refused_over_http_and_websocket() {
    let app = TestApp::start().await;
    let mut ada = app.member("ada").await;
    let token = ada.token.take().unwrap();
    let (head, _) = token.rsplit_once('.').unwrap();
    ada.token = Some(format!("{head}.{}", "A".repeat(86)));

    assert_eq!(ada.query("{ viewer { member { id } } }").await.status, 401);
    let mut socket = Socket::open(&app.url).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", ada.token.unwrap()) } })).await;
    assert_eq!(socket.close_code().await, 4403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_key_checks_our_tokens() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;

    let keys: serde_json::Value = app
        .anonymous()
        .request(reqwest::Method::GET, "/.well-known/jwks.json")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();

    let key: jsonwebtoken::jwk::Jwk = serde_json::from_value(keys["keys"][0].clone()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_audience(&["skillswap"]);
    let decoded = jsonwebtoken::decode::<serde_json::Value>(
        ada.token.unwrap(),
        &jsonwebtoken::DecodingKey::from_jwk(&key).unwrap(),
        &validation,
    );
    assert_eq!(decoded.unwrap().claims["sub"], ada.id);
}
