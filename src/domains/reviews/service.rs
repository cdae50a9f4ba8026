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
        idempotency::{Attempt, Claimed, Difference},
        ids::{BookingId, EntityId, MemberId, ReviewId},
        transact,
    },
    domains::{
        profiles,
        sessions::{self, model::BookingStatus},
    },
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

/// A review, new or there before.
#[derive(Clone, Debug)]
pub struct Added {
    /// The review.
    pub review: ReviewRow,
    /// Whether the same request was answered before.
    pub replayed: bool,
}

/// Why a review was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddReviewError {
    /// The author has no such booking.
    #[error("not found")]
    NotFound,
    /// The booking is not completed.
    #[error("not completed")]
    NotCompleted,
    /// The author reviewed it before.
    #[error("reviewed before")]
    ReviewedBefore,
    /// The key was used with another input.
    #[error("idempotency conflict")]
    IdempotencyConflict(Difference),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Adds a review and counts it in the mentor's rating.
///
/// # Errors
/// See [`AddReviewError`].
pub async fn add(app: &App, command: &AddReview) -> Result<Added, AddReviewError> {
    transact(app, async |tx| {
        let (id, now) = (ReviewId::new(), tx.now());
        match command.attempt.claim(tx, id.uuid(), now).await? {
            Claimed::New => {}
            Claimed::Conflict(difference) => return Err(AddReviewError::IdempotencyConflict(difference)),
            Claimed::Replayed(first) => {
                let found = repo::reviews_by_ids(tx, &[ReviewId::from_uuid(first)]).await?.into_iter().next();
                let review = found.ok_or(diesel::result::Error::NotFound)?;
                return Ok(Added { review, replayed: true });
            }
        }
        let booking = sessions::service::booking(tx, command.booking_id).await?;
        let booking = booking
            .filter(|booking| booking.learner_id == command.author_id)
            .ok_or(AddReviewError::NotFound)?;
        if booking.status != BookingStatus::Completed {
            return Err(AddReviewError::NotCompleted);
        }
        let review = ReviewRow {
            id,
            booking_id: booking.id,
            author_id: command.author_id,
            mentor_id: booking.mentor_id,
            rating: command.rating,
            body: command.body.clone(),
            created_at: now,
        };
        repo::insert(tx, &review).await.map_err(|error| match constraint::broken(&error) {
            Some("reviews_booking_id_author_id_key") => AddReviewError::ReviewedBefore,
            _ => error.into(),
        })?;
        tx.acting(command.author_id);
        profiles::service::add_rating(tx, review.mentor_id, review.rating.into()).await?;
        tx.changed(reviews_of(review.mentor_id));
        tx.tell(StreamName::User(review.mentor_id), &ReviewAdded { review: review.clone() });
        Ok(Added { review, replayed: false })
    })
    .await
}
