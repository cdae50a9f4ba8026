//! Root mutations of sessions.

mod book;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use serde::Serialize;

pub use book::{Bookable, Wish};

use super::{
    service::{self, BookError, Booked, CancelBooking, CancelError, Cancelled, ChangeError, Changed},
    types::{
        BookSessionInput, BookSessionPayload, Booking, CancelBookingInput, CancelBookingPayload,
        CancellationQuote, ConfirmSessionInput, ConfirmSessionPayload, EndSessionInput, EndSessionPayload,
        PrepareBookingInput, PrepareBookingPayload, PriceQuote, Quote, Session, StartSessionInput,
        StartSessionPayload,
    },
};
use crate::{
    db::ids::{BookingId, CancellationQuoteId, MemberId, SessionId},
    domains::{
        input::{attempt, id, not_found},
        intents::{self, model::Operation, mutation::check_key},
        user_error::{ErrorCode, Refusal, UserError, answer},
    },
    graphql::{ApiError, ContextExt, Field},
};

/// Mutations of sessions.
#[derive(Debug, Default)]
pub struct SessionsMutation;

/// Mutations of sessions.
#[Object]
impl SessionsMutation {
    /// Makes the key for a booking when its form opens, and says what it would cost: `bookSession` takes the key as its
    /// `idempotencyKey`, as often as it takes. Needs a signed-in caller.
    async fn prepare_booking(
        &self,
        ctx: &Context<'_>,
        input: PrepareBookingInput,
    ) -> Field<PrepareBookingPayload> {
        answer(async {
            let learner = ctx.signed_in()?.member_id;
            let PrepareBookingInput { mentor_id, skill_id, starts_at, duration_minutes } = input;
            let wish = Wish::new(&mentor_id, skill_id.as_ref(), starts_at, duration_minutes)?;
            let Bookable { mentor, skill, slot } = wish.bookable(ctx, learner).await?;
            let quote = service::quote_price(ctx.app(), learner, &mentor, skill, &slot).await?;
            let intent = intents::service::mint(ctx.app(), learner, Operation::BookSession).await?;
            Ok(PrepareBookingPayload {
                intent_id: Some(ID(intent.id.to_string())),
                expires_at: Some(intent.expires_at),
                quote: Some(PriceQuote(quote.into())),
                user_errors: Vec::new(),
            })
        })
        .await
    }

    /// Books a one-on-one: the slot is taken (a hold of the caller's own is used), the price goes into escrow until the
    /// session is confirmed or the booking cancelled. Needs a signed-in caller; can be sent twice.
    pub(crate) async fn book_session(
        &self,
        ctx: &Context<'_>,
        input: BookSessionInput,
    ) -> Field<BookSessionPayload> {
        answer(async {
            let learner = ctx.signed_in()?.member_id;
            let booked = match booked(ctx, learner, &input).await? {
                Ok(booked) => booked,
                Err(error) => return Err(book::refuse(ctx, error).await?),
            };
            ctx.wrote();
            let (booking, session, replayed) = parts(booked);
            Ok(BookSessionPayload {
                payer: Some(learner),
                booking,
                session,
                replayed,
                user_errors: Vec::new(),
            })
        })
        .await
    }

    /// Cancels a booking before the start, and the time is free again. The price goes back to the learner, but for what
    /// `Booking.cancellationPolicy` gives the mentor when the learner comes late: `cancellationQuote` shows it, and exactly
    /// that moves. For its learner and its mentor; cancelling a cancelled booking changes nothing.
    pub(crate) async fn cancel_booking(
        &self,
        ctx: &Context<'_>,
        input: CancelBookingInput,
    ) -> Field<CancelBookingPayload> {
        answer(async {
            let by = ctx.signed_in()?.member_id;
            let command = cancellation(by, &input)?;
            let booking = command.booking;
            let cancelled = match service::cancel(ctx.app(), command).await {
                Ok(cancelled) => cancelled,
                Err(error) => return Err(refuse_cancellation(ctx, by, booking, error).await?),
            };
            ctx.wrote();
            let Cancelled { booking, session, quote, replayed } = cancelled;
            let (booking, session, replayed) = parts(Changed { booking, session, replayed });
            Ok(CancelBookingPayload {
                caller: Some(by),
                booking,
                session,
                quote: quote.map(|quote| CancellationQuote(quote.into())),
                replayed,
                user_errors: Vec::new(),
            })
        })
        .await
    }

    /// Starts a session, from 10 minutes before the start until the planned end. For its mentor; a live session stays as
    /// it is.
    async fn start_session(&self, ctx: &Context<'_>, input: StartSessionInput) -> Field<StartSessionPayload> {
        answer(async {
            let caller = ctx.signed_in()?.member_id;
            let id: SessionId = id(&input.session_id, "sessionId")?;
            let session =
                service::start(ctx.app(), caller, id).await.map_err(|error| refuse(error, "sessionId"))?;
            ctx.wrote();
            Ok(StartSessionPayload { session: Some(session.into()), user_errors: Vec::new() })
        })
        .await
    }

