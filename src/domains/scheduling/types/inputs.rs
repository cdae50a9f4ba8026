//! Inputs and payloads of the mutations of scheduling.

use async_graphql::{ID, InputObject, SimpleObject};
use chrono::{DateTime, Utc};

use super::{Availability, Hold, Weekday};
use crate::{domains::user_error::UserError, graphql::scalars::Date, payloads};

/// The caller's new weekly hours.
#[derive(Clone, Debug, InputObject)]
pub struct SetAvailabilityRulesInput {
    /// Where the caller's clock hangs: a zone of the IANA database, such as `Europe/Berlin`.
    pub time_zone: String,
    /// All weekly hours, at most 70. Hours of one day may touch, not overlap. Empty = closed.
    pub rules: Vec<AvailabilityRuleInput>,
    /// Slots start at every so many minutes after the hours open, 5 to 240; absent = as it was, 30 at first.
    pub slot_step_minutes: Option<i32>,
    /// Slots that start sooner are not offered, 0 to 43,200; absent = as it was, 120 at first.
    pub min_notice_minutes: Option<i32>,
    /// Slots that start later are not offered, 1 to 730; absent = as it was, 60 at first.
    pub booking_window_days: Option<i32>,
    /// The version that the caller read; another present one refuses. 0 = never set.
    pub expected_version: Option<i32>,
}

/// Weekly hours of one weekday.
#[derive(Clone, Debug, InputObject)]
pub struct AvailabilityRuleInput {
    /// The caller's weekday.
    pub weekday: Weekday,
    /// When it opens on the caller's wall, `HH:MM`.
    pub start: String,
    /// When it closes, `HH:MM`; `24:00` = the midnight at the end of the day.
    pub end: String,
}

/// What `setAvailabilityRules` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct SetAvailabilityRulesPayload {
    /// The availability, changed.
    pub availability: Option<Availability>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

/// Hours of one date, instead of the weekly ones.
#[derive(Clone, Debug, InputObject)]
pub struct SetAvailabilityOverrideInput {
    /// The caller's date: from yesterday to two years ahead.
    pub date: Date,
    /// All its hours, at most 10; empty = closed.
    pub hours: Vec<OpenHoursInput>,
    /// The version that the caller read; another present one refuses.
    pub expected_version: Option<i32>,
}

/// Open hours of a day.
#[derive(Clone, Debug, InputObject)]
pub struct OpenHoursInput {
    /// When it opens on the caller's wall, `HH:MM`.
    pub start: String,
    /// When it closes, `HH:MM`; `24:00` = the midnight at the end of the day.
    pub end: String,
}

/// What `setAvailabilityOverride` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct SetAvailabilityOverridePayload {
    /// The availability, changed.
    pub availability: Option<Availability>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

/// A date that gets its weekly hours back.
#[derive(Clone, Debug, InputObject)]
pub struct ClearAvailabilityOverrideInput {
    /// The caller's date. One without hours of its own is fine.
    pub date: Date,
    /// The version that the caller read; another present one refuses.
    pub expected_version: Option<i32>,
}

/// What `clearAvailabilityOverride` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct ClearAvailabilityOverridePayload {
    /// The availability, changed.
    pub availability: Option<Availability>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

/// A slot to hold.
#[derive(Clone, Debug, InputObject)]
pub struct HoldSlotInput {
    /// Whose time.
    pub mentor_id: ID,
    /// When it starts: the `startsAt` of one of `Mentor.slots`.
    pub starts_at: DateTime<Utc>,
    /// How long it is, 15 to 480.
    pub duration_minutes: i32,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
}

/// What `holdSlot` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct HoldSlotPayload {
    /// The hold: new, or the caller's own of the same slot as it was.
    pub hold: Option<Hold>,
    /// Why nothing is held.
    pub user_errors: Vec<UserError>,
    /// Whether this request was answered before.
    pub replayed: Option<bool>,
}

/// A hold to end.
#[derive(Clone, Debug, InputObject)]
pub struct ReleaseSlotInput {
    /// The caller's hold.
    pub hold_id: ID,
}

/// What `releaseSlot` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct ReleaseSlotPayload {
    /// The hold that is no more.
    pub released_hold_id: Option<ID>,
    /// Why nothing was released.
    pub user_errors: Vec<UserError>,
    /// Whether the hold had been released before.
    pub replayed: Option<bool>,
}

payloads!(
    SetAvailabilityRulesPayload,
    SetAvailabilityOverridePayload,
    ClearAvailabilityOverridePayload,
    HoldSlotPayload,
    ReleaseSlotPayload,
);
