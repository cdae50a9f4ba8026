use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{TYPENAME, app};
use crate::support::{Client, PASSWORD, Socket};

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
async fn a_page_sends_its_mutations_where_cookies_can_be_set() {
    let app = app(0, 0).await;
    app.member("ada").await;
    let log_in = "mutation($input: LogInInput!) { logIn(input: $input) { session { accessToken } } }";
    let input = json!({ "input": { "email": "ada@example.org", "password": PASSWORD } });
    let body = json!({ "query": log_in, "variables": input });
    let request = |marked: bool| {
        let request = app.anonymous().request(Method::POST, "/graphql/stream").json(&body);
        let request = request.header("accept", "text/event-stream");
        if marked { request.header("x-skillswap-web", "1") } else { request }
    };

    let refused = request(true).send().await.expect("an answer");
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let told: Value = refused.json().await.expect("JSON");
    assert_eq!(told["errors"][0]["extensions"]["code"], "BAD_REQUEST", "{told}");

    let answered = request(false).send().await.expect("an answer");
    assert_eq!(answered.status(), StatusCode::OK);
    assert!(answered.text().await.expect("a text").contains("accessToken"));
}
