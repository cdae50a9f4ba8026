//! Whose a piece of time is.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    db::{
        ids::{ClaimId, MemberId},
        tables::claims,
    },
    domains::scheduling::model::{BusyRow, ClaimKind, HoldRow, Slot, Span},
    statement,
};

/// What a claim is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewClaim {
    /// Its id.
    pub id: ClaimId,
    /// The time.
    pub slot: Slot,
    /// Who takes it.
    pub learner_id: MemberId,
    /// `Hold` exactly if `expires_at` is set.
    pub kind: ClaimKind,
    /// When it stops keeping others out.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether the mentor offers the time. A live hold of exactly this slot by the learner does as well.
    pub offered: bool,
}

/// Takes the times, each of another learner, as far as they can be taken: whether all were. Expired holds and the
/// learners' own holds in the way are deleted first. One statement; of several at once for one time, one succeeds.
pub async fn take(
    conn: &mut AsyncPgConnection,
    claims: &[NewClaim],
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let statement = TakeTime {
        ids: claims.iter().map(|claim| claim.id).collect(),
        mentors: claims.iter().map(|claim| claim.slot.mentor_id).collect(),
        learners: claims.iter().map(|claim| claim.learner_id).collect(),
        kinds: claims.iter().map(|claim| claim.kind).collect(),
        starts: claims.iter().map(|claim| claim.slot.starts_at).collect(),
        ends: claims.iter().map(|claim| claim.slot.ends_at).collect(),
        expiries: claims.iter().map(|claim| claim.expires_at).collect(),
        offered: claims.iter().map(|claim| claim.offered).collect(),
        now,
    };
    Ok(statement.execute(conn).await? == claims.len())
}

/// Whether the mentor's time is taken by somebody, whether the learner has something else then, and whether the mentor can
/// be booked at all.
pub async fn obstacles(
    conn: &mut AsyncPgConnection,
    slot: &Slot,
    learner: MemberId,
    now: DateTime<Utc>,
) -> QueryResult<(bool, bool, bool)> {
    let Slot { mentor_id, starts_at, ends_at } = *slot;
    FindObstacles { mentor_id, learner_id: learner, starts_at, ends_at, now }.get_result(conn).await
}

/// Frees the time of a session.
pub async fn delete_claim(conn: &mut AsyncPgConnection, id: ClaimId) -> QueryResult<Option<MemberId>> {
    let rows: Vec<MemberId> = DeleteClaim { id }.load(conn).await?;
    Ok(rows.into_iter().next())
}

/// The taken time of mentors within pieces of time, one piece per mentor: what they teach, and what they learn.
pub async fn busy(
    conn: &mut AsyncPgConnection,
    wanted: &[(MemberId, Span)],
    now: DateTime<Utc>,
) -> QueryResult<Vec<BusyRow>> {
    FindBusy {
        mentors: wanted.iter().map(|(mentor, _)| *mentor).collect(),
        starts: wanted.iter().map(|(_, span)| span.starts_at).collect(),
        ends: wanted.iter().map(|(_, span)| span.ends_at).collect(),
        now,
    }
    .load(conn)
    .await
}

/// Makes every other transaction that wants to hold time for this learner wait for the end of this one.
pub async fn lock_holds(conn: &mut AsyncPgConnection, learner: MemberId) -> QueryResult<()> {
    LockHolds { learner }.execute(conn).await.map(drop)
}

/// The learner's live holds, oldest first.
pub async fn holds_of(
    conn: &mut AsyncPgConnection,
    learner: MemberId,
    now: DateTime<Utc>,
) -> QueryResult<Vec<HoldRow>> {
    HoldsOf { learner, now }.load(conn).await
}

/// Live holds by id.
pub async fn holds_by_ids(
    conn: &mut AsyncPgConnection,
    ids: &[ClaimId],
    now: DateTime<Utc>,
) -> QueryResult<Vec<HoldRow>> {
    HoldsById { ids: ids.to_vec(), now }.load(conn).await
}

/// Deletes a learner's hold; `false` if there is none.
pub async fn delete_hold(conn: &mut AsyncPgConnection, id: ClaimId, learner: MemberId) -> QueryResult<bool> {
    let hold = claims::table
        .find(id)
        .filter(claims::learner_id.eq(learner))
        .filter(claims::kind.eq(ClaimKind::Hold));
    Ok(diesel::delete(hold).execute(conn).await? == 1)
}

