//! GraphQL types of sessions.

pub mod booking;
pub mod event;
pub mod quote;
pub mod session;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, SimpleObject};
use chrono::{DateTime, Utc};

use super::model;
use crate::{
    db::ids::MemberId,
    domains::{
        user_error::UserError,
        wallet::{types::Wallet, viewer::wallet_of},
    },
    graphql::{ApiError, Field, field, scalars::BigInt},
    payloads,
};

pub use booking::Booking;
pub use event::{
    BookingCancelled, BookingCompleted, BookingConfirmed, SessionCancelled, SessionEnded, SessionStarted,
};
pub use quote::{CancellationQuote, PriceQuote, Quote};
pub use session::Session;

/// How a session came about and for how many it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::SessionKind")]
pub enum SessionKind {
    /// Booked by one learner.
    OneOnOne,
    /// For several learners.
    Group,
    /// Asked for on the spot.
    Instant,
    /// Part of a barter of skills.
    Exchange,
}

/// Where a session stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::SessionStatus")]
pub enum SessionStatus {
    /// Planned. The room opens 10 minutes before the start.
    Scheduled,
    /// Going on. Ended by the mentor, or by itself an hour after the planned end.
    Live,
    /// Over. Its bookings wait for the learners' confirmation.
    Ended,
    /// Called off by the learner or the mentor, or given up because nobody started it.
    Cancelled,
}

/// Where a booking stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::BookingStatus")]
pub enum BookingStatus {
    /// The seat is the learner's.
    Confirmed,
    /// The session took place; the mentor is paid.
    Completed,
    /// The seat was given up; the learner has the price back, but for the fee of a late cancellation.
    Cancelled,
    /// The session took place, and one side contests where the price goes: see `Booking.dispute`.
    Disputed,
}

/// Where a booking's price is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::PaymentStatus")]
pub enum BookingPaymentStatus {
    /// In escrow: neither the learner's nor the mentor's.
    Held,
    /// With the mentor, but for the platform's fee.
    Released,
    /// Back with the learner.
    Refunded,
    /// Divided between the learner and the mentor, by a late cancellation or the end of a dispute.
    Split,
}

/// Which bookings.
#[derive(Clone, Debug, Default, InputObject)]
pub struct BookingFilter {
    /// Only with this status.
    pub status: Option<BookingStatus>,
    /// `true`: only those whose start is to come; `false`: only the others.
    pub upcoming: Option<bool>,
}

/// The order of bookings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum BookingSort {
    /// The latest start first.
    #[default]
    LatestFirst,
    /// The soonest start first.
    SoonestFirst,
}

/// A form that will end in `bookSession`.
#[derive(Clone, Debug, InputObject)]
pub struct PrepareBookingInput {
    /// The mentor's global id.
    pub mentor_id: ID,
    /// A skill that the mentor offers.
    pub skill_id: Option<ID>,
    /// The start of a free slot (see `Mentor.slots`).
    pub starts_at: DateTime<Utc>,
    /// Its length, 15 to 240.
    pub duration_minutes: i32,
}

/// What `prepareBooking` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct PrepareBookingPayload {
    /// The `idempotencyKey` for `bookSession`.
    pub intent_id: Option<ID>,
    /// From when on it is good for nothing.
    pub expires_at: Option<DateTime<Utc>>,
    /// What it would cost.
    pub quote: Option<PriceQuote>,
    /// Why there is no key.
    pub user_errors: Vec<UserError>,
}

/// A one-on-one to book.
#[derive(Clone, Debug, InputObject)]
pub struct BookSessionInput {
    /// The mentor's global id.
    pub mentor_id: ID,
    /// A skill that the mentor offers.
    pub skill_id: Option<ID>,
    /// The start of a free slot (see `Mentor.slots`).
    pub starts_at: DateTime<Utc>,
    /// Its length, 15 to 240.
    pub duration_minutes: i32,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
    /// The price that the learner was shown, in hundredths of a credit: another price is refused.
    pub expected_price: Option<BigInt>,
    /// The `priceQuote` that the learner was shown: exactly that is charged, under that cancellation policy. Otherwise
    /// `QUOTE_STALE` with a fresh quote.
    pub quote_id: Option<ID>,
}

