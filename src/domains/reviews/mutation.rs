//! Root mutations of reviews.

use std::sync::Arc;

use async_graphql::{Context, Object};
use serde_json::json;

use super::{
    model::{BODY_LENGTH, STARS},
    service::{self, AddReview, AddReviewError},
    types::{AddReviewInput, AddReviewPayload, Review},
};
use crate::{
    db::ids::MemberId,
    domains::{
        input::{attempt, id, not_found, number, text},
        user_error::{ErrorCode, Refusal, UserError, answer},
    },
    graphql::{ContextExt, Field},
};

/// Mutations of reviews.
#[derive(Debug, Default)]
pub struct ReviewsMutation;

/// Mutations of reviews.
#[Object]
impl ReviewsMutation {
    /// Reviews the mentor of a completed booking, once. Needs the booking's learner.
    async fn add_review(&self, ctx: &Context<'_>, input: AddReviewInput) -> Field<AddReviewPayload> {
        answer(async {
            let command = review(ctx.signed_in()?.member_id, &input)?;
            let added = service::add(ctx.app(), &command).await?;
            let review = Some(Review(Arc::new(added.review)));
            Ok(AddReviewPayload { review, replayed: Some(added.replayed), ..Default::default() })
        })
        .await
    }
}

fn review(author_id: MemberId, input: &AddReviewInput) -> Result<AddReview, UserError> {
    let booking_id: crate::db::ids::BookingId = id(&input.booking_id, "bookingId")?;
    let stars = number(input.rating.into(), "rating", STARS)?;
    let body = text(&input.body, "body", BODY_LENGTH)?;
    let key = json!({ "bookingId": booking_id, "rating": stars, "body": body });
    let attempt = attempt(author_id, "addReview", &input.idempotency_key, &key)?;
    Ok(AddReview { booking_id, author_id, rating: i16::try_from(stars).unwrap_or_default(), body, attempt })
}

impl From<AddReviewError> for Refusal {
    fn from(error: AddReviewError) -> Self {
        match error {
            AddReviewError::NotFound => not_found("bookingId", "booking").into(),
            AddReviewError::NotCompleted => {
                let message =
                    "Only a completed booking can be reviewed. Wait until the session is over and confirmed.";
                UserError::basic(ErrorCode::NotEligible, "bookingId", message).into()
            }
            AddReviewError::ReviewedBefore => UserError::basic(
                ErrorCode::AlreadyDone,
                "bookingId",
                "You have reviewed this booking before.",
            )
            .into(),
            AddReviewError::IdempotencyConflict(difference) => {
                UserError::idempotency_conflict(difference).into()
            }
            AddReviewError::Database(_) => Self::Api(error.into()),
        }
    }
}
