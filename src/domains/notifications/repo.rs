//! Every statement of notifications.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{QueryResult, Queryable, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Draft, NotificationRow};
use crate::{
    db::{
        ids::{MemberId, NotificationId},
        keyset::Keyset,
        tables::{inboxes, notifications},
    },
    statement,
};

type NotificationSql = (
    sql_types::Uuid,
    sql_types::Uuid,
    sql_types::Text,
    sql_types::Text,
    sql_types::Nullable<sql_types::Text>,
    sql_types::Nullable<sql_types::Uuid>,
    sql_types::Timestamptz,
    sql_types::Nullable<sql_types::Timestamptz>,
);

/// The columns of a [`NotificationRow`].
macro_rules! notification {
    () => {
        "n.id, n.member_id, n.kind, n.body, n.subject, n.actor_id, n.created_at, n.read_at"
    };
}

/// Inserts notifications, but for those whose source is known, and counts them; one statement for all. Returns which were
/// new, with what is unread in their inboxes after all of them.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    ids: &[NotificationId],
    drafts: &[Draft],
    now: DateTime<Utc>,
) -> QueryResult<HashMap<NotificationId, i64>> {
    let statement = InsertNotifications {
        ids: ids.to_vec(),
        members: drafts.iter().map(|draft| draft.member_id).collect(),
        kinds: drafts.iter().map(|draft| draft.kind.as_str().to_owned()).collect(),
        bodies: drafts.iter().map(|draft| draft.body.clone()).collect(),
        subjects: drafts.iter().map(|draft| draft.subject.clone()).collect(),
        actors: drafts.iter().map(|draft| draft.actor_id).collect(),
        sources: drafts.iter().map(Draft::source).collect(),
        now,
    };
    let rows: Vec<(NotificationId, i64)> = statement.load(conn).await?;
    Ok(rows.into_iter().collect())
}

/// Locks a member's inbox and returns how many are unread. `None` if nothing was ever in it.
pub async fn lock_inbox(conn: &mut AsyncPgConnection, member: MemberId) -> QueryResult<Option<i64>> {
    let unread: Option<i32> =
        inboxes::table.find(member).select(inboxes::unread).for_update().first(conn).await.optional()?;
    Ok(unread.map(i64::from))
}

/// How many of these are the member's.
pub async fn count_own(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    ids: &[NotificationId],
) -> QueryResult<i64> {
    notifications::table
        .filter(notifications::member_id.eq(member))
        .filter(notifications::id.eq_any(ids))
        .count()
        .get_result(conn)
        .await
}

/// Marks a member's unread notifications as read: those named, or those made up to an instant. Returns how many there
/// were and how many are left.
pub async fn mark_read(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    ids: &[NotificationId],
    up_to: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> QueryResult<(i64, i64)> {
    MarkNotificationsRead { member_id: member, ids: ids.to_vec(), up_to, now }.get_result(conn).await
}

/// How many of a member's notifications are unread.
pub async fn unread(conn: &mut AsyncPgConnection, member: MemberId) -> QueryResult<i64> {
    let unread: Option<i32> =
        inboxes::table.find(member).select(inboxes::unread).first(conn).await.optional()?;
    Ok(unread.map_or(0, i64::from))
}

/// The newest of a member's notifications, each with what is unread in the whole inbox.
pub async fn newest(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    limit: i64,
) -> QueryResult<Vec<(NotificationRow, i64)>> {
    let rows: Vec<Newest> = NewestNotifications { member_id: member, limit }.load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.notification, row.unread)).collect())
}

#[derive(Queryable)]
struct Newest {
    notification: NotificationRow,
    unread: i64,
}

/// The key of a member's inbox: newest first.
pub type NotificationKey = (DateTime<Utc>, NotificationId);

