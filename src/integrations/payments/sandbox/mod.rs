//! The sandbox: a payment provider inside this program, for demos, development and tests.
//!
//! It behaves like a real one: it keeps its own books ([`checkout`]), shows a hosted page on which the member decides
//! what happens, and tells the outcome by a signed webhook over HTTP ([`webhook`]). It does not exist in production.

pub mod checkout;
pub mod webhook;

use chrono::{DateTime, Utc};
use futures_util::{FutureExt, future::BoxFuture};
use serde_json::Value;

use super::{BadWebhook, Checkout, Headers, Order, PaymentProvider, ProviderFailed, WebhookEvent};
use crate::app::App;

/// Names the provider.
pub const NAME: &str = "sandbox";

/// The sandbox as a provider.
pub struct Sandbox {
    key: [u8; 32],
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").finish_non_exhaustive()
    }
}

impl Sandbox {
    /// The sandbox of an installation.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self { key: webhook::key(secret) }
    }
}

impl PaymentProvider for Sandbox {
    fn name(&self) -> &'static str {
        NAME
    }

    fn create_checkout<'a>(
        &'a self,
        app: &'a App,
        order: &'a Order,
    ) -> BoxFuture<'a, Result<Checkout, ProviderFailed>> {
        async move {
            let id = checkout::create(app, order).await.map_err(anyhow::Error::new)?;
            Ok(Checkout { url: page_url(app, &id), reference: id })
        }
        .boxed()
    }

    fn verify_webhook(
        &self,
        headers: &Headers,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Value, BadWebhook> {
        let signature = headers.get(webhook::SIGNATURE_HEADER).ok_or(BadWebhook)?;
        webhook::verify(&self.key, signature, body, now)
    }

    fn read_webhook(&self, payload: &Value) -> Result<WebhookEvent, BadWebhook> {
        webhook::read(payload)
    }
}

/// The address of a checkout's page.
fn page_url(app: &App, id: &str) -> String {
    format!("{}/sandbox/checkout/{id}", app.public_url)
}
