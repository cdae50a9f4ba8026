//! Every statement of sessions.

pub mod quotes;
pub mod read;

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{BookingRow, SessionRow};
use crate::{
    db::{
        ids::{BookingId, MemberId, SessionId, SkillId},
        tables::{bookings, sessions},
    },
    statement,
};

/// New sessions, each with its one booking.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    booked: &[(BookingRow, SessionRow)],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let statement = InsertBooked {
        sessions: booked.iter().map(|(_, session)| session.id).collect(),
        kinds: booked.iter().map(|(_, session)| session.kind.as_str().to_owned()).collect(),
        hosts: booked.iter().map(|(_, session)| session.host_id).collect(),
        skills: booked.iter().map(|(_, session)| session.skill_id).collect(),
        starts: booked.iter().map(|(_, session)| session.starts_at).collect(),
        ends: booked.iter().map(|(_, session)| session.ends_at).collect(),
        bookings: booked.iter().map(|(booking, _)| booking.id).collect(),
        learners: booked.iter().map(|(booking, _)| booking.learner_id).collect(),
        prices: booked.iter().map(|(booking, _)| booking.price).collect(),
        currencies: booked.iter().map(|(booking, _)| booking.currency.clone()).collect(),
        now,
        free_hours: booked.iter().map(|(booking, _)| booking.free_cancellation_hours).collect(),
        late_fees: booked.iter().map(|(booking, _)| booking.late_fee_percent).collect(),
    };
    statement.execute(conn).await.map(drop)
}

/// A session, locked until the end of the transaction: the lock that guards its bookings and presence intervals too.
pub async fn lock(conn: &mut AsyncPgConnection, id: SessionId) -> QueryResult<Option<SessionRow>> {
    sessions::table.find(id).select(SessionRow::as_select()).for_no_key_update().first(conn).await.optional()
}

/// The session of a booking, locked until the end of the transaction.
pub async fn lock_by_booking(conn: &mut AsyncPgConnection, id: BookingId) -> QueryResult<Option<SessionRow>> {
    let session = bookings::table.find(id).select(bookings::session_id).single_value();
    sessions::table
        .filter(sessions::id.nullable().eq(session))
        .select(SessionRow::as_select())
        .for_no_key_update()
        .first(conn)
        .await
        .optional()
}

/// The bookings of a session.
pub async fn bookings_of(conn: &mut AsyncPgConnection, id: SessionId) -> QueryResult<Vec<BookingRow>> {
    bookings::table
        .filter(bookings::session_id.eq(id))
        .order(bookings::id)
        .select(BookingRow::as_select())
        .load(conn)
        .await
}

/// A booking with its session.
pub async fn booked(conn: &mut AsyncPgConnection, id: BookingId) -> QueryResult<(BookingRow, SessionRow)> {
    bookings::table
        .inner_join(sessions::table)
        .filter(bookings::id.eq(id))
        .select((BookingRow::as_select(), SessionRow::as_select()))
        .first(conn)
        .await
}

/// A booking.
pub async fn booking(conn: &mut AsyncPgConnection, id: BookingId) -> QueryResult<Option<BookingRow>> {
    bookings::table.find(id).select(BookingRow::as_select()).first(conn).await.optional()
}

