mod chargebacks;
mod checkout;
mod providers;
pub mod refunds;
mod sandbox;
mod webhook;

use reqwest::{Method, Response, redirect::Policy};
use serde_json::{Value, json};
use skillswap::integrations::payments::sandbox::webhook::{SIGNATURE_HEADER, key, sign};

use crate::support::{Client, TestApp};

pub const STARTER: &str = "pkg_01h455vb4pex5vsknk084sn02q";

pub const CREATE: &str = "mutation($input: CreateCheckoutInput!) { createCheckout(input: $input) {
    payment { id status amount { amountMinor currency } credits { amountMinor currency } checkoutUrl createdAt settledAt package { id name } }
    userErrors { __typename code path message retryable } replayed } }";

/// A server that sells two packages.
pub async fn shop() -> TestApp {
    let app = TestApp::start().await;
    stock(&app).await;
    app
}

pub async fn stock(app: &TestApp) {
    app.sql(
        "insert into credit_packages (id, name, credits, price, currency, position, active) values
         ('01890a5d-ac96-774b-bcce-b302099a8057', 'Starter', 10000, 1250, 'USD', 1, true),
         ('01890a5d-ac96-774b-bcce-b302099a8058', 'Pro', 50000, 5500, 'JPY', 0, true),
         ('01890a5d-ac96-774b-bcce-b302099a8059', 'Old', 1, 1, 'USD', 2, false)",
    )
    .await;
}

/// A payment begun by the member.
pub async fn begin(member: &Client, input: Value) -> Value {
    let mut full = json!({ "packageId": STARTER, "idempotencyKey": "first" });
    full.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
    member.run(CREATE, json!({ "input": full })).await.ok("createCheckout")["payment"].clone()
}

/// The checkout's id at the sandbox.
pub fn reference(payment: &Value) -> String {
    payment["checkoutUrl"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// What the member has to spend.
pub async fn available(member: &Client) -> String {
    let reply = member.query("{ viewer { wallet { available { amountMinor } } } }").await;
    reply.data("viewer")["wallet"]["available"]["amountMinor"].as_str().unwrap().to_owned()
}

/// The status of a payment, as its payer sees it.
pub async fn status(member: &Client, payment: &Value) -> String {
    let reply = member
        .run(
            "query($id: ID!) { node(id: $id) { ... on Payment { status } } }",
            json!({ "id": payment["id"] }),
        )
        .await;
    reply.data("node")["status"].as_str().unwrap().to_owned()
}

/// An event of the sandbox about a payment.
pub fn event(id: &str, kind: &str, payment: &Value) -> Value {
    json!({
        "id": id, "type": kind, "created": 0,
        "data": { "checkout": reference(payment), "payment": payment["id"], "amount": 1250, "currency": "USD" },
    })
}

/// Sends a webhook with a good signature.
pub async fn send(app: &TestApp, event: &Value) -> u16 {
    send_by(&app.anonymous(), app, event).await
}

/// Sends a webhook with a good signature. For races: making a client takes longer than sending.
pub async fn send_by(sender: &Client, app: &TestApp, event: &Value) -> u16 {
    let body = event.to_string();
    let signature = sign(&key(&app.app.secret), app.now(), body.as_bytes());
    send_raw(sender, Some(&signature), body).await
}

/// Sends a webhook with any signature.
pub async fn send_raw(sender: &Client, signature: Option<&str>, body: String) -> u16 {
    let mut request = sender.request(Method::POST, "/webhooks/sandbox").body(body);
    if let Some(signature) = signature {
        request = request.header(SIGNATURE_HEADER, signature);
    }
    request.send().await.unwrap().status().as_u16()
}

/// A browser that shows redirects instead of following them.
pub fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(Policy::none()).build().unwrap()
}

/// A request by a browser of its own.
pub async fn browse(method: Method, url: &str) -> Response {
    browser().request(method, url).send().await.unwrap()
}
