//! Holding a slot for some minutes, and releasing it.

use super::claim::{ClaimError, Taking, take};
use crate::{
    app::App,
    db::{
        idempotency::{Attempt, Claimed, Difference},
        ids::{ClaimId, EntityId, MemberId},
        transact,
    },
    domains::scheduling::{
        model::{ClaimKind, HOLD_LIFE, HoldRow, MOST_HOLDS, Slot},
        repo,
    },
};

/// A learner's wish to hold a slot.
#[derive(Clone, Debug)]
pub struct HoldSlot {
    /// Which.
    pub slot: Slot,
    /// Who.
    pub learner_id: MemberId,
    /// The key under which it can be sent twice.
    pub attempt: Attempt,
}

/// A hold, new or there before.
#[derive(Clone, Debug)]
pub struct Held {
    /// The hold.
    pub hold: HoldRow,
    /// Whether the same request was answered before.
    pub replayed: bool,
}

/// Why a slot was not held.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// It cannot be taken.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The learner holds enough.
    #[error("too many holds")]
    TooMany,
    /// The key was used with another input.
    #[error("idempotency conflict")]
    IdempotencyConflict(Difference),
    /// The same request made a hold that has ended.
    #[error("ended")]
    Ended,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Holds a slot. The learner's own live hold of the same slot is the answer as it is: holding again does not prolong.
///
/// # Errors
/// See [`HoldError`].
pub async fn hold(app: &App, command: &HoldSlot) -> Result<Held, HoldError> {
    let HoldSlot { slot, learner_id, attempt } = command;
    transact(app, async |tx| {
        let now = tx.now();
        repo::lock_holds(tx, *learner_id).await?;
        let open = repo::holds_of(tx, *learner_id, now).await?;
        let same = open.iter().find(|hold| hold.slot() == *slot).cloned();
        let id = same.as_ref().map_or_else(ClaimId::new, |hold| hold.id);
        match attempt.claim(tx, id.uuid(), now).await? {
            Claimed::New => {}
            Claimed::Conflict(difference) => return Err(HoldError::IdempotencyConflict(difference)),
            Claimed::Replayed(first) => {
                let hold = open.into_iter().find(|hold| hold.id.uuid() == first).ok_or(HoldError::Ended)?;
                return Ok(Held { hold, replayed: true });
            }
        }
        if let Some(hold) = same {
            return Ok(Held { hold, replayed: false });
        }
        // A hold of some of the same time gives way to the new one.
        let kept = open
            .iter()
            .filter(|hold| hold.mentor_id != slot.mentor_id || !hold.slot().span().overlaps(&slot.span()));
        if kept.count() >= MOST_HOLDS {
            return Err(HoldError::TooMany);
        }
        let expires_at = now + HOLD_LIFE;
        take(tx, slot, *learner_id, Taking { id, kind: ClaimKind::Hold, expires_at: Some(expires_at) })
            .await?;
        let Slot { mentor_id, starts_at, ends_at } = *slot;
        let hold = HoldRow { id, mentor_id, learner_id: *learner_id, starts_at, ends_at, expires_at };
        Ok(Held { hold, replayed: false })
    })
    .await
}

/// Why a hold was not released.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The learner has no such hold.
    #[error("not found")]
    NotFound,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Frees a held slot at once; `true` if the learner had released it before.
///
/// # Errors
/// See [`ReleaseError`].
pub async fn release(app: &App, learner: MemberId, hold: ClaimId) -> Result<bool, ReleaseError> {
    // The hold is its own key, so that a repeat is told from a hold that never was.
    let attempt = Attempt::new(learner, "releaseSlot", hold.to_string(), &());
    transact(app, async |tx| {
        let now = tx.now();
        if attempt.claim(tx, hold.uuid(), now).await? != Claimed::New {
            return Ok(true);
        }
        if repo::delete_hold(tx, hold, learner).await? { Ok(false) } else { Err(ReleaseError::NotFound) }
    })
    .await
}

/// Holds deleted at a time.
const SWEEP: i64 = 1000;

/// Deletes expired holds: tidying only, as an expired hold stands in nobody's way.
///
/// # Errors
/// Only if the database fails.
pub async fn expire_holds(app: &App) -> diesel::QueryResult<usize> {
    let now = app.clock.now();
    repo::delete_expired_holds(&mut *app.conn().await?, now, SWEEP).await
}
