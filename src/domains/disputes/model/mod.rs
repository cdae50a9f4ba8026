//! Rows, events and rules of disputes.

pub mod rules;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    db::{
        ids::{BookingId, DisputeId, EvidenceId, MemberId, SessionId},
        tables::{dispute_evidence, disputes},
    },
    text_enum,
};

pub use rules::{Command, DisputeIllegal, Party};

text_enum! {
    /// Where a dispute stands.
    pub enum DisputeStatus {
        Open = "OPEN", Answered = "ANSWERED", Resolved = "RESOLVED", Withdrawn = "WITHDRAWN",
    }
}

text_enum! {
    /// How a dispute was resolved.
    pub enum DisputeOutcome {
        Accepted = "ACCEPTED", Silence = "SILENCE", OfferAccepted = "OFFER_ACCEPTED", Decided = "DECIDED",
    }
}

/// A dispute.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = disputes, check_for_backend(diesel::pg::Pg))]
pub struct DisputeRow {
    /// Its id.
    pub id: DisputeId,
    /// Whose price is contested.
    pub booking_id: BookingId,
    /// The booking's session.
    pub session_id: SessionId,
    /// Who paid.
    pub learner_id: MemberId,
    /// Who is paid.
    pub mentor_id: MemberId,
    /// Which of the two contests it.
    pub opened_by: MemberId,
    /// Where it stands.
    pub status: DisputeStatus,
    /// Why, in the opener's words.
    pub reason: String,
    /// What is in escrow, in minor units of `currency`.
    pub held: i64,
    /// What of it shall go to the learner.
    pub asked: i64,
    /// What the amounts are counted in.
    pub currency: String,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Silence until then settles it as asked.
    pub answer_by: DateTime<Utc>,
    /// When the respondent answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// What the respondent said.
    pub answer: Option<String>,
    /// What the respondent would have go to the learner instead.
    pub offered: Option<i64>,
    /// Until when evidence can be brought, once answered.
    pub evidence_until: Option<DateTime<Utc>>,
    /// When it was resolved or withdrawn.
    pub closed_at: Option<DateTime<Utc>>,
    /// How it was resolved.
    pub outcome: Option<DisputeOutcome>,
    /// What went to the learner.
    pub to_learner: Option<i64>,
    /// What went to the mentor.
    pub to_mentor: Option<i64>,
    /// What went to the platform.
    pub fee: Option<i64>,
    /// The administrator who decided.
    pub decided_by: Option<MemberId>,
    /// Why, in the administrator's words.
    pub decision: Option<String>,
    /// Messages in the session's conversation when it was opened.
    pub messages: i64,
    /// A hash over them.
    pub messages_hash: Vec<u8>,
    /// Rises with every change.
    pub version: i64,
}

/// A statement that one side brought.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = dispute_evidence, check_for_backend(diesel::pg::Pg))]
pub struct EvidenceRow {
    /// Its id.
    pub id: EvidenceId,
    /// To which dispute.
    pub dispute_id: DisputeId,
    /// Who brought it.
    pub member_id: MemberId,
    /// The statement.
    pub body: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// What both sides and the administrators are told.
pub mod events {
    use serde::{Deserialize, Serialize};

    use super::{DisputeRow, EvidenceRow};
    use crate::events::EventPayload;

    macro_rules! dispute_events {
        ($($(#[$doc:meta])* $name:ident = $kind:literal { $($(#[$field_doc:meta])* $field:ident: $ty:ty),* $(,)? })+) => {$(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            pub struct $name {
                /// The dispute, right after it.
                pub dispute: DisputeRow,
                $($(#[$field_doc])* pub $field: $ty,)*
            }

            impl EventPayload for $name {
                const KIND: &'static str = $kind;
            }
        )+};
    }

    dispute_events! {
        /// A dispute was opened.
        DisputeOpened = "DISPUTE_OPENED" {}
        /// The other side refused, with an offer.
        DisputeAnswered = "DISPUTE_ANSWERED" {}
        /// One side brought evidence.
        DisputeEvidenceAdded = "DISPUTE_EVIDENCE_ADDED" {
            /// What it brought.
            evidence: EvidenceRow,
        }
        /// A dispute was resolved, and the price divided.
        DisputeResolved = "DISPUTE_RESOLVED" {}
        /// A dispute was withdrawn.
        DisputeWithdrawn = "DISPUTE_WITHDRAWN" {}
    }
}
