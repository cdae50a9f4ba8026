//! The port to payment providers.
//!
//! A provider is asked for a hosted checkout and later tells by webhook what became of it. It hears the payment's id
//! first, so that its webhook can be understood even before its answer was stored.

pub mod return_url;
pub mod sandbox;

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::{
    app::App,
    config::{Config, Mode},
    db::ids::PaymentId,
};

/// What shall be paid.
#[derive(Clone, Debug)]
pub struct Order {
    /// Our id: travels with the checkout, and makes asking twice give the same checkout.
    pub payment_id: PaymentId,
    /// Minor units of `currency`.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// The amount for people, such as `12.50 USD`.
    pub price: String,
    /// What is bought, for people.
    pub title: String,
    /// Where the member goes afterwards; checked.
    pub return_url: Option<String>,
}

/// A hosted checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The provider's name for it.
    pub reference: String,
    /// The page where the member pays.
    pub url: String,
}

/// What a webhook tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEvent {
    /// The provider's name for the event: the same when it is sent again.
    pub id: String,
    /// The provider's word for what happened.
    pub kind: String,
    /// What it means for the payment; `None` = nothing that we know.
    pub outcome: Option<Outcome>,
    /// The checkout.
    pub reference: String,
    /// The payment, as we told the provider.
    pub payment_id: Option<PaymentId>,
    /// What was paid or asked for, in minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

/// Where a chargeback stands, as the provider says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargebackWord {
    /// The bank took the money back.
    Opened,
    /// It came again.
    Won,
    /// It is gone.
    Lost,
}

/// What became of a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The money arrived.
    Paid,
    /// The means of payment was refused.
    Failed,
    /// It was left or ran out.
    Abandoned,
    /// The payer's bank takes back what had arrived.
    Chargeback {
        /// The provider's name for the chargeback.
        reference: String,
        /// Where it stands.
        word: ChargebackWord,
    },
}

/// A webhook that must not be believed: bad signature, too old, or no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the webhook is not signed by the provider, too old, or no event")]
pub struct BadWebhook;

/// The provider gave no checkout.
#[derive(Debug, thiserror::Error)]
#[error("the payment provider failed: {0}")]
pub struct ProviderFailed(#[from] pub anyhow::Error);

/// The headers of a webhook.
#[derive(Clone, Debug, Default)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// A header's value, whatever the case of its name. `None` if it is absent or sent more than once.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values =
            self.0.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }
}

/// A provider of payments.
pub trait PaymentProvider: fmt::Debug + Send + Sync {
    /// Names it in rows and in the address of its webhooks.
    fn name(&self) -> &'static str;

    /// Makes a hosted checkout. Asked again for the same payment, it gives the same checkout.
    fn create_checkout<'a>(
        &'a self,
        app: &'a App,
        order: &'a Order,
    ) -> BoxFuture<'a, Result<Checkout, ProviderFailed>>;

    /// Checks signature and age of a webhook over its raw body, and gives its payload.
    ///
    /// # Errors
    /// [`BadWebhook`], whatever is wrong.
    fn verify_webhook(&self, headers: &Headers, body: &[u8], now: DateTime<Utc>)
    -> Result<Value, BadWebhook>;

    /// Reads a verified payload.
    ///
    /// # Errors
    /// [`BadWebhook`] if it is no event.
    fn read_webhook(&self, payload: &Value) -> Result<WebhookEvent, BadWebhook>;
}

/// The providers of this installation.
#[derive(Clone, Debug)]
pub struct Payments {
    providers: Vec<Arc<dyn PaymentProvider>>,
    sandbox: bool,
}

impl Payments {
    /// The sandbox, unless this is production.
    #[must_use]
    pub fn new(config: &Config, secret: &str) -> Self {
        let sandbox = config.mode != Mode::Production;
        let mut providers: Vec<Arc<dyn PaymentProvider>> = Vec::new();
        if sandbox {
            providers.push(Arc::new(sandbox::Sandbox::new(secret)));
        }
        Self { providers, sandbox }
    }

    /// The provider of new payments, if payments can be made at all.
    #[must_use]
    pub fn preferred(&self) -> Option<&dyn PaymentProvider> {
        self.providers.first().map(AsRef::as_ref)
    }

    /// A provider by name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&dyn PaymentProvider> {
        self.providers.iter().map(AsRef::as_ref).find(|provider| provider.name() == name)
    }

    /// Whether the sandbox's hosted page exists.
    #[must_use]
    pub const fn has_sandbox(&self) -> bool {
        self.sandbox
    }
}
