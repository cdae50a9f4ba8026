//! Razorpay: payment links for its page, orders for payments in the client, refunds.
//!
//! It keeps no idempotency keys for links and orders: a link's `reference_id` is unique, an order is looked up by its
//! `receipt` before one is made.

mod report;

use chrono::{DateTime, Utc};
use futures_util::{FutureExt, future::BoxFuture};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    BadWebhook, Call, Checkout, Delivery, Flow, Headers, Known, Notice, Order, PaymentProvider,
    PaymentReport, ProviderError, ProviderName, RefundOrder, RefundReport, Scale, Sum, WebhookError, calls,
    signature,
};
use crate::{app::App, config::PaymentsConfig};

/// How Razorpay counts.
const SCALE: Scale = Scale {
    none: &[
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
        "XOF", "XPF",
    ],
    three: &["BHD", "IQD", "JOD", "KWD", "OMR", "TND"],
};
/// Objects per page of a list.
const PAGE: usize = 100;
/// Pages read of one list, at most.
const PAGES: usize = 200;

/// Razorpay as a provider.
#[derive(Clone)]
pub struct Razorpay {
    url: String,
    key_id: String,
    key_secret: String,
    webhook_secret: String,
}

impl std::fmt::Debug for Razorpay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Razorpay").finish_non_exhaustive()
    }
}

impl Razorpay {
    /// Razorpay, if it has its settings.
    #[must_use]
    pub fn new(config: &PaymentsConfig) -> Option<Self> {
        Some(Self {
            url: config.razorpay_api_url.clone(),
            key_id: config.razorpay_key_id.clone()?,
            key_secret: config.razorpay_key_secret.clone()?,
            webhook_secret: config.razorpay_webhook_secret.clone()?,
        })
    }

    fn request(&self, app: &App, method: Method, path: &str) -> RequestBuilder {
        let request = app.integrations.http.request(method, format!("{}/v1/{path}", self.url));
        request.basic_auth(&self.key_id, Some(&self.key_secret))
    }

    async fn get(&self, app: &App, path: &str) -> Result<Value, ProviderError> {
        calls::send(|| self.request(app, Method::GET, path)).await?.yes()
    }

    /// The link of a payment; asked again, the one that is there.
    async fn link(&self, app: &App, order: &Order) -> Result<Checkout, ProviderError> {
        let reference = order.payment_id.to_string();
        let mut link = json!({
            "amount": units(&order.sum)?, "currency": order.sum.currency, "reference_id": reference,
            "description": order.title, "notes": { "payment_id": reference }, "reminder_enable": false,
        });
        if let (Some(back), Some(link)) = (&order.return_url, link.as_object_mut()) {
            link.insert("callback_url".to_owned(), json!(back));
            link.insert("callback_method".to_owned(), json!("get"));
        }
        let answer = calls::send(|| self.request(app, Method::POST, "payment_links").json(&link)).await?;
        let made = if answer.status.is_success() {
            answer.body
        } else {
            // Most likely it was made before, and the answer was lost.
            let found = self.get(app, &format!("payment_links?reference_id={reference}")).await?;
            let first = found.get("payment_links").and_then(|links| links.get(0)).cloned();
            first.ok_or_else(|| ProviderError::Refused(answer.reason()))?
        };
        Ok(Checkout {
            reference: text(&made, "id")?,
            url: Some(text(&made, "short_url")?),
            client_secret: None,
        })
    }

    /// The order of a payment; asked again, the one that is there. The client's library pays by the order's id.
    async fn order(&self, app: &App, order: &Order) -> Result<Checkout, ProviderError> {
        let receipt = order.payment_id.to_string();
        let new = json!({
            "amount": units(&order.sum)?, "currency": order.sum.currency, "receipt": receipt,
            "notes": { "payment_id": receipt },
        });
        let made = calls::persist(|| async {
            let found = self.get(app, &format!("orders?receipt={receipt}")).await?;
            match found.get("items").and_then(|items| items.get(0)) {
                Some(order) => Ok(order.clone()),
                None => calls::once(self.request(app, Method::POST, "orders").json(&new)).await?.yes(),
            }
        })
        .await?;
        let id = text(&made, "id")?;
        Ok(Checkout { reference: id.clone(), url: None, client_secret: Some(id) })
    }

    async fn fetch(&self, app: &App, payment: &Known) -> Result<PaymentReport, ProviderError> {
        let path = match payment.flow {
            Flow::Hosted => format!("payment_links/{}", payment.reference),
            Flow::InApp => format!("orders/{}/payments", payment.reference),
        };
        let told = self.get(app, &path).await?;
        let report = match payment.flow {
            Flow::Hosted => report::link(&told),
            Flow::InApp => Some(report::order(&told, payment)),
        };
        report.ok_or_else(|| unreadable("a payment"))
    }

