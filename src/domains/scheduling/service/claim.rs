//! Taking a slot for good, and giving it back: inside the transaction of the booking.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use crate::{
    db::{
        Tx,
        hot::{HotKey, Seen},
        ids::{ClaimId, EntityId, MemberId, SessionId},
    },
    domains::scheduling::{
        loaders::ScheduleOf,
        model::{
            AvailabilityChanged, BusyRow, ClaimKind, Look, NEXT_FREE, NEXT_FREE_WITHIN, OfferedSlot,
            Schedule, Slot, Span, is_meeting,
        },
        repo::{self, NewClaim},
    },
    events::StreamName,
};

/// Why a slot was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Somebody else has some of it.
    #[error("taken")]
    Taken {
        /// What the learner could take instead, soonest first.
        next_free: Vec<OfferedSlot>,
    },
    /// The mentor does not offer it.
    #[error("not offered")]
    NotOffered {
        /// What the learner could take instead, soonest first.
        next_free: Vec<OfferedSlot>,
    },
    /// The learner has something else at that time.
    #[error("own time conflict")]
    OwnTimeConflict,
    /// The learner is the mentor.
    #[error("own slot")]
    OwnSlot,
    /// There is no such mentor, or none who can be booked.
    #[error("unknown mentor")]
    UnknownMentor,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Takes a slot for a session, inside the booking's transaction: the learner's own hold of exactly this slot becomes the
/// claim, even when the mentor stopped offering it meanwhile; else the slot must be offered and free. The claim has the
/// session's uuid.
///
/// # Errors
/// See [`ClaimError`]. The caller rolls back.
pub async fn claim(
    tx: &mut Tx,
    slot: &Slot,
    learner: MemberId,
    session: SessionId,
) -> Result<(), ClaimError> {
    let id = ClaimId::from_uuid(session.uuid());
    take(tx, slot, learner, Taking { id, kind: ClaimKind::Confirmed, expires_at: None }).await
}

/// A slot that a learner wants for a session.
#[derive(Clone, Copy, Debug)]
pub struct WantedSlot {
    /// The slot.
    pub slot: Slot,
    /// Who wants it.
    pub learner_id: MemberId,
    /// For what.
    pub session_id: SessionId,
}

/// Takes slots of different learners, as [`claim`] does: whether all could be taken. If not, the caller rolls back and
/// takes each on its own, which says why.
///
/// # Errors
/// Only if the database fails.
pub async fn claim_all(tx: &mut Tx, wanted: &[WantedSlot]) -> QueryResult<bool> {
    let now = tx.now();
    let mentors: HashSet<MemberId> = wanted.iter().map(|wanted| wanted.slot.mentor_id).collect();
    // Somebody who teaches and learns at once is seen by the next statement, but not within one.
    if wanted.iter().any(|wanted| mentors.contains(&wanted.learner_id)) {
        return Ok(false);
    }
    let schedules = schedules_of(tx, mentors).await?;
    let mut claims = Vec::with_capacity(wanted.len());
    for WantedSlot { slot, learner_id, session_id } in wanted {
        let Some(schedule) = schedules.get(&slot.mentor_id) else { return Ok(false) };
        if !slot.is_plausible(now) {
            return Ok(false);
        }
        claims.push(NewClaim {
            id: ClaimId::from_uuid(session_id.uuid()),
            slot: *slot,
            learner_id: *learner_id,
            kind: ClaimKind::Confirmed,
            expires_at: None,
            offered: schedule.offers(slot, now),
        });
    }
    repo::take(tx, &claims, now).await
}

/// Gives the time of a session back, inside the transaction that cancels it. No claim is fine.
///
/// # Errors
/// Only if the database fails.
pub async fn free(tx: &mut Tx, session: SessionId) -> QueryResult<()> {
    if let Some(mentor_id) = repo::delete_claim(tx, ClaimId::from_uuid(session.uuid())).await? {
        tx.tell(StreamName::User(mentor_id), &AvailabilityChanged { mentor_id });
    }
    Ok(())
}

