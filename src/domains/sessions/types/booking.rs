//! A booking, as its learner and its mentor see it.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};

use super::{BookingPaymentStatus, BookingStatus, Session, quote::policy};
use crate::{
    domains::{
        accounts::loaders::MemberById,
        disputes::{loaders::DisputesOf, types::Dispute},
        profiles::{
            loaders::MentorById,
            types::{CancellationPolicy, Member, Mentor},
        },
        sessions::{
            loaders::SessionById,
            model::{BookingCommand, BookingRow, PaymentStatus, Phase, Step},
        },
        wallet::types::LedgerStory,
    },
    graphql::{ApiError, ContextExt, Field, field, plain::PlainFields, scalars::Money},
};

/// One learner's seat in a session.
#[derive(Clone, Debug)]
pub struct Booking {
    /// The booking.
    pub row: Arc<BookingRow>,
    /// Its session, if at hand.
    pub session: Option<Session>,
}

/// One learner's seat in a session. Only the learner and the mentor see it.
#[Object]
impl Booking {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// Where it stands.
    async fn status(&self) -> BookingStatus {
        self.row.status.into()
    }

    /// Where the price is.
    async fn payment_status(&self) -> BookingPaymentStatus {
        self.row.payment_status.into()
    }

    /// What the learner pays.
    async fn price(&self) -> Money {
        Money::new(self.row.price, self.row.currency.as_str())
    }

    /// The session's planned start.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.row.starts_at
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When it completes by itself, unless the learner confirms before, and until when either side can contest it. `null`
    /// until the session has ended.
    async fn auto_confirms_at(&self) -> Option<DateTime<Utc>> {
        self.row.auto_confirms_at
    }

    /// When it was first completed. `null` if it was not (yet).
    async fn completed_at(&self) -> Option<DateTime<Utc>> {
        self.row.completed_at
    }

    /// When it was cancelled. `null` if it was not.
    async fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        self.row.cancelled_at
    }

    /// What happens to the price when the learner cancels, as it was promised when the booking was made.
    async fn cancellation_policy(&self) -> CancellationPolicy {
        policy(self.row.free_cancellation_hours, self.row.late_fee_percent)
    }

    /// Until when the learner cancels for nothing.
    async fn free_cancellation_until(&self) -> DateTime<Utc> {
        self.row.free_until()
    }

    /// Who cancelled it. `null` if nobody did, or if the session was given up because nobody started it.
    async fn cancelled_by(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async {
            let Some(id) = self.row.cancelled_by else { return Ok(None) };
            Ok(ctx.hot(MemberById(id)).await?.map(Member))
        })
        .await
    }

    /// Whose seat it is. `null` if the account was removed.
    async fn learner(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(MemberById(self.row.learner_id)).await?.map(Member)) }).await
    }

    /// Who teaches. `null` if the mentor was removed.
    async fn mentor(&self, ctx: &Context<'_>) -> Field<Mentor> {
        field(async { Ok(ctx.hot(MentorById(self.row.mentor_id)).await?.map(Mentor)) }).await
    }

    /// Where the seat is. `null` if it cannot be read.
    async fn session(&self, ctx: &Context<'_>) -> Field<Session> {
        field(self.read_session(ctx)).await
    }

    /// The last dispute about where its price goes. `null` if there was none.
    async fn dispute(&self, ctx: &Context<'_>) -> Field<Dispute> {
        field(async {
            let disputes = ctx.one(DisputesOf(self.row.id)).await?.unwrap_or_default();
            Ok(disputes.last().cloned().map(Dispute))
        })
        .await
    }

    /// Whether the caller may contest it now: learner and mentor, once each, after the end until `autoConfirmsAt`. `null`
    /// if that cannot be found out.
    async fn viewer_can_dispute(&self, ctx: &Context<'_>) -> Field<bool> {
        field(async {
            let (viewer, now) = (ctx.signed_in()?.member_id, ctx.now());
            let in_time = self.row.auto_confirms_at.is_some_and(|until| now < until);
            if !in_time || self.row.price == 0 || !self.row.concerns(viewer) {
                return Ok(Some(false));
            }
            let disputes = ctx.one(DisputesOf(self.row.id)).await?.unwrap_or_default();
            let done =
                disputes.iter().any(|dispute| dispute.opened_by == viewer || dispute.outcome.is_some());
            Ok(Some(!done && self.permits(ctx, BookingCommand::Dispute).await?))
        })
        .await
    }

    /// Where its money went, with every posting of the ledger. `null` if it cannot be read.
    async fn ledger_story(&self, ctx: &Context<'_>) -> Field<LedgerStory> {
        field(async {
            let held = self.row.payment_status == PaymentStatus::Held;
            LedgerStory::read(ctx, self.row.id, self.row.price, held).await.map(Some)
        })
        .await
    }

    /// Whether the caller may cancel it now: learner and mentor, before the start. `null` if that cannot be found out.
    async fn viewer_can_cancel(&self, ctx: &Context<'_>) -> Field<bool> {
        field(async {
            let viewer = ctx.signed_in()?.member_id;
            Ok(Some(self.row.concerns(viewer) && self.permits(ctx, BookingCommand::Cancel).await?))
        })
        .await
    }

    /// Whether the caller may confirm it now: the learner, after the end. `null` if that cannot be found out.
    async fn viewer_can_confirm(&self, ctx: &Context<'_>) -> Field<bool> {
        field(async {
            let viewer = ctx.signed_in()?.member_id;
            Ok(Some(viewer == self.row.learner_id && self.permits(ctx, BookingCommand::Confirm).await?))
        })
        .await
    }
}

impl PlainFields for Booking {}

impl Booking {
    async fn read_session(&self, ctx: &Context<'_>) -> Result<Option<Session>, ApiError> {
        if let Some(session) = &self.session {
            return Ok(Some(session.clone()));
        }
        Ok(ctx.one(SessionById(self.row.session_id)).await?.map(Session::from))
    }

    /// Whether a command would change the booking now.
    async fn permits(&self, ctx: &Context<'_>, command: BookingCommand) -> Result<bool, ApiError> {
        let now = ctx.now();
        let phase = self.read_session(ctx).await?.map_or(Phase::Cancelled, |session| session.row.phase(now));
        Ok(phase != Phase::Cancelled && matches!(self.row.status.after(phase, command), Ok(Step::To(_))))
    }
}
