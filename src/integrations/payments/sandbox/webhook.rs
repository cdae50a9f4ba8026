//! How the sandbox tells the shop what happened: a POST with the signature
//! `Sandbox-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 over "<t>.<raw body>">`.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    super::{BadWebhook, ChargebackWord, Outcome, WebhookEvent},
    NAME,
    checkout::{self, CheckoutRow, CheckoutStatus},
};
use crate::{app::App, db::ids, jobs::Job};

/// Carries the signature.
pub const SIGNATURE_HEADER: &str = "Sandbox-Signature";
/// How old a webhook may be, and how far ahead its clock.
const MAX_AGE_SECONDS: u64 = 300;

/// The key of the signatures, derived from the installation's secret.
#[must_use]
pub fn key(secret: &str) -> [u8; 32] {
    Sha256::new().chain_update("skillswap sandbox webhooks 1").chain_update(secret).finalize().into()
}

/// The value of the signature's header.
#[must_use]
pub fn sign(key: &[u8; 32], now: DateTime<Utc>, body: &[u8]) -> String {
    let seconds = now.timestamp();
    let mut signature = format!("t={seconds},v1=");
    for byte in mac(key, seconds, body).map(|mac| mac.finalize().into_bytes()).unwrap_or_default() {
        // Writing into a string cannot fail.
        write!(signature, "{byte:02x}").ok();
    }
    signature
}

/// Checks a signature and gives the payload.
///
/// # Errors
/// [`BadWebhook`] if the signature is wrong, the webhook too old, or the body no JSON.
pub fn verify(key: &[u8; 32], signature: &str, body: &[u8], now: DateTime<Utc>) -> Result<Value, BadWebhook> {
    let parts = || signature.split(',').filter_map(|part| part.trim().split_once('='));
    let seconds: i64 =
        parts().find(|(name, _)| *name == "t").and_then(|(_, value)| value.parse().ok()).ok_or(BadWebhook)?;
    // There may be several signatures while a key is being changed.
    let is_signed =
        parts().filter(|(name, _)| *name == "v1").filter_map(|(_, hex)| bytes(hex)).any(|digest| {
            // The comparison takes the same time wherever the difference is.
            mac(key, seconds, body).is_some_and(|mac| mac.verify_slice(&digest).is_ok())
        });
    if !is_signed || seconds.abs_diff(now.timestamp()) > MAX_AGE_SECONDS {
        return Err(BadWebhook);
    }
    serde_json::from_slice(body).map_err(|_| BadWebhook)
}

fn mac(key: &[u8; 32], seconds: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    Some(mac)
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
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
///
/// # Errors
/// [`BadWebhook`] if it is no event of the sandbox.
pub fn read(payload: &Value) -> Result<WebhookEvent, BadWebhook> {
    let Payload { id, kind, data } = Payload::deserialize(payload).map_err(|_| BadWebhook)?;
    if id.is_empty() || id.len() > 255 {
        return Err(BadWebhook);
    }
    let outcome = match kind.as_str() {
        "checkout.paid" => Some(Outcome::Paid),
        "checkout.failed" => Some(Outcome::Failed),
        "checkout.abandoned" => Some(Outcome::Abandoned),
        "charge.dispute.created" => chargeback(data.dispute, ChargebackWord::Opened),
        "charge.dispute.closed" => match data.outcome.as_deref() {
            Some("won") => chargeback(data.dispute, ChargebackWord::Won),
            Some("lost") => chargeback(data.dispute, ChargebackWord::Lost),
            _ => None,
        },
        _ => None,
    };
    let payment_id = data.payment.and_then(|id| id.parse().ok());
    Ok(WebhookEvent {
        id,
        kind,
        outcome,
        reference: data.checkout,
        payment_id,
        amount: data.amount,
        currency: data.currency,
    })
}

fn chargeback(reference: Option<String>, word: ChargebackWord) -> Option<Outcome> {
    let reference = reference.filter(|name| !name.is_empty() && name.len() <= 255)?;
    Some(Outcome::Chargeback { reference, word })
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
    use chrono::TimeDelta;

    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn a_signature_is_the_hmac_of_time_and_raw_body() {
        // Checked with `printf '1800000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac <key>`.
        let signature = sign(&[7; 32], now(), BODY);
        assert_eq!(
            signature,
            "t=1800000000,v1=bd0936fd5d7a1f48a65175e87ca413022958934ccab0af7d144637b1edc09c3c"
        );
        assert_eq!(verify(&[7; 32], &signature, BODY, now()), Ok(json!({ "id": "evt_1" })));
    }

    #[test]
    fn wrong_old_early_and_broken_webhooks_are_refused() {
        let key = key("a secret of at least 32 characters");
        let signature = sign(&key, now(), BODY);
        let check = |signature: &str, body: &[u8], seconds| {
            verify(&key, signature, body, now() + TimeDelta::seconds(seconds)).is_ok()
        };
        assert!(check(&signature, BODY, 300) && check(&signature, BODY, -300));
        assert!(
            check(&format!("v1={},{signature}", "0".repeat(64)), BODY, 0),
            "one good signature is enough"
        );
        assert!(!check(&signature, BODY, 301) && !check(&signature, BODY, -301));
        assert!(!check(&signature, br#"{"id":"evt_1" }"#, 0), "another body");
        assert!(!check(&signature.replace("t=1800000000", "t=1800000001"), BODY, 0), "another time");
        assert!(!check(&sign(&self::key("another secret"), now(), BODY), BODY, 0), "another key");
        for broken in [
            "",
            "t=",
            "t=1800000000",
            "v1=00",
            "t=1800000000,v1=",
            "t=1800000000,v1=é",
            "t=99999999999999999999,v1=00",
        ] {
            assert!(!check(broken, BODY, 0), "{broken}");
        }
        assert!(!check(&sign(&key, now(), b"no json"), b"no json", 0));
    }

    #[test]
    fn events_are_read_and_unknown_kinds_mean_nothing() {
        let payload = |kind: &str| json!({ "id": "evt_1", "type": kind, "data": { "checkout": "sbx_1", "payment": "pay_x", "amount": 5, "currency": "USD" } });
        for (kind, outcome) in [
            ("checkout.paid", Some(Outcome::Paid)),
            ("checkout.failed", Some(Outcome::Failed)),
            ("checkout.abandoned", Some(Outcome::Abandoned)),
            ("checkout.polished", None),
        ] {
            let event = read(&payload(kind)).unwrap();
            assert_eq!((event.outcome, event.reference.as_str(), event.payment_id), (outcome, "sbx_1", None));
        }
        for broken in [
            json!(null),
            json!({}),
            json!({ "id": "", "type": "x", "data": { "checkout": "s", "amount": 1, "currency": "USD" } }),
        ] {
            assert_eq!(read(&broken), Err(BadWebhook));
        }
    }
}
