//! What happened to sessions and bookings. The types resolve from the payloads, without SQL.

use std::sync::Arc;

use async_graphql::Object;
use chrono::{DateTime, Utc};

use super::{Booking, Session};
use crate::{
    domains::{
        event::Happened,
        sessions::model::{self, BookingRow, SessionRow},
    },
    events::StreamName,
    graphql::scalars::Money,
};

/// The session in an event: with its cursor, if the event stands on the session's own stream.
fn session(happened: &Happened, row: &SessionRow) -> Session {
    let own = happened.0.stream == StreamName::Session(row.id);
    Session { row: Arc::new(row.clone()), seq: own.then_some(happened.0.seq) }
}

fn booking(happened: &Happened, row: &BookingRow, of: &SessionRow) -> Booking {
    Booking { row: Arc::new(row.clone()), session: Some(session(happened, of)) }
}

macro_rules! session_events {
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

            /// The session, right after it.
            async fn session(&self) -> Session {
                session(&self.0, &self.1.session)
            }
        }
    )+};
}

session_events! {
    /// A session went live.
    SessionStarted;
    /// A session is over.
    SessionEnded;
    /// A session will not take place.
    SessionCancelled;
}

/// A seat was booked.
#[derive(Clone, Debug)]
pub struct BookingConfirmed(pub Happened, pub model::BookingConfirmed);

/// A seat was booked.
#[Object]
impl BookingConfirmed {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The seat.
    async fn booking(&self) -> Booking {
        booking(&self.0, &self.1.booking, &self.1.session)
    }
}

/// A booking was cancelled and its price paid back, but for the fee of a late cancellation.
#[derive(Clone, Debug)]
pub struct BookingCancelled(pub Happened, pub model::BookingCancelled);

/// A booking was cancelled and its price paid back, but for the fee of a late cancellation.
#[Object]
impl BookingCancelled {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The seat, right after it.
    async fn booking(&self) -> Booking {
        booking(&self.0, &self.1.booking, &self.1.session)
    }

    /// What went back to the learner.
    async fn refunded(&self) -> Money {
        Money::new(self.1.refunded, self.1.booking.currency.as_str())
    }

    /// What the mentor got for a late cancellation. `null` on the learner's stream.
    async fn earnings(&self) -> Option<Money> {
        for_mentor(&self.0, &self.1.booking, self.1.earnings)
    }

    /// What the platform kept of that. `null` on the learner's stream.
    async fn fee(&self) -> Option<Money> {
        for_mentor(&self.0, &self.1.booking, self.1.fee)
    }
}

/// A booking was completed and the mentor paid.
#[derive(Clone, Debug)]
pub struct BookingCompleted(pub Happened, pub model::BookingCompleted);

/// A booking was completed and the mentor paid.
#[Object]
impl BookingCompleted {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The seat, right after it.
    async fn booking(&self) -> Booking {
        booking(&self.0, &self.1.booking, &self.1.session)
    }

    /// What the mentor got. `null` on the learner's stream.
    async fn earnings(&self) -> Option<Money> {
        for_mentor(&self.0, &self.1.booking, self.1.earnings)
    }

    /// What the platform kept. `null` on the learner's stream.
    async fn fee(&self) -> Option<Money> {
        for_mentor(&self.0, &self.1.booking, self.1.fee)
    }
}

/// An amount that only the mentor is told.
fn for_mentor(happened: &Happened, booking: &BookingRow, amount: i64) -> Option<Money> {
    let to_mentor = happened.0.stream == StreamName::User(booking.mentor_id);
    to_mentor.then(|| Money::new(amount, booking.currency.as_str()))
}
