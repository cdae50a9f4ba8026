//! Use-cases of sessions.

pub mod book;
pub mod cancel;
pub mod complete;
pub mod dispute;
pub mod quote;
pub mod run;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

pub use book::{BookError, BookSession, Booked, book, booked_before};
pub use cancel::{CancelBooking, CancelError, Cancelled, cancel};
pub use complete::{auto_confirm, confirm};
pub use quote::{forget_quotes, quote_cancellation, quote_price};
pub use run::{end, settle, start};

use super::{
    model::{BookingRow, BookingStatus, Illegal, SessionAt, SessionRole, SessionRow},
    repo::{
        self,
        read::{self, BookingSearch},
    },
};
use crate::{
    app::App,
    db::{
        Tx,
        idempotency::Difference,
        ids::{BookingId, MemberId, SessionId},
        keyset::Keyset,
    },
    domains::{scheduling, wallet},
    events::{EventPayload, StreamName},
};

/// Why a session or booking was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Absent, or none of the caller's business.
    #[error("not found")]
    NotFound,
    /// The other side's to do.
    #[error("not the caller's to do")]
    Forbidden,
    /// The state does not permit it.
    #[error(transparent)]
    Illegal(Illegal),
    /// The idempotency key was used with another input.
    #[error("key used with another input")]
    KeyConflict(Difference),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

impl From<Illegal> for ChangeError {
    fn from(illegal: Illegal) -> Self {
        Self::Illegal(illegal)
    }
}

/// A booking with its session, after a use-case.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The booking.
    pub booking: BookingRow,
    /// Its session.
    pub session: SessionRow,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
}

/// A booking with its session, under the session's lock: whoever changes what hangs on a booking, such as a dispute, locks
/// it.
///
/// # Errors
/// Only if the database fails.
pub async fn lock_booking(tx: &mut Tx, id: BookingId) -> QueryResult<Option<(BookingRow, SessionRow)>> {
    let Some(session) = repo::lock_by_booking(tx, id).await? else { return Ok(None) };
    let bookings = repo::bookings_of(tx, session.id).await?;
    Ok(bookings.into_iter().find(|booking| booking.id == id).map(|booking| (booking, session)))
}

/// A booking as it stands, for reviews.
///
/// # Errors
/// Only if the database fails.
pub async fn booking(conn: &mut AsyncPgConnection, booking: BookingId) -> QueryResult<Option<BookingRow>> {
    repo::booking(conn, booking).await
}

/// The part that a member has in a session; `None` = neither host nor learner with a live booking.
///
/// # Errors
/// Only if the database fails.
pub async fn role_in(
    conn: &mut AsyncPgConnection,
    session: SessionId,
    member: MemberId,
) -> QueryResult<Option<SessionRole>> {
    Ok(read::roles_in(conn, vec![session], member).await?.pop().map(|(_, role)| role))
}

/// A session with its place in its stream, both as of one instant.
///
/// # Errors
/// Only if the database fails.
pub async fn snapshot(conn: &mut AsyncPgConnection, session: SessionId) -> QueryResult<Option<SessionAt>> {
    Ok(read::sessions_at(conn, vec![session]).await?.pop())
}

/// A session, locked until the end of the transaction: whoever changes what hangs on it, such as presences, locks it.
///
/// # Errors
/// Only if the database fails.
pub async fn lock(tx: &mut Tx, session: SessionId) -> QueryResult<Option<SessionRow>> {
    repo::lock(tx, session).await
}

/// Tells learner and mentor.
fn tell_both<P: EventPayload>(tx: &mut Tx, booking: &BookingRow, payload: &P) {
    tx.tell(StreamName::User(booking.learner_id), payload);
    tx.tell(StreamName::User(booking.mentor_id), payload);
}

/// The confirmed bookings of a member, as learner or mentor, soonest first, at most `limit`: what somebody must resolve
/// when the member can no longer act.
///
/// # Errors
/// Only if the database fails.
pub async fn open_bookings(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    limit: i64,
) -> QueryResult<Vec<BookingRow>> {
    let search = BookingSearch {
        member,
        status: Some(BookingStatus::Confirmed),
        from: None,
        until: None,
        latest_first: false,
    };
    let mut rows = read::page_of_bookings(conn, &search, &Keyset::first(limit)).await?;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(rows)
}

/// Whether two members had a session together that was completed, either of them as the mentor.
///
/// # Errors
/// Only if the database fails.
pub async fn met(conn: &mut AsyncPgConnection, one: MemberId, other: MemberId) -> QueryResult<bool> {
    read::met(conn, one, other).await
}
