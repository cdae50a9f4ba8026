//! Booking a session: slot, money and seat in one transaction.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{App, repo, scheduling, tell_both, wallet};
use crate::{
    db::{
        Tx,
        gather::{Gather, Gathering, apart},
        idempotency::{self, Attempt, Claimed, Difference},
        ids::{BookingId, EntityId, MemberId, SessionId, SkillId},
        transact,
    },
    domains::{
        profiles::model::MentorRow,
        scheduling::{
            model::Slot,
            service::{ClaimError, WantedSlot},
        },
        sessions::model::{
            BookingConfirmed, BookingRow, BookingStatus, PaymentStatus, SessionKind, SessionRow,
            SessionStatus,
        },
        wallet::service::{Hold, HoldError},
    },
};

/// A wish for a one-on-one.
#[derive(Clone, Debug)]
pub struct BookSession {
    /// Who learns and pays.
    pub learner_id: MemberId,
    /// Who teaches, at which rate.
    pub mentor: Arc<MentorRow>,
    /// What it is about.
    pub skill_id: Option<SkillId>,
    /// When.
    pub slot: Slot,
    /// The key and the input that it stands for.
    pub attempt: Attempt,
}

/// A booked seat.
pub type Booked = super::Changed;

/// Why nothing was booked.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The time cannot be had.
    #[error("the slot cannot be claimed")]
    Slot(#[source] ClaimError),
    /// The wallet has too little.
    #[error("{missing} missing")]
    Insufficient {
        /// How much, in minor units.
        missing: i64,
    },
    /// The idempotency key was used with another input.
    #[error("key used with another input")]
    KeyConflict(Difference),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Books a one-on-one: claims the slot (a hold of the learner's own is used), puts the price into escrow, and makes the
/// session with its booking. The same key again gives the first result. Bookings of other learners share the
/// transaction.
///
/// # Errors
/// See [`BookError`].
pub async fn book(app: &App, command: BookSession) -> Result<Booked, BookError> {
    let ended = diesel::result::Error::BrokenTransactionManager;
    Gathering::wish(app, command).await.unwrap_or(Err(BookError::Database(ended)))
}

impl Gather for BookSession {
    type Done = Result<Booked, BookError>;
    /// One wallet pays once in a transaction.
    type Key = MemberId;

    fn key(&self) -> MemberId {
        self.learner_id
    }

    async fn together(app: &App, wishes: &[Self]) -> Vec<Self::Done> {
        if wishes.len() > 1
            && let Ok(booked) = book_together(app, wishes).await
        {
            return booked.into_iter().map(Ok).collect();
        }
        apart(wishes.iter().map(|wish| book_alone(app, wish))).await
    }
}

/// Why bookings were not made together. Nothing was written; each on its own says what is the matter with it.
#[derive(Debug, thiserror::Error)]
enum Apart {
    #[error("not all of them can be booked")]
    Refused,
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

async fn book_together(app: &App, commands: &[BookSession]) -> Result<Vec<Booked>, Apart> {
    transact(app, async |tx| {
        let now = tx.now();
        let booked: Vec<(BookingRow, SessionRow)> =
            commands.iter().map(|command| command.rows(now)).collect();
        let pairs = || commands.iter().zip(&booked);
        let keys: Vec<_> =
            pairs().map(|(command, (booking, _))| (&command.attempt, booking.id.uuid())).collect();
        let slots: Vec<_> = pairs()
            .map(|(command, (_, session))| WantedSlot {
                slot: command.slot,
                learner_id: command.learner_id,
                session_id: session.id,
            })
            .collect();
        let holds: Vec<_> = booked
            .iter()
            .map(|(booking, _)| Hold {
                learner: booking.learner_id,
                booking: booking.id,
                price: booking.price,
            })
            .collect();
        let all = idempotency::claim_all(tx, &keys, now).await?
            && scheduling::service::claim_all(tx, &slots).await?
            && wallet::service::hold_all(tx, &holds).await?;
        if !all {
            return Err(Apart::Refused);
        }
        repo::insert(tx, &booked, now).await?;
        Ok(booked.into_iter().map(|(booking, session)| confirm(tx, booking, session)).collect())
    })
    .await
}

/// What an earlier call with the same key booked. `None` if the key is new.
///
/// # Errors
/// `KeyConflict`, or if the database fails.
pub async fn booked_before(app: &App, attempt: &Attempt) -> Result<Option<Booked>, BookError> {
    let mut conn = app.conn().await?;
    match attempt.look(&mut conn).await? {
        Claimed::New => Ok(None),
        Claimed::Conflict(difference) => Err(BookError::KeyConflict(difference)),
        Claimed::Replayed(id) => {
            let (booking, session) = repo::booked(&mut conn, BookingId::from_uuid(id)).await?;
            Ok(Some(Booked { booking, session, replayed: true }))
        }
    }
}

async fn book_alone(app: &App, command: &BookSession) -> Result<Booked, BookError> {
    transact(app, async |tx| {
        tx.acting(command.learner_id);
        let now = tx.now();
        let (booking, session) = command.rows(now);
        match command.attempt.claim(tx, booking.id.uuid(), now).await? {
            Claimed::New => {}
            Claimed::Replayed(id) => {
                let (booking, session) = repo::booked(tx, BookingId::from_uuid(id)).await?;
                return Ok(Booked { booking, session, replayed: true });
            }
            Claimed::Conflict(difference) => return Err(BookError::KeyConflict(difference)),
        }
        scheduling::service::claim(tx, &command.slot, command.learner_id, session.id).await?;
        wallet::service::hold(tx, booking.id, command.learner_id, booking.price).await?;
        let booked = [(booking, session)];
        repo::insert(tx, &booked, now).await?;
        let [(booking, session)] = booked;
        Ok(confirm(tx, booking, session))
    })
    .await
}

/// Tells of a new booking.
fn confirm(tx: &mut Tx, booking: BookingRow, session: SessionRow) -> Booked {
    tx.acting(booking.learner_id);
    let confirmed = BookingConfirmed { booking, session };
    tell_both(tx, &confirmed.booking, &confirmed);
    let BookingConfirmed { booking, session } = confirmed;
    Booked { booking, session, replayed: false }
}

impl BookSession {
    /// What will be inserted.
    fn rows(&self, now: DateTime<Utc>) -> (BookingRow, SessionRow) {
        let session = SessionRow {
            id: SessionId::new(),
            kind: SessionKind::OneOnOne,
            status: SessionStatus::Scheduled,
            host_id: self.mentor.member_id,
            skill_id: self.skill_id,
            starts_at: self.slot.starts_at,
            ends_at: self.slot.ends_at,
            started_at: None,
            ended_at: None,
            cancelled_at: None,
            version: 1,
            created_at: now,
        };
        let booking = BookingRow {
            id: BookingId::new(),
            session_id: session.id,
            learner_id: self.learner_id,
            mentor_id: self.mentor.member_id,
            status: BookingStatus::Confirmed,
            payment_status: PaymentStatus::Held,
            starts_at: session.starts_at,
            price: self.mentor.price_for(session.minutes()),
            currency: self.mentor.currency.clone(),
            created_at: now,
            auto_confirms_at: None,
            completed_at: None,
            cancelled_at: None,
            cancelled_by: None,
            version: 1,
            free_cancellation_hours: self.mentor.free_cancellation_hours,
            late_fee_percent: self.mentor.late_fee_percent,
        };
        (booking, session)
    }
}

impl From<ClaimError> for BookError {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Database(error) => Self::Database(error),
            refused => Self::Slot(refused),
        }
    }
}

impl From<HoldError> for BookError {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Insufficient { missing } => Self::Insufficient { missing },
            HoldError::Database(error) => Self::Database(error),
        }
    }
}