/// What `bookSession` did.
#[derive(Clone, Debug, Default, SimpleObject)]
#[graphql(complex)]
pub struct BookSessionPayload {
    /// Whose wallet paid.
    #[graphql(skip)]
    pub payer: Option<MemberId>,
    /// The learner's seat.
    pub booking: Option<Booking>,
    /// The session.
    pub session: Option<Session>,
    /// Whether this is the result of an earlier call with the same key.
    pub replayed: bool,
    /// Why nothing was booked.
    pub user_errors: Vec<UserError>,
}

/// What `bookSession` did.
#[ComplexObject]
impl BookSessionPayload {
    /// The learner's wallet, after the price went into escrow. `null` if nothing was booked.
    async fn wallet(&self, ctx: &Context<'_>) -> Field<Wallet> {
        field(read_wallet(ctx, self.payer)).await
    }
}

/// A booking to cancel.
#[derive(Clone, Debug, InputObject)]
pub struct CancelBookingInput {
    /// The booking's global id.
    pub booking_id: ID,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: Option<ID>,
    /// The `cancellationQuote` that the caller was shown: exactly that moves. Otherwise `QUOTE_STALE` with a fresh quote.
    /// Needed unless everything goes back to the learner: then `QUOTE_REQUIRED` comes with one.
    pub quote_id: Option<ID>,
}

/// What `cancelBooking` did.
#[derive(Clone, Debug, Default, SimpleObject)]
#[graphql(complex)]
pub struct CancelBookingPayload {
    /// Who cancelled.
    #[graphql(skip)]
    pub caller: Option<MemberId>,
    /// The booking, cancelled.
    pub booking: Option<Booking>,
    /// Its session, cancelled too when nobody else has booked it.
    pub session: Option<Session>,
    /// The quote that was executed. `null` if the booking was cancelled without one, or had been cancelled before.
    pub quote: Option<CancellationQuote>,
    /// Whether this is the result of an earlier call with the same key.
    pub replayed: bool,
    /// Why nothing was cancelled.
    pub user_errors: Vec<UserError>,
}

/// What `cancelBooking` did.
#[ComplexObject]
impl CancelBookingPayload {
    /// The caller's wallet: for the learner, after the refund. `null` if nothing was cancelled.
    async fn wallet(&self, ctx: &Context<'_>) -> Field<Wallet> {
        field(read_wallet(ctx, self.caller)).await
    }
}

async fn read_wallet(ctx: &Context<'_>, member: Option<MemberId>) -> Result<Option<Wallet>, ApiError> {
    match member {
        Some(member) => wallet_of(ctx, member).await.map(Some),
        None => Ok(None),
    }
}

/// A session to start.
#[derive(Clone, Debug, InputObject)]
pub struct StartSessionInput {
    /// The session's global id.
    pub session_id: ID,
}

/// What `startSession` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct StartSessionPayload {
    /// The session, live.
    pub session: Option<Session>,
    /// Why it was not started.
    pub user_errors: Vec<UserError>,
}

/// A session to end.
#[derive(Clone, Debug, InputObject)]
pub struct EndSessionInput {
    /// The session's global id.
    pub session_id: ID,
}

/// What `endSession` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct EndSessionPayload {
    /// The session, ended.
    pub session: Option<Session>,
    /// Why it was not ended.
    pub user_errors: Vec<UserError>,
}

/// A booking whose session took place.
#[derive(Clone, Debug, InputObject)]
pub struct ConfirmSessionInput {
    /// The booking's global id.
    pub booking_id: ID,
}

/// What `confirmSession` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct ConfirmSessionPayload {
    /// The booking, completed.
    pub booking: Option<Booking>,
    /// Its session.
    pub session: Option<Session>,
    /// Why it was not completed.
    pub user_errors: Vec<UserError>,
}

payloads!(
    PrepareBookingPayload,
    BookSessionPayload,
    CancelBookingPayload,
    StartSessionPayload,
    EndSessionPayload,
    ConfirmSessionPayload
);
