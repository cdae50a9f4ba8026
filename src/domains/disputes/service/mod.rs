//! Use-cases of disputes.

mod answer;
mod close;
mod decide;
mod open;

use diesel::QueryResult;

pub use answer::{Answer, accept_offer, add_evidence, respond};
pub use close::{expire, withdraw};
pub use decide::{Decision, resolve};
pub use open::{Asked, OpenDispute, open};

use super::{
    model::{Command, DisputeIllegal, DisputeRow, DisputeStatus},
    repo::{self, DisputeKey},
};
use crate::{
    app::App,
    db::{
        Tx,
        idempotency::{Attempt, Claimed, Difference},
        ids::{DisputeId, EntityId, MemberId},
        keyset::Keyset,
    },
    domains::{
        accounts::service::rights::RightsError,
        sessions::{
            self,
            model::{BookingRow, Illegal, SessionRow},
            service::{ChangeError, dispute::DivideError},
        },
        wallet::service::SettleError,
    },
    events::{EventPayload, StreamName},
};

/// Why a dispute was left as it is, or not opened.
#[derive(Debug, thiserror::Error)]
pub enum DisputeError {
    /// No such booking or dispute, or none of the caller's.
    #[error("not found")]
    NotFound,
    /// The other side's to do.
    #[error("not the caller's to do")]
    Forbidden,
    /// The administrator is one of its sides.
    #[error("the administrator's own")]
    Own,
    /// The booking does not permit it.
    #[error(transparent)]
    Booking(#[from] Illegal),
    /// The dispute does not permit it.
    #[error(transparent)]
    Dispute(#[from] DisputeIllegal),
    /// The time to contest is over, since then if it ever began.
    #[error("too late")]
    WindowClosed(Option<chrono::DateTime<chrono::Utc>>),
    /// The booking was free.
    #[error("nothing is held")]
    NothingHeld,
    /// The caller contested this booking before.
    #[error("contested before")]
    Once,
    /// An amount that is not within these bounds.
    #[error("an amount from {least} to {most}")]
    Amount {
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
    /// The offer is what was asked.
    #[error("the offer is what was asked")]
    SameOffer,
    /// The caller brought as much as may be brought.
    #[error("too much evidence")]
    TooMuchEvidence,
    /// The parts do not sum to what is held.
    #[error("{held} minor units are held")]
    SplitMismatch {
        /// What is held.
        held: i64,
    },
    /// Whoever decides is no administrator any more.
    #[error("rights")]
    Rights(#[from] RightsError),
    /// The idempotency key was used with another input.
    #[error("key used with another input")]
    KeyConflict(Difference),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

impl From<ChangeError> for DisputeError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NotFound => Self::NotFound,
            ChangeError::Forbidden => Self::Forbidden,
            ChangeError::Illegal(illegal) => Self::Booking(illegal),
            ChangeError::KeyConflict(difference) => Self::KeyConflict(difference),
            ChangeError::Database(error) => Self::Database(error),
        }
    }
}

impl From<DivideError> for DisputeError {
    fn from(error: DivideError) -> Self {
        match error {
            DivideError::Illegal(illegal) => Self::Booking(illegal),
            DivideError::Parts(SettleError::Mismatch { held }) => Self::SplitMismatch { held },
            DivideError::Parts(SettleError::Database(error)) | DivideError::Database(error) => {
                Self::Database(error)
            }
        }
    }
}

/// A dispute with its booking, after a use-case.
#[derive(Clone, Debug)]
pub struct Done {
    /// The dispute.
    pub dispute: DisputeRow,
    /// Its booking.
    pub booking: BookingRow,
    /// The booking's session.
    pub session: SessionRow,
    /// Whether an earlier call with the same key had done it.
    pub replayed: bool,
}

/// A page of all disputes, longest waiting first.
///
/// # Errors
/// Only if the database fails.
pub async fn page_of_all(
    app: &App,
    status: Option<DisputeStatus>,
    page: &Keyset<DisputeKey>,
) -> QueryResult<Vec<DisputeRow>> {
    repo::page_of_all(&mut *app.conn().await?, status, page).await
}

/// A dispute with its booking and session, under the session's lock.
async fn lock(tx: &mut Tx, id: DisputeId) -> QueryResult<Option<(DisputeRow, BookingRow, SessionRow)>> {
    let Some(found) = repo::find(tx, id).await? else { return Ok(None) };
    let locked = sessions::service::lock_booking(tx, found.booking_id).await?;
    let Some((booking, session)) = locked else { return Ok(None) };
    // Read again: it may have changed until the lock was had.
    Ok(repo::find(tx, id).await?.map(|dispute| (dispute, booking, session)))
}

/// Claims the key and locks the dispute for one of its sides, if the side and the state permit the command; a repeat finds
/// it as it is now, replayed.
async fn lock_for(
    tx: &mut Tx,
    by: MemberId,
    id: DisputeId,
    command: Command,
    attempt: &Attempt,
) -> Result<Done, DisputeError> {
    let now = tx.now();
    let claimed = attempt.claim(tx, id.uuid(), now).await?;
    if let Claimed::Conflict(difference) = claimed {
        return Err(DisputeError::KeyConflict(difference));
    }
    let (dispute, booking, session) = lock(tx, id).await?.ok_or(DisputeError::NotFound)?;
    let party = dispute.party(by).ok_or(DisputeError::NotFound)?;
    let replayed = claimed != Claimed::New;
    if !replayed {
        if !command.is_for(party) {
            return Err(DisputeError::Forbidden);
        }
        dispute.permits(command, now)?;
    }
    Ok(Done { dispute, booking, session, replayed })
}

/// Tells both sides and the administrators.
fn tell<P: EventPayload>(tx: &mut Tx, dispute: &DisputeRow, payload: &P) {
    tx.tell(StreamName::User(dispute.learner_id), payload);
    tx.tell(StreamName::User(dispute.mentor_id), payload);
    tx.tell(StreamName::Admin, payload);
}
