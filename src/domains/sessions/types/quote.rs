//! What an act would move, shown before.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Union};
use chrono::{DateTime, Utc};

use super::Booking;
use crate::{
    db::ids::{CancellationQuoteId, PriceQuoteId},
    domains::{
        profiles::{
            loaders::{MentorById, SkillById},
            model,
            types::{CancellationPolicy, Mentor, Skill},
        },
        sessions::{
            loaders::{BookingSeenBy, CancellationQuoteById, PriceQuoteById},
            model::quote::{CancellationQuoteRow, PriceQuoteRow},
        },
    },
    graphql::{ApiError, ContextExt, Field, field, scalars::Money},
};

/// What it would move if the caller cancelled a booking. Give its id to `cancelBooking`: exactly this moves, or nothing.
#[derive(Clone, Debug)]
pub struct CancellationQuote(pub Arc<CancellationQuoteRow>);

/// What it would move if the caller cancelled a booking. Give its id to `cancelBooking`: exactly this moves, or nothing.
#[Object]
impl CancellationQuote {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What would be cancelled. `null` if it cannot be read.
    async fn booking(&self, ctx: &Context<'_>) -> Field<Booking> {
        field(async {
            let row = ctx.one(BookingSeenBy(self.0.booking_id, self.0.member_id)).await?;
            Ok(row.map(|row| Booking { row, session: None }))
        })
        .await
    }

    /// Whether learners can no longer cancel it for nothing. A mentor who cancels then gives everything back too, and it
    /// is counted (`Mentor.lateCancellations`).
    async fn late(&self) -> bool {
        self.0.late
    }

    /// Back to the learner's wallet.
    async fn to_learner(&self) -> Money {
        Money::new(self.0.to_learner, self.0.currency.as_str())
    }

    /// To the mentor's earnings.
    async fn to_mentor(&self) -> Money {
        Money::new(self.0.to_mentor, self.0.currency.as_str())
    }

    /// What the platform keeps of what the mentor earns.
    async fn platform_fee(&self) -> Money {
        Money::new(self.0.fee, self.0.currency.as_str())
    }

    /// From when on it is good for nothing: in 5 minutes, or when something else would move, or at the start.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}

/// What it would cost the caller to book a mentor. Give its id to `bookSession`: exactly this is charged, or nothing.
#[derive(Clone, Debug)]
pub struct PriceQuote(pub Arc<PriceQuoteRow>);

/// What it would cost the caller to book a mentor. Give its id to `bookSession`: exactly this is charged, or nothing.
#[Object]
impl PriceQuote {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Who would teach. `null` if the mentor was removed.
    async fn mentor(&self, ctx: &Context<'_>) -> Field<Mentor> {
        field(async { Ok(ctx.hot(MentorById(self.0.mentor_id)).await?.map(Mentor)) }).await
    }

    /// What it would be about. `null` if nothing in particular.
    async fn skill(&self, ctx: &Context<'_>) -> Field<Skill> {
        field(async {
            let Some(id) = self.0.skill_id else { return Ok(None) };
            Ok(ctx.hot(SkillById(id)).await?.map(Skill))
        })
        .await
    }

    /// When it would start.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.0.starts_at
    }

    /// Its length.
    async fn duration_minutes(&self) -> i32 {
        i32::try_from((self.0.ends_at - self.0.starts_at).num_minutes()).unwrap_or(i32::MAX)
    }

    /// What the learner pays.
    async fn price(&self) -> Money {
        Money::new(self.0.price, self.0.currency.as_str())
    }

    /// The platform's part of the price; the rest is the mentor's.
    async fn platform_fee(&self) -> Money {
        Money::new(self.0.fee, self.0.currency.as_str())
    }

    /// What would happen to the price if the learner cancelled.
    async fn cancellation_policy(&self) -> CancellationPolicy {
        policy(self.0.free_cancellation_hours, self.0.late_fee_percent)
    }

    /// From when on it is good for nothing.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}

/// What an act would move now.
#[derive(Clone, Debug, Union)]
pub enum Quote {
    /// Of `cancelBooking`.
    Cancellation(CancellationQuote),
    /// Of `bookSession`.
    Price(PriceQuote),
}

/// A policy as it was kept.
pub(super) fn policy(free_hours: i16, late_fee_percent: i16) -> CancellationPolicy {
    model::CancellationPolicy { free_hours, late_fee_percent }.into()
}

/// One of the caller's own quotes of a cancellation. `None` for every other id.
///
/// # Errors
/// Only if the database fails.
pub async fn cancellation_quote_of_caller(
    ctx: &Context<'_>,
    id: CancellationQuoteId,
) -> Result<Option<CancellationQuote>, ApiError> {
    let Some(viewer) = ctx.viewer() else { return Ok(None) };
    let row = ctx.one(CancellationQuoteById(id)).await?;
    Ok(row.filter(|row| row.member_id == viewer.member_id).map(CancellationQuote))
}

/// One of the caller's own quotes of a price. `None` for every other id.
///
/// # Errors
/// Only if the database fails.
pub async fn price_quote_of_caller(
    ctx: &Context<'_>,
    id: PriceQuoteId,
) -> Result<Option<PriceQuote>, ApiError> {
    let Some(viewer) = ctx.viewer() else { return Ok(None) };
    let row = ctx.one(PriceQuoteById(id)).await?;
    Ok(row.filter(|row| row.member_id == viewer.member_id).map(PriceQuote))
}
