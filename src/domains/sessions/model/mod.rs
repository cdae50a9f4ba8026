//! Rows, enums and event payloads of sessions.

pub mod events;
pub mod quote;
pub mod rules;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    db::{
        ids::{BookingId, MemberId, SessionId, SkillId},
        tables::{bookings, sessions},
    },
    text_enum,
};

pub use events::{
    BookingCancelled, BookingCompleted, BookingConfirmed, SessionCancelled, SessionEnded, SessionStarted,
};
pub use rules::{BookingCommand, Illegal, Phase, SessionCommand, Step};

text_enum! {
    /// How a session came about and for how many it is.
    pub enum SessionKind { OneOnOne = "ONE_ON_ONE", Group = "GROUP", Instant = "INSTANT", Exchange = "EXCHANGE" }
}

text_enum! {
    /// Where a session stands in its life.
    pub enum SessionStatus { Scheduled = "SCHEDULED", Live = "LIVE", Ended = "ENDED", Cancelled = "CANCELLED" }
}

text_enum! {
    /// Where a booking stands in its life.
    pub enum BookingStatus {
        Confirmed = "CONFIRMED", Completed = "COMPLETED", Cancelled = "CANCELLED", Disputed = "DISPUTED",
    }
}

text_enum! {
    /// Where a booking's price is.
    pub enum PaymentStatus { Held = "HELD", Released = "RELEASED", Refunded = "REFUNDED", Split = "SPLIT" }
}

/// A live meeting.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = sessions, check_for_backend(diesel::pg::Pg))]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// How it came about.
    pub kind: SessionKind,
    /// Where it stands.
    pub status: SessionStatus,
    /// Who leads it.
    pub host_id: MemberId,
    /// What it is about.
    pub skill_id: Option<SkillId>,
    /// Planned start.
    pub starts_at: DateTime<Utc>,
    /// Planned end; the first instant after it.
    pub ends_at: DateTime<Utc>,
    /// When it was started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Rises with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// One learner's seat.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = bookings, check_for_backend(diesel::pg::Pg))]
pub struct BookingRow {
    /// Its id.
    pub id: BookingId,
    /// Where the seat is.
    pub session_id: SessionId,
    /// Whose seat it is.
    pub learner_id: MemberId,
    /// Who is paid for it.
    pub mentor_id: MemberId,
    /// Where it stands.
    pub status: BookingStatus,
    /// Where the price is.
    pub payment_status: PaymentStatus,
    /// The session's planned start.
    pub starts_at: DateTime<Utc>,
    /// In minor units of `currency`.
    pub price: i64,
    /// What the price is counted in.
    pub currency: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it completes unless the learner does it before, and until when it can be disputed; known once the session
    /// ended. A dispute that was withdrawn puts it off by the time that it was open.
    pub auto_confirms_at: Option<DateTime<Utc>>,
    /// When it was first completed.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it was cancelled.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Who cancelled it; `None` = the system.
    pub cancelled_by: Option<MemberId>,
    /// Rises with every change.
    pub version: i64,
    /// What was promised when it was made: the learner cancels for nothing until so many hours before the start.
    #[serde(default)]
    pub free_cancellation_hours: i16,
    /// And what the mentor earns of the price by a later cancellation, in percent.
    #[serde(default)]
    pub late_fee_percent: i16,
}

impl BookingRow {
    /// Until when the learner cancels for nothing.
    #[must_use]
    pub fn free_until(&self) -> DateTime<Utc> {
        self.starts_at - TimeDelta::hours(self.free_cancellation_hours.into())
    }

    /// Whether the learner may be in the session.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.status != BookingStatus::Cancelled
    }

    /// Whether a member is the learner or the mentor.
    #[must_use]
    pub fn concerns(&self, member: MemberId) -> bool {
        member == self.learner_id || member == self.mentor_id
    }
}

/// The part that a member has in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionRole {
    /// Leads it.
    Host,
    /// Has a booking that was not cancelled.
    Learner,
}

/// A session as of a place in its stream: both were read in one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionAt {
    /// The session.
    pub row: std::sync::Arc<SessionRow>,
    /// Number of the last event of its stream that the row contains.
    pub seq: i64,
}
