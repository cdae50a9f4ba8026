//! Rows and rules of scheduling.

mod schedule;
mod slots;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

pub use schedule::{Hours, InvalidHours, Schedule, ScheduleSettings, wall_minutes, wall_text};
pub use slots::{Look, first_reading};

use crate::{
    db::ids::{ClaimId, MemberId},
    events::EventPayload,
    text_enum,
};

text_enum! {
    /// How firmly a piece of time is taken.
    pub enum ClaimKind { Hold = "HOLD", Pending = "PENDING", Confirmed = "CONFIRMED" }
}

/// How long a hold keeps others out.
pub const HOLD_LIFE: TimeDelta = TimeDelta::minutes(5);
/// Holds that a learner may have open at a time.
pub const MOST_HOLDS: usize = 3;
/// Minutes of a meeting. The shortest is also what "the soonest slot" of a mentor means.
pub const MEETING_MINUTES: std::ops::RangeInclusive<i64> = 15..=480;
/// A claim further away than this is nobody's: the database is not asked.
const PLAUSIBLE: TimeDelta = TimeDelta::days(1000);
/// How many free slots a refusal names.
pub const NEXT_FREE: usize = 3;
/// How far ahead a refusal looks for free slots.
pub const NEXT_FREE_WITHIN: TimeDelta = TimeDelta::days(60);
/// Days of a look at a mentor's slots.
pub const LONGEST_LOOK: TimeDelta = TimeDelta::days(31);
/// Slots in one answer.
pub const MOST_SLOTS: usize = 500;
/// Weekly intervals in a schedule.
pub const MOST_RULES: usize = 70;
/// Intervals of one overridden date.
pub const MOST_INTERVALS: usize = 10;
/// Overridden dates ahead.
pub const MOST_OVERRIDES: i64 = 366;

/// A piece of time, `[starts_at, ends_at)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Its first instant.
    pub starts_at: DateTime<Utc>,
    /// The first instant after it.
    pub ends_at: DateTime<Utc>,
}

impl Span {
    /// Whether the instant is in it.
    #[must_use]
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.starts_at <= instant && instant < self.ends_at
    }

    /// Whether the two share an instant.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.starts_at < other.ends_at && other.starts_at < self.ends_at
    }
}

/// A piece of a mentor's time that is asked for or offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// Whose time.
    pub mentor_id: MemberId,
    /// Its first instant.
    pub starts_at: DateTime<Utc>,
    /// The first instant after it.
    pub ends_at: DateTime<Utc>,
}

impl Slot {
    /// The time alone.
    #[must_use]
    pub const fn span(&self) -> Span {
        Span { starts_at: self.starts_at, ends_at: self.ends_at }
    }

    /// Whether it could be a meeting at all, at a time that could be booked.
    #[must_use]
    pub fn is_plausible(&self, now: DateTime<Utc>) -> bool {
        is_meeting(self.length()) && (self.starts_at - now).abs() < PLAUSIBLE
    }

    /// How long it is.
    #[must_use]
    pub fn length(&self) -> TimeDelta {
        self.ends_at - self.starts_at
    }
}

/// Whether a meeting may be so long: whole minutes within [`MEETING_MINUTES`].
#[must_use]
pub fn is_meeting(length: TimeDelta) -> bool {
    MEETING_MINUTES.contains(&length.num_minutes()) && TimeDelta::minutes(length.num_minutes()) == length
}

/// A slot as it is shown: with the mentor's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedSlot {
    /// The slot.
    pub slot: Slot,
    /// Where the mentor's clock hangs.
    pub zone: Tz,
}

/// A learner's hold of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct HoldRow {
    /// Its id.
    pub id: ClaimId,
    /// Whose time.
    pub mentor_id: MemberId,
    /// Who holds it.
    pub learner_id: MemberId,
    /// First instant of the slot.
    pub starts_at: DateTime<Utc>,
    /// First instant after the slot.
    pub ends_at: DateTime<Utc>,
    /// When it stops keeping others out.
    pub expires_at: DateTime<Utc>,
}

impl HoldRow {
    /// What is held.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        Slot { mentor_id: self.mentor_id, starts_at: self.starts_at, ends_at: self.ends_at }
    }
}

/// A piece of time in which a mentor cannot be booked, with the hold behind it if it is one.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct BusyRow {
    /// Whose time.
    pub mentor_id: MemberId,
    /// The claim.
    pub id: ClaimId,
    /// How firmly it is taken.
    pub kind: ClaimKind,
    /// Who took it.
    pub learner_id: MemberId,
    /// Its first instant.
    pub starts_at: DateTime<Utc>,
    /// The first instant after it.
    pub ends_at: DateTime<Utc>,
    /// When a hold stops keeping others out.
    pub expires_at: Option<DateTime<Utc>>,
}

impl BusyRow {
    /// The time alone.
    #[must_use]
    pub const fn span(&self) -> Span {
        Span { starts_at: self.starts_at, ends_at: self.ends_at }
    }

    /// The hold, if it is one of this learner.
    #[must_use]
    pub fn hold_of(&self, learner: MemberId) -> Option<HoldRow> {
        let expires_at =
            self.expires_at.filter(|_| self.kind == ClaimKind::Hold && self.learner_id == learner)?;
        let Self { id, mentor_id, learner_id, starts_at, ends_at, .. } = *self;
        Some(HoldRow { id, mentor_id, learner_id, starts_at, ends_at, expires_at })
    }
}

/// A mentor's free time changed for another reason than a new booking: search indexes follow it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AvailabilityChanged {
    /// Whose.
    pub mentor_id: MemberId,
}

impl EventPayload for AvailabilityChanged {
    const KIND: &'static str = "AVAILABILITY_CHANGED";
}
