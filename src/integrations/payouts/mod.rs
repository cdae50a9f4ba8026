//! The port to providers of payouts, who know the banks of mentors.
//!
//! A provider opens an account for a member, lets the member prove on its own page who they are and where the money shall
//! go, and pays out to that account. What becomes of accounts and payouts it tells by webhook, and whenever it is asked.

pub mod sandbox;

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::payments::{BadWebhook, Headers};
use crate::{
    app::App,
    config::{Config, Mode},
    db::ids::{MemberId, PayoutId},
};

/// What a provider lets an account do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The member has not proven everything yet.
    Pending,
    /// Payouts can go to it.
    Verified,
    /// The provider pays nothing out to it: why.
    Restricted(String),
}

/// What shall be paid out.
#[derive(Clone, Debug)]
pub struct PayoutOrder {
    /// Our id: asking twice with it moves the money once, however much later the second time is.
    pub payout_id: PayoutId,
    /// The provider's name for the account.
    pub account: String,
    /// Minor units of `currency`.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

/// A payout as the provider has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The provider's name for it.
    pub reference: String,
    /// How far it is.
    pub progress: Progress,
}

/// How far a payout is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// On its way.
    InTransit,
    /// At the bank.
    Paid,
    /// It comes back: why.
    Failed(String),
}

/// The provider did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum PayoutFault {
    /// It never will: why. No money moves.
    #[error("refused: {0}")]
    Refused(String),
    /// Nobody knows: ask again.
    #[error("the provider of payouts failed: {0}")]
    Unknown(#[from] anyhow::Error),
}

/// What a webhook tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutEvent {
    /// The provider's name for the event: the same when it is sent again.
    pub id: String,
    /// The provider's word for what happened.
    pub kind: String,
    /// What it means; `None` = nothing that we know.
    pub news: Option<News>,
}

/// What a webhook means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Something about an account changed: what, is asked for.
    Account(String),
    /// A payout got further.
    Payout {
        /// Our id, as we told the provider.
        payout_id: PayoutId,
        /// The payout.
        sent: Sent,
        /// Minor units of `currency`.
        amount: i64,
        /// ISO 4217.
        currency: String,
    },
}

/// The answer of a provider.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, PayoutFault>>;

/// A provider of payouts.
pub trait PayoutProvider: fmt::Debug + Send + Sync {
    /// Names it in rows and in the address of its webhooks.
    fn name(&self) -> &'static str;

    /// Opens an account for a member and gives its name. Asked again for the same member, it gives the same account.
    fn open_account<'a>(&'a self, app: &'a App, member: MemberId) -> Answer<'a, String>;

    /// The page on which the member proves who they are; `return_url` is where they go afterwards, checked.
    fn onboarding_url<'a>(
        &'a self,
        app: &'a App,
        account: &'a str,
        return_url: Option<&'a str>,
    ) -> Answer<'a, String>;

    /// What an account may do now.
    fn standing<'a>(&'a self, app: &'a App, account: &'a str) -> Answer<'a, Standing>;

    /// Pays out, once for each [`PayoutOrder::payout_id`].
    fn send<'a>(&'a self, app: &'a App, order: &'a PayoutOrder) -> Answer<'a, Sent>;

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
    fn read_webhook(&self, payload: &Value) -> Result<PayoutEvent, BadWebhook>;
}

/// The providers of this installation.
#[derive(Clone, Debug)]
pub struct Payouts {
    providers: Vec<Arc<dyn PayoutProvider>>,
    sandbox: bool,
}

impl Payouts {
    /// The sandbox, unless this is production.
    #[must_use]
    pub fn new(config: &Config, secret: &str) -> Self {
        let sandbox = config.mode != Mode::Production;
        let mut providers: Vec<Arc<dyn PayoutProvider>> = Vec::new();
        if sandbox {
            providers.push(Arc::new(sandbox::Sandbox::new(secret)));
        }
        Self { providers, sandbox }
    }

    /// The provider of new payouts, if there can be any.
    #[must_use]
    pub fn preferred(&self) -> Option<&dyn PayoutProvider> {
        self.providers.first().map(AsRef::as_ref)
    }

    /// A provider by name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&dyn PayoutProvider> {
        self.providers.iter().map(AsRef::as_ref).find(|provider| provider.name() == name)
    }

    /// Whether the sandbox's page exists.
    #[must_use]
    pub const fn has_sandbox(&self) -> bool {
        self.sandbox
    }
}
