//! What Stripe tells: a few fields of each event, so that an event of another version of the API is understood too.

use serde::Deserialize;
use serde_json::Value;

use super::{
    super::{
        BadWebhook, ChargebackReport, ChargebackWord, Delivery, Notice, PaymentReport, PaymentWord,
        RefundReport, Sum,
    },
    IN_APP_PAYMENT, PAYMENT, REFUND, SCALE, refund,
};

/// Carries the signature.
pub(super) const SIGNATURE_HEADER: &str = "Stripe-Signature";

/// An event by its name and kind.
pub(super) fn delivery(payload: Value) -> Result<Delivery, BadWebhook> {
    let text =
        |name: &str| payload.get(name).and_then(Value::as_str).filter(|text| (1..=255).contains(&text.len()));
    let (Some(id), Some(kind)) = (text("id"), text("type")) else { return Err(BadWebhook) };
    Ok(Delivery { id: id.to_owned(), kind: kind.to_owned(), payload })
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

/// What an event means.
pub(super) fn read(payload: &Value) -> Option<Notice> {
    let Event { kind, data } = Event::deserialize(payload).ok()?;
    let object = Object(data.object);
    match kind.as_str() {
        "checkout.session.completed" if object.text("payment_status") == Some("unpaid") => {
            object.session(PaymentWord::Waiting)
        }
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            object.session(PaymentWord::Paid)
        }
        "checkout.session.async_payment_failed" => object.session(PaymentWord::Failed),
        "checkout.session.expired" => object.session(PaymentWord::Abandoned),
        "payment_intent.succeeded" => object.intent(PaymentWord::Paid),
        "payment_intent.payment_failed" => object.intent(PaymentWord::Failed),
        "payment_intent.requires_action" => object.intent(PaymentWord::RequiresAction),
        "payment_intent.canceled" => object.intent(PaymentWord::Abandoned),
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => object.refund(),
        // An inquiry of the bank, whose status is `warning_…`, takes nothing; `funds_withdrawn` follows if it comes to that.
        "charge.dispute.created" if object.text("status")?.starts_with("warning_") => None,
        "charge.dispute.created" | "charge.dispute.funds_withdrawn" => {
            object.chargeback(ChargebackWord::Opened)
        }
        "charge.dispute.closed" => match object.text("status")? {
            "won" => object.chargeback(ChargebackWord::Won),
            "lost" => object.chargeback(ChargebackWord::Lost),
            _ => None,
        },
        _ => None,
    }
}

/// An object of Stripe, of any version.
struct Object(Value);

impl Object {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn fact(&self, name: &str) -> Option<&str> {
        self.0.get("metadata")?.get(name)?.as_str()
    }

    fn sum(&self, name: &str) -> Option<Sum> {
        Some(SCALE.sum(self.0.get(name)?.as_i64()?, self.text("currency")?))
    }

    /// The name of another object, which may be there as a whole.
    fn named(&self, name: &str) -> Option<String> {
        let other = self.0.get(name)?;
        other.as_str().or_else(|| other.get("id")?.as_str()).map(str::to_owned)
    }

    fn session(&self, word: PaymentWord) -> Option<Notice> {
        // Sessions of other kinds, of subscriptions for example, are not payments of ours.
        let payment_id = self.fact(PAYMENT).or_else(|| self.text("client_reference_id"))?;
        Some(Notice::Payment(PaymentReport {
            payment_id: payment_id.parse().ok(),
            reference: self.named("id"),
            capture: self.named("payment_intent"),
            word,
            sum: self.sum("amount_total")?,
            client_secret: None,
        }))
    }

    fn intent(&self, word: PaymentWord) -> Option<Notice> {
        let in_app = self.fact(IN_APP_PAYMENT);
        let payment_id = in_app.or_else(|| self.fact(PAYMENT))?.parse().ok();
        let id = self.named("id");
        let secret = self.text("client_secret").filter(|_| word == PaymentWord::RequiresAction);
        Some(Notice::Payment(PaymentReport {
            payment_id,
            reference: id.clone().filter(|_| in_app.is_some()),
            capture: id,
            word,
            sum: self.sum("amount")?,
            client_secret: secret.map(str::to_owned),
        }))
    }

    fn chargeback(&self, word: ChargebackWord) -> Option<Notice> {
        Some(Notice::Chargeback(ChargebackReport {
            chargeback: self.named("id").filter(|name| (1..=255).contains(&name.len()))?,
            payment_id: None,
            reference: None,
            capture: self.named("payment_intent"),
            word,
            sum: self.sum("amount")?,
        }))
    }

    fn refund(&self) -> Option<Notice> {
        Some(Notice::Refund(RefundReport {
            refund_id: self.fact(REFUND).and_then(|id| id.parse().ok()),
            reference: self.named("id")?,
            capture: self.named("payment_intent"),
            word: refund::word(self.text("status"), self.text("failure_reason")),
            sum: self.sum("amount")?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn chargebacks_are_read_and_inquiries_take_nothing() {
        let event = |kind: &str, status: &str| {
            read(&json!({ "id": "evt_1", "type": kind, "data": { "object": {
                "id": "du_1", "amount": 1250, "currency": "usd", "payment_intent": "pi_1", "status": status } } }))
        };
        for (kind, status, word) in [
            ("charge.dispute.created", "needs_response", ChargebackWord::Opened),
            ("charge.dispute.funds_withdrawn", "needs_response", ChargebackWord::Opened),
            ("charge.dispute.closed", "won", ChargebackWord::Won),
            ("charge.dispute.closed", "lost", ChargebackWord::Lost),
        ] {
            let Some(Notice::Chargeback(report)) = event(kind, status) else { panic!("{kind} {status}") };
            assert_eq!(
                (report.word, &*report.chargeback, report.capture.as_deref()),
                (word, "du_1", Some("pi_1"))
            );
            assert_eq!(report.sum, SCALE.sum(1250, "USD"));
        }
        assert_eq!(event("charge.dispute.created", "warning_needs_response"), None);
        assert_eq!(event("charge.dispute.closed", "warning_closed"), None);
    }
}
