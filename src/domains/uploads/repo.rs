//! Every statement of uploads.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, dsl, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{ABANDONED_AFTER, UploadKind, UploadRow, UploadStatus};
use crate::db::{
    ids::{MemberId, UploadId},
    tables::{stored_objects, uploads},
};

/// Uploads by id.
pub async fn by_ids(conn: &mut AsyncPgConnection, ids: &[UploadId]) -> QueryResult<Vec<UploadRow>> {
    uploads::table.filter(uploads::id.eq_any(ids)).select(UploadRow::as_select()).load(conn).await
}

/// An upload.
pub async fn by_id(conn: &mut AsyncPgConnection, id: UploadId) -> QueryResult<Option<UploadRow>> {
    uploads::table.find(id).select(UploadRow::as_select()).first(conn).await.optional()
}

/// An upload, locked until the end of the transaction.
pub async fn lock(conn: &mut AsyncPgConnection, id: UploadId) -> QueryResult<Option<UploadRow>> {
    uploads::table.find(id).select(UploadRow::as_select()).for_update().first(conn).await.optional()
}

/// What a member has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    /// Uploads that are announced.
    pub pending: i64,
    /// Their bytes.
    pub pending_bytes: i64,
    /// Bytes of what is finalised.
    pub ready_bytes: i64,
}

/// What a member has, by status.
pub async fn held_by(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    now: DateTime<Utc>,
) -> QueryResult<Held> {
    // Sums are numeric in PostgreSQL; ours stay far below 2^63.
    let bytes = || dsl::sql::<diesel::sql_types::BigInt>("coalesce(sum(bytes), 0)::bigint");
    let pending = uploads::table
        .filter(uploads::owner_id.eq(member))
        .filter(uploads::status.eq(UploadStatus::Pending).and(uploads::expires_at.gt(now)))
        .select(dsl::count_star())
        .first(conn)
        .await?;
    // What came is there until the clean-up.
    let pending_bytes = uploads::table
        .filter(uploads::owner_id.eq(member))
        .filter(uploads::status.eq(UploadStatus::Pending).and(uploads::expires_at.gt(now - ABANDONED_AFTER)))
        .select(bytes())
        .first(conn)
        .await?;
    let ready_bytes = uploads::table
        .filter(uploads::owner_id.eq(member).and(uploads::status.eq(UploadStatus::Ready)))
        .select(bytes())
        .first(conn)
        .await?;
    Ok(Held { pending, pending_bytes, ready_bytes })
}

/// A new upload.
pub async fn insert(conn: &mut AsyncPgConnection, row: &UploadRow) -> QueryResult<()> {
    diesel::insert_into(uploads::table).values(row).execute(conn).await.map(drop)
}

/// Says that an object will be in the store, until `remove_after`.
pub async fn expect_object(
    conn: &mut AsyncPgConnection,
    key: &str,
    remove_after: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(stored_objects::table)
        .values((stored_objects::key.eq(key), stored_objects::remove_after.eq(remove_after)))
        .execute(conn)
        .await
        .map(drop)
}

/// Keeps an object; `false` if it is being thrown away.
pub async fn keep_object(conn: &mut AsyncPgConnection, key: &str) -> QueryResult<bool> {
    let kept = diesel::update(stored_objects::table.find(key).filter(stored_objects::doomed.eq(false)))
        .set(stored_objects::remove_after.eq(None::<DateTime<Utc>>))
        .execute(conn)
        .await?;
    Ok(kept == 1)
}

/// Lets go of objects from `at` on.
pub async fn release_objects(
    conn: &mut AsyncPgConnection,
    keys: &[String],
    at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(stored_objects::table.filter(stored_objects::key.eq_any(keys)))
        .set(stored_objects::remove_after.eq(at))
        .execute(conn)
        .await
        .map(drop)
}

/// Objects whose time is over and that no upload has, at most `limit`: from now on nobody can keep them.
pub async fn doom_objects(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<String>> {
    let had = uploads::table.filter(uploads::object_key.eq(stored_objects::key.nullable()));
    let due = stored_objects::table
        .filter(stored_objects::remove_after.le(now))
        .filter(dsl::not(dsl::exists(had)))
        .order(stored_objects::remove_after)
        .select(stored_objects::key)
        .limit(limit)
        .for_update()
        .skip_locked()
        .load::<String>(conn)
        .await?;
    diesel::update(stored_objects::table.filter(stored_objects::key.eq_any(&due)))
        .set(stored_objects::doomed.eq(true))
        .execute(conn)
        .await?;
    Ok(due)
}

/// Forgets objects that are gone.
pub async fn forget_objects(conn: &mut AsyncPgConnection, keys: &[String]) -> QueryResult<()> {
    let gone = stored_objects::table.filter(stored_objects::key.eq_any(keys));
    diesel::delete(gone.filter(stored_objects::doomed)).execute(conn).await.map(drop)
}

/// Makes an upload READY.
pub async fn finalize(conn: &mut AsyncPgConnection, row: &UploadRow) -> QueryResult<()> {
    diesel::update(uploads::table.find(row.id))
        .set((
            uploads::status.eq(UploadStatus::Ready),
            uploads::sha256.eq(&row.sha256),
            uploads::object_key.eq(&row.object_key),
            uploads::finalized_at.eq(row.finalized_at),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Says that something shows an upload.
pub async fn use_upload(conn: &mut AsyncPgConnection, id: UploadId) -> QueryResult<()> {
    diesel::update(uploads::table.find(id)).set(uploads::used.eq(true)).execute(conn).await.map(drop)
}

/// Removes the avatars of a member that were shown, but for one; returns where they were kept.
pub async fn remove_used_avatars(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    but: Option<UploadId>,
) -> QueryResult<Vec<String>> {
    let mut shown = diesel::delete(uploads::table)
        .filter(uploads::owner_id.eq(member))
        .filter(uploads::kind.eq(UploadKind::Avatar).and(uploads::status.eq(UploadStatus::Ready)))
        .filter(uploads::used)
        .into_boxed();
    if let Some(but) = but {
        shown = shown.filter(uploads::id.ne(but));
    }
    let keys = shown.returning(uploads::object_key).get_results::<Option<String>>(conn).await?;
    Ok(keys.into_iter().flatten().collect())
}

/// Removes uploads that were announced and never finalised.
pub async fn remove_abandoned(conn: &mut AsyncPgConnection, before: DateTime<Utc>) -> QueryResult<()> {
    let abandoned = uploads::table
        .filter(uploads::status.eq(UploadStatus::Pending))
        .filter(uploads::expires_at.le(before));
    diesel::delete(abandoned).execute(conn).await.map(drop)
}

/// Removes avatars that nothing has shown; returns where they were kept.
pub async fn remove_unused_avatars(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
) -> QueryResult<Vec<String>> {
    let unused = uploads::table
        .filter(uploads::status.eq(UploadStatus::Ready).and(uploads::kind.eq(UploadKind::Avatar)))
        .filter(uploads::used.eq(false))
        .filter(uploads::finalized_at.le(before));
    let keys =
        diesel::delete(unused).returning(uploads::object_key).get_results::<Option<String>>(conn).await?;
    Ok(keys.into_iter().flatten().collect())
}
