//! What this domain reads of events of payments and reviews.

use serde::{Deserialize, Serialize};

use crate::{
    db::ids::{PaymentId, ReviewId},
    events::EventPayload,
};

/// A payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Minor units.
    pub amount: i64,
    /// What it is counted in.
    pub currency: String,
    /// What is bought.
    pub credits: i64,
}

/// A review.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// Stars.
    pub rating: i16,
}

/// A payment succeeded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaymentSucceeded {
    /// Which.
    pub payment: Payment,
}

/// A payment failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaymentFailed {
    /// Which.
    pub payment: Payment,
}

/// A review was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReviewAdded {
    /// Which.
    pub review: Review,
}

impl EventPayload for PaymentSucceeded {
    const KIND: &'static str = "PAYMENT_SUCCEEDED";
}
impl EventPayload for PaymentFailed {
    const KIND: &'static str = "PAYMENT_FAILED";
}
impl EventPayload for ReviewAdded {
    const KIND: &'static str = "REVIEW_ADDED";
}
