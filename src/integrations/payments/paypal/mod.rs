//! PayPal: orders on its page, captured by us once the member has approved, and refunds.

mod report;
mod token;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use futures_util::{FutureExt, future::BoxFuture};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use self::token::Token;
use super::{
    BadWebhook, Call, Checkout, Delivery, Flow, Headers, Known, Notice, Order, PaymentProvider,
    PaymentReport, ProviderError, ProviderName, RefundOrder, RefundReport, Scale, Sum, WebhookError,
    calls::{self, Answer},
};
use crate::{app::App, config::PaymentsConfig};

/// How PayPal counts.
const SCALE: Scale = Scale { none: &["HUF", "JPY", "TWD"], three: &[] };
/// What PayPal searches at once, at most.
const SEARCHED: TimeDelta = TimeDelta::days(31);
/// The headers that a webhook is signed by, and what they are called when PayPal is asked about them.
const SIGNED_BY: [(&str, &str); 5] = [
    ("Paypal-Auth-Algo", "auth_algo"),
    ("Paypal-Cert-Url", "cert_url"),
    ("Paypal-Transmission-Id", "transmission_id"),
    ("Paypal-Transmission-Sig", "transmission_sig"),
    ("Paypal-Transmission-Time", "transmission_time"),
];

/// PayPal as a provider.
pub struct Paypal {
    url: String,
    client_id: String,
    client_secret: String,
    webhook_id: String,
    token: Token,
}

impl std::fmt::Debug for Paypal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Paypal").finish_non_exhaustive()
    }
}

impl Paypal {
    /// PayPal, if it has its settings.
    #[must_use]
    pub fn new(config: &PaymentsConfig) -> Option<Self> {
        Some(Self {
            url: config.paypal_api_url.clone(),
            client_id: config.paypal_client_id.clone()?,
            client_secret: config.paypal_client_secret.clone()?,
            webhook_id: config.paypal_webhook_id.clone()?,
            token: Token::default(),
        })
    }

    /// Calls PayPal: an act under a key, a look without one.
    async fn call(
        &self,
        app: &App,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<String>,
    ) -> Result<Answer, ProviderError> {
        let answer = calls::persist(|| async {
            let token = self.token.get(self, app).await?;
            let url = format!("{}{path}", self.url);
            let mut request = app.integrations.http.request(method.clone(), url).bearer_auth(&token);
            if let Some(key) = key {
                request = request.header("PayPal-Request-Id", key).header("Prefer", "return=representation");
            }
            if let Some(body) = &body {
                request = request.header("Content-Type", "application/json").body(body.clone());
            }
            let answer = calls::once(request).await?;
            if answer.status == StatusCode::UNAUTHORIZED {
                self.token.forget(&token);
                return Err(ProviderError::Unavailable(anyhow::anyhow!("the token is not good any more")));
            }
            Ok(answer)
        });
        answer.await
    }

    async fn get(&self, app: &App, path: &str) -> Result<Value, ProviderError> {
        self.call(app, Method::GET, path, None, None).await?.yes()
    }

    async fn create(&self, app: &App, order: &Order) -> Result<Checkout, ProviderError> {
        let payment = order.payment_id.to_string();
        let back = order.return_url.clone().unwrap_or_else(|| app.public_url.clone());
        let body = json!({
            "intent": "CAPTURE",
            "purchase_units": [{
                "custom_id": payment, "invoice_id": payment, "description": order.title,
                "amount": { "currency_code": order.sum.currency, "value": value(&order.sum)? },
            }],
            "payment_source": { "paypal": { "experience_context": {
                "return_url": back, "cancel_url": back, "user_action": "PAY_NOW",
                "shipping_preference": "NO_SHIPPING",
            } } },
        });
        let path = "/v2/checkout/orders";
        let made = self.call(app, Method::POST, path, Some(&payment), Some(body.to_string())).await?.yes()?;
        let (Some(id), Some(page)) = (report::text(&made, "id"), report::page(&made)) else {
            return Err(unreadable("an order"));
        };
        Ok(Checkout { reference: id.to_owned(), url: Some(page.to_owned()), client_secret: None })
    }

    /// What became of an order. One that the member has approved is captured: PayPal waits for that.
    async fn fetch(&self, app: &App, payment: &Known) -> Result<PaymentReport, ProviderError> {
        let path = format!("/v2/checkout/orders/{}", payment.reference);
        let mut order = self.get(app, &path).await?;
        if report::text(&order, "status") == Some("APPROVED") {
            let (capture, key) = (format!("{path}/capture"), payment.payment_id.to_string());
            let answer = self.call(app, Method::POST, &capture, Some(&key), Some("{}".to_owned())).await?;
            // A refused card and a capture by somebody quicker are both told by the order.
            let refused = answer.status == StatusCode::UNPROCESSABLE_ENTITY;
            if refused && report::issue(&answer.body) == Some("INSTRUMENT_DECLINED") {
                return report::declined(&order).ok_or_else(|| unreadable("an order"));
            }
            order = if refused { self.get(app, &path).await? } else { answer.yes()? };
        }
        report::order(&order).ok_or_else(|| unreadable("an order"))
    }

