//! GraphQL types of batches.

use async_graphql::{Enum, ID, InputObject, Object, OneofObject, SimpleObject, Union};

use crate::{
    domains::{
        chat::types::{MarkReadInput, MarkReadPayload, MessageTarget, SendMessageInput, SendMessagePayload},
        notifications::types::{MarkNotificationsReadInput, MarkNotificationsReadPayload},
        payments::types::{CreateCheckoutInput, CreateCheckoutPayload},
        scheduling::types::{HoldSlotInput, HoldSlotPayload, ReleaseSlotInput, ReleaseSlotPayload},
        sessions::types::{BookSessionInput, BookSessionPayload, CancelBookingInput, CancelBookingPayload},
        user_error::UserError,
    },
    graphql::{ApiError, Field},
    payloads,
};

/// Mutations to execute one after the other.
#[derive(Clone, Debug, InputObject)]
pub struct ExecuteBatchInput {
    /// 1 to 20 items, in the order in which they are wanted; one that waits for a later one comes after it.
    pub items: Vec<BatchItemInput>,
}

/// A mutation of a batch.
#[derive(Clone, Debug, InputObject)]
pub struct BatchItemInput {
    /// By what the others of the batch call it, 1 to 64 characters, each once.
    pub name: String,
    /// The names of items that must be done before; if one of them is not, this one is not executed. At most 20.
    pub after: Option<Vec<String>>,
    /// What to do.
    pub act: BatchActInput,
}

/// What an item does. `releaseSlot.holdId`, `cancelBooking.bookingId`, `markRead.conversationId` and
/// `sendMessage.to.conversationId` may be `$` and the name of the item that makes the hold (`holdSlot`), the booking
/// (`bookSession`) or the conversation (`sendMessage`).
#[derive(Clone, Debug, OneofObject)]
pub enum BatchActInput {
    /// As `Mutation.holdSlot`.
    HoldSlot(HoldSlotInput),
    /// As `Mutation.releaseSlot`.
    ReleaseSlot(ReleaseSlotInput),
    /// As `Mutation.bookSession`.
    BookSession(BookSessionInput),
    /// As `Mutation.cancelBooking`.
    CancelBooking(CancelBookingInput),
    /// As `Mutation.sendMessage`.
    SendMessage(SendMessageInput),
    /// As `Mutation.markRead`.
    MarkRead(MarkReadInput),
    /// As `Mutation.markNotificationsRead`. Prefer `ids` or `upTo`, which mean the same later.
    MarkNotificationsRead(MarkNotificationsReadInput),
    /// As `Mutation.createCheckout`.
    CreateCheckout(CreateCheckoutInput),
}

/// What an item may need from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// A hold.
    Hold,
    /// A booking.
    Booking,
    /// A conversation.
    Conversation,
}

