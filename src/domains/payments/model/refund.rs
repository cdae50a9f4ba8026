//! Refunds of payments.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::PaymentRow;
use crate::{
    db::{
        ids::{MemberId, PaymentId, RefundId},
        tables::payment_refunds,
    },
    events::EventPayload,
    text_enum,
};

text_enum! {
    /// What became of a refund.
    pub enum RefundStatus {
        Requested = "REQUESTED", Pending = "PENDING", Succeeded = "SUCCEEDED", Failed = "FAILED",
    }
}

impl RefundStatus {
    /// The status after the provider's word; `None` = no change. Nothing leaves `FAILED`, and a refund that succeeded can
    /// only fail: a bank may send the money back days later.
    #[must_use]
    pub const fn after(self, word: Self) -> Option<Self> {
        match (self, word) {
            (Self::Requested, Self::Pending | Self::Succeeded | Self::Failed)
            | (Self::Pending, Self::Succeeded | Self::Failed)
            | (Self::Succeeded, Self::Failed) => Some(word),
            _ => None,
        }
    }
}

/// Credits that leave the wallet when an amount of a payment goes back: its part of what was bought, rounded down; with
/// the last of the money go the last of the credits.
#[must_use]
pub fn credits_for(payment: &PaymentRow, amount: i64) -> i64 {
    let left = payment.credits - payment.refunded_credits;
    if amount >= payment.refundable() || payment.amount <= 0 {
        return left;
    }
    let part = i128::from(payment.credits) * i128::from(amount) / i128::from(payment.amount);
    i64::try_from(part).unwrap_or(left).min(left)
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = payment_refunds, check_for_backend(diesel::pg::Pg))]
pub struct RefundRow {
    /// Its id.
    pub id: RefundId,
    /// What it goes back from.
    pub payment_id: PaymentId,
    /// What was agreed to.
    pub quote_id: Uuid,
    /// What became of it.
    pub status: RefundStatus,
    /// Minor units of the payment's currency.
    pub amount: i64,
    /// Credits that left the wallet, in hundredths.
    pub credits: i64,
    /// Why, in the words of who asked for it.
    pub reason: String,
    /// Who asked for it; `None` = the system.
    pub requested_by: Option<MemberId>,
    /// The provider's name for it, once it has one.
    pub provider_reference: Option<String>,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When its status was decided.
    pub settled_at: Option<DateTime<Utc>>,
}

/// A refund was asked for, or the provider told what became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefundChanged {
    /// The payment, as of then.
    pub payment: PaymentRow,
    /// The refund, as of then.
    pub refund: RefundRow,
}

impl EventPayload for RefundChanged {
    const KIND: &'static str = "REFUND_CHANGED";
}

#[cfg(test)]
mod tests {
    use super::{
        RefundStatus::{Failed, Pending, Requested, Succeeded},
        *,
    };
    use crate::domains::payments::model::tests::payment;

    #[test]
    fn a_refund_moves_forward_and_failing_is_the_end() {
        let order = [Requested, Pending, Succeeded, Failed];
        for (from, &status) in order.iter().enumerate() {
            for (to, &word) in order.iter().enumerate() {
                assert_eq!(status.after(word), (to > from).then_some(word), "{status} after {word}");
            }
        }
    }

    #[test]
    fn parts_never_take_more_credits_than_were_bought_and_all_parts_take_all() {
        for amount in [1, 3, 7, 1250] {
            for credits in [1, 2, 99, 10_000] {
                for part in 1..=amount.min(9) {
                    let mut row = payment(amount, credits);
                    while row.refundable() > 0 {
                        let next = part.min(row.refundable());
                        let taken = credits_for(&row, next);
                        assert!(taken >= 0, "{amount} {credits} {part}");
                        row.refunded += next;
                        row.refunded_credits += taken;
                        assert!(row.refunded_credits <= credits, "{amount} {credits} {part}");
                    }
                    assert_eq!(row.refunded_credits, credits, "{amount} {credits} {part}");
                }
            }
        }
    }
}
