//! What an act would move, as a member was shown it.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::db::{
    ids::{BookingId, CancellationQuoteId, MemberId, PriceQuoteId, SkillId},
    tables::{cancellation_quotes, price_quotes},
};

/// How long a quote is good, unless what it promises changes sooner.
pub const QUOTE_LIFE: TimeDelta = TimeDelta::minutes(5);
/// How long an expired quote is kept: longer than a repeat of its act is recognised.
pub const QUOTE_KEPT: TimeDelta = TimeDelta::days(8);

/// What a cancellation would move.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = cancellation_quotes, check_for_backend(diesel::pg::Pg))]
pub struct CancellationQuoteRow {
    /// Its id.
    pub id: CancellationQuoteId,
    /// Who would cancel.
    pub member_id: MemberId,
    /// What would be cancelled.
    pub booking_id: BookingId,
    /// The booking's version at that time.
    pub booking_version: i64,
    /// Whether the time to cancel for nothing is over.
    pub late: bool,
    /// Back to the learner, in minor units.
    pub to_learner: i64,
    /// To the mentor.
    pub to_mentor: i64,
    /// To the platform.
    pub fee: i64,
    /// What it is counted in.
    pub currency: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is good for nothing.
    pub expires_at: DateTime<Utc>,
}

/// What a booking would cost.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = price_quotes, check_for_backend(diesel::pg::Pg))]
pub struct PriceQuoteRow {
    /// Its id.
    pub id: PriceQuoteId,
    /// Who would book.
    pub member_id: MemberId,
    /// Whom.
    pub mentor_id: MemberId,
    /// What it would be about.
    pub skill_id: Option<SkillId>,
    /// From when.
    pub starts_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
    /// What the learner would pay, in minor units.
    pub price: i64,
    /// The platform's part of it.
    pub fee: i64,
    /// What it is counted in.
    pub currency: String,
    /// Free to cancel until so many hours before the start.
    pub free_cancellation_hours: i16,
    /// What the mentor would earn by a later cancellation, in percent.
    pub late_fee_percent: i16,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is good for nothing.
    pub expires_at: DateTime<Utc>,
}
