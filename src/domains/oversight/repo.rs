//! Every statement of oversight.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::AccessRow;
use crate::db::{
    ids::{ConversationId, MemberId},
    tables::conversation_accesses::{self, dsl},
};

/// An administrator's access to a conversation that is open now.
pub async fn open_access(
    conn: &mut AsyncPgConnection,
    admin: MemberId,
    conversation: ConversationId,
    now: DateTime<Utc>,
) -> QueryResult<Option<AccessRow>> {
    dsl::conversation_accesses
        .filter(dsl::admin_id.eq(admin).and(dsl::conversation_id.eq(conversation)))
        // Not asked whether it has begun: one that another call has just opened may be later than this `now`.
        .filter(dsl::ends_at.gt(now))
        .select(AccessRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// A new access.
pub async fn insert(conn: &mut AsyncPgConnection, row: &AccessRow) -> QueryResult<()> {
    diesel::insert_into(conversation_accesses::table).values(row).execute(conn).await.map(drop)
}

/// The accesses to conversations of which their members were told, newest first.
pub async fn told_of(
    conn: &mut AsyncPgConnection,
    conversations: &[ConversationId],
) -> QueryResult<Vec<AccessRow>> {
    dsl::conversation_accesses
        .filter(dsl::conversation_id.eq_any(conversations).and(dsl::told_at.is_not_null()))
        .order(dsl::opened_at.desc())
        .select(AccessRow::as_select())
        .load(conn)
        .await
}

/// Accesses that have ended and of which nobody was told, locked, at most `limit`.
pub async fn lock_untold(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<AccessRow>> {
    dsl::conversation_accesses
        .filter(dsl::told_at.is_null().and(dsl::ends_at.le(now)))
        .order(dsl::ends_at)
        .select(AccessRow::as_select())
        .limit(limit)
        .for_update()
        .skip_locked()
        .load(conn)
        .await
}

/// Notes that the members were told.
pub async fn set_told(
    conn: &mut AsyncPgConnection,
    access: &AccessRow,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(dsl::conversation_accesses.find(access.id))
        .set(dsl::told_at.eq(at))
        .execute(conn)
        .await
        .map(drop)
}
