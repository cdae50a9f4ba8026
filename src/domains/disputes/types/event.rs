//! What happened to disputes. The types resolve from the payloads, without SQL.

use std::sync::Arc;

use async_graphql::Object;
use chrono::{DateTime, Utc};

use super::{Dispute, DisputeEvidence};
use crate::domains::{disputes::model::events, event::Happened};

macro_rules! dispute_events {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Happened, pub events::$name);

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

            /// The dispute, right after it.
            async fn dispute(&self) -> Dispute {
                Dispute(Arc::new(self.1.dispute.clone()))
            }
        }
    )+};
}

dispute_events! {
    /// A dispute was opened: the booking's price is frozen. Told to both sides and to administrators.
    DisputeOpened;
    /// The other side made an offer: the opener accepts it, or an administrator decides. Told to both sides and to
    /// administrators.
    DisputeAnswered;
    /// A dispute was resolved: the price is divided. Told to both sides and to administrators.
    DisputeResolved;
    /// A dispute was withdrawn: the booking is as it was before. Told to both sides and to administrators.
    DisputeWithdrawn;
}

/// One side brought evidence. Told to both sides and to administrators.
#[derive(Clone, Debug)]
pub struct DisputeEvidenceAdded(pub Happened, pub events::DisputeEvidenceAdded);

/// One side brought evidence. Told to both sides and to administrators.
#[Object]
impl DisputeEvidenceAdded {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The dispute.
    async fn dispute(&self) -> Dispute {
        Dispute(Arc::new(self.1.dispute.clone()))
    }

    /// What was brought.
    async fn evidence(&self) -> DisputeEvidence {
        DisputeEvidence(self.1.evidence.clone())
    }
}
