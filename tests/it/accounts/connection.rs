use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    LOG_IN, REFRESH,
    browser::{Page, log_in},
};
use crate::{
    events::{seq, tell},
    support::{Client, Socket, TestApp},
};

const RENEW: &str = "mutation($input: RefreshConnectionInput!) { refreshConnection(input: $input) { expiresAt userErrors { code path } } }";
const LISTEN: &str = "subscription { viewerEvents { __typename cursor } }";

/// New tokens for a device.
async fn refreshed(client: &Client) -> Client {
    let mut device = client.clone();
    device.token = None;
    let reply = device.run(REFRESH, json!({ "input": { "refreshToken": client.refresh_token } })).await;
    let session = &reply.ok("refreshSession")["session"];
    device.token = session["accessToken"].as_str().map(str::to_owned);
    device.refresh_token = session["refreshToken"].as_str().map(str::to_owned);
    device
}

/// Subscribes and waits until the server listens.
async fn listen(socket: &mut Socket, query: &str) {
    socket.send(json!({ "id": "events", "type": "subscribe", "payload": { "query": query } })).await;
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await["type"], "pong");
}

/// Renews a connection from inside; what the subscription delivers meanwhile is kept.
async fn renew(socket: &mut Socket, token: Option<&str>, events: &mut Vec<Value>) -> Value {
    let payload = json!({ "query": RENEW, "variables": { "input": { "accessToken": token } } });
    socket.send(json!({ "id": "renew", "type": "subscribe", "payload": payload })).await;
    let mut answer = Value::Null;
    loop {
        let message = socket.receive().await;
        match (message["id"].as_str(), message["type"].as_str()) {
            (Some("renew"), Some("next")) => {
                answer = message["payload"]["data"]["refreshConnection"].clone();
                assert!(message["payload"].get("errors").is_none(), "{message}");
            }
            (Some("renew"), _) => return answer,
            _ => events.push(message),
        }
    }
}

async fn refused(socket: &mut Socket, token: Option<&str>) -> Value {
    let answer = renew(socket, token, &mut Vec::new()).await;
    assert_eq!(answer["expiresAt"], Value::Null, "{answer}");
    answer["userErrors"][0]["code"].clone()
}