/// Writes what changes in a session's life.
pub async fn save(conn: &mut AsyncPgConnection, row: &SessionRow) -> QueryResult<()> {
    diesel::update(sessions::table.find(row.id))
        .set((
            sessions::status.eq(row.status),
            sessions::started_at.eq(row.started_at),
            sessions::ended_at.eq(row.ended_at),
            sessions::cancelled_at.eq(row.cancelled_at),
            sessions::version.eq(row.version),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Writes what changes in a booking's life.
pub async fn save_booking(conn: &mut AsyncPgConnection, row: &BookingRow) -> QueryResult<()> {
    diesel::update(bookings::table.find(row.id))
        .set((
            bookings::status.eq(row.status),
            bookings::payment_status.eq(row.payment_status),
            bookings::auto_confirms_at.eq(row.auto_confirms_at),
            bookings::completed_at.eq(row.completed_at),
            bookings::cancelled_at.eq(row.cancelled_at),
            bookings::cancelled_by.eq(row.cancelled_by),
            bookings::version.eq(row.version),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// A place in a list that the clean-up works through.
pub type Place<T> = (DateTime<Utc>, T);

/// Sessions that went on, or waited for their start, for too long, after a place in the order of their planned ends.
pub async fn overdue(conn: &mut AsyncPgConnection, due: &Overdue) -> QueryResult<Vec<Place<SessionId>>> {
    due.load(conn).await
}

/// Bookings that complete by themselves by `now`, after a place in that order.
pub async fn unconfirmed(
    conn: &mut AsyncPgConnection,
    due: &Unconfirmed,
) -> QueryResult<Vec<Place<BookingId>>> {
    due.load(conn).await
}

statement! {
    /// Inserts scheduled sessions, each with one confirmed booking.
    InsertBooked(
        sessions: Vec<SessionId> => sql_types::Array<sql_types::Uuid>,
        kinds: Vec<String> => sql_types::Array<sql_types::Text>,
        hosts: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        skills: Vec<Option<SkillId>> => sql_types::Array<sql_types::Nullable<sql_types::Uuid>>,
        starts: Vec<DateTime<Utc>> => sql_types::Array<sql_types::Timestamptz>,
        ends: Vec<DateTime<Utc>> => sql_types::Array<sql_types::Timestamptz>,
        bookings: Vec<BookingId> => sql_types::Array<sql_types::Uuid>,
        learners: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        prices: Vec<i64> => sql_types::Array<sql_types::BigInt>,
        currencies: Vec<String> => sql_types::Array<sql_types::Text>,
        now: DateTime<Utc> => sql_types::Timestamptz,
        free_hours: Vec<i16> => sql_types::Array<sql_types::SmallInt>,
        late_fees: Vec<i16> => sql_types::Array<sql_types::SmallInt>,
    ) -> () =
    "with booked as (
       select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12, $13)
         as b(session_id, kind, host_id, skill_id, starts_at, ends_at, id, learner_id, price, currency, free_hours, late_fee)
     ), sessions as (
       insert into sessions (id, kind, status, host_id, skill_id, starts_at, ends_at, created_at)
       select session_id, kind, 'SCHEDULED', host_id, skill_id, starts_at, ends_at, $11 from booked
     )
     insert into bookings (id, session_id, learner_id, mentor_id, status, payment_status, starts_at, price, currency,
                           created_at, free_cancellation_hours, late_fee_percent)
     select id, session_id, learner_id, host_id, 'CONFIRMED', 'HELD', starts_at, price, currency,
            $11, free_hours, late_fee from booked"
}

statement! {
    /// The next overdue sessions: live ones that should have ended by `live_until`, unstarted ones by `scheduled_until`.
    Overdue(
        live_until: DateTime<Utc> => sql_types::Timestamptz,
        scheduled_until: DateTime<Utc> => sql_types::Timestamptz,
        after: DateTime<Utc> => sql_types::Timestamptz,
        after_id: SessionId => sql_types::Uuid,
        limit: i64 => sql_types::BigInt,
    ) -> (sql_types::Timestamptz, sql_types::Uuid) =
    "select ends_at, id from sessions
     where status in ('SCHEDULED', 'LIVE') and (ends_at, id) > ($3, $4) and ends_at <= $1
       and (status = 'LIVE' or ends_at <= $2)
     order by ends_at, id limit $5"
}

statement! {
    /// The next bookings that complete by themselves.
    Unconfirmed(
        now: DateTime<Utc> => sql_types::Timestamptz,
        after: DateTime<Utc> => sql_types::Timestamptz,
        after_id: BookingId => sql_types::Uuid,
        limit: i64 => sql_types::BigInt,
    ) -> (sql_types::Timestamptz, sql_types::Uuid) =
    "select auto_confirms_at, id from bookings
     where status = 'CONFIRMED' and auto_confirms_at is not null and auto_confirms_at <= $1
       and (auto_confirms_at, id) > ($2, $3)
     order by auto_confirms_at, id limit $4"
}
