use chrono::TimeDelta;
use serde_json::{Value, json};

use super::REFRESH;
use crate::support::{Client, Reply, Socket, Subscription, TestApp};

async fn refresh(client: &Client, token: &Value) -> Reply {
    client.run(REFRESH, json!({ "input": { "refreshToken": token } })).await
}

fn successor(reply: &Reply) -> Value {
    reply.ok("refreshSession")["session"]["refreshToken"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshes_at_once_on_several_servers_all_get_the_one_successor() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let ada = app.member("ada").await;
    let token = json!(ada.refresh_token);

    let replies = futures_util::future::join_all((0..12).map(|number| {
        let client = if number % 2 == 0 { app.anonymous() } else { other.anonymous() };
        let token = token.clone();
        async move { refresh(&client, &token).await }
    }))
    .await;

    let first = successor(&replies[0]);
    assert!(replies.iter().all(|reply| successor(reply) == first));
    assert_ne!(first, token);
    assert_eq!(app.count("select count(*) from refresh_tokens").await, 2);
    let mut next = ada.clone();
    next.token = replies[7].data("refreshSession")["session"]["accessToken"].as_str().map(str::to_owned);
    assert_eq!(next.query("{ viewer { member { id } } }").await.data("viewer")["member"]["id"], ada.id);
    assert_ne!(successor(&refresh(&app.anonymous(), &first).await), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_repeated_for_thirty_seconds() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let token = json!(ada.refresh_token);
    let lost = successor(&refresh(&app.anonymous(), &token).await);

    app.advance(TimeDelta::seconds(29));

    assert_eq!(successor(&refresh(&app.anonymous(), &token).await), lost);
    assert_eq!(app.count("select count(*) from auth_sessions where revoked_at is not null").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_used_again_later_signs_the_device_out_and_tells_the_member() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let phone = app.sign_in("ada@example.org").await;
    let query = "subscription { viewerEvents { __typename ... on SecurityEvent { what authSessionId } } }";
    let mut told = Subscription::start(&phone, "viewerEvents", query, json!({})).await;
    let mut socket = Socket::connect(&ada).await;
    let stolen = json!(ada.refresh_token);
    let own = successor(&refresh(&app.anonymous(), &stolen).await);
    app.advance(TimeDelta::seconds(31));

    let replies = futures_util::future::join_all((0..4).map(|_| {
        let (client, stolen) = (app.anonymous(), stolen.clone());
        async move { refresh(&client, &stolen).await.codes("refreshSession") }
    }))
    .await;

    assert!(replies.iter().all(|codes| codes == &["TOKEN_INVALID"]), "{replies:?}");
    assert_eq!(refresh(&app.anonymous(), &own).await.codes("refreshSession"), ["TOKEN_INVALID"]);
    assert_eq!(ada.query("{ viewer { member { id } } }").await.status, 401);
    assert_eq!(socket.close_code().await, 4401);
    let event = told.next_of("SecurityEvent").await;
    assert_eq!(event["what"], "REFRESH_TOKEN_REUSED");
    assert!(event["authSessionId"].as_str().unwrap().starts_with("aut_"));
    assert_eq!(app.count("select count(*) from events where kind = 'SECURITY_EVENT'").await, 1);
    assert_eq!(phone.query("{ viewer { member { id } } }").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_ended_and_signed_out_tokens_are_refused_alike() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let phone = app.sign_in("ada@example.org").await;
    phone.query("mutation { logOut(input: {}) { userErrors { code } } }").await.ok("logOut");
    for token in
        [json!("nonsense"), json!(""), json!(null), json!(phone.refresh_token), json!("x".repeat(10_000))]
    {
        assert_eq!(refresh(&app.anonymous(), &token).await.codes("refreshSession"), ["TOKEN_INVALID"]);
    }

    app.advance(TimeDelta::days(31));

    assert_eq!(
        refresh(&app.anonymous(), &json!(ada.refresh_token)).await.codes("refreshSession"),
        ["TOKEN_INVALID"]
    );
}
