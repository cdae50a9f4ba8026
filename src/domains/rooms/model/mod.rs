//! Rows, event payloads and rules of rooms.

pub mod attendance;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    db::{
        ids::{MemberId, PresenceId, SessionId},
        tables::presence_intervals,
    },
    events::EventPayload,
};

pub use attendance::{Attendance, Stretch, attendance};

/// How long a connection may be silent before it is lost.
pub const LOST_AFTER: TimeDelta = TimeDelta::seconds(60);
/// Connections of one member to one room at a time.
pub const MOST_CONNECTIONS: usize = 10;

/// One connection's time in a room.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = presence_intervals, check_for_backend(diesel::pg::Pg))]
pub struct IntervalRow {
    /// Its id.
    pub id: PresenceId,
    /// Which room.
    pub session_id: SessionId,
    /// Whose connection.
    pub member_id: MemberId,
    /// When it was opened.
    pub joined_at: DateTime<Utc>,
    /// Since when the member has been present without a break.
    pub stay_since: DateTime<Utc>,
    /// Its last sign of life.
    pub last_seen_at: DateTime<Utc>,
    /// When it was closed.
    pub left_at: Option<DateTime<Utc>>,
}

impl IntervalRow {
    /// Whether the connection counts as lost: open, but silent for too long.
    #[must_use]
    pub fn is_lost(&self, now: DateTime<Utc>) -> bool {
        self.left_at.is_none() && now - self.last_seen_at > LOST_AFTER
    }

    /// Where the interval ends if it is closed now: a lost one at its last sign of life.
    #[must_use]
    pub fn end(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        if self.is_lost(now) { self.last_seen_at } else { now.max(self.last_seen_at) }
    }
}

/// A member who is in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// Who.
    pub member_id: MemberId,
    /// Since when, without a break.
    pub since: DateTime<Utc>,
}

/// Who is in the room, longest first, each once however many connections they have.
#[must_use]
pub fn present(intervals: &[IntervalRow]) -> Vec<Present> {
    let open = intervals.iter().filter(|row| row.left_at.is_none());
    let mut present: Vec<Present> =
        open.map(|row| Present { member_id: row.member_id, since: row.stay_since }).collect();
    present.sort_unstable_by_key(|present| (present.since, present.member_id));
    present.dedup_by_key(|present| present.member_id);
    present
}

/// A member came into the room: the first of their connections was opened. On the session's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantJoined {
    /// The connection.
    pub presence_id: PresenceId,
    /// Which room.
    pub session_id: SessionId,
    /// Who.
    pub member_id: MemberId,
    /// When.
    pub joined_at: DateTime<Utc>,
}

impl EventPayload for ParticipantJoined {
    const KIND: &'static str = "PARTICIPANT_JOINED";
}

/// A member left the room: the last of their connections was closed or lost. On the session's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantLeft {
    /// The connection.
    pub presence_id: PresenceId,
    /// Which room.
    pub session_id: SessionId,
    /// Who.
    pub member_id: MemberId,
    /// Since when they had been there.
    pub joined_at: DateTime<Utc>,
    /// When; the last sign of life of a lost connection.
    pub left_at: DateTime<Utc>,
}

impl EventPayload for ParticipantLeft {
    const KIND: &'static str = "PARTICIPANT_LEFT";
}
