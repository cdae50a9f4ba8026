//! What PayPal says, in our words.

use serde_json::Value;

use super::super::{Notice, PaymentReport, PaymentWord, RefundReport, RefundWord, Sum};
use crate::db::ids::RefundId;

/// A text of an object.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

/// Why a call was refused, in PayPal's word.
pub(super) fn issue(body: &Value) -> Option<&str> {
    text(body.get("details")?.get(0)?, "issue")
}

/// The page on which an order is approved.
pub(super) fn page(order: &Value) -> Option<&str> {
    let links = order.get("links")?.as_array()?;
    let leads = |link: &&Value| matches!(text(link, "rel"), Some("payer-action" | "approve"));
    text(links.iter().find(leads)?, "href")
}

fn sum(amount: &Value) -> Option<Sum> {
    Sum::parse(text(amount, "value")?, text(amount, "currency_code")?)
}

/// An order, with what was captured of it.
pub(super) fn order(order: &Value) -> Option<PaymentReport> {
    let unit = order.get("purchase_units")?.get(0)?;
    let capture = unit.get("payments").and_then(|all| all.get("captures")).and_then(|all| all.get(0));
    let word = match (text(order, "status")?, capture) {
        ("VOIDED", _) => PaymentWord::Abandoned,
        (_, Some(capture)) => captured(text(capture, "status")?),
        _ => PaymentWord::Waiting,
    };
    Some(PaymentReport {
        payment_id: text(unit, "custom_id").and_then(|id| id.parse().ok()),
        reference: text(order, "id").map(str::to_owned),
        capture: capture.and_then(|capture| text(capture, "id")).map(str::to_owned),
        word,
        sum: sum(capture.unwrap_or(unit).get("amount")?)?,
        client_secret: None,
    })
}

/// An order whose means of payment was refused.
pub(super) fn declined(told: &Value) -> Option<PaymentReport> {
    Some(PaymentReport { word: PaymentWord::Failed, ..order(told)? })
}

/// What the status of a capture means. One that was refunded was paid.
fn captured(status: &str) -> PaymentWord {
    match status {
        "COMPLETED" | "REFUNDED" | "PARTIALLY_REFUNDED" => PaymentWord::Paid,
        "DECLINED" | "FAILED" => PaymentWord::Failed,
        _ => PaymentWord::Waiting,
    }
}

/// A refund of ours among those of an order.
pub(super) fn refund_of(order: &Value, id: RefundId) -> Option<RefundReport> {
    let made = order.get("purchase_units")?.get(0)?.get("payments")?.get("refunds")?.as_array()?;
    made.iter().filter_map(refund).find(|report| report.refund_id == Some(id))
}

/// A refund.
pub(super) fn refund(refund: &Value) -> Option<RefundReport> {
    let word = match text(refund, "status")? {
        "COMPLETED" => RefundWord::Succeeded,
        status @ ("FAILED" | "CANCELLED") => RefundWord::Failed(status.to_lowercase()),
        _ => RefundWord::Pending,
    };
    // The capture is named by the link that leads up to it.
    let up = refund.get("links").and_then(Value::as_array).and_then(|links| {
        let up = links.iter().find(|link| text(link, "rel") == Some("up"))?;
        text(up, "href")?.rsplit('/').next().map(str::to_owned)
    });
    Some(RefundReport {
        refund_id: text(refund, "custom_id").and_then(|id| id.parse().ok()),
        reference: text(refund, "id")?.to_owned(),
        capture: up,
        word,
        sum: sum(refund.get("amount")?)?,
    })
}

/// A webhook.
pub(super) fn event(payload: &Value) -> Option<Notice> {
    let resource = payload.get("resource")?;
    match text(payload, "event_type")? {
        "CHECKOUT.ORDER.APPROVED" => Some(Notice::Look { reference: text(resource, "id")?.to_owned() }),
        "PAYMENT.CAPTURE.COMPLETED"
        | "PAYMENT.CAPTURE.DENIED"
        | "PAYMENT.CAPTURE.DECLINED"
        | "PAYMENT.CAPTURE.PENDING" => {
            let related = resource.get("supplementary_data").and_then(|data| data.get("related_ids"));
            Some(Notice::Payment(PaymentReport {
                payment_id: text(resource, "custom_id").and_then(|id| id.parse().ok()),
                reference: related.and_then(|related| text(related, "order_id")).map(str::to_owned),
                capture: text(resource, "id").map(str::to_owned),
                word: captured(text(resource, "status")?),
                sum: sum(resource.get("amount")?)?,
                client_secret: None,
            }))
        }
        "PAYMENT.CAPTURE.REFUNDED" | "PAYMENT.REFUND.PENDING" | "PAYMENT.REFUND.FAILED" => {
            Some(Notice::Refund(refund(resource)?))
        }
        _ => None,
    }
}

/// The lines of PayPal's books.
pub(super) fn transactions(found: &Value) -> &[Value] {
    found.get("transaction_details").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A payment in PayPal's books.
pub(super) fn searched_payment(line: &Value) -> Option<PaymentReport> {
    let info = line.get("transaction_info").filter(|info| is_of(info, "T00"))?;
    Some(PaymentReport {
        payment_id: text(info, "custom_field").and_then(|id| id.parse().ok()),
        reference: None,
        capture: text(info, "transaction_id").map(str::to_owned),
        word: match text(info, "transaction_status")? {
            "S" | "V" => PaymentWord::Paid,
            "D" => PaymentWord::Failed,
            _ => PaymentWord::Waiting,
        },
        sum: sum(info.get("transaction_amount")?)?,
        client_secret: None,
    })
}

/// A refund in PayPal's books, where it is negative.
pub(super) fn searched_refund(line: &Value) -> Option<RefundReport> {
    let info = line.get("transaction_info").filter(|info| is_of(info, "T1107"))?;
    let sum = sum(info.get("transaction_amount")?)?;
    Some(RefundReport {
        refund_id: text(info, "custom_field").and_then(|id| id.parse().ok()),
        reference: text(info, "transaction_id")?.to_owned(),
        capture: text(info, "paypal_reference_id").map(str::to_owned),
        word: match text(info, "transaction_status")? {
            "S" => RefundWord::Succeeded,
            "D" | "V" => RefundWord::Failed("denied or reversed".to_owned()),
            _ => RefundWord::Pending,
        },
        sum: Sum { units: sum.units.checked_neg()?, ..sum },
    })
}

fn is_of(info: &Value, code: &str) -> bool {
    text(info, "transaction_event_code").is_some_and(|own| own.starts_with(code))
}
