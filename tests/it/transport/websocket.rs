use std::time::Duration;

use serde_json::json;

use crate::{
    events::{seq, tell},
    support::{Socket, TestApp},
};

const INIT: &str = r#"{"type":"connection_init"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn queries_and_mutations_run_over_a_socket() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let mut socket = Socket::connect(&ada).await;

    socket
        .send(
            json!({ "id": "q", "type": "subscribe", "payload": { "query": "{ viewer { member { id } } }" } }),
        )
        .await;

    let next = socket.receive().await;
    assert_eq!((&next["id"], &next["type"]), (&json!("q"), &json!("next")));
    assert_eq!(next["payload"]["data"], json!({ "viewer": { "member": { "id": ada.id } } }));
    assert_eq!(socket.receive().await, json!({ "id": "q", "type": "complete" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_operation_is_an_error_message_and_the_socket_lives() {
    let app = TestApp::start().await;
    let mut socket = Socket::connect(&app.anonymous()).await;

    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ nope }" } })).await;
    let refused = socket.receive().await;
    assert_eq!((&refused["id"], &refused["type"]), (&json!("1"), &json!("error")));
    assert_eq!(refused["payload"][0]["extensions"]["code"], "BAD_DOCUMENT");
    socket.send(json!({ "id": "2", "type": "subscribe", "payload": { "query": "subscription { viewerEvents { cursor } }" } })).await;
    let refused = socket.receive().await;
    assert_eq!(refused["payload"][0]["extensions"]["code"], "UNAUTHENTICATED", "{refused}");
    socket.send(json!({ "type": "ping", "payload": { "a": 1 } })).await;
    assert_eq!(socket.receive().await, json!({ "type": "pong", "payload": { "a": 1 } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_breach_of_the_protocol_has_its_close_code() {
    let app = TestApp::start().await;
    let subscribe =
        json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ __typename }" } }).to_string();
    let ada = app.member("ada").await;
    let token = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {}", ada.token.unwrap()) } }).to_string();
    let endless = json!({ "id": "1", "type": "subscribe", "payload": { "query": "subscription { viewerEvents { cursor } }" } }).to_string();
    for (messages, code) in [
        (vec!["garbage"], 4400),
        (vec![r#"{"type":"unknown"}"#], 4400),
        (vec![INIT, r#"{"type":"subscribe"}"#], 4400),
        (vec![subscribe.as_str()], 4401),
        (vec![r#"{"type":"connection_init","payload":{"authorization":"Bearer nonsense"}}"#], 4403),
        (vec![INIT, INIT], 4429),
        (vec![token.as_str(), endless.as_str(), endless.as_str()], 4409),
    ] {
        let mut socket = Socket::open(&app.url).await;
        for message in &messages {
            socket.send_text(message).await;
        }
        assert_eq!(socket.close_code().await, code, "{messages:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_closes_the_socket() {
    let app = TestApp::start().await;
    let mut socket = Socket::connect(&app.member("ada").await).await;

    app.advance(chrono::TimeDelta::minutes(16));
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ __typename }" } })).await;

    assert_eq!(socket.close_code().await, 4401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_does_not_greet_in_ten_seconds_is_closed() {
    let app = TestApp::start().await;
    let mut socket = Socket::open(&app.url).await;
    tokio::time::sleep(Duration::from_secs(8)).await;

    assert_eq!(socket.close_code().await, 4408);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_keep_up_is_told_to_read_the_snapshot() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let mut socket = Socket::open_narrow(&app.url).await.greet(&ada).await;
    // Long names make answers large, so that few of them fill what the system keeps for a reader.
    let long = "x".repeat(1500);
    let query =
        format!("subscription {{ viewerEvents {{ a{long}: cursor b{long}: cursor __typename cursor }} }}");
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })).await;
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await["type"], "pong");

    for _ in 0..40 {
        tell(&app, &ada, 100).await;
    }

    let mut last = 0;
    loop {
        let message = socket.receive().await;
        let event = &message["payload"]["data"]["viewerEvents"];
        if event["__typename"] == "ResyncRequired" {
            break;
        }
        last += 1;
        assert_eq!(seq(&event["cursor"]), last, "no gap before it is told");
    }
    assert!(last < 4000, "the server kept everything");
    assert_eq!(socket.receive().await["type"], "complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_tells_its_sockets() {
    let app = TestApp::start().await;
    let mut socket = Socket::connect(&app.anonymous()).await;

    let stopped = tokio::spawn(app.stop());

    assert_eq!(socket.close_code().await, 1001);
    stopped.await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_subscription_sends_nothing_more() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let mut socket = Socket::connect(&ada).await;
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": "subscription { viewerEvents { __typename } }" } })).await;
    let update = async |bio: &str| {
        ada.run(
            "mutation($i: UpdateProfileInput!) { updateProfile(input: $i) { userErrors { code } } }",
            json!({ "i": { "bio": bio } }),
        )
        .await
        .ok("updateProfile");
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    update("one").await;
    assert_eq!(socket.receive().await["payload"]["data"]["viewerEvents"]["__typename"], "ProfileUpdated");

    socket.send(json!({ "id": "1", "type": "complete" })).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    update("two").await;

    socket.stays_silent(Duration::from_millis(300)).await;
}
