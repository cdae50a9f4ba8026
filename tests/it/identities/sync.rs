use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use skillswap::config::IdentityConfig;

use super::prove_address;
use crate::support::TestApp;

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ISSUER: &str = "https://issuer.example.org";

async fn start() -> TestApp {
    let identity = IdentityConfig {
        oidc_issuer: Some(ISSUER.to_owned()),
        oidc_webhook_secret: Some(SECRET.to_owned()),
        ..IdentityConfig::default()
    };
    TestApp::start_with(|config| config.identity = identity).await
}

/// A person as the issuer tells of them, as of so many seconds.
fn person(kind: &str, email: &str, proven: bool, seconds: i64) -> Value {
    let status = if proven { "verified" } else { "unverified" };
    json!({ "object": "event", "type": kind, "data": {
        "object": "user", "id": "user_1", "first_name": "Ada", "last_name": "Lovelace",
        "primary_email_address_id": "idn_2", "updated_at": 1_700_000_000_000_i64 + seconds * 1000,
        "email_addresses": [
            { "id": "idn_1", "email_address": "other@example.org", "verification": { "status": "verified" } },
            { "id": "idn_2", "email_address": email, "verification": { "status": status } },
        ],
    } })
}

pub fn gone() -> Value {
    json!({ "object": "event", "type": "user.deleted", "data": { "object": "user", "id": "user_1", "deleted": true } })
}

fn signature(secret: &str, id: &str, timestamp: i64, body: &str) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

async fn post(app: &TestApp, id: &str, timestamp: i64, signature: &str, body: &str) -> u16 {
    let request = app
        .anonymous()
        .request(reqwest::Method::POST, "/webhooks/identity")
        .header("svix-id", id)
        .header("svix-timestamp", timestamp.to_string())
        .header("svix-signature", signature)
        .body(body.to_owned());
    request.send().await.unwrap().status().as_u16()
}

pub async fn deliver(app: &TestApp, id: &str, event: &Value) -> u16 {
    let (timestamp, body) = (app.now().timestamp(), event.to_string());
    post(app, id, timestamp, &signature(SECRET, id, timestamp, &body), &body).await
}

async fn known(app: &TestApp) -> Vec<Vec<String>> {
    app.sql("select verified_email, extract(epoch from updated_at)::bigint - 1700000000, deleted_at is not null from external_users").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_brought_in_once_however_often_the_delivery_comes() {
    let app = start().await;
    let created = person("user.created", "ada@example.org", true, 0);

    let answers = join_all((0..6).map(|_| deliver(&app, "msg_1", &created))).await;

    assert_eq!(answers, [200; 6]);
    assert_eq!(app.count("select count(*) from external_deliveries").await, 1);
    assert_eq!(known(&app).await, [["ada@example.org", "0", "f"]]);
    let members = app.sql("select m.name, c.email, c.password_hash is null, i.issuer, i.subject from members m join credentials c on c.member_id = m.id join oauth_identities i on i.member_id = m.id").await;
    assert_eq!(members, [["Ada Lovelace", "ada@example.org", "t", ISSUER, "user_1"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_does_not_overwrite_what_is_newer() {
    let app = start().await;
    assert_eq!(deliver(&app, "msg_2", &person("user.updated", "new@example.org", true, 20)).await, 200);
    assert_eq!(deliver(&app, "msg_1", &person("user.created", "old@example.org", true, 10)).await, 200);
    assert_eq!(known(&app).await, [["new@example.org", "20", "f"]]);
    assert_eq!(deliver(&app, "msg_3", &person("user.updated", "newest@example.org", true, 30)).await, 200);
    assert_eq!(known(&app).await, [["newest@example.org", "30", "f"]]);
    assert_eq!(app.count("select count(*) from members").await, 1);

    let updates =
        (0..12).map(|at| person("user.updated", &format!("a{at}@example.org"), true, 100 + (at * 7) % 12));
    let events: Vec<(String, Value)> =
        updates.enumerate().map(|(at, event)| (format!("r{at}"), event)).collect();
    let answers = join_all(events.iter().map(|(id, event)| deliver(&app, id, event))).await;
    assert_eq!(answers, [200; 12]);
    assert_eq!(known(&app).await[0][1], "111", "at once, in any order, the newest stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_gone_stays_gone_and_is_signed_out() {
    let app = start().await;
    let ada = app.member("ada").await;
    prove_address(&app, "ada@example.org").await;
    deliver(&app, "msg_1", &person("user.created", "ada@example.org", true, 0)).await;
    assert_eq!(app.count("select count(*) from members").await, 1, "linked by the proven address");
    assert_eq!(ada.query("{ viewer { member { id } } }").await.status, 200);

    assert_eq!(deliver(&app, "msg_2", &gone()).await, 200);
    assert_eq!(deliver(&app, "msg_3", &person("user.updated", "ada@example.org", true, 50)).await, 200);

    assert_eq!(ada.query("{ viewer { member { id } } }").await.status, 401);
    assert_eq!(app.count("select count(*) from oauth_identities").await, 0);
    assert_eq!(known(&app).await[0][2], "t");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unproven_address_makes_no_account_and_takes_none() {
    let app = start().await;
    app.member("ada").await;
    deliver(&app, "msg_1", &person("user.created", "ada@example.org", false, 0)).await;
    assert_eq!(app.count("select count(*) from oauth_identities").await, 0);
    assert_eq!(app.count("select count(*) from external_users").await, 1);

    deliver(&app, "msg_2", &person("user.updated", "ada@example.org", true, 1)).await;

    assert_eq!(app.count("select count(*) from oauth_identities").await, 1);
    assert_eq!(
        app.count("select count(*) from credentials where password_hash is null").await,
        1,
        "the stranger's password is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_issuer_did_not_sign_is_refused_and_nothing_is_stored() {
    let app = start().await;
    let body = person("user.created", "ada@example.org", true, 0).to_string();
    let now = app.now().timestamp();
    let good = |timestamp| signature(SECRET, "msg_1", timestamp, &body);
    let foreign = signature("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "msg_1", now, &body);
    for (timestamp, signature, body) in [
        (now, foreign.as_str(), body.as_str()),
        (now, "", &body),
        (now, "v1,nonsense", &body),
        (now, good(now).as_str(), "{}"),
        (now - 400, good(now - 400).as_str(), &body),
        (now + 400, good(now + 400).as_str(), &body),
        (now - 1, good(now).as_str(), &body),
        (now, signature(SECRET, "msg_1", now, "no json").as_str(), "no json"),
        (
            now,
            signature(SECRET, "msg_1", now, r#"{"type":"user.created","data":{}}"#).as_str(),
            r#"{"type":"user.created","data":{}}"#,
        ),
    ] {
        assert_eq!(post(&app, "msg_1", timestamp, signature, body).await, 400, "{signature} {body}");
    }
    assert_eq!(post(&app, "msg_2", now, &good(now), &body).await, 400, "another delivery's signature");
    for table in ["external_deliveries", "external_users", "members"] {
        assert_eq!(app.count(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
    assert_eq!(deliver(&app, "msg_3", &json!({ "type": "session.created", "data": {} })).await, 200);
    app.advance(TimeDelta::seconds(1));
    let closed = TestApp::start().await;
    assert_eq!(deliver(&closed, "msg_1", &gone()).await, 404, "not set up");
}
