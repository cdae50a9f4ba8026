//! Completing a booking: the escrow becomes the mentor's earnings and the platform's fee.

use super::{App, ChangeError, Changed, lock_booking, repo, tell_both, wallet};
use crate::{
    db::{
        Tx,
        ids::{BookingId, MemberId},
        transact,
    },
    domains::{
        profiles,
        sessions::model::{
            BookingCommand, BookingCompleted, BookingRow, BookingStatus, PaymentStatus, SessionRow, Step,
        },
    },
};

/// The learner confirms that the session took place. A completed booking stays as it is.
///
/// # Errors
/// See [`ChangeError`].
pub async fn confirm(app: &App, by: MemberId, booking: BookingId) -> Result<Changed, ChangeError> {
    transact(app, async |tx| {
        tx.acting(by);
        let (booking, session) = lock_booking(tx, booking).await?.ok_or(ChangeError::NotFound)?;
        if by != booking.learner_id {
            return Err(if by == booking.mentor_id { ChangeError::Forbidden } else { ChangeError::NotFound });
        }
        complete(app, tx, booking, session).await
    })
    .await
}

/// The clock completes a booking that nobody confirmed, if it is still due.
///
/// # Errors
/// See [`ChangeError`].
pub async fn auto_confirm(app: &App, booking: BookingId) -> Result<(), ChangeError> {
    transact(app, async |tx| {
        let Some((booking, session)) = lock_booking(tx, booking).await? else { return Ok(()) };
        let due = booking.auto_confirms_at.is_some_and(|due| due <= tx.now());
        if due && booking.status == BookingStatus::Confirmed {
            complete(app, tx, booking, session).await?;
        }
        Ok(())
    })
    .await
}

async fn complete(
    app: &App,
    tx: &mut Tx,
    booking: BookingRow,
    session: SessionRow,
) -> Result<Changed, ChangeError> {
    let replayed = false;
    if booking.status.after(session.phase(tx.now()), BookingCommand::Confirm)? == Step::Stay {
        return Ok(Changed { booking, session, replayed });
    }
    let paid =
        wallet::service::release(tx, booking.id, booking.mentor_id, app.config.fee_basis_points).await?;
    let booking = BookingRow {
        status: BookingStatus::Completed,
        payment_status: PaymentStatus::Released,
        completed_at: Some(tx.now()),
        version: booking.version + 1,
        ..booking
    };
    repo::save_booking(tx, &booking).await?;
    profiles::service::count_session(tx, booking.mentor_id).await?;
    let completed = BookingCompleted { booking, session, earnings: paid.earnings, fee: paid.fee };
    tell_both(tx, &completed.booking, &completed);
    Ok(Changed { booking: completed.booking, session: completed.session, replayed })
}
