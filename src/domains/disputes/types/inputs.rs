//! Inputs and payloads of disputes.

use std::sync::Arc;

use async_graphql::{ID, InputObject, OneofObject, SimpleObject};

use super::{super::service::Done, Dispute};
use crate::{
    domains::{sessions::types::Booking, user_error::UserError},
    graphql::scalars::BigInt,
    payloads,
};

/// What shall go to the learner.
#[derive(Clone, Copy, Debug, OneofObject)]
pub enum DisputeAsk {
    /// An amount, in minor units of the booking's currency.
    AmountMinor(BigInt),
    /// A share of the price, in percent: 0 to 100.
    Percent(i32),
}

/// A booking whose price is contested.
#[derive(Clone, Debug, InputObject)]
pub struct OpenDisputeInput {
    /// The booking's global id.
    pub booking_id: ID,
    /// Why, for the other side and the administrators: 10 to 2000 characters.
    pub reason: String,
    /// What of the price shall go to the learner. A learner asks for more than nothing.
    pub asked: DisputeAsk,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
}

/// A refusal with an offer.
#[derive(Clone, Debug, InputObject)]
pub struct DisputeOfferInput {
    /// What of the price shall go to the learner instead, in minor units; nothing, or all of it, is possible too.
    pub amount_minor: BigInt,
    /// Why, for the other side and the administrators: 10 to 2000 characters.
    pub statement: String,
}

/// What is answered to a dispute.
#[derive(Clone, Debug, OneofObject)]
pub enum DisputeResponse {
    /// `true`: as asked. The price is divided at once, for good.
    Accept(bool),
    /// Not so. The opener can accept the offer, else an administrator decides.
    Offer(DisputeOfferInput),
}

/// A dispute to answer.
#[derive(Clone, Debug, InputObject)]
pub struct RespondDisputeInput {
    /// The dispute's global id.
    pub dispute_id: ID,
    /// The answer.
    pub response: DisputeResponse,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
}

/// A dispute whose offer is accepted.
#[derive(Clone, Debug, InputObject)]
pub struct AcceptDisputeOfferInput {
    /// The dispute's global id.
    pub dispute_id: ID,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
}

/// Evidence to bring.
#[derive(Clone, Debug, InputObject)]
pub struct AddDisputeEvidenceInput {
    /// The dispute's global id.
    pub dispute_id: ID,
    /// The statement: 1 to 4000 characters.
    pub body: String,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
}

/// A dispute to withdraw.
#[derive(Clone, Debug, InputObject)]
pub struct WithdrawDisputeInput {
    /// The dispute's global id.
    pub dispute_id: ID,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
}

/// How a price is divided, in minor units. The parts sum to exactly what is held.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct DisputeSplitInput {
    /// Back to the learner.
    pub learner_minor: BigInt,
    /// To the mentor.
    pub mentor_minor: BigInt,
    /// To the platform.
    pub fee_minor: BigInt,
}

/// A dispute to decide.
#[derive(Clone, Debug, InputObject)]
pub struct ResolveDisputeInput {
    /// The dispute's global id.
    pub dispute_id: ID,
    /// The parts.
    pub split: DisputeSplitInput,
    /// Why, for both sides and the audit log: 10 to 2000 characters.
    pub reason: String,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
}

macro_rules! dispute_payloads {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, SimpleObject)]
            pub struct $name {
                /// The dispute, after it. `null` if it was refused.
                pub dispute: Option<Dispute>,
                /// Its booking, after it. `null` if it was refused.
                pub booking: Option<Booking>,
                /// Whether this is the result of an earlier call with the same key.
                pub replayed: Option<bool>,
                /// Why nothing was done.
                pub user_errors: Vec<UserError>,
            }

            impl From<Done> for $name {
                fn from(done: Done) -> Self {
                    let session = Some(done.session.into());
                    Self {
                        dispute: Some(Dispute(Arc::new(done.dispute))),
                        booking: Some(Booking { row: Arc::new(done.booking), session }),
                        replayed: Some(done.replayed),
                        user_errors: Vec::new(),
                    }
                }
            }
        )+

        payloads!($($name),+);
    };
}

dispute_payloads! {
    /// What `openDispute` did.
    OpenDisputePayload;
    /// What `respondDispute` did.
    RespondDisputePayload;
    /// What `acceptDisputeOffer` did.
    AcceptDisputeOfferPayload;
    /// What `addDisputeEvidence` did.
    AddDisputeEvidencePayload;
    /// What `withdrawDispute` did.
    WithdrawDisputePayload;
    /// What `resolveDispute` did.
    ResolveDisputePayload;
}