/// How a slot is taken.
#[derive(Clone, Copy)]
pub(super) struct Taking {
    pub(super) id: ClaimId,
    pub(super) kind: ClaimKind,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

pub(super) async fn take(
    tx: &mut Tx,
    slot: &Slot,
    learner: MemberId,
    taking: Taking,
) -> Result<(), ClaimError> {
    if slot.mentor_id == learner {
        return Err(ClaimError::OwnSlot);
    }
    let known = schedules_of(tx, [slot.mentor_id]).await?;
    let schedule = known.get(&slot.mentor_id).ok_or(ClaimError::UnknownMentor)?;
    let now = tx.now();
    if !slot.is_plausible(now) {
        return Err(ClaimError::NotOffered { next_free: next_free(tx, schedule, slot, learner).await? });
    }
    let offered = schedule.offers(slot, now);
    let Taking { id, kind, expires_at } = taking;
    let wanted = NewClaim { id, slot: *slot, learner_id: learner, kind, expires_at, offered };
    if repo::take(tx, &[wanted], now).await? {
        return Ok(());
    }
    let (taken, busy, teaches) = repo::obstacles(tx, slot, learner, now).await?;
    // The schedule that is kept here may be older than a suspension.
    if !teaches {
        return Err(ClaimError::UnknownMentor);
    }
    if offered && busy && !taken {
        return Err(ClaimError::OwnTimeConflict);
    }
    let next_free = next_free(tx, schedule, slot, learner).await?;
    Err(if offered { ClaimError::Taken { next_free } } else { ClaimError::NotOffered { next_free } })
}

/// The mentors' schedules, from memory or by this transaction's connection. Who cannot be booked has none.
async fn schedules_of(
    tx: &mut Tx,
    mentors: impl IntoIterator<Item = MemberId>,
) -> QueryResult<HashMap<MemberId, Arc<Schedule>>> {
    let (mut known, mut unknown) = (HashMap::new(), Vec::new());
    for mentor in mentors {
        let key = ScheduleOf(mentor);
        match tx.kept(key) {
            Some(schedule) => drop(known.insert(mentor, schedule)),
            None => unknown.push((mentor, tx.see(key.tag()))),
        }
    }
    if unknown.is_empty() {
        return Ok(known);
    }
    let wanted: Vec<MemberId> = unknown.iter().map(|(mentor, _)| *mentor).collect();
    let seen: HashMap<MemberId, Seen> = unknown.into_iter().collect();
    for schedule in repo::schedules(tx, &wanted).await?.into_iter().map(Arc::new) {
        let mentor = schedule.mentor_id;
        if let Some(seen) = seen.get(&mentor) {
            tx.keep(ScheduleOf(mentor), *seen, Arc::clone(&schedule));
        }
        known.insert(mentor, schedule);
    }
    Ok(known)
}

/// Slots of the same length that the learner could take now: from the wanted one on, or else from now on.
async fn next_free(
    tx: &mut Tx,
    schedule: &Schedule,
    wanted: &Slot,
    learner: MemberId,
) -> QueryResult<Vec<OfferedSlot>> {
    let (now, length) = (tx.now(), wanted.length());
    if !is_meeting(length) {
        return Ok(Vec::new());
    }
    let later = (wanted.is_plausible(now) && now < wanted.starts_at).then_some(wanted.starts_at);
    for from in later.into_iter().chain([now]) {
        let span = Span { starts_at: from, ends_at: from + NEXT_FREE_WITHIN };
        let rows = repo::busy(tx, &[(schedule.mentor_id, span), (learner, span)], now).await?;
        // The learner's own holds of this mentor's time would give way.
        let busy: Vec<Span> =
            rows.iter().filter(|row| row.hold_of(learner).is_none()).map(BusyRow::span).collect();
        let free = schedule.slots_within(&busy, span, &Look { length, now, limit: NEXT_FREE });
        if !free.is_empty() {
            let zone = schedule.settings.zone;
            return Ok(free.into_iter().map(|slot| OfferedSlot { slot, zone }).collect());
        }
    }
    Ok(Vec::new())
}
