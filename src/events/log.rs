//! The streams in PostgreSQL.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use diesel::{QueryResult, Queryable, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Cursor, Event, StreamName};
use crate::{db::ids::MemberId, statement};

/// An event that has no number yet.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Where it will stand.
    pub stream: StreamName,
    /// See [`super::EventPayload::KIND`].
    pub kind: &'static str,
    /// See [`super::EventPayload`].
    pub payload: serde_json::Value,
    /// Who did it.
    pub actor: Option<MemberId>,
}

impl Pending {
    /// The payload as `P`, if it is of that kind.
    #[must_use]
    pub fn payload<P: super::EventPayload>(&self) -> Option<P> {
        (self.kind == P::KIND).then(|| P::deserialize(&self.payload).ok()).flatten()
    }
}

/// Writes the events in one statement and gives them their numbers. Streams are locked in one order and only here, at
/// the end of the transaction, so that two transactions cannot deadlock on them.
///
/// # Errors
/// Only if the database fails.
pub async fn append(
    conn: &mut AsyncPgConnection,
    pending: Vec<Pending>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Arc<Event>>> {
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    let mut counts: BTreeMap<StreamName, i64> = BTreeMap::new();
    let places: Vec<i64> = pending
        .iter()
        .map(|event| {
            let count = counts.entry(event.stream).or_default();
            *count += 1;
            *count
        })
        .collect();
    let statement = AppendEvents {
        streams: pending.iter().map(|event| event.stream.key()).collect(),
        kinds: pending.iter().map(|event| event.kind.to_owned()).collect(),
        payloads: pending.iter().map(|event| event.payload.clone()).collect(),
        actors: pending.iter().map(|event| event.actor).collect(),
        places: places.clone(),
        now,
        keys: counts.keys().map(|stream| stream.key()).collect(),
        counts: counts.values().copied().collect(),
    };
    let ends: HashMap<Uuid, i64> = statement.load::<(Uuid, i64)>(conn).await?.into_iter().collect();
    Ok(pending
        .into_iter()
        .zip(places)
        .map(|(event, place)| {
            let end = ends.get(&event.stream.key()).copied().unwrap_or_default();
            let total = counts.get(&event.stream).copied().unwrap_or_default();
            Arc::new(Event {
                stream: event.stream,
                seq: end - total + place,
                kind: event.kind.to_owned(),
                payload: event.payload,
                actor: event.actor,
                occurred_at: now,
            })
        })
        .collect())
}

/// The events of a stream after `after` and up to `until`, in order, at most `limit`.
///
/// # Errors
/// Only if the database fails.
pub async fn read(
    conn: &mut AsyncPgConnection,
    stream: StreamName,
    after: i64,
    until: i64,
    limit: i64,
) -> QueryResult<Vec<Arc<Event>>> {
    let rows: Vec<EventRow> = ReadEvents { stream: stream.key(), after, until, limit }.load(conn).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            Arc::new(Event {
                stream,
                seq: row.seq,
                kind: row.kind,
                payload: row.payload,
                actor: row.actor_id,
                occurred_at: row.occurred_at,
            })
        })
        .collect())
}

/// Where a stream stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Queryable)]
pub struct Position {
    /// Number of its last event; 0 = none yet.
    pub last_seq: i64,
    /// Everything up to here was removed by retention.
    pub trimmed_seq: i64,
}

/// Where a stream stands now.
///
/// # Errors
/// Only if the database fails.
pub async fn position(conn: &mut AsyncPgConnection, stream: StreamName) -> QueryResult<Position> {
    let rows: Vec<Position> = ReadPosition { stream: stream.key() }.load(conn).await?;
    Ok(rows.into_iter().next().unwrap_or_default())
}

/// The cursor of a stream's present end: what a snapshot carries. Read it before the snapshot's rows, so that an event
/// in between is delivered again rather than lost.
///
/// # Errors
/// Only if the database fails.
pub async fn snapshot_cursor(conn: &mut AsyncPgConnection, stream: StreamName) -> QueryResult<Cursor> {
    Ok(Cursor { stream, seq: position(conn, stream).await?.last_seq })
}

/// Where several streams stand, by their keys, in one statement. What was never written to is absent.
///
/// # Errors
/// Only if the database fails.
pub async fn positions(
    conn: &mut AsyncPgConnection,
    streams: &[StreamName],
) -> QueryResult<HashMap<Uuid, i64>> {
    let keys = streams.iter().map(|stream| stream.key()).collect();
    let rows: Vec<(Uuid, i64)> = ReadPositions { streams: keys }.load(conn).await?;
    Ok(rows.into_iter().collect())
}