fn end(answer: &Value) -> DateTime<Utc> {
    assert_eq!(answer["userErrors"], json!([]), "{answer}");
    answer["expiresAt"].as_str().expect("an instant").parse().expect("an instant")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_connection_outlives_its_first_token_without_missing_or_doubling_an_event() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let mut socket = Socket::connect(&ada).await;
    listen(&mut socket, LISTEN).await;
    let storm = {
        let (app, ada) = (app.app.clone(), ada.clone());
        tokio::spawn(async move {
            for _ in 0..60 {
                crate::events::tell_on(&app, &ada, 5).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    };
    let (mut device, mut events) = (ada.clone(), Vec::new());
    for _ in 0..6 {
        app.advance(TimeDelta::minutes(10));
        device = refreshed(&device).await;
        let answer = renew(&mut socket, device.token.as_deref(), &mut events).await;
        assert!(end(&answer) > app.now() + TimeDelta::minutes(14), "{answer}");
    }
    storm.await.unwrap();

    while events.len() < 300 {
        events.push(socket.receive().await);
    }

    let numbers: Vec<i64> =
        events.iter().map(|event| seq(&event["payload"]["data"]["viewerEvents"]["cursor"])).collect();
    let first = numbers[0];
    assert!(numbers.iter().copied().eq(first..first + 300), "{numbers:?}");
    // Its queries run as the member too, and without a further token it ends like any other.
    let ask = json!({ "query": "{ viewer { member { id } } }" });
    socket.send(json!({ "id": "q", "type": "subscribe", "payload": ask })).await;
    assert_eq!(socket.receive().await["payload"]["data"]["viewer"]["member"]["id"], ada.id);
    app.advance(TimeDelta::minutes(16));
    assert_eq!(socket.close_code().await, 4401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_good_or_another_members_changes_nothing() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let old = app.sign_in("ada@example.org").await;
    old.query("mutation { logOut(input: {}) { userErrors { code } } }").await.ok("logOut");
    app.advance(TimeDelta::minutes(10));
    let bob = refreshed(&bob).await;
    let mut socket = Socket::connect(&ada).await;

    assert_eq!(refused(&mut socket, bob.token.as_deref()).await, "FORBIDDEN");
    for token in [Some("nonsense"), Some(""), None, old.token.as_deref(), ada.refresh_token.as_deref()] {
        assert_eq!(refused(&mut socket, token).await, "TOKEN_INVALID", "{token:?}");
    }
    // An older token than the present one shortens nothing.
    let newer = refreshed(&ada).await;
    let first = end(&renew(&mut socket, newer.token.as_deref(), &mut Vec::new()).await);
    assert_eq!(end(&renew(&mut socket, ada.token.as_deref(), &mut Vec::new()).await), first);

    app.advance(TimeDelta::minutes(16));
    assert_eq!(socket.close_code().await, 4401);
    let mut expired = Socket::connect(&refreshed(&newer).await).await;
    assert_eq!(refused(&mut expired, newer.token.as_deref()).await, "TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_socket_of_a_member_can_be_renewed() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let input = json!({ "input": { "accessToken": ada.token } });

    assert_eq!(ada.run(RENEW, input.clone()).await.codes("refreshConnection"), ["WEBSOCKET_REQUIRED"]);
    let stream = ada
        .request(reqwest::Method::POST, "/graphql/stream")
        .bearer_auth(ada.token.as_ref().unwrap())
        .header("accept", "text/event-stream")
        .json(&json!({ "query": RENEW, "variables": input }));
    assert!(stream.send().await.unwrap().text().await.unwrap().contains("WEBSOCKET_REQUIRED"));
    let mut nobody = Socket::connect(&app.anonymous()).await;
    let payload = json!({ "query": RENEW, "variables": input });
    nobody.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    let answer = nobody.receive().await;
    assert_eq!(answer["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_whose_device_was_signed_out_cannot_be_revived() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let renewal = json!({ "query": RENEW, "variables": { "input": { "accessToken": ada.token } } });
    let renewal = json!({ "id": "renew", "type": "subscribe", "payload": renewal });
    let log_out = "mutation { logOut(input: {}) { userErrors { code } } }";
    for _ in 0..4 {
        let phone = app.sign_in("ada@example.org").await;
        let mut socket = Socket::connect(&phone).await;

        let (signed_out, ()) = tokio::join!(phone.query(log_out), socket.send(renewal.clone()));

        signed_out.ok("logOut");
        assert_eq!(socket.close_code().await, 4401, "whichever came first");
    }
    let phone = app.sign_in("ada@example.org").await;
    let mut socket = Socket::connect(&phone).await;
    let mut events = Vec::new();
    app.advance(TimeDelta::minutes(1));
    let ada = refreshed(&ada).await;
    end(&renew(&mut socket, ada.token.as_deref(), &mut events).await);
    phone.query(log_out).await.ok("logOut");
    assert_eq!(socket.close_code().await, 4401, "it took another device's token before");
    assert_eq!(ada.query("{ viewer { member { id } } }").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_subscription_may_deliver_is_checked_anew() {
    let app = TestApp::start().await;
    let (root, two) = (app.admin("root").await, app.admin("two").await);
    let mut socket = Socket::connect(&root).await;
    listen(&mut socket, "subscription { adminEvents { __typename } }").await;
    // A change that nobody told this process of.
    app.sql(&format!(
        "update members set roles = '{{LEARNER}}' where id = '{}'",
        skillswap::db::ids::decode(&root.id).unwrap().1
    ))
    .await;
    let device = refreshed(&root).await;

    end(&renew(&mut socket, device.token.as_deref(), &mut Vec::new()).await);
    let told =
        "mutation($input: AdminSetRolesInput!) { adminSetRoles(input: $input) { userErrors { code } } }";
    let input =
        json!({ "memberId": two.id, "roles": ["ADMIN", "EXCHANGER"], "reason": "a change to tell of" });
    two.run(told, json!({ "input": input })).await.ok("adminSetRoles");

    let last = socket.receive().await;
    assert_eq!(last["payload"]["errors"][0]["extensions"]["code"], "FORBIDDEN", "{last}");
    assert_eq!(last["payload"].get("data"), None, "{last}");
    assert_eq!(socket.receive().await["type"], "complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_refreshes_by_its_cookies_and_its_socket_goes_on() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let mut page = Page::of(&app);
    page.run(LOG_IN, log_in()).await;
    let cookies: Vec<String> = page.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let headers = [("cookie", cookies.join("; ")), ("origin", "http://localhost:3000".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut socket = Socket::connect_as_page(&app.url, &headers).await;
    listen(&mut socket, LISTEN).await;
    let mut events = Vec::new();
    let first = end(&renew(&mut socket, None, &mut events).await);
    assert!(first <= app.now() + TimeDelta::minutes(15), "nothing was refreshed yet");

    app.advance(TimeDelta::minutes(10));
    let answer = page.run(REFRESH, json!({ "input": {} })).await;
    assert_eq!(answer["data"]["refreshSession"]["userErrors"], json!([]), "{answer}");
    let second = end(&renew(&mut socket, None, &mut events).await);

    assert!(second >= first + TimeDelta::minutes(9), "{first} {second}");
    app.advance(TimeDelta::minutes(10));
    tell(&app, &ada, 1).await;
    let event = socket.receive().await;
    assert_eq!(event["payload"]["data"]["viewerEvents"]["__typename"], "ProfileUpdated", "{event}");
    app.advance(TimeDelta::minutes(6));
    assert_eq!(socket.close_code().await, 4401);
}
