//! Rows and rules of payouts.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    db::{
        ids::{MemberId, PayoutId},
        tables::{payout_accounts, payout_events, payouts},
    },
    events::EventPayload,
    text_enum,
};

text_enum! {
    /// What the provider lets an account do.
    pub enum PayoutAccountStatus { Pending = "PENDING", Verified = "VERIFIED", Restricted = "RESTRICTED" }
}

text_enum! {
    /// How far a payout is.
    pub enum PayoutStatus {
        Requested = "REQUESTED", InTransit = "IN_TRANSIT", Paid = "PAID", Failed = "FAILED",
    }
}

text_enum! {
    /// What a webhook did.
    pub enum PayoutEventOutcome {
        Applied = "APPLIED", NoChange = "NO_CHANGE", UnknownKind = "UNKNOWN_KIND", Unknown = "UNKNOWN_SUBJECT",
        Mismatch = "MISMATCH",
    }
}

impl PayoutStatus {
    /// The status after the provider's word; `None` = no change. The order is that of declaration: nothing goes back, and
    /// a failure is the end even of what was paid, because the bank sent the money back.
    #[must_use]
    pub fn after(self, word: Self) -> Option<Self> {
        (self < word).then_some(word)
    }

    /// Whether the provider has said its last word, as far as we know.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Paid | Self::Failed)
    }
}

/// What credits are worth, and how many it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The currency of payouts.
    pub currency: String,
    /// Minor units of `currency` for 100 credits.
    pub per_100_credits: i64,
    /// The least that can be paid out, in hundredths of a credit.
    pub minimum: i64,
}

impl Terms {
    /// What hundredths of a credit are worth, in whole minor units of the currency, rounded down.
    #[must_use]
    pub fn worth(&self, credits: i64) -> i64 {
        let exact = i128::from(credits) * i128::from(self.per_100_credits);
        i64::try_from(exact.div_euclid(10_000)).unwrap_or(i64::MAX)
    }

    /// The least that can be paid out, in hundredths of a credit: the minimum, and worth something.
    #[must_use]
    pub fn least(&self) -> i64 {
        let one_minor_unit = 10_000_i64.div_euclid(self.per_100_credits.max(1)) + 1;
        if self.worth(self.minimum) > 0 { self.minimum } else { self.minimum.max(one_minor_unit) }
    }
}

/// A member's account at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = payout_accounts, check_for_backend(diesel::pg::Pg))]
pub struct PayoutAccountRow {
    /// Whose.
    pub member_id: MemberId,
    /// At whom.
    pub provider: String,
    /// The provider's name for it.
    pub reference: String,
    /// What it may do.
    pub status: PayoutAccountStatus,
    /// What the provider still wants, or why it pays nothing out.
    pub requirement: Option<String>,
    /// When the provider was asked.
    pub as_of: DateTime<Utc>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
}

/// A payout.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = payouts, check_for_backend(diesel::pg::Pg))]
pub struct PayoutRow {
    /// Its id.
    pub id: PayoutId,
    /// Whose earnings.
    pub member_id: MemberId,
    /// Through whom.
    pub provider: String,
    /// Where to, as the provider calls it.
    pub account_reference: String,
    /// The provider's name for it, once known.
    pub provider_reference: Option<String>,
    /// How far it is.
    pub status: PayoutStatus,
    /// Hundredths of a credit, taken from the earnings.
    pub credits: i64,
    /// Minor units of `currency`.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it arrived or failed.
    pub settled_at: Option<DateTime<Utc>>,
}

/// A webhook as it was stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = payout_events, check_for_backend(diesel::pg::Pg))]
pub struct PayoutEventRow {
    /// Who sent it.
    pub provider: String,
    /// The sender's name for it.
    pub event_id: String,
    /// The sender's word for what happened.
    pub kind: String,
    /// All of it.
    pub payload: serde_json::Value,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// When it was applied.
    pub applied_at: Option<DateTime<Utc>>,
    /// What it did.
    pub outcome: Option<PayoutEventOutcome>,
}

/// What the provider thinks of a member's payout account changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayoutAccountChanged {
    /// The account, as it is now.
    pub account: PayoutAccountRow,
}

impl EventPayload for PayoutAccountChanged {
    const KIND: &'static str = "PAYOUT_ACCOUNT_CHANGED";
}

/// A payout was asked for, or got further.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayoutChanged {
    /// The payout, as it is now.
    pub payout: PayoutRow,
}

impl EventPayload for PayoutChanged {
    const KIND: &'static str = "PAYOUT_CHANGED";
}

#[cfg(test)]
mod tests {
    use super::{
        PayoutStatus::{Failed, InTransit, Paid, Requested},
        *,
    };

    #[test]
    fn states_only_move_forward_and_a_failure_is_the_end() {
        let order = [Requested, InTransit, Paid, Failed];
        assert_eq!(order.as_slice(), PayoutStatus::ALL);
        for (place, from) in order.into_iter().enumerate() {
            for (other, word) in order.into_iter().enumerate() {
                assert_eq!(from.after(word), (place < other).then_some(word), "{from} after {word}");
            }
        }
    }

    fn terms(per_100_credits: i64, minimum: i64) -> Terms {
        Terms { currency: "USD".to_owned(), per_100_credits, minimum }
    }

    #[test]
    fn credits_are_worth_their_rate_rounded_down() {
        for (credits, per_100, worth) in [
            (10_000, 1_000, 1_000),
            (9_999, 1_000, 999),
            (1, 1_000, 0),
            (10, 1_000, 1),
            (12_345, 333, 411),
            (10_000, 1, 1),
            (9_999, 1, 0),
            (0, 1_000, 0),
            (i64::MAX, 10_000, i64::MAX),
            (i64::MAX, 1_000_000, i64::MAX),
        ] {
            assert_eq!(terms(per_100, 0).worth(credits), worth, "{credits} at {per_100}");
        }
    }

    #[test]
    fn the_least_is_worth_something() {
        assert_eq!(terms(1_000, 5_000).least(), 5_000);
        for per_100 in [1, 3, 7, 333, 1_000, 20_000] {
            assert!(terms(per_100, 0).worth(terms(per_100, 0).least()) > 0, "{per_100}");
        }
    }
}
