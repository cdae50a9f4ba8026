//! The sandbox: a payment provider inside this program, for demos, development and tests.
//!
//! It behaves like a real one: it keeps its own books ([`checkout`]), shows a hosted page on which the member decides
//! what happens, tells the outcome by a signed webhook over HTTP ([`webhook`]), and refunds. It does not exist in
//! production.

pub mod checkout;
mod refund;
pub mod webhook;

use chrono::{DateTime, Utc};
use futures_util::{FutureExt, future::BoxFuture};
use serde_json::Value;

use self::checkout::{CheckoutRow, CheckoutStatus};
use super::{
    BadWebhook, Call, Checkout, Delivery, Flow, Headers, Known, Notice, Order, PaymentProvider,
    PaymentReport, PaymentWord, ProviderError, ProviderName, RefundOrder, RefundReport, Scale, WebhookError,
};
use crate::app::App;

/// Names the provider.
pub const NAME: &str = ProviderName::Sandbox.as_str();
/// The sandbox counts as ISO 4217 does, and so do we.
const SCALE: Scale = Scale {
    none: &[
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
        "XAF", "XOF", "XPF",
    ],
    three: &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"],
};

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
    fn name(&self) -> ProviderName {
        ProviderName::Sandbox
    }

    fn flows(&self) -> &'static [Flow] {
        &[Flow::Hosted]
    }

    fn create_checkout<'a>(&'a self, app: &'a App, order: &'a Order) -> Call<'a, Checkout> {
        async move {
            let id = checkout::create(app, order).await.map_err(unavailable)?;
            Ok(Checkout { url: Some(page_url(app, &id)), reference: id, client_secret: None })
        }
        .boxed()
    }

    fn fetch_payment<'a>(&'a self, app: &'a App, payment: &'a Known) -> Call<'a, PaymentReport> {
        async move {
            let found = checkout::find(app, &payment.reference).await.map_err(unavailable)?;
            found.map(report).ok_or_else(|| ProviderError::Refused("no such checkout".to_owned()))
        }
        .boxed()
    }

    fn refund<'a>(&'a self, app: &'a App, order: &'a RefundOrder) -> Call<'a, RefundReport> {
        refund::refund(app, order).boxed()
    }

    fn list_payments<'a>(&'a self, app: &'a App, since: DateTime<Utc>) -> Call<'a, Vec<PaymentReport>> {
        async move {
            let rows = checkout::since(app, since).await.map_err(unavailable)?;
            Ok(rows.into_iter().map(report).collect())
        }
        .boxed()
    }

    fn list_refunds<'a>(&'a self, app: &'a App, since: DateTime<Utc>) -> Call<'a, Vec<RefundReport>> {
        async move { refund::since(app, since).await.map_err(unavailable) }.boxed()
    }

    fn verify_webhook<'a>(
        &'a self,
        app: &'a App,
        headers: &'a Headers,
        body: &'a [u8],
    ) -> BoxFuture<'a, Result<Delivery, WebhookError>> {
        async move {
            let signature = headers.get(webhook::SIGNATURE_HEADER).ok_or(BadWebhook)?;
            Ok(webhook::verify(&self.key, signature, body, app.clock.now())?)
        }
        .boxed()
    }

    fn read_webhook(&self, payload: &Value) -> Option<Notice> {
        webhook::read(payload)
    }
}

fn report(row: CheckoutRow) -> PaymentReport {
    PaymentReport {
        payment_id: Some(row.payment_id),
        reference: Some(row.id),
        capture: None,
        word: match row.status {
            CheckoutStatus::Open => PaymentWord::Waiting,
            CheckoutStatus::Paid => PaymentWord::Paid,
            CheckoutStatus::Failed => PaymentWord::Failed,
            CheckoutStatus::Abandoned => PaymentWord::Abandoned,
        },
        sum: SCALE.sum(row.amount, &row.currency),
        client_secret: None,
    }
}

fn unavailable(error: diesel::result::Error) -> ProviderError {
    ProviderError::Unavailable(error.into())
}

/// The address of a checkout's page.
fn page_url(app: &App, id: &str) -> String {
    format!("{}/sandbox/checkout/{id}", app.public_url)
}
