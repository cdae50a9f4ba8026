//! What this domain reads of events of reviews.

use serde::{Deserialize, Serialize};

use crate::{
    db::ids::ReviewId,
    events::EventPayload,
};

/// A review.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// Stars.
    pub rating: i16,
}

/// A review was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReviewAdded {
    /// Which.
    pub review: Review,
}

impl EventPayload for ReviewAdded {
    const KIND: &'static str = "REVIEW_ADDED";
}
