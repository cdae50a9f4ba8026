//! GraphQL types of chargebacks.

use std::sync::Arc;

use async_graphql::{Enum, ID, Object};
use chrono::{DateTime, Utc};

use super::model::{self, ChargebackRow};
use crate::{
    domains::{event::Happened, wallet::types::credits},
    graphql::scalars::Money,
};

/// Where a chargeback stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::ChargebackStatus")]
pub enum ChargebackStatus {
    /// The provider will decide; the credits are taken meanwhile.
    Open,
    /// The money came again; what was taken is given back.
    Won,
    /// The money is gone, and what was taken with it.
    Lost,
}

/// The payer's bank takes a payment back.
#[derive(Clone, Debug)]
pub struct Chargeback(pub Arc<ChargebackRow>);

/// The payer's bank takes a payment back. For the payer and, in events, for administrators.
#[Object]
impl Chargeback {
    /// Global id of the payment.
    async fn payment_id(&self) -> ID {
        ID(self.0.payment_id.to_string())
    }

    /// Where it stands.
    async fn status(&self) -> ChargebackStatus {
        self.0.status.into()
    }

    /// What the bank takes back.
    async fn amount(&self) -> Money {
        Money::new(self.0.amount, self.0.currency.as_str())
    }

    /// Credits that it took.
    async fn credits(&self) -> Money {
        credits(self.0.credits)
    }

    /// How many of them were spent already: they are owed, and paid first from what the payer earns or buys next.
    async fn owed(&self) -> Money {
        credits(self.0.owed)
    }

    /// When it became known.
    async fn opened_at(&self) -> DateTime<Utc> {
        self.0.opened_at
    }

    /// When it was decided. `null` while it is open.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.closed_at
    }
}

macro_rules! chargeback_events {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Happened, pub model::$name);

        $(#[$doc])*
        #[Object]
        impl $name {
            /// Opaque place right after this event.
            pub async fn cursor(&self) -> String {
                self.0.cursor()
            }

            /// When it happened.
            pub async fn occurred_at(&self) -> DateTime<Utc> {
                self.0.occurred_at()
            }

            /// The chargeback, right after it.
            async fn chargeback(&self) -> Chargeback {
                Chargeback(Arc::new(self.1.chargeback.clone()))
            }
        }
    )+};
}

chargeback_events! {
    /// The bank takes a payment back: its credits are taken, or owed. Told to the payer and to administrators.
    ChargebackOpened;
    /// A chargeback was won or lost. Told to the payer and to administrators.
    ChargebackClosed;
}