/// Removes about `limit` events older than `before`, the first ones of their streams; returns how many. Streams that are
/// written to in this moment are passed over, and 0 means that nothing else is left.
///
/// # Errors
/// Only if the database fails.
pub async fn trim(conn: &mut AsyncPgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<i64> {
    TrimEvents { before, limit }.get_result(conn).await
}

#[derive(Queryable)]
struct EventRow {
    seq: i64,
    kind: String,
    payload: serde_json::Value,
    actor_id: Option<MemberId>,
    occurred_at: DateTime<Utc>,
}

statement! {
    /// Bumps the streams and inserts the events; returns each stream's new last number.
    AppendEvents(
        streams: Vec<Uuid> => sql_types::Array<sql_types::Uuid>,
        kinds: Vec<String> => sql_types::Array<sql_types::Text>,
        payloads: Vec<serde_json::Value> => sql_types::Array<sql_types::Jsonb>,
        actors: Vec<Option<MemberId>> => sql_types::Array<sql_types::Nullable<sql_types::Uuid>>,
        places: Vec<i64> => sql_types::Array<sql_types::BigInt>,
        now: DateTime<Utc> => sql_types::Timestamptz,
        keys: Vec<Uuid> => sql_types::Array<sql_types::Uuid>,
        counts: Vec<i64> => sql_types::Array<sql_types::BigInt>,
    ) -> (sql_types::Uuid, sql_types::BigInt) =
    "with bumped as (
       insert into streams as s (stream, last_seq)
       select * from unnest($7, $8)
       on conflict (stream) do update set last_seq = s.last_seq + excluded.last_seq
       returning s.stream, s.last_seq
     ), totals as (
       select * from unnest($7, $8) as t(stream, total)
     ), written as (
       insert into events (stream, seq, kind, payload, actor_id, occurred_at)
       select i.stream, b.last_seq - t.total + i.place, i.kind, i.payload, i.actor, $6
       from unnest($1, $2, $3, $4, $5) as i(stream, kind, payload, actor, place)
       join bumped b on b.stream = i.stream
       join totals t on t.stream = i.stream
     )
     select stream, last_seq from bumped"
}

statement! {
    /// A stretch of one stream.
    ReadEvents(
        stream: Uuid => sql_types::Uuid,
        after: i64 => sql_types::BigInt,
        until: i64 => sql_types::BigInt,
        limit: i64 => sql_types::BigInt,
    ) -> (sql_types::BigInt, sql_types::Text, sql_types::Jsonb, sql_types::Nullable<sql_types::Uuid>, sql_types::Timestamptz) =
    "select seq, kind, payload, actor_id, occurred_at from events
     where stream = $1 and seq > $2 and seq <= $3 order by seq limit $4"
}

statement! {
    /// Where one stream stands.
    ReadPosition(stream: Uuid => sql_types::Uuid) -> (sql_types::BigInt, sql_types::BigInt) =
    "select last_seq, trimmed_seq from streams where stream = $1"
}

statement! {
    /// Where many streams stand.
    ReadPositions(streams: Vec<Uuid> => sql_types::Array<sql_types::Uuid>) -> (sql_types::Uuid, sql_types::BigInt) =
    "select stream, last_seq from streams where stream = any($1)"
}

statement! {
    /// Deletes the oldest events and remembers per stream how far. Numbers follow the commits, instants the beginnings of
    /// transactions, so an old event may stand behind a younger one: what goes is always everything up to a number.
    /// Locked streams are passed over, because their writers take several in an order of their own.
    TrimEvents(before: DateTime<Utc> => sql_types::Timestamptz, limit: i64 => sql_types::BigInt) -> sql_types::BigInt =
    "with old as (
       select stream, seq from events where occurred_at < $1 order by occurred_at limit $2
     ), doomed as materialized (
       select s.stream, o.seq
       from streams s join (select stream, max(seq) as seq from old group by stream) o on o.stream = s.stream
       for update of s skip locked
     ), gone as (
       delete from events e using doomed d where e.stream = d.stream and e.seq <= d.seq returning 1
     ), marked as (
       update streams s set trimmed_seq = greatest(s.trimmed_seq, d.seq) from doomed d where s.stream = d.stream
     )
     select count(*) from gone"
}
