//! Cancelling a booking, and giving up a session that nobody started: the learner gets everything back.

use diesel::QueryResult;

use super::{App, ChangeError, Changed, repo, scheduling, tell_both, wallet};
use crate::{
    db::{
        Tx,
        idempotency::{Attempt, Claimed},
        ids::{BookingId, EntityId, MemberId},
        transact,
    },
    domains::sessions::model::{
        BookingCancelled, BookingCommand, BookingRow, BookingStatus, PaymentStatus, SessionCancelled,
        SessionRow, SessionStatus, Step,
    },
    events::StreamName,
};

/// Cancels a booking for its learner or mentor, before the start. A cancelled booking stays as it is.
///
/// # Errors
/// See [`ChangeError`].
pub async fn cancel(
    app: &App,
    by: MemberId,
    booking: BookingId,
    attempt: Option<Attempt>,
) -> Result<Changed, ChangeError> {
    transact(app, async |tx| {
        tx.acting(by);
        let now = tx.now();
        let claimed = match &attempt {
            Some(attempt) => attempt.claim(tx, booking.uuid(), now).await?,
            None => Claimed::New,
        };
        if claimed == Claimed::Conflict {
            return Err(ChangeError::KeyConflict);
        }
        let session = repo::lock_by_booking(tx, booking).await?.ok_or(ChangeError::NotFound)?;
        let bookings = repo::bookings_of(tx, session.id).await?;
        let (wanted, others): (Vec<_>, Vec<_>) = bookings.into_iter().partition(|row| row.id == booking);
        let booking = wanted.into_iter().find(|row| row.concerns(by)).ok_or(ChangeError::NotFound)?;
        let replayed = claimed != Claimed::New;
        if replayed || booking.status.after(session.phase(now), BookingCommand::Cancel)? == Step::Stay {
            return Ok(Changed { booking, session, replayed });
        }
        let booking = give_back(tx, booking, &session, Some(by)).await?;
        let session =
            if others.iter().any(BookingRow::is_live) { session } else { call_off(tx, session).await? };
        Ok(Changed { booking, session, replayed })
    })
    .await
}

/// Cancels a confirmed booking and pays everything back.
pub(super) async fn give_back(
    tx: &mut Tx,
    booking: BookingRow,
    session: &SessionRow,
    by: Option<MemberId>,
) -> QueryResult<BookingRow> {
    let refunded = wallet::service::refund(tx, booking.id, booking.learner_id).await?;
    let booking = BookingRow {
        status: BookingStatus::Cancelled,
        payment_status: PaymentStatus::Refunded,
        cancelled_at: Some(tx.now()),
        cancelled_by: by,
        version: booking.version + 1,
        ..booking
    };
    repo::save_booking(tx, &booking).await?;
    let cancelled = BookingCancelled { booking, session: session.clone(), refunded };
    tell_both(tx, &cancelled.booking, &cancelled);
    Ok(cancelled.booking)
}

/// Cancels a session without live bookings and frees its time.
pub(super) async fn call_off(tx: &mut Tx, session: SessionRow) -> QueryResult<SessionRow> {
    scheduling::service::free(tx, session.id).await?;
    let session = SessionRow {
        status: SessionStatus::Cancelled,
        cancelled_at: Some(tx.now()),
        version: session.version + 1,
        ..session
    };
    repo::save(tx, &session).await?;
    let cancelled = SessionCancelled { session };
    tx.tell(StreamName::Session(cancelled.session.id), &cancelled);
    Ok(cancelled.session)
}
