//! Credits that were given: they are used first, and end if they are not used.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::Asset;
use crate::{
    db::{
        ids::{LedgerAccountId, LedgerTransactionId, MemberId, PromotionId},
        tables::promotions,
    },
    events::EventPayload,
};

/// How long promotional credits can be used.
pub const PROMOTION_LIFE: TimeDelta = TimeDelta::days(90);

/// Promotional credits given at once.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = promotions, check_for_backend(diesel::pg::Pg))]
pub struct PromotionRow {
    /// Its id.
    pub id: PromotionId,
    /// In which wallet.
    pub wallet_id: LedgerAccountId,
    /// Whose.
    pub member_id: MemberId,
    /// How much was given.
    pub granted: i64,
    /// How much of it is still in the wallet.
    pub remaining: i64,
    /// How much was not used in time.
    pub expired: i64,
    /// Why it was given.
    pub reason: String,
    /// When it was given.
    pub granted_at: DateTime<Utc>,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
}

/// What a payment out of an escrow does to its promotional part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromotionalParts {
    /// Used up by whom the escrow pays.
    pub spent: i64,
    /// Back in the payer's wallet.
    pub back: i64,
}

impl PromotionalParts {
    /// Of an escrow with `balance`, of which `promotional`, that pays `to_wallet` back to its payer and `to_others` to
    /// mentor and platform. What is paid uses promotional credits first; of what comes back, bought credits come first.
    #[must_use]
    pub fn of(balance: i64, promotional: i64, to_wallet: i64, to_others: i64) -> Self {
        let spent = to_others.clamp(0, promotional);
        let bought = (balance - promotional) - (to_others - spent);
        let back = (to_wallet - bought.max(0)).clamp(0, promotional - spent);
        Self { spent, back }
    }
}

/// A member got promotional credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionGranted {
    /// The promotion.
    pub promotion_id: PromotionId,
    /// What is counted.
    pub asset: Asset,
    /// How much.
    pub amount: i64,
    /// Why, in the words of whoever gave it.
    pub reason: String,
    /// Until when it can be used.
    pub expires_at: DateTime<Utc>,
}

impl EventPayload for PromotionGranted {
    const KIND: &'static str = "PROMOTION_GRANTED";
}

/// Promotional credits were not used in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionExpired {
    /// The promotion.
    pub promotion_id: PromotionId,
    /// What is counted.
    pub asset: Asset,
    /// How much of it ended.
    pub amount: i64,
    /// Tells apart the times that a promotion ended: what a cancelled booking gives back later ends again.
    pub transaction_id: LedgerTransactionId,
}

impl EventPayload for PromotionExpired {
    const KIND: &'static str = "PROMOTION_EXPIRED";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promotional_credits_are_paid_first_and_come_back_last() {
        let parts = |balance, promotional, to_wallet, to_others| {
            let PromotionalParts { spent, back } =
                PromotionalParts::of(balance, promotional, to_wallet, to_others);
            (spent, back)
        };
        assert_eq!(parts(100, 30, 100, 0), (0, 30));
        assert_eq!(parts(100, 30, 0, 100), (30, 0));
        assert_eq!(parts(100, 30, 50, 50), (30, 0));
        assert_eq!(parts(100, 30, 80, 20), (20, 10));
        assert_eq!(parts(100, 100, 80, 20), (20, 80));
        assert_eq!(parts(100, 30, 40, 0), (0, 0));
        assert_eq!(parts(100, 0, 40, 60), (0, 0));
    }

    #[test]
    fn what_is_paid_out_whole_leaves_no_promotional_part() {
        for balance in 0..40 {
            for promotional in 0..=balance {
                for to_others in 0..=balance {
                    let parts = PromotionalParts::of(balance, promotional, balance - to_others, to_others);
                    assert_eq!(parts.spent + parts.back, promotional, "{balance} {promotional} {to_others}");
                    assert!(parts.back <= balance - to_others && parts.spent <= to_others);
                }
            }
        }
    }
}
