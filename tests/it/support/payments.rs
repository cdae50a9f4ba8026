//! Servers that stand in for Stripe, Razorpay and PayPal, see `tests/payments/server.mjs`.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use skillswap::{config::PaymentsConfig, integrations::payments::ProviderName};

use super::{TestApp, node::NodeServer};

/// The servers; they end with the test.
pub struct Providers {
    url: String,
    http: reqwest::Client,
    _server: NodeServer,
}

impl Providers {
    /// Starts them on a free port.
    pub fn start() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let (server, url) = NodeServer::start("payments");
        Self { url, http: reqwest::Client::new(), _server: server }
    }

    /// A server that can be paid through all of them, and through the sandbox.
    pub async fn app(&self) -> TestApp {
        let payments = self.config();
        TestApp::start_with(|config| config.payments = payments).await
    }

    /// The settings of all of them.
    pub fn config(&self) -> PaymentsConfig {
        let text = |text: &str| Some(text.to_owned());
        PaymentsConfig {
            stripe_secret_key: text("sk_test_standin"),
            stripe_webhook_secret: text("whsec_standin"),
            stripe_api_url: Some(format!("{}/stripe", self.url)),
            razorpay_key_id: text("rzp_test_standin"),
            razorpay_key_secret: text("razorpay-secret"),
            razorpay_webhook_secret: text("razorpay-webhooks"),
            razorpay_api_url: format!("{}/razorpay", self.url),
            paypal_client_id: text("paypal-client"),
            paypal_client_secret: text("paypal-secret"),
            paypal_webhook_id: text("WH-STANDIN"),
            paypal_api_url: format!("{}/paypal", self.url),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        let answer = request.send().await.expect("an answer");
        let (status, body) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    /// Has them misbehave.
    pub async fn control(&self, how: Value) {
        self.post("/control", &how).await;
    }

    /// What the payer, the bank or time does.
    pub async fn act(&self, provider: ProviderName, act: &str, reference: &str) -> Value {
        self.post("/act", &json!({ "provider": provider, "act": act, "reference": reference })).await
    }

    /// Sends the webhooks that wait; the statuses with which they were answered.
    pub async fn deliver(&self, app: &TestApp, provider: ProviderName, how: Value) -> Vec<u16> {
        let mut order = json!({
            "provider": provider, "url": format!("{}/webhooks/{provider}", app.url), "now": app.now().timestamp(),
        });
        order.as_object_mut().unwrap().extend(how.as_object().unwrap().clone());
        let statuses = self.post("/deliver", &order).await;
        serde_json::from_value(statuses).expect("statuses")
    }

    /// What a provider has in its books.
    pub async fn books(&self, provider: ProviderName) -> Value {
        let answer = self.http.get(format!("{}/books", self.url)).send().await.expect("an answer");
        answer.json::<Value>().await.expect("JSON")[provider.as_str()].clone()
    }
}

impl Providers {
    /// What Stripe's own library finds wrong with the calls so far, and last how many there were.
    pub async fn judge_stripe(&self) -> Vec<String> {
        let answer = self.http.get(format!("{}/books", self.url)).send().await.expect("an answer");
        let books: Value = answer.json().await.expect("JSON");
        let calls: Vec<&Value> =
            books["calls"].as_array().unwrap().iter().filter(|call| call["provider"] == "stripe").collect();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut judge = Command::new(root.join("target/tools/judge/bin/python"))
            .arg(root.join("tests/payments/judge.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Stripe's library: run scripts/setup.sh test");
        let mut input = judge.stdin.take().expect("its input");
        input.write_all(json!(calls).to_string().as_bytes()).expect("the calls");
        drop(input);
        let output = judge.wait_with_output().expect("its output");
        assert!(output.status.success(), "the judge fails");
        String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
    }
}
