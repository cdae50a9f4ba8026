//! Rows of reviews.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    db::{
        ids::{BookingId, MemberId, ReviewId},
        tables::reviews,
    },
    events::EventPayload,
};

/// Stars of a rating.
pub const STARS: std::ops::RangeInclusive<i64> = 1..=5;
/// Characters of a review.
pub const BODY_LENGTH: std::ops::RangeInclusive<usize> = 0..=2000;

/// A review.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = reviews, check_for_backend(diesel::pg::Pg))]
pub struct ReviewRow {
    /// Its id.
    pub id: ReviewId,
    /// The booking it is about.
    pub booking_id: BookingId,
    /// Who wrote it.
    pub author_id: MemberId,
    /// About whom.
    pub mentor_id: MemberId,
    /// 1 to 5 stars.
    pub rating: i16,
    /// What the author says.
    pub body: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// A mentor got a review.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReviewAdded {
    /// The review.
    pub review: ReviewRow,
}

impl EventPayload for ReviewAdded {
    const KIND: &'static str = "REVIEW_ADDED";
}
