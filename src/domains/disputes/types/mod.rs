//! GraphQL types of disputes.

pub mod dispute;
pub mod event;
pub mod inputs;
pub mod timeline;

use async_graphql::Enum;

use super::model;

pub use dispute::{Dispute, DisputeEvidence, DisputeSplit, dispute_of_caller};
pub use event::{DisputeAnswered, DisputeEvidenceAdded, DisputeOpened, DisputeResolved, DisputeWithdrawn};
pub use inputs::{
    AcceptDisputeOfferInput, AcceptDisputeOfferPayload, AddDisputeEvidenceInput, AddDisputeEvidencePayload,
    DisputeAsk, DisputeOfferInput, DisputeResponse, DisputeSplitInput, OpenDisputeInput, OpenDisputePayload,
    ResolveDisputeInput, ResolveDisputePayload, RespondDisputeInput, RespondDisputePayload,
    WithdrawDisputeInput, WithdrawDisputePayload,
};
pub use timeline::{DisputeFact, DisputeFactKind};

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::DisputeStatus")]
pub enum DisputeStatus {
    /// The other side has not answered; its silence settles it as asked at `answerBy`.
    Open,
    /// The other side made an offer. The opener can accept it, both can bring evidence until `evidenceUntil`, an
    /// administrator decides.
    Answered,
    /// The price is divided, for good.
    Resolved,
    /// The opener gave it up; the booking is as it was before.
    Withdrawn,
}

/// How a dispute was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::DisputeOutcome")]
pub enum DisputeOutcome {
    /// The other side accepted what was asked.
    Accepted,
    /// The other side did not answer in time: as asked.
    Silence,
    /// The opener accepted the other side's offer.
    OfferAccepted,
    /// An administrator decided.
    Decided,
}
