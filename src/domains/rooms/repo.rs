//! Every statement of rooms.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::IntervalRow;
use crate::{
    db::{
        ids::{MemberId, PresenceId, SessionId},
        tables::presence_intervals,
    },
    statement,
};

/// The intervals of sessions, in order.
pub async fn intervals_of(
    conn: &mut AsyncPgConnection,
    sessions: &[SessionId],
) -> QueryResult<Vec<IntervalRow>> {
    presence_intervals::table
        .filter(presence_intervals::session_id.eq_any(sessions))
        .order((presence_intervals::session_id, presence_intervals::joined_at, presence_intervals::id))
        .select(IntervalRow::as_select())
        .load(conn)
        .await
}

/// The open intervals of a session.
pub async fn open_in(conn: &mut AsyncPgConnection, session: SessionId) -> QueryResult<Vec<IntervalRow>> {
    presence_intervals::table
        .filter(presence_intervals::session_id.eq(session))
        .filter(presence_intervals::left_at.is_null())
        .order((presence_intervals::joined_at, presence_intervals::id))
        .select(IntervalRow::as_select())
        .load(conn)
        .await
}

/// A member's interval.
pub async fn find(
    conn: &mut AsyncPgConnection,
    id: PresenceId,
    member: MemberId,
) -> QueryResult<Option<IntervalRow>> {
    presence_intervals::table
        .find(id)
        .filter(presence_intervals::member_id.eq(member))
        .select(IntervalRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// Opens an interval.
pub async fn insert(conn: &mut AsyncPgConnection, row: &IntervalRow) -> QueryResult<()> {
    diesel::insert_into(presence_intervals::table).values(row).execute(conn).await.map(drop)
}

/// Closes open intervals, each at its instant.
pub async fn close(
    conn: &mut AsyncPgConnection,
    ids: Vec<PresenceId>,
    ends: Vec<DateTime<Utc>>,
) -> QueryResult<()> {
    CloseIntervals { ids, ends }.execute(conn).await.map(drop)
}

/// Notes a sign of life of an open interval that is not lost (its last sign is after `alive_since`).
pub async fn touch(
    conn: &mut AsyncPgConnection,
    id: PresenceId,
    member: MemberId,
    now: DateTime<Utc>,
    alive_since: DateTime<Utc>,
) -> QueryResult<()> {
    TouchInterval { id, member, now, alive_since }.execute(conn).await.map(drop)
}

/// Sessions with open intervals whose last sign of life is before an instant, in id order after one.
pub async fn with_lost(
    conn: &mut AsyncPgConnection,
    seen_before: DateTime<Utc>,
    after: SessionId,
    limit: i64,
) -> QueryResult<Vec<SessionId>> {
    SessionsWithLost { seen_before, after, limit }.load(conn).await
}

statement! {
    /// Sets the end of intervals that have none.
    CloseIntervals(
        ids: Vec<PresenceId> => sql_types::Array<sql_types::Uuid>,
        ends: Vec<DateTime<Utc>> => sql_types::Array<sql_types::Timestamptz>,
    ) -> () =
    "update presence_intervals p set left_at = c.left_at, last_seen_at = c.left_at
     from unnest($1, $2) as c(id, left_at) where p.id = c.id and p.left_at is null"
}

statement! {
    /// One sign of life.
    TouchInterval(
        id: PresenceId => sql_types::Uuid,
        member: MemberId => sql_types::Uuid,
        now: DateTime<Utc> => sql_types::Timestamptz,
        alive_since: DateTime<Utc> => sql_types::Timestamptz,
    ) -> () =
    "update presence_intervals set last_seen_at = $3
     where id = $1 and member_id = $2 and left_at is null and last_seen_at >= $4 and last_seen_at < $3"
}

statement! {
    /// Where connections were lost.
    SessionsWithLost(
        seen_before: DateTime<Utc> => sql_types::Timestamptz,
        after: SessionId => sql_types::Uuid,
        limit: i64 => sql_types::BigInt,
    ) -> sql_types::Uuid =
    "select distinct session_id from presence_intervals
     where left_at is null and last_seen_at < $1 and session_id > $2 order by session_id limit $3"
}
