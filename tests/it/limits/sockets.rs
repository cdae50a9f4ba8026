use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{TYPENAME, app};
use crate::support::{Client, PASSWORD, Socket, TestApp};

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
    let request = match &client.token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
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

/// A server with room for so many connections.
async fn roomy(per_place: u32, per_member: u32) -> TestApp {
    TestApp::start_with(|config| {
        config.limits.sockets_per_place = Some(per_place);
        config.limits.sockets_per_member = Some(per_member);
        config.limits.idle_socket_seconds = 1;
        config.trusted_proxies = 1;
    })
    .await
}

/// The answer to asking for a WebSocket.
async fn upgrade(app: &TestApp, address: &str) -> reqwest::Response {
    let request = app.anonymous().request(Method::GET, "/graphql").header("x-forwarded-for", address);
    let request = request
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", "graphql-transport-ws");
    request.send().await.expect("an answer")
}

/// Asks until the server has noticed that somebody left.
async fn upgrades_at_last(app: &TestApp, address: &str) -> bool {
    for _ in 0..50 {
        if upgrade(app, address).await.status() == StatusCode::SWITCHING_PROTOCOLS {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_may_open_so_many_sockets_and_streams() {
    let app = roomy(3, 0).await;
    let asked = futures_util::future::join_all((0..20).map(|_| upgrade(&app, "203.0.113.7"))).await;
    let opened = asked.iter().filter(|answer| answer.status() == StatusCode::SWITCHING_PROTOCOLS).count();
    assert_eq!(opened, 3);

    let refused = upgrade(&app, "203.0.113.7").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "10");
    let body: Value = refused.json().await.expect("JSON");
    assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{body}");
    let request =
        app.anonymous().request(Method::POST, "/graphql/stream").header("accept", "text/event-stream");
    let request = request.header("x-forwarded-for", "203.0.113.7").json(&json!({ "query": TYPENAME }));
    assert_eq!(request.send().await.expect("an answer").status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(upgrade(&app, "203.0.113.8").await.status(), StatusCode::SWITCHING_PROTOCOLS);

    drop(asked);
    assert!(upgrades_at_last(&app, "203.0.113.7").await, "who leaves makes room");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_may_open_so_many_sockets_and_takes_none_from_the_place() {
    let app = roomy(1, 2).await;
    let ada = app.member("ada").await;
    let first = Socket::connect(&ada).await;
    let _second = Socket::connect(&ada).await;
    let mut third = Socket::open(&app.url).await;
    let payload = json!({ "authorization": format!("Bearer {}", ada.token.as_ref().expect("a token")) });
    third.send(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(third.close_code().await, 4429);
    drop(third);
    assert_eq!(stream(&ada, Method::POST, EVENTS).await.status(), StatusCode::TOO_MANY_REQUESTS);

    drop(first);
    for _ in 0..50 {
        if stream(&ada, Method::POST, EVENTS).await.status() == StatusCode::OK {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("who leaves makes room");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_without_a_token_is_closed_when_nothing_runs_on_it() {
    let app = roomy(0, 0).await;
    let (ada, mut idle) = (app.member("ada").await, Socket::connect(&app.anonymous()).await);
    let mut member = Socket::connect(&ada).await;
    assert_eq!(idle.close_code().await, 1000);

    member.stays_silent(Duration::from_millis(2_500)).await;
    member.send(json!({ "type": "ping" })).await;
    assert_eq!(member.receive().await["type"], "pong");
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
