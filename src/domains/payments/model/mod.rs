//! Rows and rules of payments.

mod quote;
mod refund;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

pub use self::{
    quote::{QUOTE_LIFE, Quote},
    refund::{RefundChanged, RefundRow, RefundStatus, credits_for},
};
use crate::{
    db::{
        ids::{CreditPackageId, MemberId, PaymentId, WebhookId},
        tables::{credit_packages, payments, webhook_events},
    },
    events::EventPayload,
    integrations::payments::{Flow, ProviderName},
    text_enum,
};

text_enum! {
    /// What became of a payment.
    pub enum PaymentStatus {
        Pending = "PENDING", RequiresAction = "REQUIRES_ACTION", Succeeded = "SUCCEEDED", Failed = "FAILED",
        Expired = "EXPIRED",
    }
}

text_enum! {
    /// What a webhook did to its payment.
    pub enum WebhookOutcome {
        Applied = "APPLIED", NoChange = "NO_CHANGE", UnknownKind = "UNKNOWN_KIND", UnknownPayment = "UNKNOWN_PAYMENT",
        UnknownRefund = "UNKNOWN_REFUND", Mismatch = "MISMATCH", AskedFor = "ASKED_FOR",
    }
}

/// How long a payment may wait for its webhook.
pub const PENDING_LIFE: TimeDelta = TimeDelta::hours(24);

impl PaymentStatus {
    /// The status after the provider's word; `None` = no change. Success wins over everything but itself, because the
    /// money did arrive; nothing else leaves a settled status.
    #[must_use]
    pub const fn after(self, word: Self) -> Option<Self> {
        match (self, word) {
            (Self::Succeeded, _) | (_, Self::Pending) => None,
            (_, Self::Succeeded) => Some(Self::Succeeded),
            (Self::Pending, Self::RequiresAction)
            | (Self::Pending | Self::RequiresAction, Self::Failed | Self::Expired) => Some(word),
            _ => None,
        }
    }

    /// Whether it is not decided yet.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::RequiresAction)
    }
}

/// A package of credits on sale.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = credit_packages, check_for_backend(diesel::pg::Pg))]
pub struct CreditPackageRow {
    /// Its id.
    pub id: CreditPackageId,
    /// The name shown.
    pub name: String,
    /// Credits received, in hundredths.
    pub credits: i64,
    /// Minor units of `currency`.
    pub price: i64,
    /// ISO 4217.
    pub currency: String,
    /// Place in the list.
    pub position: i32,
    /// Whether it is on sale.
    pub active: bool,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = payments, check_for_backend(diesel::pg::Pg))]
pub struct PaymentRow {
    /// Its id.
    pub id: PaymentId,
    /// Who pays.
    pub member_id: MemberId,
    /// What is bought.
    pub package_id: CreditPackageId,
    /// Through whom.
    pub provider: ProviderName,
    /// The provider's name for it, once known.
    pub provider_reference: Option<String>,
    /// What became of it.
    pub status: PaymentStatus,
    /// Minor units of `currency`.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Credits bought, in hundredths.
    pub credits: i64,
    /// Where the member goes afterwards.
    pub return_url: Option<String>,
    /// The page to pay on, once the provider gave it.
    pub checkout_url: Option<String>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When its status was decided.
    pub settled_at: Option<DateTime<Utc>>,
    /// How the member pays.
    #[serde(default = "hosted")]
    pub flow: Flow,
    /// What the client's library needs to pay. It is not told on.
    #[serde(skip)]
    pub client_secret: Option<String>,
    /// The provider's name for the money that arrived.
    #[serde(default)]
    pub provider_capture: Option<String>,
    /// What arrived, in minor units of `currency`.
    #[serde(default)]
    pub captured: i64,
    /// What went back of it.
    #[serde(default)]
    pub refunded: i64,
    /// What is on its way back.
    #[serde(default)]
    pub refund_pending: i64,
    /// Credits that left the wallet for both, in hundredths.
    #[serde(default)]
    pub refunded_credits: i64,
    /// When the provider was last asked, because it did not tell.
    #[serde(default)]
    pub asked_at: Option<DateTime<Utc>>,
}

/// How members paid before there was a choice.
const fn hosted() -> Flow {
    Flow::Hosted
}

impl PaymentRow {
    /// What can still go back.
    #[must_use]
    pub const fn refundable(&self) -> i64 {
        self.captured - self.refunded - self.refund_pending
    }
}

/// A webhook as it was stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_events, check_for_backend(diesel::pg::Pg))]
pub struct WebhookRow {
    /// Our name for it.
    pub id: WebhookId,
    /// Who sent it.
    pub provider: ProviderName,
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
    pub outcome: Option<WebhookOutcome>,
}

macro_rules! payment_events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            /// The payment, as of then.
            pub payment: PaymentRow,
        }

        impl EventPayload for $name {
            const KIND: &'static str = $kind;
        }
    )+};
}

payment_events! {
    /// A payment arrived; its credits are in the wallet.
    PaymentSucceeded = "PAYMENT_SUCCEEDED";
    /// The member's bank wants to hear from the member.
    PaymentRequiresAction = "PAYMENT_REQUIRES_ACTION";
    /// A payment was refused by the provider.
    PaymentFailed = "PAYMENT_FAILED";
    /// A payment was left or ran out of time.
    PaymentExpired = "PAYMENT_EXPIRED";
}

#[cfg(test)]
mod tests {
    use super::{
        PaymentStatus::{Expired, Failed, Pending, RequiresAction, Succeeded},
        *,
    };

    /// A payment that arrived.
    pub(super) fn payment(amount: i64, credits: i64) -> PaymentRow {
        let now = DateTime::UNIX_EPOCH;
        PaymentRow {
            id: PaymentId::new(),
            member_id: MemberId::new(),
            package_id: CreditPackageId::new(),
            provider: ProviderName::Sandbox,
            provider_reference: None,
            status: Succeeded,
            amount,
            currency: "USD".to_owned(),
            credits,
            return_url: None,
            checkout_url: None,
            created_at: now,
            settled_at: Some(now),
            flow: Flow::Hosted,
            client_secret: None,
            provider_capture: None,
            captured: amount,
            refunded: 0,
            refund_pending: 0,
            refunded_credits: 0,
            asked_at: None,
        }
    }

    #[test]
    fn states_only_move_forward_and_success_always_wins() {
        for &from in PaymentStatus::ALL {
            for &word in PaymentStatus::ALL {
                let expected = match (from, word) {
                    (Succeeded, _) | (_, Pending) => None,
                    (_, Succeeded) => Some(Succeeded),
                    (Pending, word) => Some(word),
                    (RequiresAction, Failed | Expired) => Some(word),
                    (RequiresAction | Failed | Expired, _) => None,
                };
                assert_eq!(from.after(word), expected, "{from} after {word}");
            }
        }
    }
}
