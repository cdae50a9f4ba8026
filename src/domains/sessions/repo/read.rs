//! The reading statements: by id with the reader's right to see, and the lists of one member.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::super::model::{
    BookingRow, BookingStatus, SessionAt, SessionRole, SessionRow, rules::BOOKABLE_MINUTES,
};
use crate::{
    db::{
        ids::{BookingId, MemberId, SessionId},
        keyset::Keyset,
        tables::{bookings, sessions},
    },
    statement,
};

/// The columns of a session, in the order of [`SessionRow`].
macro_rules! session_columns {
    () => {
        "s.id, s.kind, s.status, s.host_id, s.skill_id, s.starts_at, s.ends_at, s.started_at, s.ended_at, \
         s.cancelled_at, s.version, s.created_at"
    };
}

/// The columns of a booking, in the order of [`BookingRow`].
macro_rules! booking_columns {
    () => {
        "b.id, b.session_id, b.learner_id, b.mentor_id, b.status, b.payment_status, b.starts_at, b.price, b.currency, \
         b.created_at, b.auto_confirms_at, b.completed_at, b.cancelled_at, b.cancelled_by, b.version, \
         b.free_cancellation_hours, b.late_fee_percent"
    };
}

/// Sessions by id, each with its place in its stream, read at one instant.
pub async fn sessions_at(conn: &mut AsyncPgConnection, ids: Vec<SessionId>) -> QueryResult<Vec<SessionAt>> {
    let rows: Vec<(SessionRow, i64)> = SessionsAt { ids }.load(conn).await?;
    Ok(rows.into_iter().map(session_at).collect())
}

/// The sessions among `ids` that a member leads or has, or had, a booking in.
pub async fn sessions_seen_by(
    conn: &mut AsyncPgConnection,
    ids: Vec<SessionId>,
    member: MemberId,
) -> QueryResult<Vec<SessionAt>> {
    let rows: Vec<(SessionRow, i64)> = SessionsSeenBy { ids, member }.load(conn).await?;
    Ok(rows.into_iter().map(session_at).collect())
}

fn session_at((row, seq): (SessionRow, i64)) -> SessionAt {
    SessionAt { row: row.into(), seq }
}

/// The bookings among `ids` whose learner or mentor a member is.
pub async fn bookings_seen_by(
    conn: &mut AsyncPgConnection,
    ids: Vec<BookingId>,
    member: MemberId,
) -> QueryResult<Vec<BookingRow>> {
    BookingsSeenBy { ids, member }.load(conn).await
}

/// Bookings by id.
pub async fn bookings_by_ids(
    conn: &mut AsyncPgConnection,
    ids: &[BookingId],
) -> QueryResult<Vec<BookingRow>> {
    bookings::table.filter(bookings::id.eq_any(ids)).select(BookingRow::as_select()).load(conn).await
}

/// The bookings of sessions that a member may see: all for the mentor, the own one for a learner.
pub async fn bookings_in(
    conn: &mut AsyncPgConnection,
    sessions: Vec<SessionId>,
    member: MemberId,
) -> QueryResult<Vec<BookingRow>> {
    BookingsIn { sessions, member }.load(conn).await
}

/// The parts that a member has in sessions; absent = none.
pub async fn roles_in(
    conn: &mut AsyncPgConnection,
    sessions: Vec<SessionId>,
    member: MemberId,
) -> QueryResult<Vec<(SessionId, SessionRole)>> {
    let rows: Vec<(SessionId, bool)> = RolesIn { sessions, member }.load(conn).await?;
    let role = |hosts| if hosts { SessionRole::Host } else { SessionRole::Learner };
    Ok(rows.into_iter().map(|(session, hosts)| (session, role(hosts))).collect())
}

