//! What callers may ask for: the cost of an operation, the budgets, and how processes share them.

mod anonymous;
mod cost;
mod members;
mod shared;
mod sockets;

use serde_json::{Value, json};

use crate::support::{Client, Reply, TestApp};

const TYPENAME: &str = "{ __typename }";
const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) { userErrors { code } } }";

/// A server with budgets.
async fn app(anonymous_requests: u32, member_points: u32) -> TestApp {
    TestApp::start_with(|config| {
        config.limits.anonymous_requests = Some(anonymous_requests);
        config.limits.member_points = Some(member_points);
    })
    .await
}

/// A request from an address, with `trusted_proxies` set to 1.
async fn from(app: &TestApp, address: &str, body: &Value) -> Reply {
    let request = app.anonymous().request(reqwest::Method::POST, "/graphql");
    let response = request.header("x-forwarded-for", address).json(body).send().await.expect("an answer");
    Reply::read(response).await
}

/// How many of so many requests, one after another, are let in.
async fn let_in(client: &Client, requests: usize) -> usize {
    let mut count = 0;
    for _ in 0..requests {
        count += usize::from(client.query(TYPENAME).await.status == 200);
    }
    count
}

fn wrong_password() -> Value {
    json!({ "input": { "email": "nobody@example.org", "password": "not this one" } })
}