    /// Ends a live session: everybody leaves the room, and its bookings wait 72 hours for the learners' confirmation, then
    /// complete by themselves. For its mentor; an ended session stays as it is.
    async fn end_session(&self, ctx: &Context<'_>, input: EndSessionInput) -> Field<EndSessionPayload> {
        answer(async {
            let caller = ctx.signed_in()?.member_id;
            let id: SessionId = id(&input.session_id, "sessionId")?;
            let session =
                service::end(ctx.app(), caller, id).await.map_err(|error| refuse(error, "sessionId"))?;
            ctx.wrote();
            Ok(EndSessionPayload { session: Some(session.into()), user_errors: Vec::new() })
        })
        .await
    }

    /// Confirms that a session took place: the mentor is paid. For the learner, after the end; a completed booking stays
    /// as it is.
    async fn confirm_session(
        &self,
        ctx: &Context<'_>,
        input: ConfirmSessionInput,
    ) -> Field<ConfirmSessionPayload> {
        answer(async {
            let caller = ctx.signed_in()?.member_id;
            let id: BookingId = id(&input.booking_id, "bookingId")?;
            let changed =
                service::confirm(ctx.app(), caller, id).await.map_err(|error| refuse(error, "bookingId"))?;
            ctx.wrote();
            let (booking, session, _) = parts(changed);
            Ok(ConfirmSessionPayload { booking, session, user_errors: Vec::new() })
        })
        .await
    }
}

/// Books. A repeat is answered by what the first call made, even if it could not be made any more.
async fn booked(
    ctx: &Context<'_>,
    learner: MemberId,
    input: &BookSessionInput,
) -> Result<Result<Booked, BookError>, Refusal> {
    let wish = Wish::new(&input.mentor_id, input.skill_id.as_ref(), input.starts_at, input.duration_minutes)?;
    let attempt = book::attempt_of(learner, &wish, input)?;
    check_key(ctx, &attempt).await?;
    match book::command(ctx, learner, wish, input, attempt.clone()).await {
        Ok(command) => Ok(service::book(ctx.app(), command).await),
        Err(refusal) => match service::booked_before(ctx.app(), &attempt).await {
            Ok(None) => Err(refusal),
            Ok(Some(booked)) => Ok(Ok(booked)),
            Err(error) => Ok(Err(error)),
        },
    }
}

fn cancellation(by: MemberId, input: &CancelBookingInput) -> Result<CancelBooking, UserError> {
    /// What is hashed to tell a repeat from another request.
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Key {
        booking_id: BookingId,
        quote_id: Option<CancellationQuoteId>,
    }
    let booking = id(&input.booking_id, "bookingId")?;
    let quote = input.quote_id.as_ref().map(|quote| id(quote, "quoteId")).transpose()?;
    let key = Key { booking_id: booking, quote_id: quote };
    let attempt = input.idempotency_key.as_ref().map(|text| attempt(by, "cancelBooking", text, &key));
    Ok(CancelBooking { by, booking, quote, attempt: attempt.transpose()? })
}

/// The booking with its session, as types.
fn parts(changed: Changed) -> (Option<Booking>, Option<Session>, bool) {
    let session = Session::from(changed.session);
    let booking = Booking { row: Arc::new(changed.booking), session: Some(session.clone()) };
    (Some(booking), Some(session), changed.replayed)
}

/// Why nothing was cancelled, with a fresh quote if that is the next step.
async fn refuse_cancellation(
    ctx: &Context<'_>,
    by: MemberId,
    booking: BookingId,
    error: CancelError,
) -> Result<Refusal, ApiError> {
    let code = match error {
        CancelError::Change(error) => return Ok(refuse(error, "bookingId")),
        CancelError::UnknownQuote => {
            return Ok(not_found("quoteId", "quote of yours for this booking").into());
        }
        CancelError::QuoteRequired => ErrorCode::QuoteRequired,
        CancelError::QuoteStale => ErrorCode::QuoteStale,
        CancelError::Unbalanced { .. } | CancelError::Database(_) => return Ok(Refusal::Api(error.into())),
    };
    Ok(match service::quote_cancellation(ctx.app(), by, booking).await? {
        Some(quote) => UserError::quote(code, Quote::Cancellation(CancellationQuote(quote.into()))).into(),
        // It began, or was cancelled, this very moment.
        None => UserError::transition("CONFIRMED", &[]).into(),
    })
}

/// A refused change, with the argument that named the session or booking.
fn refuse(error: ChangeError, path: &str) -> Refusal {
    let what = if path == "bookingId" { "booking" } else { "session" };
    match error {
        ChangeError::NotFound => not_found(path, what).into(),
        ChangeError::Forbidden => {
            let message = "The other side does this: the mentor starts and ends, the learner confirms.";
            UserError::basic(ErrorCode::Forbidden, path, message).into()
        }
        ChangeError::Illegal(illegal) => UserError::transition(illegal.from, illegal.allowed).into(),
        ChangeError::KeyConflict(difference) => UserError::idempotency_conflict(difference).into(),
        ChangeError::Database(_) => Refusal::Api(error.into()),
    }
}
