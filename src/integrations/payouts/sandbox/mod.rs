//! The sandbox: a provider of payouts inside this program, for demos, development and tests.
//!
//! It keeps its own books ([`books`]), shows a page on which the holder of an account decides what it thinks of them and
//! does with their payouts, and tells by signed webhooks over HTTP ([`webhook`]). It does not exist in production.

pub mod books;
pub mod webhook;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use serde_json::Value;

use super::{
    super::payments::{BadWebhook, Headers, sandbox::webhook::SIGNATURE_HEADER, signature},
    Answer, PayoutEvent, PayoutFault, PayoutOrder, PayoutProvider, Sent, Standing,
};
use crate::{app::App, db::ids::MemberId};

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

impl PayoutProvider for Sandbox {
    fn name(&self) -> &'static str {
        NAME
    }

    fn open_account<'a>(&'a self, app: &'a App, member: MemberId) -> Answer<'a, String> {
        async move { Ok(books::open_account(app, member).await.map_err(anyhow::Error::new)?) }.boxed()
    }

    fn onboarding_url<'a>(
        &'a self,
        app: &'a App,
        account: &'a str,
        return_url: Option<&'a str>,
    ) -> Answer<'a, String> {
        async move {
            books::lead_back_to(app, account, return_url).await.map_err(anyhow::Error::new)?;
            Ok(format!("{}/sandbox/payouts/{account}", app.public_url))
        }
        .boxed()
    }

    fn standing<'a>(&'a self, app: &'a App, account: &'a str) -> Answer<'a, Standing> {
        async move {
            let account = books::find(app, account).await.map_err(anyhow::Error::new)?;
            let account =
                account.ok_or_else(|| PayoutFault::Refused("There is no such account.".to_owned()))?;
            Ok(account.standing())
        }
        .boxed()
    }

    fn send<'a>(&'a self, app: &'a App, order: &'a PayoutOrder) -> Answer<'a, Sent> {
        books::send(app, order).boxed()
    }

    fn verify_webhook(
        &self,
        headers: &Headers,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Value, BadWebhook> {
        signature::verify(&self.key, headers.get(SIGNATURE_HEADER).ok_or(BadWebhook)?, body, now)
    }

    fn read_webhook(&self, payload: &Value) -> Result<PayoutEvent, BadWebhook> {
        webhook::read(payload)
    }
}
