//! Keeping the index.

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::{
    model::{ALL_MENTORS, mentors_of_skill},
    repo::{self, Mend},
};
use crate::{
    app::App,
    db::{
        Tx,
        ids::{EntityId, MemberId},
    },
    domains::scheduling,
};

/// Mentors worked on at a time.
const BATCH: i64 = 500;

/// Brings the entries of members up to date, in the transaction that changed them.
///
/// # Errors
/// Only if the database fails.
pub async fn follow_profiles(tx: &mut Tx, members: &[MemberId]) -> QueryResult<()> {
    repo::lock_mentors(tx, members).await?;
    let done = repo::reindex(tx, members).await?;
    tx.changed(ALL_MENTORS);
    for skill in done.skills {
        tx.changed(mentors_of_skill(skill));
    }
    if done.added.is_empty() { Ok(()) } else { follow_availability(tx, &done.added).await }
}

/// Works the soonest slots of mentors out anew, in the transaction that changed them.
///
/// # Errors
/// Only if the database fails.
pub async fn follow_availability(tx: &mut Tx, mentors: &[MemberId]) -> QueryResult<()> {
    let now = tx.now();
    repo::lock_mentors(tx, mentors).await?;
    mend_soonest(tx, mentors, now).await.map(drop)
}

/// Works the soonest slots of mentors out anew; returns how many were wrong.
///
/// # Errors
/// Only if the database fails.
pub async fn mend_soonest(
    conn: &mut AsyncPgConnection,
    mentors: &[MemberId],
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    if mentors.is_empty() {
        return Ok(0);
    }
    let kept = repo::next_slots(conn, mentors).await?;
    let right = scheduling::service::soonest(conn, mentors, now).await?;
    let checked = kept.into_iter().map(|(mentor_id, was)| Mend {
        mentor_id,
        was,
        right: right.get(&mentor_id).copied(),
    });
    let wrong: Vec<Mend> = checked.filter(|mend| mend.was != mend.right).collect();
    if wrong.is_empty() { Ok(0) } else { repo::set_next_slots(conn, &wrong).await }
}

/// Mends the soonest slots that bookings and the clock made wrong; returns how many.
///
/// # Errors
/// Only if the database fails.
pub async fn refresh_soonest(app: &App) -> QueryResult<usize> {
    let (mut after, mut mended) = (MemberId::from_uuid(Uuid::nil()), 0);
    loop {
        let now = app.clock.now();
        let mut conn = app.conn().await?;
        let mentors = repo::outdated(&mut conn, now, after, BATCH).await?;
        let Some(&last) = mentors.last() else { return Ok(mended) };
        mended += mend_soonest(&mut conn, &mentors, now).await?;
        after = last;
    }
}

/// Makes the whole index from the other tables.
///
/// # Errors
/// Only if the database fails.
pub async fn rebuild(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let now = repo::now(conn).await?;
    let mut after = MemberId::from_uuid(Uuid::nil());
    loop {
        let members = repo::candidates(conn, after, BATCH).await?;
        let Some(&last) = members.last() else { return Ok(()) };
        repo::reindex(conn, &members).await?;
        mend_soonest(conn, &members, now).await?;
        after = last;
    }
}
