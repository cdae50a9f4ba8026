use std::time::{Duration, Instant};

use serde_json::json;

use super::codes;
use crate::support::{Client, Socket, TestApp};

const DEVICES: &str = "{ viewer { authSessions { id userAgent ipAddress isCurrent } } }";

async fn ids(client: &Client) -> Vec<(String, bool)> {
    let reply = client.query(DEVICES).await;
    let devices = reply.data("viewer")["authSessions"].as_array().unwrap().clone();
    devices
        .iter()
        .map(|device| (device["id"].as_str().unwrap().to_owned(), device["isCurrent"] == true))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_a_row_of_the_devices() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    assert_eq!(ids(&ada).await.len(), 1);

    let phone = app.sign_in("ada@example.org").await;

    let (by_laptop, by_phone) = (ids(&ada).await, ids(&phone).await);
    assert_eq!(by_laptop.len(), 2);
    let current = |devices: &[(String, bool)]| devices.iter().filter(|device| device.1).count();
    assert_eq!((current(&by_laptop), current(&by_phone)), (1, 1));
    assert_ne!(by_laptop[0].1, by_phone[0].1);
    let reply = ada.query(DEVICES).await;
    assert_eq!(reply.data("viewer")["authSessions"][0]["ipAddress"], "127.0.0.1");
    let bob = app.member("bob").await;
    assert_eq!(ids(&bob).await.len(), 1);
    let node = format!("{{ node(id: \"{}\") {{ id }} }}", by_laptop[0].0);
    assert_eq!(ada.query(&node).await.data("node")["id"], by_laptop[0].0);
    assert_eq!(bob.query(&node).await.data("node"), &json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_is_dead_at_once_and_its_streams_end_within_seconds_on_every_server() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let ada = app.member("ada").await;
    let phone = app.sign_in("ada@example.org").await;
    let id = ids(&phone).await.into_iter().find(|device| device.1).unwrap().0;
    let mut sockets = Vec::new();
    for url in [&app.url, &other.url] {
        sockets.push(Socket::connect(&phone.moved(url)).await);
    }
    let mut own = Socket::connect(&ada).await;
    let mut streams = Vec::new();
    for url in [&app.url, &other.url] {
        let stream = phone
            .moved(url)
            .request(reqwest::Method::POST, "/graphql/stream")
            .bearer_auth(phone.token.as_ref().unwrap())
            .header("accept", "text/event-stream")
            .json(&json!({ "query": "subscription { viewerEvents { cursor } }" }))
            .send()
            .await
            .unwrap();
        assert_eq!(stream.status().as_u16(), 200);
        streams.push(stream);
    }
    let began = Instant::now();

    ada.mutate("revokeAuthSession", "revokedId", json!({ "id": id })).await.ok("revokeAuthSession");

    assert_eq!(phone.query(DEVICES).await.status, 401);
    let spent = json!({ "refreshToken": phone.refresh_token });
    assert_eq!(codes(&app.anonymous(), "refreshSession", spent).await, ["TOKEN_INVALID"]);
    for socket in &mut sockets {
        assert_eq!(socket.close_code().await, 4401);
    }
    for stream in &mut streams {
        while let Ok(Ok(Some(_))) = tokio::time::timeout(Duration::from_secs(6), stream.chunk()).await {}
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    assert_eq!(phone.moved(&other.url).query(DEVICES).await.status, 401);
    assert_eq!(ids(&ada).await.len(), 1);
    own.stays_silent(Duration::from_millis(100)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_device_is_not_found_and_stays() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let id = ids(&bob).await.remove(0).0;

    assert_eq!(codes(&ada, "revokeAuthSession", json!({ "id": id })).await, ["NOT_FOUND"]);

    assert_eq!(ids(&bob).await.len(), 1);
    assert_eq!(codes(&ada, "revokeAuthSession", json!({ "id": "usr_nonsense" })).await, ["VALIDATION"]);
    let unknown = skillswap::db::ids::AuthSessionId::new().to_string();
    assert_eq!(codes(&ada, "revokeAuthSession", json!({ "id": unknown })).await, ["NOT_FOUND"]);
    let anonymous = app.anonymous().mutate("revokeAuthSession", "", json!({ "id": id })).await;
    assert_eq!(anonymous.error_codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fifty_first_device_signs_the_longest_unused_one_out() {
    let app = TestApp::start().await;
    let first = app.member("ada").await;
    app.sql(
        "insert into auth_sessions (id, member_id, created_at, last_used_at, expires_at)
         select gen_random_uuid(), id, now(), now() + interval '1 second', now() + interval '1 day' from members, generate_series(1, 49)",
    )
    .await;
    assert_eq!(ids(&first).await.len(), 50);

    app.advance(chrono::TimeDelta::seconds(2));
    let last = app.sign_in("ada@example.org").await;

    assert_eq!(first.query(DEVICES).await.status, 401);
    assert_eq!(ids(&last).await.len(), 50);
}
