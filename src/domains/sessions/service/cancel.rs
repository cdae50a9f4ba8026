//! Cancelling a booking by what it was promised, and giving up a session that nobody started, when the learner gets
//! everything back.

use diesel::QueryResult;

use super::{App, ChangeError, quote::Due, repo, scheduling, tell_both, wallet};
use crate::{
    db::{
        Tx,
        idempotency::{Attempt, Claimed},
        ids::{BookingId, CancellationQuoteId, EntityId, MemberId},
        transact,
    },
    domains::{
        profiles,
        sessions::{
            model::{
                BookingCancelled, BookingCommand, BookingRow, BookingStatus, Illegal, PaymentStatus,
                SessionCancelled, SessionRow, SessionStatus, Step, quote::CancellationQuoteRow,
            },
            repo::quotes,
        },
        wallet::{
            model::{Parts, TransactionKind},
            service::{Cause, SettleError},
        },
    },
    events::StreamName,
};

/// A wish to cancel.
#[derive(Clone, Debug)]
pub struct CancelBooking {
    /// Who.
    pub by: MemberId,
    /// What.
    pub booking: BookingId,
    /// What the member was shown.
    pub quote: Option<CancellationQuoteId>,
    /// The key and the input that it stands for.
    pub attempt: Option<Attempt>,
}

/// A cancelled booking.
#[derive(Clone, Debug)]
pub struct Cancelled {
    /// The booking.
    pub booking: BookingRow,
    /// Its session.
    pub session: SessionRow,
    /// The quote that was executed.
    pub quote: Option<CancellationQuoteRow>,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
}

/// Why nothing was cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// As for any other change.
    #[error(transparent)]
    Change(ChangeError),
    /// No such quote of the member for this booking.
    #[error("no such quote")]
    UnknownQuote,
    /// Not everything would go back, and the member was not shown what.
    #[error("a quote is needed")]
    QuoteRequired,
    /// Something else would move than the member was shown.
    #[error("the quote is stale")]
    QuoteStale,
    /// The escrow does not hold the price.
    #[error("the escrow holds {held}")]
    Unbalanced {
        /// What it holds, in minor units.
        held: i64,
    },
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

impl From<ChangeError> for CancelError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Database(error) => Self::Database(error),
            error => Self::Change(error),
        }
    }
}

impl From<Illegal> for CancelError {
    fn from(illegal: Illegal) -> Self {
        Self::Change(illegal.into())
    }
}

impl From<SettleError> for CancelError {
    fn from(error: SettleError) -> Self {
        match error {
            SettleError::Mismatch { held } => Self::Unbalanced { held },
            SettleError::Database(error) => Self::Database(error),
        }
    }
}

/// Cancels a booking for its learner or mentor, before the start, and moves exactly what the quote promised; without a
/// quote only if everything goes back. A cancelled booking stays as it is.
///
/// # Errors
/// See [`CancelError`].
pub async fn cancel(app: &App, command: CancelBooking) -> Result<Cancelled, CancelError> {
    let CancelBooking { by, booking, quote, attempt } = &command;
    let (by, booking) = (*by, *booking);
    transact(app, async |tx| {
        tx.acting(by);
        let now = tx.now();
        let claimed = match attempt {
            Some(attempt) => attempt.claim(tx, booking.uuid(), now).await?,
            None => Claimed::New,
        };
        if let Claimed::Conflict(difference) = claimed {
            return Err(ChangeError::KeyConflict(difference).into());
        }
        let session = repo::lock_by_booking(tx, booking).await?.ok_or(ChangeError::NotFound)?;
        let bookings = repo::bookings_of(tx, session.id).await?;
        let (wanted, others): (Vec<_>, Vec<_>) = bookings.into_iter().partition(|row| row.id == booking);
        let booking = wanted.into_iter().find(|row| row.concerns(by)).ok_or(ChangeError::NotFound)?;
        let replayed = claimed != Claimed::New;
        if replayed {
            let quote = quote_for(tx, *quote, by, &booking).await?;
            return Ok(Cancelled { booking, session, quote, replayed });
        }
        if booking.status.after(session.phase(now), BookingCommand::Cancel)? == Step::Stay {
            return Ok(Cancelled { booking, session, quote: None, replayed });
        }
        let due = Due::of(&booking, by, now, app.config.fee_basis_points);
        let quote = match quote {
            None if due.parts.learner == booking.price => None,
            None => return Err(CancelError::QuoteRequired),
            Some(id) => {
                let quote = quote_for(tx, Some(*id), by, &booking).await?;
                let quote = quote.ok_or(CancelError::UnknownQuote)?;
                if !due.is_quoted(&quote, &booking, now) {
                    return Err(CancelError::QuoteStale);
                }
                Some(quote)
            }
        };
        let cause = Cause::of(kind_of(due.parts), booking.id);
        wallet::service::settle_escrow(tx, &cause, booking.id, booking.mentor_id, due.parts).await?;
        if due.late && by == booking.mentor_id {
            profiles::service::count_late_cancellation(tx, by).await?;
        }
        let booking = close(tx, booking, &session, Some(by), due.parts).await?;
        let session =
            if others.iter().any(BookingRow::is_live) { session } else { call_off(tx, session).await? };
        Ok(Cancelled { booking, session, quote, replayed })
    })
    .await
}

/// Which kind of transaction divides an escrow so.
const fn kind_of(parts: Parts) -> TransactionKind {
    match parts {
        Parts { learner: 0, .. } => TransactionKind::Release,
        Parts { mentor: 0, fee: 0, .. } => TransactionKind::Refund,
        Parts { .. } => TransactionKind::Cancellation,
    }
}

/// The quote that a member was shown for a booking.
async fn quote_for(
    tx: &mut Tx,
    id: Option<CancellationQuoteId>,
    member: MemberId,
    booking: &BookingRow,
) -> QueryResult<Option<CancellationQuoteRow>> {
    let Some(id) = id else { return Ok(None) };
    let mut found = quotes::cancellations(tx, &[id]).await?;
    found.retain(|quote| quote.member_id == member && quote.booking_id == booking.id);
    Ok(found.pop())
}

/// Cancels a confirmed booking and pays everything back.
pub(super) async fn give_back(
    tx: &mut Tx,
    booking: BookingRow,
    session: &SessionRow,
) -> QueryResult<BookingRow> {
    let learner = wallet::service::refund(tx, booking.id, booking.learner_id).await?;
    close(tx, booking, session, None, Parts { learner, ..Parts::default() }).await
}

/// Writes and tells that a booking was cancelled and its escrow divided so.
async fn close(
    tx: &mut Tx,
    booking: BookingRow,
    session: &SessionRow,
    by: Option<MemberId>,
    paid: Parts,
) -> QueryResult<BookingRow> {
    let payment_status = match paid {
        Parts { mentor: 0, fee: 0, .. } => PaymentStatus::Refunded,
        Parts { learner: 0, .. } => PaymentStatus::Released,
        Parts { .. } => PaymentStatus::Split,
    };
    let booking = BookingRow {
        status: BookingStatus::Cancelled,
        payment_status,
        cancelled_at: Some(tx.now()),
        cancelled_by: by,
        version: booking.version + 1,
        ..booking
    };
    repo::save_booking(tx, &booking).await?;
    let cancelled = BookingCancelled {
        booking,
        session: session.clone(),
        refunded: paid.learner,
        earnings: paid.mentor,
        fee: paid.fee,
    };
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
