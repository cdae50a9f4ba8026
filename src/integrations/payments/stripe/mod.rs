//! Stripe: hosted Checkout, payments in the client (`PaymentIntent`), refunds.
//!
//! The library makes the calls; webhooks are checked and read here, because the library refuses signed events whose
//! objects are of another version than its own.

mod checkout;
pub mod client;
mod intent;
mod refund;
mod webhook;

use std::{collections::HashMap, str::FromStr};

use chrono::{DateTime, Utc};
use futures_util::{FutureExt, future::BoxFuture};
use serde_json::Value;

use self::client::StripeClient;
use super::{
    BadWebhook, Call, Checkout, Delivery, Flow, Headers, Known, Notice, Order, PaymentProvider,
    PaymentReport, ProviderError, ProviderName, RefundOrder, RefundReport, Scale, Sum, WebhookError,
    signature,
};
use crate::{app::App, config::PaymentsConfig};

/// How Stripe counts.
const SCALE: Scale = Scale {
    none: &[
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
        "XOF", "XPF",
    ],
    three: &["BHD", "JOD", "KWD", "OMR", "TND"],
};
/// Names our payment, made on Stripe's page, among the facts that travel with an object.
const PAYMENT: &str = "payment_id";
/// Names our payment there if it is made in the client.
const IN_APP_PAYMENT: &str = "in_app_payment_id";
/// Names our refund there.
const REFUND: &str = "refund_id";
/// Objects per page of a list.
const PAGE: i64 = 100;
/// Pages read of one list, at most.
const PAGES: usize = 200;

/// Stripe as a provider.
#[derive(Clone)]
pub struct Stripe {
    /// What calls are made with.
    pub client: StripeClient,
    webhook_secret: String,
}

impl std::fmt::Debug for Stripe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stripe").finish_non_exhaustive()
    }
}

impl Stripe {
    /// Stripe, if it has its settings.
    ///
    /// # Errors
    /// If the key or the address cannot be used.
    pub fn new(config: &PaymentsConfig) -> anyhow::Result<Option<Self>> {
        let (Some(key), Some(secret)) = (&config.stripe_secret_key, &config.stripe_webhook_secret) else {
            return Ok(None);
        };
        let client = StripeClient::new(key, config.stripe_api_url.as_deref())?;
        Ok(Some(Self { client, webhook_secret: secret.clone() }))
    }
}

impl PaymentProvider for Stripe {
    fn name(&self) -> ProviderName {
        ProviderName::Stripe
    }

    fn flows(&self) -> &'static [Flow] {
        Flow::ALL
    }

    fn create_checkout<'a>(&'a self, app: &'a App, order: &'a Order) -> Call<'a, Checkout> {
        async move {
            match order.flow {
                Flow::Hosted => Box::pin(checkout::create(&self.client, app, order)).await,
                Flow::InApp => Box::pin(intent::create(&self.client, order)).await,
            }
        }
        .boxed()
    }

    fn fetch_payment<'a>(&'a self, _: &'a App, payment: &'a Known) -> Call<'a, PaymentReport> {
        async move {
            match payment.flow {
                Flow::Hosted => checkout::fetch(&self.client, payment).await,
                Flow::InApp => intent::fetch(&self.client, payment).await,
            }
        }
        .boxed()
    }

    fn refund<'a>(&'a self, _: &'a App, order: &'a RefundOrder) -> Call<'a, RefundReport> {
        refund::refund(&self.client, order).boxed()
    }

    fn list_payments<'a>(&'a self, _: &'a App, since: DateTime<Utc>) -> Call<'a, Vec<PaymentReport>> {
        intent::list(&self.client, since).boxed()
    }

    fn list_refunds<'a>(&'a self, _: &'a App, since: DateTime<Utc>) -> Call<'a, Vec<RefundReport>> {
        refund::list(&self.client, since).boxed()
    }

    fn verify_webhook<'a>(
        &'a self,
        app: &'a App,
        headers: &'a Headers,
        body: &'a [u8],
    ) -> BoxFuture<'a, Result<Delivery, WebhookError>> {
        async move {
            let signed = headers.get(webhook::SIGNATURE_HEADER).ok_or(BadWebhook)?;
            let payload = signature::verify(self.webhook_secret.as_bytes(), signed, body, app.clock.now())?;
            Ok(webhook::delivery(payload)?)
        }
        .boxed()
    }

    fn read_webhook(&self, payload: &Value) -> Option<Notice> {
        webhook::read(payload)
    }
}

/// Stripe's units of an amount.
fn units(sum: &Sum) -> Result<i64, ProviderError> {
    SCALE.units(sum).ok_or_else(|| ProviderError::Refused(format!("{sum:?} is finer than Stripe's units")))
}

/// Stripe's word for a currency.
fn currency(sum: &Sum) -> stripe_types::Currency {
    let code = sum.currency.to_lowercase();
    stripe_types::Currency::from_str(&code).unwrap_or_default()
}

/// A fact that travels with an object, if it is an id of the kind.
fn fact<T: FromStr>(metadata: Option<&HashMap<String, String>>, name: &str) -> Option<T> {
    metadata?.get(name)?.parse().ok()
}

/// A fact to travel with an object. Never more than one: the library would send several in an order that changes, and a
/// repeat whose bytes differ is another request to Stripe.
fn one_fact(name: &str, value: &str) -> HashMap<String, String> {
    HashMap::from([(name.to_owned(), value.to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_follow_stripes_own_list_of_currencies_without_decimals() {
        let told = |units, decimals, code: &str| units_of(units, decimals, code);
        assert_eq!(told(1250, 2, "USD").ok(), Some(1250));
        assert_eq!(told(5500, 0, "JPY").ok(), Some(5500));
        // ISO 4217 counts ariary in hundredths and krónur in wholes, Stripe the other way round.
        assert_eq!(told(500_000, 2, "MGA").ok(), Some(5000));
        assert_eq!(told(500, 0, "ISK").ok(), Some(50_000));
        assert_eq!(told(1230, 3, "KWD").ok(), Some(1230));
        assert!(told(500_050, 2, "MGA").is_err());
        assert_eq!(SCALE.none.len(), 16);
    }

    fn units_of(units: i64, decimals: u32, code: &str) -> Result<i64, ProviderError> {
        super::units(&Sum { units, decimals, currency: code.to_owned() })
    }
}