    async fn send_back(&self, app: &App, order: &RefundOrder) -> Result<RefundReport, ProviderError> {
        let Some(payment) = &order.payment.capture else {
            return Err(ProviderError::Refused("the payment has no name there".to_owned()));
        };
        let made = self.get(app, &format!("payments/{payment}/refunds?count=100")).await?;
        let made: Vec<RefundReport> = items(&made).iter().filter_map(report::refund).collect();
        if let Some(report) = made.into_iter().find(|report| report.refund_id == Some(order.refund_id)) {
            return Ok(report);
        }
        let refund = order.refund_id.to_string();
        let body = json!({
            "amount": units(&order.sum)?, "receipt": refund,
            "notes": { "refund_id": refund, "payment_id": order.payment.payment_id.to_string() },
        });
        let path = format!("payments/{payment}/refund");
        let post =
            || self.request(app, Method::POST, &path).header("X-Refund-Idempotency", &refund).json(&body);
        report::refund(&calls::send(post).await?.yes()?).ok_or_else(|| unreadable("a refund"))
    }

    async fn list<T>(
        &self,
        app: &App,
        kind: &str,
        since: DateTime<Utc>,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Vec<T>, ProviderError> {
        let mut all = Vec::new();
        for page in 0..PAGES {
            let (from, skip) = (since.timestamp(), page * PAGE);
            let path = format!("{kind}?from={from}&count={PAGE}&skip={skip}");
            let told = self.get(app, &path).await?;
            all.extend(items(&told).iter().filter_map(&read));
            if items(&told).len() < PAGE {
                return Ok(all);
            }
        }
        Err(ProviderError::Refused(format!("more than {PAGES} pages of {kind}")))
    }
}

impl PaymentProvider for Razorpay {
    fn name(&self) -> ProviderName {
        ProviderName::Razorpay
    }

    fn flows(&self) -> &'static [Flow] {
        Flow::ALL
    }

    fn create_checkout<'a>(&'a self, app: &'a App, order: &'a Order) -> Call<'a, Checkout> {
        async move {
            match order.flow {
                Flow::Hosted => self.link(app, order).await,
                Flow::InApp => self.order(app, order).await,
            }
        }
        .boxed()
    }

    fn fetch_payment<'a>(&'a self, app: &'a App, payment: &'a Known) -> Call<'a, PaymentReport> {
        self.fetch(app, payment).boxed()
    }

    fn refund<'a>(&'a self, app: &'a App, order: &'a RefundOrder) -> Call<'a, RefundReport> {
        self.send_back(app, order).boxed()
    }

    fn list_payments<'a>(&'a self, app: &'a App, since: DateTime<Utc>) -> Call<'a, Vec<PaymentReport>> {
        self.list(app, "payments", since, report::payment).boxed()
    }

    fn list_refunds<'a>(&'a self, app: &'a App, since: DateTime<Utc>) -> Call<'a, Vec<RefundReport>> {
        self.list(app, "refunds", since, report::refund).boxed()
    }

    fn verify_webhook<'a>(
        &'a self,
        _: &'a App,
        headers: &'a Headers,
        body: &'a [u8],
    ) -> BoxFuture<'a, Result<Delivery, WebhookError>> {
        let verified = self.verify(headers, body).map_err(WebhookError::from);
        std::future::ready(verified).boxed()
    }

    fn read_webhook(&self, payload: &Value) -> Option<Notice> {
        report::event(payload)
    }
}

impl Razorpay {
    /// Razorpay signs the body alone, without a time: an old webhook is recognised by its name, or changes nothing.
    fn verify(&self, headers: &Headers, body: &[u8]) -> Result<Delivery, BadWebhook> {
        let signed = headers.get("X-Razorpay-Signature").ok_or(BadWebhook)?;
        if !signature::is_signed(self.webhook_secret.as_bytes(), signed, body) {
            return Err(BadWebhook);
        }
        let payload: Value = serde_json::from_slice(body).map_err(|_| BadWebhook)?;
        let kind = payload.get("event").and_then(Value::as_str).filter(|kind| kind.len() <= 255);
        let kind = kind.ok_or(BadWebhook)?.to_owned();
        let named = headers.get("X-Razorpay-Event-Id").filter(|id| (1..=255).contains(&id.len()));
        let digest = || Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Delivery { id: named.map_or_else(digest, str::to_owned), kind, payload })
    }
}

fn units(sum: &Sum) -> Result<i64, ProviderError> {
    SCALE.units(sum).ok_or_else(|| ProviderError::Refused(format!("{sum:?} is finer than Razorpay's units")))
}

fn items(list: &Value) -> &[Value] {
    list.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, name: &str) -> Result<String, ProviderError> {
    let text = value.get(name).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| unreadable("a checkout"))
}

fn unreadable(what: &str) -> ProviderError {
    ProviderError::Unavailable(anyhow::anyhow!("{what} that cannot be read"))
}
