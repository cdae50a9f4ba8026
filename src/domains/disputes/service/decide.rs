//! An administrator decides.

use super::{
    super::model::{Command, DisputeOutcome, DisputeRow},
    DisputeError, Done,
    close::finish,
    lock,
};
use crate::{
    app::App,
    db::{
        idempotency::{Attempt, Claimed},
        ids::{DisputeId, EntityId},
        transact,
    },
    domains::{
        accounts::service::rights,
        audit::{
            self,
            model::{Act, Action},
        },
        wallet::model::Parts,
    },
    graphql::Viewer,
};

/// How an administrator divides the price.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Of which dispute.
    pub dispute: DisputeId,
    /// The parts.
    pub parts: Parts,
    /// Why, for both sides and the audit log; checked.
    pub reason: String,
}

/// Divides the price of a disputed booking for good. The parts must sum to what is held.
///
/// # Errors
/// See [`DisputeError`].
pub async fn resolve(
    app: &App,
    by: Viewer,
    decision: Decision,
    attempt: Attempt,
) -> Result<Done, DisputeError> {
    transact(app, async |tx| {
        tx.acting(by.member_id);
        rights::still_admin(tx, by).await?;
        let now = tx.now();
        let claimed = attempt.claim(tx, decision.dispute.uuid(), now).await?;
        if let Claimed::Conflict(difference) = claimed {
            return Err(DisputeError::KeyConflict(difference));
        }
        let (dispute, booking, session) = lock(tx, decision.dispute).await?.ok_or(DisputeError::NotFound)?;
        if claimed != Claimed::New {
            return Ok(Done { dispute, booking, session, replayed: true });
        }
        if dispute.party(by.member_id).is_some() {
            return Err(DisputeError::Own);
        }
        dispute.permits(Command::Resolve, now)?;
        let parts = decision.parts;
        let act = Act::by(by.member_id, Action::DisputeResolved)
            .on(by.auth_session_id)
            .about(dispute.id)
            .because(&decision.reason)
            .with("learner", &parts.learner)
            .with("mentor", &parts.mentor)
            .with("fee", &parts.fee);
        let dispute = DisputeRow {
            outcome: Some(DisputeOutcome::Decided),
            decided_by: Some(by.member_id),
            decision: Some(decision.reason.clone()),
            ..dispute
        };
        let done = finish(tx, Done { dispute, booking, session, replayed: false }, parts).await?;
        audit::service::record(tx, act).await?;
        Ok(done)
    })
    .await
}
