mod account;
mod provider;
mod request;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use skillswap::{
    db::ids::{BookingId, MemberId},
    integrations::{
        payments::sandbox::webhook::{SIGNATURE_HEADER, sign},
        payouts::sandbox::webhook::key,
    },
};

use crate::{
    payments::browse,
    support::{Client, Reply, TestApp},
    wallet::{buy, hold, release},
};

pub const CONNECT: &str =
    "mutation($input: ConnectPayoutAccountInput!) { connectPayoutAccount(input: $input) {
    account { status requirement asOf createdAt } onboardingUrl
    userErrors { __typename code path message retryable ... on StepUpRequiredError { methods } } } }";

pub const REQUEST: &str = "mutation($input: RequestPayoutInput!) { requestPayout(input: $input) {
    payout { id status credits { amountMinor currency } amount { amountMinor currency } failure createdAt settledAt }
    earnings { pending { amountMinor } total { amountMinor } withdrawn { amountMinor } }
    userErrors { __typename code path message retryable
      ... on TwoFactorRequiredError { methods } ... on StepUpRequiredError { methods }
      ... on InsufficientEarningsError { available { amountMinor currency } }
      ... on AmountTooSmallError { minimum { amountMinor currency } }
      ... on PayoutAccountNotReadyError { status onboardingUrl } } replayed } }";

/// Earnings of exactly so many hundredths of a credit, as a completed booking gives them.
pub async fn earn(app: &TestApp, mentor: &Client, credits: i64) {
    let (learner, booking) = (MemberId::new(), BookingId::new());
    // The platform keeps 15 %.
    let price = (credits * 100 + 84) / 85;
    buy(&app.app, learner, price).await.unwrap();
    hold(&app.app, booking, learner, price).await.unwrap();
    let paid = release(&app.app, booking, mentor.id.parse().unwrap()).await.unwrap();
    assert_eq!(paid.earnings, credits, "choose an amount that a price gives");
}

/// A mentor with a second factor who has just stepped up, and has earned.
pub async fn earner(app: &TestApp, name: &str, credits: i64) -> Client {
    let mentor = app.mentor(name).await;
    app.step_up(&mentor).await;
    earn(app, &mentor, credits).await;
    mentor
}

/// The same with an account that the sandbox has decided by a word of its page, such as `verify`.
pub async fn ready(app: &TestApp, name: &str, credits: i64, word: &str) -> Client {
    let mentor = earner(app, name, credits).await;
    let page = connect(&mentor).await["onboardingUrl"].as_str().unwrap().to_owned();
    decide(app, &page, word).await;
    mentor
}

/// Connects an account.
pub async fn connect(mentor: &Client) -> Value {
    mentor.run(CONNECT, json!({ "input": {} })).await.ok("connectPayoutAccount").clone()
}

/// Presses a button of the sandbox's page, and lets the webhook arrive.
pub async fn decide(app: &TestApp, page: &str, word: &str) {
    assert_eq!(browse(Method::POST, &format!("{page}/{word}")).await.status(), 303);
    app.work().await;
}

/// Asks for a payout.
pub async fn request(mentor: &Client, credits: i64, key: &str) -> Reply {
    let input = json!({ "amount": credits.to_string(), "idempotencyKey": key });
    mentor.run(REQUEST, json!({ "input": input })).await
}

/// Pending, total and withdrawn earnings of a mentor.
pub async fn earnings(mentor: &Client) -> (i64, i64, i64) {
    let query =
        "{ viewer { earnings { pending { amountMinor } total { amountMinor } withdrawn { amountMinor } } } }";
    let reply = mentor.query(query).await;
    let of = |name: &str| {
        let amount = &reply.data("viewer")["earnings"][name]["amountMinor"];
        amount.as_str().unwrap().parse().unwrap()
    };
    (of("pending"), of("total"), of("withdrawn"))
}

/// Status and failure of a payout, as its owner sees it.
pub async fn state(mentor: &Client, payout: &Value) -> (String, Value) {
    let query = "query($id: ID!) { node(id: $id) { ... on Payout { status failure settledAt } } }";
    let reply = mentor.run(query, json!({ "id": payout["id"] })).await;
    let node = reply.data("node");
    assert_eq!(node["settledAt"].is_null(), !matches!(node["status"].as_str(), Some("PAID" | "FAILED")));
    (node["status"].as_str().unwrap().to_owned(), node["failure"].clone())
}

/// Lets jobs run until the sandbox has told the end of its payouts.
pub async fn settle(app: &TestApp) {
    app.work().await;
    app.advance(TimeDelta::seconds(4));
    app.work().await;
}

/// Sends a webhook with a good signature.
pub async fn send(app: &TestApp, event: &Value) -> u16 {
    let body = event.to_string();
    let signature = sign(&key(&app.app.secret), app.now(), body.as_bytes());
    send_raw(app, Some(&signature), body).await
}

/// Sends a webhook with any signature.
pub async fn send_raw(app: &TestApp, signature: Option<&str>, body: String) -> u16 {
    let mut request = app.anonymous().request(Method::POST, "/webhooks/payouts/sandbox").body(body);
    if let Some(signature) = signature {
        request = request.header(SIGNATURE_HEADER, signature);
    }
    request.send().await.unwrap().status().as_u16()
}
