//! Starting and ending a session, and what the clock decides in the end.

use diesel::QueryResult;

use super::{App, ChangeError, cancel, repo};
use crate::{
    db::{
        Tx,
        ids::{MemberId, SessionId},
        transact,
    },
    domains::sessions::model::{
        BookingCommand, BookingRow, BookingStatus, SessionCommand, SessionEnded, SessionRow, SessionStarted,
        SessionStatus, Step, rules::CONFIRM_WINDOW,
    },
    events::{EventPayload, StreamName},
};

/// The host starts the session; a live one stays as it is.
///
/// # Errors
/// See [`ChangeError`].
pub async fn start(app: &App, by: MemberId, id: SessionId) -> Result<SessionRow, ChangeError> {
    transact(app, async |tx| {
        tx.acting(by);
        let (session, bookings) = lock_for_host(tx, by, id).await?;
        if session.phase(tx.now()).after(SessionCommand::Start)? == Step::Stay {
            return Ok(session);
        }
        let session = SessionRow {
            status: SessionStatus::Live,
            started_at: Some(tx.now()),
            version: session.version + 1,
            ..session
        };
        repo::save(tx, &session).await?;
        let started = SessionStarted { session };
        tell_all(tx, &started.session, &bookings, &started);
        Ok(started.session)
    })
    .await
}

/// The host ends the session; an ended one stays as it is.
///
/// # Errors
/// See [`ChangeError`].
pub async fn end(app: &App, by: MemberId, id: SessionId) -> Result<SessionRow, ChangeError> {
    transact(app, async |tx| {
        tx.acting(by);
        let (session, bookings) = lock_for_host(tx, by, id).await?;
        if session.phase(tx.now()).after(SessionCommand::End)? == Step::Stay {
            return Ok(session);
        }
        Ok(finish(tx, session, bookings).await?)
    })
    .await
}

/// Does what the clock commands for one session, if it still does: ends it, or gives it up with a full refund.
///
/// # Errors
/// See [`ChangeError`].
pub async fn settle(app: &App, id: SessionId) -> Result<(), ChangeError> {
    transact(app, async |tx| {
        let Some(mut session) = repo::lock(tx, id).await? else { return Ok(()) };
        let Some(command) = session.overdue(tx.now()) else { return Ok(()) };
        let phase = session.phase(tx.now());
        let Step::To(status) = phase.after(command)? else { return Ok(()) };
        let bookings = repo::bookings_of(tx, id).await?;
        if status == SessionStatus::Ended {
            finish(tx, session, bookings).await?;
            return Ok(());
        }
        for booking in bookings {
            if let Step::To(_) = booking.status.after(phase, BookingCommand::GiveUp)? {
                cancel::give_back(tx, booking, &session).await?;
            }
        }
        session = cancel::call_off(tx, session).await?;
        tracing::info!(session.id = %session.id, "a session that nobody started was given up");
        Ok(())
    })
    .await
}

/// Ends a live session: from now on its bookings complete by themselves.
async fn finish(tx: &mut Tx, session: SessionRow, bookings: Vec<BookingRow>) -> QueryResult<SessionRow> {
    let now = tx.now();
    let session = SessionRow {
        status: SessionStatus::Ended,
        ended_at: Some(now),
        version: session.version + 1,
        ..session
    };
    repo::save(tx, &session).await?;
    let ended = SessionEnded { session };
    tell_all(tx, &ended.session, &bookings, &ended);
    for booking in bookings.into_iter().filter(|booking| booking.status == BookingStatus::Confirmed) {
        let auto_confirms_at = Some(now + CONFIRM_WINDOW);
        let booking = BookingRow { auto_confirms_at, version: booking.version + 1, ..booking };
        repo::save_booking(tx, &booking).await?;
    }
    Ok(ended.session)
}

/// The session with its bookings, locked, if the caller is its host.
async fn lock_for_host(
    tx: &mut Tx,
    by: MemberId,
    id: SessionId,
) -> Result<(SessionRow, Vec<BookingRow>), ChangeError> {
    let session = repo::lock(tx, id).await?.ok_or(ChangeError::NotFound)?;
    let bookings = repo::bookings_of(tx, id).await?;
    if session.host_id == by {
        return Ok((session, bookings));
    }
    let learns = bookings.iter().any(|booking| booking.learner_id == by);
    Err(if learns { ChangeError::Forbidden } else { ChangeError::NotFound })
}

/// Tells the room, the host and the learners with a live booking.
fn tell_all<P: EventPayload>(tx: &mut Tx, session: &SessionRow, bookings: &[BookingRow], payload: &P) {
    tx.tell(StreamName::Session(session.id), payload);
    tx.tell(StreamName::User(session.host_id), payload);
    for booking in bookings.iter().filter(|booking| booking.is_live()) {
        tx.tell(StreamName::User(booking.learner_id), payload);
    }
}