/// Deletes holds that expired, at most `limit`; returns how many.
pub async fn delete_expired_holds(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<usize> {
    DeleteExpiredHolds { now, limit }.execute(conn).await
}

statement! {
    /// Takes time. `on conflict do nothing` lets the exclusion constraints decide between several at once without an
    /// error and without a deadlock; the conditions guard what no constraint can: a person who both teaches and learns,
    /// and a mentor who is suspended in this moment: that waits for this, or this for that.
    TakeTime(
        ids: Vec<ClaimId> => sql_types::Array<sql_types::Uuid>,
        mentors: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        learners: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        kinds: Vec<ClaimKind> => sql_types::Array<sql_types::Text>,
        starts: Vec<DateTime<Utc>> => sql_types::Array<sql_types::Timestamptz>,
        ends: Vec<DateTime<Utc>> => sql_types::Array<sql_types::Timestamptz>,
        expiries: Vec<Option<DateTime<Utc>>> => sql_types::Array<sql_types::Nullable<sql_types::Timestamptz>>,
        offered: Vec<bool> => sql_types::Array<sql_types::Bool>,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> () =
    "with wanted as (
       select w.*, tstzrange(w.starts_at, w.ends_at) as during
       from unnest($1, $2, $3, $4, $5, $6, $7, $8)
         as w(id, mentor_id, learner_id, kind, starts_at, ends_at, expires_at, offered)
     ), gone as (
       delete from claims c using wanted w
       where c.mentor_id = w.mentor_id and c.during && w.during and c.kind = 'HOLD'
         and (c.expires_at <= $9 or c.learner_id = w.learner_id)
       returning w.id, c.learner_id = w.learner_id and c.expires_at > $9 and c.during = w.during as own
     ), held as (
       select id, bool_or(own) as own from gone group by id
     ), teaching as (
       select id from members where id = any($2) and status = 'ACTIVE' order by id for share
     )
     insert into claims (id, mentor_id, learner_id, kind, during, expires_at, created_at)
     select w.id, w.mentor_id, w.learner_id, w.kind, w.during, w.expires_at, $9
     from wanted w left join held on held.id = w.id
     where (w.offered or held.own) and w.mentor_id in (select id from teaching)
       and not exists (select from claims c where c.learner_id = w.learner_id and c.during && w.during and c.kind <> 'HOLD')
       and not exists (select from claims c where c.learner_id = w.mentor_id and c.during && w.during and c.kind <> 'HOLD')
       and not exists (select from claims c where c.mentor_id = w.learner_id and c.during && w.during
                       and (c.kind <> 'HOLD' or c.expires_at > $9))
     on conflict do nothing"
}

statement! {
    /// Why time could not be taken.
    FindObstacles(
        mentor_id: MemberId => sql_types::Uuid,
        learner_id: MemberId => sql_types::Uuid,
        starts_at: DateTime<Utc> => sql_types::Timestamptz,
        ends_at: DateTime<Utc> => sql_types::Timestamptz,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> (sql_types::Bool, sql_types::Bool, sql_types::Bool) =
    "select
       exists (select from claims where mentor_id = $1 and during && tstzrange($3, $4)
               and (kind <> 'HOLD' or (expires_at > $5 and learner_id <> $2)))
       or exists (select from claims where learner_id = $1 and during && tstzrange($3, $4) and kind <> 'HOLD'),
       exists (select from claims where learner_id = $2 and during && tstzrange($3, $4) and kind <> 'HOLD')
       or exists (select from claims where mentor_id = $2 and during && tstzrange($3, $4) and (kind <> 'HOLD' or expires_at > $5)),
       exists (select from members where id = $1 and status = 'ACTIVE')"
}

statement! {
    /// Frees the time of a session.
    DeleteClaim(id: ClaimId => sql_types::Uuid) -> sql_types::Uuid =
    "delete from claims where id = $1 returning mentor_id"
}

statement! {
    /// Taken time: what the mentors teach or others hold, and what they learn themselves.
    FindBusy(
        mentors: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        starts: Vec<DateTime<Utc>> => sql_types::Array<sql_types::Timestamptz>,
        ends: Vec<DateTime<Utc>> => sql_types::Array<sql_types::Timestamptz>,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> (
        sql_types::Uuid, sql_types::Uuid, sql_types::Text, sql_types::Uuid, sql_types::Timestamptz, sql_types::Timestamptz,
        sql_types::Nullable<sql_types::Timestamptz>
    ) =
    "select w.mentor, c.id, c.kind, c.learner_id, lower(c.during), upper(c.during), c.expires_at
     from unnest($1, $2, $3) as w(mentor, starts, ends)
     join claims c on c.mentor_id = w.mentor and c.during && tstzrange(w.starts, w.ends)
     where c.kind <> 'HOLD' or c.expires_at > $4
     union all
     select w.mentor, c.id, c.kind, c.learner_id, lower(c.during), upper(c.during), c.expires_at
     from unnest($1, $2, $3) as w(mentor, starts, ends)
     join claims c on c.learner_id = w.mentor and c.during && tstzrange(w.starts, w.ends) and c.kind <> 'HOLD'"
}

statement! {
    /// A lock that nothing else takes: holds of one learner are made one after the other.
    LockHolds(learner: MemberId => sql_types::Uuid) -> () =
    "select pg_advisory_xact_lock(hashtextextended('holds:' || $1::text, 0))"
}

statement! {
    /// Live holds of a learner.
    HoldsOf(learner: MemberId => sql_types::Uuid, now: DateTime<Utc> => sql_types::Timestamptz) -> (
        sql_types::Uuid, sql_types::Uuid, sql_types::Uuid, sql_types::Timestamptz, sql_types::Timestamptz, sql_types::Timestamptz
    ) =
    "select id, mentor_id, learner_id, lower(during), upper(during), expires_at from claims
     where learner_id = $1 and kind = 'HOLD' and expires_at > $2 order by expires_at, id"
}

statement! {
    /// Live holds by id.
    HoldsById(ids: Vec<ClaimId> => sql_types::Array<sql_types::Uuid>, now: DateTime<Utc> => sql_types::Timestamptz) -> (
        sql_types::Uuid, sql_types::Uuid, sql_types::Uuid, sql_types::Timestamptz, sql_types::Timestamptz, sql_types::Timestamptz
    ) =
    "select id, mentor_id, learner_id, lower(during), upper(during), expires_at from claims
     where id = any($1) and kind = 'HOLD' and expires_at > $2"
}

statement! {
    /// Deletes expired holds that nobody has locked.
    DeleteExpiredHolds(now: DateTime<Utc> => sql_types::Timestamptz, limit: i64 => sql_types::BigInt) -> () =
    "delete from claims where id in (
       select id from claims where kind = 'HOLD' and expires_at <= $1 order by expires_at limit $2 for update skip locked
     )"
}