/// The sessions that a member leads or has booked and that are not over, soonest first.
pub async fn upcoming(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<SessionRow>> {
    let longest = chrono::TimeDelta::minutes(*BOOKABLE_MINUTES.end());
    Upcoming { member, now, from: now - longest, limit }.load(conn).await
}

/// Whether two members had a completed booking together, either way around.
pub async fn met(conn: &mut AsyncPgConnection, one: MemberId, other: MemberId) -> QueryResult<bool> {
    let together = bookings::table.filter(bookings::status.eq(BookingStatus::Completed)).filter(
        bookings::learner_id
            .eq(one)
            .and(bookings::mentor_id.eq(other))
            .or(bookings::learner_id.eq(other).and(bookings::mentor_id.eq(one))),
    );
    diesel::select(diesel::dsl::exists(together)).get_result(conn).await
}

/// Which bookings of a member are listed.
#[derive(Clone, Debug)]
pub struct BookingSearch {
    /// The learner or mentor.
    pub member: MemberId,
    /// Only with this status.
    pub status: Option<BookingStatus>,
    /// Only those that start at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Only those that start before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Latest start first instead of soonest first.
    pub latest_first: bool,
}

/// The place of a booking in a member's list.
pub type BookingKey = (DateTime<Utc>, BookingId);

/// A page of a member's bookings, by start.
pub async fn page_of_bookings(
    conn: &mut AsyncPgConnection,
    search: &BookingSearch,
    page: &Keyset<BookingKey>,
) -> QueryResult<Vec<BookingRow>> {
    let (low, high) = if search.latest_first { (page.before, page.after) } else { (page.after, page.before) };
    let (member, status) = (search.member, search.status.map(BookingStatus::as_str));
    let (low, low_id, high, high_id) =
        (low.map(|key| key.0), low.map(|key| key.1), high.map(|key| key.0), high.map(|key| key.1));
    let (from, until, limit) = (search.from, search.until, page.fetch());
    if search.latest_first == page.backward {
        SoonestBookings { member, status, low, low_id, high, high_id, from, until, limit }.load(conn).await
    } else {
        LatestBookings { member, status, low, low_id, high, high_id, from, until, limit }.load(conn).await
    }
}

statement! {
    /// Sessions with the number of the last event of their streams.
    SessionsAt(ids: Vec<SessionId> => sql_types::Array<sql_types::Uuid>) -> (sessions::SqlType, sql_types::BigInt) =
    concat!(
        "select ", session_columns!(), ", coalesce(e.last_seq, 0)
         from sessions s left join streams e on e.stream = s.id
         where s.id = any($1)"
    )
}

statement! {
    /// The same, as far as a member may see them.
    SessionsSeenBy(
        ids: Vec<SessionId> => sql_types::Array<sql_types::Uuid>,
        member: MemberId => sql_types::Uuid,
    ) -> (sessions::SqlType, sql_types::BigInt) =
    concat!(
        "select ", session_columns!(), ", coalesce(e.last_seq, 0)
         from sessions s left join streams e on e.stream = s.id
         where s.id = any($1)
           and (s.host_id = $2 or exists (select from bookings b where b.session_id = s.id and b.learner_id = $2))"
    )
}

statement! {
    /// Bookings that a member may see.
    BookingsSeenBy(
        ids: Vec<BookingId> => sql_types::Array<sql_types::Uuid>,
        member: MemberId => sql_types::Uuid,
    ) -> bookings::SqlType =
    concat!("select ", booking_columns!(), " from bookings b where b.id = any($1) and $2 in (b.learner_id, b.mentor_id)")
}

statement! {
    /// Bookings of sessions that a member may see.
    BookingsIn(
        sessions: Vec<SessionId> => sql_types::Array<sql_types::Uuid>,
        member: MemberId => sql_types::Uuid,
    ) -> bookings::SqlType =
    concat!(
        "select ", booking_columns!(), " from bookings b
         where b.session_id = any($1) and $2 in (b.learner_id, b.mentor_id) order by b.id"
    )
}

statement! {
    /// Whether a member hosts a session; no row if the member neither hosts nor has a live booking.
    RolesIn(
        sessions: Vec<SessionId> => sql_types::Array<sql_types::Uuid>,
        member: MemberId => sql_types::Uuid,
    ) -> (sql_types::Uuid, sql_types::Bool) =
    "select s.id, s.host_id = $2 from sessions s
     where s.id = any($1)
       and (s.host_id = $2 or exists (
         select from bookings b where b.session_id = s.id and b.learner_id = $2 and b.status <> 'CANCELLED'))"
}

statement! {
    /// A member's next sessions, in one statement for the dashboard. `from` is early enough for every session that can
    /// still be going on at `now`.
    Upcoming(
        member: MemberId => sql_types::Uuid,
        now: DateTime<Utc> => sql_types::Timestamptz,
        from: DateTime<Utc> => sql_types::Timestamptz,
        limit: i64 => sql_types::BigInt,
    ) -> sessions::SqlType =
    concat!(
        "select ", session_columns!(), " from (
           (select s.* from bookings b join sessions s on s.id = b.session_id
            where b.learner_id = $1 and b.status = 'CONFIRMED' and b.starts_at > $3
              and s.status in ('SCHEDULED', 'LIVE') and s.ends_at > $2
            order by b.starts_at, b.id limit $4)
           union all
           (select s.* from sessions s
            where s.host_id = $1 and s.starts_at > $3 and s.status in ('SCHEDULED', 'LIVE') and s.ends_at > $2
            order by s.starts_at limit $4)
         ) s order by s.starts_at, s.id limit $4"
    )
}

/// A page of bookings in one direction: two index walks, merged.
macro_rules! bookings_page {
    ($(#[$doc:meta])* $name:ident, $direction:literal) => {
        statement! {
            $(#[$doc])*
            $name(
                member: MemberId => sql_types::Uuid,
                status: Option<&'static str> => sql_types::Nullable<sql_types::Text>,
                low: Option<DateTime<Utc>> => sql_types::Nullable<sql_types::Timestamptz>,
                low_id: Option<BookingId> => sql_types::Nullable<sql_types::Uuid>,
                high: Option<DateTime<Utc>> => sql_types::Nullable<sql_types::Timestamptz>,
                high_id: Option<BookingId> => sql_types::Nullable<sql_types::Uuid>,
                from: Option<DateTime<Utc>> => sql_types::Nullable<sql_types::Timestamptz>,
                until: Option<DateTime<Utc>> => sql_types::Nullable<sql_types::Timestamptz>,
                limit: i64 => sql_types::BigInt,
            ) -> bookings::SqlType =
            concat!(
                "select ", booking_columns!(), " from (
                   (select * from bookings where learner_id = $1",
                bookings_page!(@range), " order by starts_at ", $direction, ", id ", $direction, " limit $9)
                   union all
                   (select * from bookings where mentor_id = $1",
                bookings_page!(@range), " order by starts_at ", $direction, ", id ", $direction, " limit $9)
                 ) b order by b.starts_at ", $direction, ", b.id ", $direction, " limit $9"
            )
        }
    };
    (@range) => {
        " and ($2::text is null or status = $2)
          and ($3::timestamptz is null or (starts_at, id) > ($3, $4))
          and ($5::timestamptz is null or (starts_at, id) < ($5, $6))
          and ($7::timestamptz is null or starts_at >= $7) and ($8::timestamptz is null or starts_at < $8)"
    };
}

bookings_page! {
    /// A member's bookings, soonest first.
    SoonestBookings, "asc"
}
bookings_page! {
    /// A member's bookings, latest first.
    LatestBookings, "desc"
}