impl BatchActInput {
    /// The id that may name another item, with its path and what the other must have made.
    pub const fn reference(&mut self) -> Option<(&mut ID, &'static str, Made)> {
        match self {
            Self::ReleaseSlot(input) => Some((&mut input.hold_id, "releaseSlot.holdId", Made::Hold)),
            Self::CancelBooking(input) => {
                Some((&mut input.booking_id, "cancelBooking.bookingId", Made::Booking))
            }
            Self::MarkRead(input) => {
                Some((&mut input.conversation_id, "markRead.conversationId", Made::Conversation))
            }
            Self::SendMessage(SendMessageInput { to: MessageTarget::ConversationId(id), .. }) => {
                Some((id, "sendMessage.to.conversationId", Made::Conversation))
            }
            Self::SendMessage(_)
            | Self::HoldSlot(_)
            | Self::BookSession(_)
            | Self::MarkNotificationsRead(_)
            | Self::CreateCheckout(_) => None,
        }
    }
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum BatchStatus {
    /// Done, now or by an earlier call.
    Done,
    /// Refused: see `userErrors`.
    Refused,
    /// It failed, for example because the server is busy: `payload` is `null`, and the top-level `errors` say why. Send the
    /// item again.
    Failed,
    /// Not executed, because of what it waits for: see `userErrors`.
    NotExecuted,
}

/// What the mutation of an item answered.
#[derive(Clone, Debug, Union)]
pub enum BatchPayload {
    /// Of `holdSlot`.
    HoldSlot(HoldSlotPayload),
    /// Of `releaseSlot`.
    ReleaseSlot(ReleaseSlotPayload),
    /// Of `bookSession`.
    BookSession(BookSessionPayload),
    /// Of `cancelBooking`.
    CancelBooking(CancelBookingPayload),
    /// Of `sendMessage`.
    SendMessage(SendMessagePayload),
    /// Of `markRead`.
    MarkRead(MarkReadPayload),
    /// Of `markNotificationsRead`.
    MarkNotificationsRead(MarkNotificationsReadPayload),
    /// Of `createCheckout`.
    CreateCheckout(CreateCheckoutPayload),
}

impl BatchPayload {
    /// Why it was refused.
    #[must_use]
    pub fn user_errors(&self) -> &[UserError] {
        match self {
            Self::HoldSlot(payload) => &payload.user_errors,
            Self::ReleaseSlot(payload) => &payload.user_errors,
            Self::BookSession(payload) => &payload.user_errors,
            Self::CancelBooking(payload) => &payload.user_errors,
            Self::SendMessage(payload) => &payload.user_errors,
            Self::MarkRead(payload) => &payload.user_errors,
            Self::MarkNotificationsRead(payload) => &payload.user_errors,
            Self::CreateCheckout(payload) => &payload.user_errors,
        }
    }

    /// The global id of what it made, if that is what is needed.
    #[must_use]
    pub fn made(&self, needed: Made) -> Option<ID> {
        match (self, needed) {
            (Self::HoldSlot(payload), Made::Hold) => {
                payload.hold.as_ref().map(|hold| ID(hold.row.id.to_string()))
            }
            (Self::BookSession(payload), Made::Booking) => {
                payload.booking.as_ref().map(|booking| ID(booking.row.id.to_string()))
            }
            (Self::SendMessage(payload), Made::Conversation) => {
                payload.message.as_ref().map(|message| ID(message.0.conversation_id.to_string()))
            }
            _ => None,
        }
    }
}

/// How an item ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Its mutation answered.
    Answered(BatchPayload),
    /// Its mutation failed.
    Failed(ApiError),
    /// It was not executed.
    Skipped(UserError),
}

/// An item, and what became of it.
#[derive(Clone, Debug)]
pub struct BatchResult {
    /// The item's name.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// An item, and what became of it.
#[Object]
impl BatchResult {
    /// The item's name.
    async fn name(&self) -> &str {
        &self.name
    }

    /// What became of it.
    pub async fn status(&self) -> BatchStatus {
        match &self.outcome {
            Outcome::Answered(payload) if payload.user_errors().is_empty() => BatchStatus::Done,
            Outcome::Answered(_) => BatchStatus::Refused,
            Outcome::Failed(_) => BatchStatus::Failed,
            Outcome::Skipped(_) => BatchStatus::NotExecuted,
        }
    }

    /// What its mutation answered. `null` if it failed or was not executed.
    async fn payload(&self) -> Field<BatchPayload> {
        match &self.outcome {
            Outcome::Answered(payload) => Some(Ok(payload.clone())),
            Outcome::Failed(error) => Some(Err(error.clone())),
            Outcome::Skipped(_) => None,
        }
    }

    /// Why it was refused or not executed. A `path` starts at the input of the item's mutation.
    async fn user_errors(&self) -> Vec<UserError> {
        match &self.outcome {
            Outcome::Answered(payload) => payload.user_errors().to_vec(),
            Outcome::Failed(_) => Vec::new(),
            Outcome::Skipped(error) => vec![error.clone()],
        }
    }
}

/// What `executeBatch` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct ExecuteBatchPayload {
    /// What became of each item, in the order of `items`.
    pub results: Vec<BatchResult>,
    /// Why nothing was executed.
    pub user_errors: Vec<UserError>,
}

payloads!(ExecuteBatchPayload);
