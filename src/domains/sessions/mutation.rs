//! Root mutations of sessions.

use std::sync::Arc;

use async_graphql::{Context, Object};
use chrono::TimeDelta;
use serde::Serialize;

use super::{
    model::rules::BOOKABLE_MINUTES,
    service::{self, BookError, BookSession, ChangeError, Changed},
    types::{
        BookSessionInput, BookSessionPayload, Booking, CancelBookingInput, CancelBookingPayload,
        ConfirmSessionInput, ConfirmSessionPayload, EndSessionInput, EndSessionPayload, Session,
        StartSessionInput, StartSessionPayload,
    },
};
use crate::{
    db::ids::{BookingId, EntityId, MemberId, MentorId, SessionId, SkillId},
    domains::{
        accounts::{loaders::MemberById, model::MemberStatus},
        input::{attempt, id, not_found, number},
        payments::mutation::insufficient_funds,
        profiles::{
            loaders::{MentorById, SkillsOf},
            model::{MentorRow, SkillIntent},
        },
        scheduling::{model::Slot, mutation::refuse_claim},
        user_error::{ErrorCode, Refusal, UserError, answer},
    },
    graphql::{ApiError, ContextExt, Field, scalars::Money},
};

/// Mutations of sessions.
#[derive(Debug, Default)]
pub struct SessionsMutation;

/// Mutations of sessions.
#[Object]
impl SessionsMutation {
    /// Books a one-on-one: the slot is taken (a hold of the caller's own is used), the price goes into escrow until the
    /// session is confirmed or the booking cancelled. Needs a signed-in caller; can be sent twice.
    async fn book_session(&self, ctx: &Context<'_>, input: BookSessionInput) -> Field<BookSessionPayload> {
        answer(async {
            let learner = ctx.signed_in()?.member_id;
            let command = booking_command(ctx, learner, input).await?;
            let booked = match service::book(ctx.app(), command).await {
                Ok(booked) => booked,
                Err(error) => return Err(refuse_booking(ctx, error).await?),
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

    /// Cancels a booking before the start: the learner gets everything back, and the time is free again. For its learner
    /// and its mentor; cancelling a cancelled booking changes nothing.
    async fn cancel_booking(
        &self,
        ctx: &Context<'_>,
        input: CancelBookingInput,
    ) -> Field<CancelBookingPayload> {
        answer(async {
            let caller = ctx.signed_in()?.member_id;
            let booking: BookingId = id(&input.booking_id, "bookingId")?;
            let attempt = input
                .idempotency_key
                .as_ref()
                .map(|key| attempt(caller, "cancelBooking", key, &booking))
                .transpose()?;
            let changed = service::cancel(ctx.app(), caller, booking, attempt)
                .await
                .map_err(|error| refuse(error, "bookingId"))?;
            ctx.wrote();
            let (booking, session, replayed) = parts(changed);
            Ok(CancelBookingPayload {
                caller: Some(caller),
                booking,
                session,
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

/// What `bookSession` hashes to tell a repeat from another request.
#[derive(Serialize)]
struct BookSessionKey {
    mentor: MentorId,
    skill: Option<SkillId>,
    starts_at: chrono::DateTime<chrono::Utc>,
    minutes: i64,
    expected_price: Option<i64>,
}

async fn booking_command(
    ctx: &Context<'_>,
    learner_id: MemberId,
    input: BookSessionInput,
) -> Result<BookSession, Refusal> {
    let mentor: MentorId = id(&input.mentor_id, "mentorId")?;
    let skill_id: Option<SkillId> = input.skill_id.as_ref().map(|skill| id(skill, "skillId")).transpose()?;
    let minutes = number(i64::from(input.duration_minutes), "durationMinutes", BOOKABLE_MINUTES)?;
    let expected_price = input.expected_price.map(|price| price.0);
    let key = BookSessionKey { mentor, skill: skill_id, starts_at: input.starts_at, minutes, expected_price };
    let attempt = attempt(learner_id, "bookSession", &input.idempotency_key, &key)?;
    let mentor = bookable_mentor(ctx, learner_id, mentor).await?;
    if let Some(skill) = skill_id {
        check_offer(ctx, &mentor, skill).await?;
    }
    let price = mentor.price_for(minutes);
    if expected_price.is_some_and(|expected| expected != price) {
        return Err(
            UserError::price_changed("expectedPrice", Money::new(price, mentor.currency.as_str())).into()
        );
    }
    let ends_at = input.starts_at.checked_add_signed(TimeDelta::minutes(minutes));
    let ends_at =
        ends_at.ok_or_else(|| UserError::validation("startsAt", "RANGE", "`startsAt` is too far away."))?;
    let slot = Slot { mentor_id: mentor.member_id, starts_at: input.starts_at, ends_at };
    Ok(BookSession { learner_id, mentor, skill_id, slot, attempt })
}

/// The mentor, if the learner may book them.
async fn bookable_mentor(
    ctx: &Context<'_>,
    learner: MemberId,
    mentor: MentorId,
) -> Result<Arc<MentorRow>, Refusal> {
    let member = MemberId::from_uuid(mentor.uuid());
    if member == learner {
        return Err(UserError::validation(
            "mentorId",
            "OWN_PROFILE",
            "You cannot book yourself. Choose another mentor.",
        )
        .into());
    }
    let (row, card) = futures_util::try_join!(ctx.hot(MentorById(member)), ctx.hot(MemberById(member)))?;
    let active = card.is_some_and(|card| card.status == MemberStatus::Active);
    row.filter(|_| active).ok_or_else(|| not_found("mentorId", "mentor").into())
}

async fn check_offer(ctx: &Context<'_>, mentor: &MentorRow, skill: SkillId) -> Result<(), Refusal> {
    let skills = ctx.hot(SkillsOf(mentor.member_id)).await?.unwrap_or_default();
    if skills.iter().any(|row| row.skill_id == skill && row.intent == SkillIntent::Offered) {
        return Ok(());
    }
    let message = "The mentor does not offer this skill. Choose one of `Mentor.skills`, or none.";
    Err(UserError::basic(ErrorCode::NotFound, "skillId", message).into())
}

/// The booking with its session, as types.
fn parts(changed: Changed) -> (Option<Booking>, Option<Session>, bool) {
    let session = Session::from(changed.session);
    let booking = Booking { row: Arc::new(changed.booking), session: Some(session.clone()) };
    (Some(booking), Some(session), changed.replayed)
}

/// Why nothing was booked, with the next step.
async fn refuse_booking(ctx: &Context<'_>, error: BookError) -> Result<Refusal, ApiError> {
    Ok(match error {
        BookError::Slot(error) => refuse_claim(error, "startsAt"),
        BookError::Insufficient { missing } => insufficient_funds(ctx, missing, "").await?.into(),
        BookError::KeyConflict => UserError::idempotency_conflict().into(),
        BookError::Database(_) => Refusal::Api(error.into()),
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
        ChangeError::KeyConflict => UserError::idempotency_conflict().into(),
        ChangeError::Database(_) => Refusal::Api(error.into()),
    }
}
