use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{TYPENAME, app};
use crate::support::{Client, Socket};

const EVENTS: &str = "subscription { viewerEvents { cursor } }";

async fn ask(socket: &mut Socket, id: &str, query: &str) -> Value {
    socket.send(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    let told = socket.receive().await;
    if told["type"] == "next" {
        assert_eq!(socket.receive().await["type"], "complete");
    }
    told
}

fn code(told: &Value) -> &Value {
    &told["payload"][0]["extensions"]["code"]
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_on_a_socket_count_like_requests_and_the_socket_lives_on() {
    let app = app(4, 0).await;
    assert_eq!(app.anonymous().query(TYPENAME).await.status, 200);
    let mut socket = Socket::connect(&app.anonymous()).await;
    for remaining in [2, 1] {
        let told = ask(&mut socket, "a", TYPENAME).await;
        assert_eq!(told["payload"]["extensions"]["cost"]["remaining"], remaining, "{told}");
    }
    assert_eq!(code(&ask(&mut socket, "b", EVENTS).await), "UNAUTHENTICATED");

    for (id, query) in [("c", TYPENAME), ("d", EVENTS)] {
        let told = ask(&mut socket, id, query).await;
        assert_eq!((&told["type"], &told["id"]), (&json!("error"), &json!(id)));
        assert_eq!(code(&told), "RATE_LIMITED");
        assert!(
            told["payload"][0]["extensions"]["retryAfter"].as_i64().is_some_and(|wait| wait > 800),
            "{told}"
        );
    }
    assert_eq!(app.anonymous().query(TYPENAME).await.status, 429, "one budget for all transports");
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await["type"], "pong");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_pay_on_a_socket_and_for_subscribing() {
    let app = app(0, 8).await;
    let ada = app.member("ada").await;
    let mut socket = Socket::connect(&ada).await;
    for id in ["1", "2", "3"] {
        socket.send(json!({ "id": id, "type": "subscribe", "payload": { "query": EVENTS } })).await;
    }
    let told = ask(&mut socket, "4", TYPENAME).await;
    assert_eq!(told["payload"]["extensions"]["cost"]["remaining"], 1, "{told}");
    assert_eq!(code(&ask(&mut socket, "5", EVENTS).await), "RATE_LIMITED");
    assert_eq!(ada.query(TYPENAME).await.cost["remaining"], 0);
    assert_eq!(ada.query(TYPENAME).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_messages_ends_the_socket_even_if_they_cost_nothing() {
    let app = app(0, 0).await;
    let mut socket = Socket::connect(&app.anonymous()).await;
    // The greeting was the first.
    for _ in 1..1_000 {
        socket.send_text(r#"{"type":"pong"}"#).await;
    }
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.close_code().await, 4429);
    let mut patient = Socket::connect(&app.anonymous()).await;
    for _ in 1..999 {
        patient.send_text(r#"{"type":"pong"}"#).await;
    }
    patient.send(json!({ "type": "ping" })).await;
    assert_eq!(patient.receive().await["type"], "pong");
}

async fn stream(client: &Client, method: Method, query: &str) -> reqwest::Response {
    let request = client.request(method, "/graphql/stream").header("accept", "text/event-stream");
    request.json(&json!({ "query": query })).send().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_events_count_and_say_when_to_come_back() {
    let app = app(2, 0).await;
    let nobody = app.anonymous();
    assert_eq!(stream(&nobody, Method::POST, TYPENAME).await.status(), StatusCode::OK);
    assert_eq!(stream(&nobody, Method::PUT, TYPENAME).await.status(), StatusCode::CREATED);

    for method in [Method::POST, Method::PUT] {
        let refused = stream(&nobody, method.clone(), TYPENAME).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{method}");
        assert!(refused.headers().contains_key("retry-after"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_may_have_only_some_streams_reserved_and_others_have_theirs() {
    let app = app(0, 100).await;
    let (ada, grace) = (app.member("ada").await, app.member("grace").await);
    for _ in 0..50 {
        assert_eq!(stream(&ada, Method::PUT, TYPENAME).await.status(), StatusCode::CREATED);
    }
    assert_eq!(stream(&ada, Method::PUT, TYPENAME).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(stream(&grace, Method::PUT, TYPENAME).await.status(), StatusCode::CREATED);
    assert_eq!(ada.query(TYPENAME).await.cost["remaining"], 100 - 51 - 1, "each costs a point");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_worked_out_for_one_member_are_paid_by_that_member() {
    let app = app(0, 200).await;
    let (ada, grace) = (app.member("ada").await, app.member("grace").await);
    let send = "mutation($to: MessageTarget!, $id: ID!) {
        sendMessage(input: { to: $to, clientId: $id, body: \"hello\" }) { message { conversation { id } } } }";
    let first = grace.run(send, json!({ "to": { "memberId": ada.id }, "id": "0" })).await;
    let conversation = first.data("sendMessage")["message"]["conversation"]["id"].clone();
    let mut socket = Socket::connect(&ada).await;
    let query = "subscription($id: ID!) { conversationEvents(conversationId: $id) { cursor
        ... on MessageSent { message { conversation { messages(last: 50) { edges { node { id } } } } } } } }";
    let payload = json!({ "query": query, "variables": { "id": conversation } });
    socket.send(json!({ "id": "s", "type": "subscribe", "payload": payload })).await;
    // The subscription is live once something after it was answered.
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await["type"], "pong");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    for id in ["1", "2", "3", "4"] {
        grace
            .run(send, json!({ "to": { "conversationId": conversation }, "id": id }))
            .await
            .data("sendMessage");
    }
    let mut answers = 0;
    let last = loop {
        let told = socket.receive().await;
        if told["payload"]["errors"].is_array() || told["type"] == "error" {
            break told.to_string();
        }
        answers += 1;
    };
    assert_eq!(answers, 2, "{last}");
    assert!(last.contains("RATE_LIMITED") && last.contains("retryAfter"), "{last}");
}