/// A page of a member's inbox, newest first.
pub async fn page(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    unread_only: bool,
    page: &Keyset<NotificationKey>,
) -> QueryResult<Vec<NotificationRow>> {
    let mut query = notifications::table
        .filter(notifications::member_id.eq(member))
        .select(NotificationRow::as_select())
        .limit(page.fetch())
        .into_boxed();
    if unread_only {
        query = query.filter(notifications::read_at.is_null());
    }
    if let Some((at, id)) = page.after {
        query = query.filter(
            notifications::created_at
                .lt(at)
                .or(notifications::created_at.eq(at).and(notifications::id.lt(id))),
        );
    }
    if let Some((at, id)) = page.before {
        query = query.filter(
            notifications::created_at
                .gt(at)
                .or(notifications::created_at.eq(at).and(notifications::id.gt(id))),
        );
    }
    query = if page.backward {
        query.order((notifications::created_at.asc(), notifications::id.asc()))
    } else {
        query.order((notifications::created_at.desc(), notifications::id.desc()))
    };
    query.load(conn).await
}

/// Notifications of a member by id.
pub async fn own_by_ids(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    ids: &[NotificationId],
) -> QueryResult<Vec<NotificationRow>> {
    notifications::table
        .filter(notifications::member_id.eq(member))
        .filter(notifications::id.eq_any(ids))
        .select(NotificationRow::as_select())
        .load(conn)
        .await
}

statement! {
    /// Inserts notifications and raises the counts of their inboxes, which are locked in the order of their members, so
    /// that two transactions cannot wait for each other.
    InsertNotifications(
        ids: Vec<NotificationId> => sql_types::Array<sql_types::Uuid>,
        members: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        kinds: Vec<String> => sql_types::Array<sql_types::Text>,
        bodies: Vec<String> => sql_types::Array<sql_types::Text>,
        subjects: Vec<String> => sql_types::Array<sql_types::Text>,
        actors: Vec<Option<MemberId>> => sql_types::Array<sql_types::Nullable<sql_types::Uuid>>,
        sources: Vec<String> => sql_types::Array<sql_types::Text>,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> (sql_types::Uuid, sql_types::BigInt) =
    "with fresh as (
       insert into notifications (id, member_id, kind, body, subject, actor_id, source, created_at)
       select d.id, d.member_id, d.kind, d.body, d.subject, d.actor_id, d.source, $8
       from unnest($1, $2, $3, $4, $5, $6, $7) as d(id, member_id, kind, body, subject, actor_id, source)
       order by d.source
       on conflict (source) do nothing
       returning id, member_id
     ), counted as (
       insert into inboxes as i (member_id, unread)
       select member_id, count(*) from fresh group by member_id order by member_id
       on conflict (member_id) do update set unread = i.unread + excluded.unread
       returning i.member_id, i.unread
     )
     select f.id, c.unread::bigint from fresh f join counted c on c.member_id = f.member_id"
}

statement! {
    /// Marks notifications as read in an inbox that is locked.
    MarkNotificationsRead(
        member_id: MemberId => sql_types::Uuid,
        ids: Vec<NotificationId> => sql_types::Array<sql_types::Uuid>,
        up_to: Option<DateTime<Utc>> => sql_types::Nullable<sql_types::Timestamptz>,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> (sql_types::BigInt, sql_types::BigInt) =
    "with marked as (
       update notifications set read_at = $4
       where member_id = $1 and read_at is null and (id = any($2) or created_at <= $3)
       returning id
     )
     update inboxes set unread = unread - (select count(*) from marked)::int where member_id = $1
     returning (select count(*) from marked), unread::bigint"
}

statement! {
    /// The newest notifications, with the inbox's count.
    NewestNotifications(
        member_id: MemberId => sql_types::Uuid,
        limit: i64 => sql_types::BigInt,
    ) -> (NotificationSql, sql_types::BigInt) = concat!(
        "select ", notification!(), ", coalesce((select i.unread from inboxes i where i.member_id = $1), 0)::bigint
         from notifications n where n.member_id = $1 order by n.created_at desc, n.id desc limit $2"
    )
}