    async fn send_back(&self, app: &App, order: &RefundOrder) -> Result<RefundReport, ProviderError> {
        let Some(capture) = &order.payment.capture else {
            return Err(ProviderError::Refused("the payment was not captured".to_owned()));
        };
        let refund = order.refund_id.to_string();
        let known = self.get(app, &format!("/v2/checkout/orders/{}", order.payment.reference)).await?;
        if let Some(made) = report::refund_of(&known, order.refund_id) {
            return Ok(made);
        }
        let body = json!({
            "amount": { "currency_code": order.sum.currency, "value": value(&order.sum)? },
            "custom_id": refund, "invoice_id": refund,
        });
        let path = format!("/v2/payments/captures/{capture}/refund");
        let made = self.call(app, Method::POST, &path, Some(&refund), Some(body.to_string())).await?.yes()?;
        let report = report::refund(&made).ok_or_else(|| unreadable("a refund"))?;
        Ok(RefundReport { refund_id: Some(order.refund_id), capture: Some(capture.clone()), ..report })
    }

    /// Searches the books of PayPal, which are some hours behind.
    async fn search<T>(
        &self,
        app: &App,
        since: DateTime<Utc>,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Vec<T>, ProviderError> {
        let (mut all, now, mut from) = (Vec::new(), app.clock.now(), since);
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        while from < now {
            let until = (from + SEARCHED).min(now);
            let mut page = 1;
            loop {
                let path = format!(
                    "/v1/reporting/transactions?fields=transaction_info&page_size=500&page={page}&start_date={}&end_date={}",
                    text(from),
                    text(until)
                );
                let found = self.get(app, &path).await?;
                all.extend(report::transactions(&found).iter().filter_map(&read));
                if found.get("total_pages").and_then(Value::as_i64).unwrap_or(1) <= page {
                    break;
                }
                page += 1;
            }
            from = until;
        }
        Ok(all)
    }

    /// PayPal itself is asked whether it sent a webhook: the body goes back as it came, because the signature is over
    /// its bytes.
    async fn verify(&self, app: &App, headers: &Headers, body: &[u8]) -> Result<Delivery, WebhookError> {
        let body = std::str::from_utf8(body).map_err(|_| BadWebhook)?;
        let payload: Value = serde_json::from_str(body).map_err(|_| BadWebhook)?;
        let text = |name: &str| report::text(&payload, name).filter(|text| (1..=255).contains(&text.len()));
        let (Some(id), Some(kind)) = (text("id"), text("event_type")) else { return Err(BadWebhook.into()) };
        let mut question = format!("{{\"webhook_id\":{}", json!(self.webhook_id));
        for (header, name) in SIGNED_BY {
            let value = headers.get(header).ok_or(BadWebhook)?;
            question.push_str(&format!(",\"{name}\":{}", json!(value)));
        }
        question.push_str(&format!(",\"webhook_event\":{body}}}"));
        let path = "/v1/notifications/verify-webhook-signature";
        let answer = self.call(app, Method::POST, path, None, Some(question)).await?;
        if report::text(&answer.body, "verification_status") != Some("SUCCESS") {
            return Err(BadWebhook.into());
        }
        Ok(Delivery { id: id.to_owned(), kind: kind.to_owned(), payload })
    }
}

impl PaymentProvider for Paypal {
    fn name(&self) -> ProviderName {
        ProviderName::Paypal
    }

    fn flows(&self) -> &'static [Flow] {
        &[Flow::Hosted]
    }

    fn create_checkout<'a>(&'a self, app: &'a App, order: &'a Order) -> Call<'a, Checkout> {
        self.create(app, order).boxed()
    }

    fn fetch_payment<'a>(&'a self, app: &'a App, payment: &'a Known) -> Call<'a, PaymentReport> {
        self.fetch(app, payment).boxed()
    }

    fn refund<'a>(&'a self, app: &'a App, order: &'a RefundOrder) -> Call<'a, RefundReport> {
        self.send_back(app, order).boxed()
    }

    fn list_payments<'a>(&'a self, app: &'a App, since: DateTime<Utc>) -> Call<'a, Vec<PaymentReport>> {
        self.search(app, since, report::searched_payment).boxed()
    }

    fn list_refunds<'a>(&'a self, app: &'a App, since: DateTime<Utc>) -> Call<'a, Vec<RefundReport>> {
        self.search(app, since, report::searched_refund).boxed()
    }

    fn verify_webhook<'a>(
        &'a self,
        app: &'a App,
        headers: &'a Headers,
        body: &'a [u8],
    ) -> BoxFuture<'a, Result<Delivery, WebhookError>> {
        self.verify(app, headers, body).boxed()
    }

    fn read_webhook(&self, payload: &Value) -> Option<Notice> {
        report::event(payload)
    }
}

/// PayPal's form of an amount.
fn value(sum: &Sum) -> Result<String, ProviderError> {
    let value = sum.decimal(SCALE.decimals(&sum.currency));
    value.ok_or_else(|| ProviderError::Refused(format!("{sum:?} is finer than PayPal's units")))
}

fn unreadable(what: &str) -> ProviderError {
    ProviderError::Unavailable(anyhow::anyhow!("{what} that cannot be read"))
}
