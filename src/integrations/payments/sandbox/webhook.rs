//! How the sandbox tells the shop what happened: a POST with the header `Sandbox-Signature`, see [`signature`].

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    super::{
        BadWebhook, ChargebackReport, ChargebackWord, Delivery, Notice, PaymentReport, PaymentWord, signature,
    },
    NAME, SCALE,
    checkout::{self, CheckoutRow, CheckoutStatus},
};
use crate::{app::App, db::ids, jobs::Job};

pub use super::super::signature::sign;

/// Carries the signature.
pub const SIGNATURE_HEADER: &str = "Sandbox-Signature";

/// The key of the signatures, derived from the installation's secret.
#[must_use]
pub fn key(secret: &str) -> [u8; 32] {
    Sha256::new().chain_update("skillswap sandbox webhooks 1").chain_update(secret).finalize().into()
}

/// Checks a webhook.
pub(super) fn verify(
    key: &[u8; 32],
    signed: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Delivery, BadWebhook> {
    let payload = signature::verify(key, signed, body, now)?;
    let Payload { id, kind, .. } = Payload::deserialize(&payload).map_err(|_| BadWebhook)?;
    if id.is_empty() || id.len() > 255 {
        return Err(BadWebhook);
    }
    Ok(Delivery { id, kind, payload })
}

#[derive(Deserialize)]
struct Payload {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    checkout: String,
    payment: Option<String>,
    amount: i64,
    currency: String,
    dispute: Option<String>,
    outcome: Option<String>,
}

/// Reads a payload.
pub(super) fn read(payload: &Value) -> Option<Notice> {
    let Payload { kind, data, .. } = Payload::deserialize(payload).ok()?;
    let word = match kind.as_str() {
        "checkout.paid" => PaymentWord::Paid,
        "checkout.failed" => PaymentWord::Failed,
        "checkout.abandoned" => PaymentWord::Abandoned,
        "charge.dispute.created" => return chargeback(data, ChargebackWord::Opened),
        "charge.dispute.closed" => match data.outcome.as_deref() {
            Some("won") => return chargeback(data, ChargebackWord::Won),
            Some("lost") => return chargeback(data, ChargebackWord::Lost),
            _ => return None,
        },
        _ => return None,
    };
    Some(Notice::Payment(PaymentReport {
        payment_id: data.payment.and_then(|id| id.parse().ok()),
        reference: Some(data.checkout),
        capture: None,
        word,
        sum: SCALE.sum(data.amount, &data.currency),
        client_secret: None,
    }))
}

fn chargeback(data: Data, word: ChargebackWord) -> Option<Notice> {
    Some(Notice::Chargeback(ChargebackReport {
        chargeback: data.dispute.filter(|name| (1..=255).contains(&name.len()))?,
        payment_id: data.payment.and_then(|id| id.parse().ok()),
        reference: Some(data.checkout),
        capture: None,
        word,
        sum: SCALE.sum(data.amount, &data.currency),
    }))
}

/// Tells the shop what became of a checkout, until it has understood.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeliverWebhook {
    checkout_id: String,
    event_id: String,
    kind: String,
}

impl DeliverWebhook {
    pub(super) fn new(checkout_id: &str, decision: CheckoutStatus) -> Self {
        let event_id = format!("evt_{}", ids::new_uuid().simple());
        let kind = format!("checkout.{}", decision.as_str().to_lowercase());
        Self { checkout_id: checkout_id.to_owned(), event_id, kind }
    }

    fn body(&self, checkout: &CheckoutRow, now: DateTime<Utc>) -> String {
        json!({
            "id": self.event_id,
            "type": self.kind,
            "created": now.timestamp(),
            "data": {
                "checkout": checkout.id,
                "payment": checkout.payment_id.to_string(),
                "amount": checkout.amount,
                "currency": checkout.currency,
            },
        })
        .to_string()
    }
}

impl Job for DeliverWebhook {
    const KIND: &'static str = "sandbox.deliver_webhook";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        let Some(checkout) = checkout::find(app, &self.checkout_id).await? else { return Ok(()) };
        let now = app.clock.now();
        let body = self.body(&checkout, now);
        let answer = app
            .integrations
            .http
            .post(format!("{}/webhooks/{NAME}", app.public_url))
            .header(SIGNATURE_HEADER, sign(&key(&app.secret), now, body.as_bytes()))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        anyhow::ensure!(answer.status().is_success(), "the webhook was answered with {}", answer.status());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_and_unknown_kinds_mean_nothing() {
        let payload = |kind: &str| json!({ "id": "evt_1", "type": kind, "data": { "checkout": "sbx_1", "payment": "pay_x", "amount": 5, "currency": "USD" } });
        for (kind, word) in [
            ("checkout.paid", PaymentWord::Paid),
            ("checkout.failed", PaymentWord::Failed),
            ("checkout.abandoned", PaymentWord::Abandoned),
        ] {
            let Some(Notice::Payment(report)) = read(&payload(kind)) else { panic!("{kind}") };
            assert_eq!(
                (report.word, report.reference.as_deref(), report.payment_id),
                (word, Some("sbx_1"), None)
            );
        }
        assert_eq!(read(&payload("checkout.polished")), None);
        assert_eq!(read(&payload("charge.dispute.created")), None, "a chargeback without a name");
    }

    #[test]
    fn what_is_no_event_is_refused() {
        let (key, now) = (key("a secret"), DateTime::UNIX_EPOCH);
        for body in [
            json!(null),
            json!({}),
            json!({ "id": "", "type": "x", "data": { "checkout": "s", "amount": 1, "currency": "USD" } }),
        ] {
            let body = body.to_string();
            assert_eq!(
                verify(&key, &sign(&key, now, body.as_bytes()), body.as_bytes(), now),
                Err(BadWebhook)
            );
        }
    }
}
