//! How a dispute ends without an administrator: by agreement, by silence, or withdrawn.

use super::{
    super::{
        model::{
            Command, DisputeOutcome, DisputeRow, DisputeStatus,
            events::{DisputeResolved, DisputeWithdrawn},
        },
        repo,
    },
    DisputeError, Done, lock, lock_for, tell,
};
use crate::{
    app::App,
    db::{
        Tx,
        idempotency::Attempt,
        ids::{DisputeId, MemberId},
        transact,
    },
    domains::{sessions, wallet::model::Parts},
};

/// The opener withdraws: the booking goes on as if it had never been disputed, and the time in between does not count.
///
/// # Errors
/// See [`DisputeError`].
pub async fn withdraw(
    app: &App,
    by: MemberId,
    id: DisputeId,
    attempt: Attempt,
) -> Result<Done, DisputeError> {
    transact(app, async |tx| {
        tx.acting(by);
        let done = lock_for(tx, by, id, Command::Withdraw, &attempt).await?;
        if done.replayed {
            return Ok(done);
        }
        let Done { dispute, booking, session, .. } = done;
        let booking =
            sessions::service::dispute::resume(tx, id, dispute.opened_at, booking, &session).await?;
        let dispute = DisputeRow {
            status: DisputeStatus::Withdrawn,
            closed_at: Some(tx.now()),
            version: dispute.version + 1,
            ..dispute
        };
        repo::save(tx, &dispute).await?;
        let withdrawn = DisputeWithdrawn { dispute };
        tell(tx, &withdrawn.dispute, &withdrawn);
        Ok(Done { dispute: withdrawn.dispute, booking, session, replayed: false })
    })
    .await
}

/// The clock settles a dispute as asked that nobody answered, if it is still due.
///
/// # Errors
/// See [`DisputeError`].
pub async fn expire(app: &App, id: DisputeId) -> Result<(), DisputeError> {
    transact(app, async |tx| {
        let Some((dispute, booking, session)) = lock(tx, id).await? else { return Ok(()) };
        if dispute.permits(Command::Expire, tx.now()).is_ok() {
            let back = dispute.asked;
            let done = Done { dispute, booking, session, replayed: false };
            settle(app, tx, done, back, DisputeOutcome::Silence).await?;
        }
        Ok(())
    })
    .await
}

/// Settles a dispute without a decision: `back` goes to the learner, and the platform keeps its usual share of the rest.
pub(super) async fn settle(
    app: &App,
    tx: &mut Tx,
    done: Done,
    back: i64,
    outcome: DisputeOutcome,
) -> Result<Done, DisputeError> {
    let rest = Parts::earned(done.dispute.held - back, app.config.fee_basis_points);
    let parts = Parts { learner: back, ..rest };
    let dispute = DisputeRow { outcome: Some(outcome), ..done.dispute };
    finish(tx, Done { dispute, ..done }, parts).await
}

/// Divides the price and closes the dispute, whose outcome is set.
pub(super) async fn finish(tx: &mut Tx, done: Done, parts: Parts) -> Result<Done, DisputeError> {
    let Done { dispute, booking, session, .. } = done;
    let booking = sessions::service::dispute::divide(tx, booking, &session, parts).await?;
    let dispute = DisputeRow {
        status: DisputeStatus::Resolved,
        closed_at: Some(tx.now()),
        to_learner: Some(parts.learner),
        to_mentor: Some(parts.mentor),
        fee: Some(parts.fee),
        version: dispute.version + 1,
        ..dispute
    };
    repo::save(tx, &dispute).await?;
    let resolved = DisputeResolved { dispute };
    tell(tx, &resolved.dispute, &resolved);
    Ok(Done { dispute: resolved.dispute, booking, session, replayed: false })
}
