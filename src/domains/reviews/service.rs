//! Use-cases of reviews.

use super::{
    loaders::reviews_of,
    model::{ReviewAdded, ReviewRow},
    repo,
};
use crate::{
    app::App,
    db::{
        constraint,
        idempotency::{Attempt, Claimed},
        ids::{BookingId, EntityId, MemberId, ReviewId},
        transact,
    },
    domains::{profiles, sessions},
    events::StreamName,
};

/// What a learner says about a booking.
#[derive(Clone, Debug)]
pub struct AddReview {
    /// About what.
    pub booking_id: BookingId,
    /// Who says it.
    pub author_id: MemberId,
    /// 1 to 5.
    pub rating: i16,
    /// The words.
    pub body: String,
    /// The key under which it can be sent twice.
    pub attempt: Attempt,
}
