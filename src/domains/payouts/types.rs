//! GraphQL types of payouts.

use std::sync::Arc;

use async_graphql::{Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::model::{self, PayoutAccountRow, PayoutRow};
use crate::{
    domains::{event::Happened, user_error::UserError, wallet::types::credits},
    graphql::{
        plain::PlainFields,
        scalars::{BigInt, Money, Url},
    },
    payloads,
};

/// What the provider lets an account do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::PayoutAccountStatus")]
pub enum PayoutAccountStatus {
    /// The holder has not proven everything yet: `connectPayoutAccount` gives the page for it.
    Pending,
    /// Payouts can go to it.
    Verified,
    /// The provider pays nothing out to it; `requirement` says why.
    Restricted,
}

/// Where the caller's earnings are paid out to.
#[derive(Clone, Debug)]
pub struct PayoutAccount(pub Arc<PayoutAccountRow>);

/// Where the caller's earnings are paid out to.
#[Object]
impl PayoutAccount {
    /// What it may do.
    async fn status(&self) -> PayoutAccountStatus {
        self.0.status.into()
    }

    /// Why the provider pays nothing out, in its words. `null` if it does, or only waits for the holder.
    async fn requirement(&self) -> Option<&str> {
        self.0.requirement.as_deref()
    }

    /// When the provider last said so.
    async fn as_of(&self) -> DateTime<Utc> {
        self.0.as_of
    }

    /// When it was opened.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// How far a payout is. It only moves on, from the first to the last of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::PayoutStatus")]
pub enum PayoutStatus {
    /// Taken from the earnings; the provider is being asked.
    Requested,
    /// On its way to the bank.
    InTransit,
    /// At the bank. Should the bank send it back all the same, it becomes `FAILED`.
    Paid,
    /// It came back to the earnings; `failure` says why.
    Failed,
}

/// Earnings of the caller on their way to the bank.
#[derive(Clone, Debug)]
pub struct Payout(pub Arc<PayoutRow>);

/// Earnings of the caller on their way to the bank.
#[Object]
impl Payout {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// How far it is.
    async fn status(&self) -> PayoutStatus {
        self.0.status.into()
    }

    /// What was taken from the earnings.
    async fn credits(&self) -> Money {
        credits(self.0.credits)
    }

    /// What the bank gets.
    async fn amount(&self) -> Money {
        Money::new(self.0.amount, self.0.currency.as_str())
    }

    /// Why it failed, in the provider's words. `null` if it did not.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it arrived or failed. `null` before.
    async fn settled_at(&self) -> Option<DateTime<Utc>> {
        self.0.settled_at
    }
}

impl PlainFields for Payout {}

/// Where the holder of a payout account goes when they are done.
#[derive(Clone, Debug, InputObject)]
pub struct ConnectPayoutAccountInput {
    /// Where the provider's page leads afterwards: this server or one of its allowed web origins. Coming back proves
    /// nothing: the account's status does.
    pub return_url: Option<Url>,
}

/// What `connectPayoutAccount` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct ConnectPayoutAccountPayload {
    /// The account, as the provider sees it now.
    pub account: Option<PayoutAccount>,
    /// The provider's page on which the caller proves who they are and names a bank. It is good for a short time: call
    /// again for another one.
    pub onboarding_url: Option<Url>,
    /// Why there is none.
    pub user_errors: Vec<UserError>,
}

/// How much is paid out.
#[derive(Clone, Debug, InputObject)]
pub struct RequestPayoutInput {
    /// Hundredths of a credit, at most what `viewer.earnings.pending` has and at least the minimum of
    /// `policies.payouts`, which also says what the credits are worth.
    pub amount: BigInt,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
}

/// What `requestPayout` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct RequestPayoutPayload {
    /// The payout.
    pub payout: Option<Payout>,
    /// What the caller has earned, after it.
    pub earnings: Option<crate::domains::wallet::types::Earnings>,
    /// Why there is none.
    pub user_errors: Vec<UserError>,
    /// Whether an earlier request with the same key made it.
    pub replayed: Option<bool>,
}

payloads!(ConnectPayoutAccountPayload, RequestPayoutPayload);

/// A payout of the caller was asked for, or got further.
#[derive(Clone, Debug)]
pub struct PayoutChanged(pub Happened, pub model::PayoutChanged);

/// A payout of the caller was asked for, or got further.
#[Object]
impl PayoutChanged {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The payout, as of then.
    async fn payout(&self) -> Payout {
        Payout(Arc::new(self.1.payout.clone()))
    }
}

/// The provider's view of the caller's payout account changed.
#[derive(Clone, Debug)]
pub struct PayoutAccountChanged(pub Happened, pub model::PayoutAccountChanged);

/// The provider's view of the caller's payout account changed.
#[Object]
impl PayoutAccountChanged {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The account, as of then.
    async fn account(&self) -> PayoutAccount {
        PayoutAccount(Arc::new(self.1.account.clone()))
    }
}
