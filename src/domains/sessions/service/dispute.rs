//! What a dispute does to its booking: freezes the price in escrow, and in the end divides it. The caller holds the lock
//! of [`super::lock_booking`].

use chrono::{DateTime, Utc};

use super::{ChangeError, repo, wallet};
use crate::{
    db::{Tx, ids::DisputeId},
    domains::{
        profiles,
        sessions::model::{
            BookingCommand, BookingRow, BookingStatus, Illegal, PaymentStatus, SessionRow, Step,
        },
        wallet::{model::Parts, service::SettleError},
    },
};

/// Why a disputed booking was not settled.
#[derive(Debug, thiserror::Error)]
pub enum DivideError {
    /// It is not disputed.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// The parts do not sum to what is held, or not at all.
    #[error(transparent)]
    Parts(#[from] SettleError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Freezes a booking's price: from now on it is in escrow, from where neither confirming, nor cancelling, nor the clock
/// moves it. What a completed booking paid comes back; see [`wallet::service::reclaim`] for what is not there any more.
///
/// # Errors
/// [`ChangeError::Illegal`] unless the session has ended and the booking was not cancelled.
pub async fn freeze(
    tx: &mut Tx,
    dispute: DisputeId,
    booking: BookingRow,
    session: &SessionRow,
) -> Result<BookingRow, ChangeError> {
    let after = booking.status.after(session.phase(tx.now()), BookingCommand::Dispute)?;
    let Step::To(status) = after else { return Ok(booking) };
    if booking.status == BookingStatus::Completed {
        wallet::service::reclaim(tx, dispute, booking.id, booking.mentor_id).await?;
    }
    let booking =
        BookingRow { status, payment_status: PaymentStatus::Held, version: booking.version + 1, ..booking };
    repo::save_booking(tx, &booking).await?;
    Ok(booking)
}

/// Undoes [`freeze`]: the booking is as it was before, and the time since `frozen_at` does not count for its deadlines.
///
/// # Errors
/// [`ChangeError::Illegal`] if it is not disputed.
pub async fn resume(
    tx: &mut Tx,
    dispute: DisputeId,
    frozen_at: DateTime<Utc>,
    booking: BookingRow,
    session: &SessionRow,
) -> Result<BookingRow, ChangeError> {
    let after = booking.status.after(session.phase(tx.now()), BookingCommand::Resume)?;
    let Step::To(mut status) = after else { return Ok(booking) };
    let mut payment_status = PaymentStatus::Held;
    if booking.completed_at.is_some() {
        wallet::service::restore(tx, dispute, booking.id, booking.mentor_id).await?;
        (status, payment_status) = (BookingStatus::Completed, PaymentStatus::Released);
    }
    let frozen = tx.now() - frozen_at;
    let booking = BookingRow {
        status,
        payment_status,
        auto_confirms_at: booking.auto_confirms_at.map(|at| at + frozen),
        version: booking.version + 1,
        ..booking
    };
    repo::save_booking(tx, &booking).await?;
    Ok(booking)
}

/// Divides a disputed booking's price, which completes it.
///
/// # Errors
/// See [`DivideError`].
pub async fn divide(
    tx: &mut Tx,
    booking: BookingRow,
    session: &SessionRow,
    parts: Parts,
) -> Result<BookingRow, DivideError> {
    let after = booking.status.after(session.phase(tx.now()), BookingCommand::Settle)?;
    let Step::To(status) = after else { return Ok(booking) };
    wallet::service::settle_dispute(tx, booking.id, booking.mentor_id, parts).await?;
    if booking.completed_at.is_none() {
        profiles::service::count_session(tx, booking.mentor_id).await?;
    }
    let booking = BookingRow {
        status,
        payment_status: match parts.learner {
            0 => PaymentStatus::Released,
            all if all == booking.price => PaymentStatus::Refunded,
            _ => PaymentStatus::Split,
        },
        completed_at: booking.completed_at.or_else(|| Some(tx.now())),
        version: booking.version + 1,
        ..booking
    };
    repo::save_booking(tx, &booking).await?;
    Ok(booking)
}
