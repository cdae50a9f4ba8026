//! What Razorpay says, in our words.

use serde_json::Value;

use super::{
    super::{Known, Notice, PaymentReport, PaymentWord, RefundReport, RefundWord, Sum},
    SCALE, items,
};

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

fn note<T: std::str::FromStr>(value: &Value, name: &str) -> Option<T> {
    text(value.get("notes")?, name)?.parse().ok()
}

fn sum(value: &Value, name: &str) -> Option<Sum> {
    Some(SCALE.sum(value.get(name)?.as_i64()?, text(value, "currency")?))
}

/// A payment link.
pub(super) fn link(link: &Value) -> Option<PaymentReport> {
    let word = match text(link, "status")? {
        "paid" => PaymentWord::Paid,
        "cancelled" | "expired" => PaymentWord::Abandoned,
        _ => PaymentWord::Waiting,
    };
    let tries = link.get("payments").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let paid = tries.iter().find(|one| text(one, "status") == Some("captured"));
    Some(PaymentReport {
        payment_id: note(link, "payment_id").or_else(|| text(link, "reference_id")?.parse().ok()),
        reference: text(link, "id").map(str::to_owned),
        capture: paid.and_then(|paid| text(paid, "payment_id")).map(str::to_owned),
        word,
        sum: sum(link, "amount")?,
        client_secret: None,
    })
}

/// The tries to pay an order.
pub(super) fn order(tries: &Value, payment: &Known) -> PaymentReport {
    let reports: Vec<PaymentReport> = items(tries).iter().filter_map(self::payment).collect();
    let paid = reports.iter().find(|report| report.word == PaymentWord::Paid);
    // Razorpay lists the newest first.
    match paid.or_else(|| reports.first()) {
        Some(told) => PaymentReport { payment_id: Some(payment.payment_id), ..told.clone() },
        None => PaymentReport {
            payment_id: Some(payment.payment_id),
            reference: Some(payment.reference.clone()),
            capture: None,
            word: PaymentWord::Waiting,
            sum: payment.sum.clone(),
            client_secret: None,
        },
    }
}

/// One try to pay.
pub(super) fn payment(payment: &Value) -> Option<PaymentReport> {
    let word = match text(payment, "status")? {
        "captured" | "refunded" => PaymentWord::Paid,
        "failed" => PaymentWord::Failed,
        _ => PaymentWord::Waiting,
    };
    Some(PaymentReport {
        payment_id: note(payment, "payment_id"),
        reference: text(payment, "order_id").map(str::to_owned),
        capture: text(payment, "id").map(str::to_owned),
        word,
        sum: sum(payment, "amount")?,
        client_secret: None,
    })
}

/// A refund.
pub(super) fn refund(refund: &Value) -> Option<RefundReport> {
    let word = match text(refund, "status")? {
        "processed" => RefundWord::Succeeded,
        "failed" => RefundWord::Failed("failed at Razorpay".to_owned()),
        _ => RefundWord::Pending,
    };
    Some(RefundReport {
        refund_id: note(refund, "refund_id"),
        reference: text(refund, "id")?.to_owned(),
        capture: text(refund, "payment_id").map(str::to_owned),
        word,
        sum: sum(refund, "amount")?,
    })
}

/// A webhook.
pub(super) fn event(payload: &Value) -> Option<Notice> {
    let entity = |name: &str| payload.get("payload")?.get(name)?.get("entity");
    let kind = text(payload, "event")?;
    match kind {
        "payment_link.paid" | "payment_link.cancelled" | "payment_link.expired" => {
            let mut report = link(entity("payment_link")?)?;
            if let Some(paid) = entity("payment") {
                report.capture = text(paid, "id").map(str::to_owned);
            }
            Some(Notice::Payment(report))
        }
        "payment.captured" | "payment.failed" | "order.paid" => {
            let report = payment(entity("payment")?)?;
            // The payments behind a link have an order of Razorpay's own; they are told of as a link.
            let reference = report.reference.filter(|_| report.payment_id.is_none());
            Some(Notice::Payment(PaymentReport { reference, ..report }))
        }
        "refund.created" | "refund.processed" | "refund.failed" => {
            Some(Notice::Refund(refund(entity("refund")?)?))
        }
        _ => None,
    }
}
