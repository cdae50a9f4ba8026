//! Opening a dispute.

use super::{
    super::{
        model::{DisputeRow, DisputeStatus, events::DisputeOpened, rules::ANSWER_TIME},
        repo,
    },
    DisputeError, Done, lock, tell,
};
use crate::{
    app::App,
    db::{
        Tx,
        idempotency::{Attempt, Claimed},
        ids::{BookingId, DisputeId, EntityId, MemberId},
        transact,
    },
    domains::{
        chat,
        sessions::{
            self,
            model::{BookingRow, BookingStatus},
        },
        wallet,
    },
};

/// What shall go to the learner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An amount in minor units.
    Amount(i64),
    /// A share of the price, in percent: 0 to 100.
    Percent(u32),
}

impl Asked {
    /// The amount, of what is held.
    #[must_use]
    pub fn of(self, held: i64) -> i64 {
        match self {
            Self::Amount(amount) => amount,
            Self::Percent(percent) => {
                let parts = [percent.min(100), 100_u32.saturating_sub(percent)];
                wallet::model::split(held, &parts).first().copied().unwrap_or_default()
            }
        }
    }
}

/// What one side of a booking wants.
#[derive(Clone, Debug)]
pub struct OpenDispute {
    /// Who.
    pub by: MemberId,
    /// Of which booking.
    pub booking: BookingId,
    /// Why; checked.
    pub reason: String,
    /// What shall go to the learner.
    pub asked: Asked,
    /// The request, to know it again.
    pub attempt: Attempt,
}

/// Opens a dispute, which freezes the booking's price: within the time in which the booking would complete by itself, by
/// either side, once each.
///
/// # Errors
/// See [`DisputeError`].
pub async fn open(app: &App, command: OpenDispute) -> Result<Done, DisputeError> {
    transact(app, async |tx| {
        tx.acting(command.by);
        let (id, now) = (DisputeId::new(), tx.now());
        match command.attempt.claim(tx, id.uuid(), now).await? {
            Claimed::New => {}
            Claimed::Conflict(difference) => return Err(DisputeError::KeyConflict(difference)),
            Claimed::Replayed(id) => {
                let found = lock(tx, DisputeId::from_uuid(id)).await?.ok_or(DisputeError::NotFound)?;
                let (dispute, booking, session) = found;
                return Ok(Done { dispute, booking, session, replayed: true });
            }
        }
        let locked = sessions::service::lock_booking(tx, command.booking).await?;
        let (booking, session) =
            locked.filter(|(booking, _)| booking.concerns(command.by)).ok_or(DisputeError::NotFound)?;
        check(tx, &booking, command.by).await?;
        let least = i64::from(command.by == booking.learner_id);
        let asked = command.asked.of(booking.price);
        if !(least..=booking.price).contains(&asked) {
            return Err(DisputeError::Amount { least, most: booking.price });
        }
        let booking = sessions::service::dispute::freeze(tx, id, booking, &session).await?;
        let messages = chat::service::digest_of_session(tx, session.id).await?;
        let dispute = DisputeRow {
            id,
            booking_id: booking.id,
            session_id: session.id,
            learner_id: booking.learner_id,
            mentor_id: booking.mentor_id,
            opened_by: command.by,
            status: DisputeStatus::Open,
            reason: command.reason.clone(),
            held: booking.price,
            asked,
            currency: booking.currency.clone(),
            opened_at: now,
            answer_by: now + ANSWER_TIME,
            answered_at: None,
            answer: None,
            offered: None,
            evidence_until: None,
            closed_at: None,
            outcome: None,
            to_learner: None,
            to_mentor: None,
            fee: None,
            decided_by: None,
            decision: None,
            messages: messages.count,
            messages_hash: messages.sha256.to_vec(),
            version: 1,
        };
        repo::insert(tx, &dispute).await?;
        let opened = DisputeOpened { dispute };
        tell(tx, &opened.dispute, &opened);
        Ok(Done { dispute: opened.dispute, booking, session, replayed: false })
    })
    .await
}

/// Whether a booking can be contested by one of its sides, apart from the state of its session.
async fn check(tx: &mut Tx, booking: &BookingRow, by: MemberId) -> Result<(), DisputeError> {
    let before = repo::of_bookings(tx, &[booking.id]).await?;
    if before.iter().any(|dispute| dispute.status == DisputeStatus::Resolved || dispute.opened_by == by) {
        return Err(DisputeError::Once);
    }
    if booking.price == 0 {
        return Err(DisputeError::NothingHeld);
    }
    // Whatever else a booking is, its state refuses it with the next step.
    let ended = matches!(booking.status, BookingStatus::Confirmed | BookingStatus::Completed)
        && (booking.auto_confirms_at.is_some() || booking.status == BookingStatus::Completed);
    if ended && booking.auto_confirms_at.is_none_or(|until| tx.now() >= until) {
        return Err(DisputeError::WindowClosed(booking.auto_confirms_at));
    }
    Ok(())
}
