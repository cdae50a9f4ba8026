//! What is told about sessions. The payloads carry whole rows, so that whoever receives them needs no statement.

use serde::{Deserialize, Serialize};

use super::{BookingRow, SessionRow};
use crate::events::EventPayload;

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($(#[$field_doc:meta])* $field:ident: $ty:ty),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name { $($(#[$field_doc])* pub $field: $ty),+ }

        impl EventPayload for $name {
            const KIND: &'static str = $kind;
        }
    )+};
}

payloads! {
    /// A seat was booked. On the streams of learner and mentor.
    BookingConfirmed = "BOOKING_CONFIRMED" {
        /// The seat.
        booking: BookingRow,
        /// Where it is.
        session: SessionRow,
    }
    /// A booking was cancelled. On the streams of learner and mentor.
    BookingCancelled = "BOOKING_CANCELLED" {
        /// The seat.
        booking: BookingRow,
        /// Where it was.
        session: SessionRow,
        /// What went back to the learner, in minor units.
        refunded: i64,
        /// What the mentor got for a late cancellation.
        #[serde(default)]
        earnings: i64,
        /// What the platform kept of that.
        #[serde(default)]
        fee: i64,
    }
    /// A booking was completed and the mentor paid. On the streams of learner and mentor.
    BookingCompleted = "BOOKING_COMPLETED" {
        /// The seat.
        booking: BookingRow,
        /// Where it was.
        session: SessionRow,
        /// What the mentor got, in minor units.
        earnings: i64,
        /// What the platform kept, in minor units.
        fee: i64,
    }
    /// A session went live. On its own stream and on those of host and learners.
    SessionStarted = "SESSION_STARTED" {
        /// The session.
        session: SessionRow,
    }
    /// A session is over. On its own stream and on those of host and learners.
    SessionEnded = "SESSION_ENDED" {
        /// The session.
        session: SessionRow,
    }
    /// A session will not take place. On its own stream.
    SessionCancelled = "SESSION_CANCELLED" {
        /// The session.
        session: SessionRow,
    }
}
