//! Root queries of sessions.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use super::{
    loaders::SessionSeenBy,
    mutation::{Bookable, Wish},
    service,
    types::{CancellationQuote, PriceQuote, Session},
};
use crate::{
    db::ids::{BookingId, SessionId},
    domains::user_error::{Refusal, UserError},
    graphql::{ApiError, ContextExt, Field, error::ApiCode, field},
};

/// Queries of sessions.
#[derive(Debug, Default)]
pub struct SessionsQuery;

/// Queries of sessions.
#[Object]
impl SessionsQuery {
    /// A session by its global id, with the cursor from which `sessionEvents` continues it. `null` if there is no such
    /// session or the caller neither leads nor booked it.
    async fn session(&self, ctx: &Context<'_>, #[graphql(desc = "Its global id.")] id: ID) -> Field<Session> {
        field(async {
            let (Some(viewer), Ok(id)) = (ctx.viewer(), id.parse::<SessionId>()) else { return Ok(None) };
            Ok(ctx.one(SessionSeenBy(id, viewer.member_id)).await?.map(Session::from))
        })
        .await
    }

    /// What it would move if the caller cancelled a booking now, to show before `cancelBooking`. `null` if there is no such
    /// booking of the caller, or it cannot be cancelled now.
    async fn cancellation_quote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The booking's global id.")] booking_id: ID,
    ) -> Field<CancellationQuote> {
        field(async {
            let (viewer, Ok(booking)) = (ctx.signed_in()?, booking_id.parse::<BookingId>()) else {
                return Ok(None);
            };
            // It is as old as the moment.
            ctx.now();
            let quote = service::quote_cancellation(ctx.app(), viewer.member_id, booking).await?;
            Ok(quote.map(|quote| CancellationQuote(quote.into())))
        })
        .await
    }

    /// What it would cost the caller to book a mentor, to show before `bookSession`. Whether the time is free is not looked
    /// at: see `Mentor.slots`. `null` if the mentor cannot be booked, or does not offer the skill.
    async fn price_quote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mentor's global id.")] mentor_id: ID,
        #[graphql(desc = "A skill that the mentor offers.")] skill_id: Option<ID>,
        #[graphql(desc = "The start of a free slot.")] starts_at: DateTime<Utc>,
        #[graphql(desc = "Its length, 15 to 240.")] duration_minutes: i32,
    ) -> Field<PriceQuote> {
        field(async {
            let learner = ctx.signed_in()?.member_id;
            ctx.now();
            let bookable = match Wish::new(&mentor_id, skill_id.as_ref(), starts_at, duration_minutes) {
                Ok(wish) => wish.bookable(ctx, learner).await,
                Err(error) => Err(error.into()),
            };
            let Bookable { mentor, skill, slot } = match bookable {
                Ok(bookable) => bookable,
                Err(Refusal::Api(error)) => return Err(error),
                Err(Refusal::User(errors)) => return invalid(errors),
            };
            let quote = service::quote_price(ctx.app(), learner, &mentor, skill, &slot).await?;
            Ok(Some(PriceQuote(quote.into())))
        })
        .await
    }
}

/// A wrong argument is an error; what cannot be booked has no price.
fn invalid<T>(errors: Vec<UserError>) -> Result<Option<T>, ApiError> {
    match errors.into_iter().next() {
        Some(UserError::Validation(error)) => Err(ApiError::told(ApiCode::Validation, error.message)),
        _ => Ok(None),
    }
}
