//! Signed-in devices and their refresh tokens.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::super::model::AuthSessionRow;
use crate::db::{
    ids::{AuthSessionId, MemberId},
    tables::{auth_sessions, refresh_tokens},
};

/// A new device.
pub async fn insert_auth_session(conn: &mut AsyncPgConnection, row: &AuthSessionRow) -> QueryResult<()> {
    diesel::insert_into(auth_sessions::table).values(row).execute(conn).await.map(drop)
}

/// Devices signed out since an instant.
pub async fn revoked_since(
    conn: &mut AsyncPgConnection,
    since: DateTime<Utc>,
) -> QueryResult<Vec<AuthSessionId>> {
    auth_sessions::table
        .filter(auth_sessions::revoked_at.gt(since))
        .select(auth_sessions::id)
        .load(conn)
        .await
}

/// Signs a device out; `false` if it was out already.
pub async fn revoke_auth_session(
    conn: &mut AsyncPgConnection,
    id: AuthSessionId,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let open = auth_sessions::table.find(id).filter(auth_sessions::revoked_at.is_null());
    Ok(diesel::update(open).set(auth_sessions::revoked_at.eq(now)).execute(conn).await? == 1)
}

/// Moves a device's end.
pub async fn extend_auth_session(
    conn: &mut AsyncPgConnection,
    id: AuthSessionId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(auth_sessions::table.find(id))
        .set((auth_sessions::last_used_at.eq(now), auth_sessions::expires_at.eq(until)))
        .execute(conn)
        .await
        .map(drop)
}

/// A new refresh token, by its hash.
pub async fn insert_refresh_token(
    conn: &mut AsyncPgConnection,
    hash: &[u8],
    auth_session_id: AuthSessionId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(hash),
            refresh_tokens::auth_session_id.eq(auth_session_id),
            refresh_tokens::issued_at.eq(now),
            refresh_tokens::expires_at.eq(until),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Spends a refresh token: of several at once, one gets the device, the others `None`.
pub async fn spend_refresh_token(
    conn: &mut AsyncPgConnection,
    hash: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<Option<AuthSessionId>> {
    let unspent = refresh_tokens::table
        .find(hash)
        .filter(refresh_tokens::spent_at.is_null())
        .filter(refresh_tokens::expires_at.gt(now));
    diesel::update(unspent)
        .set(refresh_tokens::spent_at.eq(now))
        .returning(refresh_tokens::auth_session_id)
        .get_result(conn)
        .await
        .optional()
}

/// When a refresh token was spent, and whose it was; `None` if it is unknown or was never spent.
pub async fn spent_refresh_token(
    conn: &mut AsyncPgConnection,
    hash: &[u8],
) -> QueryResult<Option<(AuthSessionId, DateTime<Utc>)>> {
    let row: Option<(AuthSessionId, Option<DateTime<Utc>>)> = refresh_tokens::table
        .find(hash)
        .select((refresh_tokens::auth_session_id, refresh_tokens::spent_at))
        .first(conn)
        .await
        .optional()?;
    Ok(row.and_then(|(device, spent_at)| Some((device, spent_at?))))
}

/// A device that is signed in.
pub async fn open_auth_session(
    conn: &mut AsyncPgConnection,
    id: AuthSessionId,
    now: DateTime<Utc>,
) -> QueryResult<Option<AuthSessionRow>> {
    auth_sessions::table
        .find(id)
        .filter(auth_sessions::revoked_at.is_null())
        .filter(auth_sessions::expires_at.gt(now))
        .select(AuthSessionRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// The last device of a session at an outside issuer.
pub async fn latest_of_session(
    conn: &mut AsyncPgConnection,
    member_id: MemberId,
    outside_key: &[u8],
) -> QueryResult<Option<AuthSessionRow>> {
    auth_sessions::table
        .filter(auth_sessions::outside_key.eq(outside_key))
        .filter(auth_sessions::member_id.eq(member_id))
        .order(auth_sessions::created_at.desc())
        .select(AuthSessionRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// The signed-in devices of members, last used first.
pub async fn open_auth_sessions_of(
    conn: &mut AsyncPgConnection,
    members: &[MemberId],
    now: DateTime<Utc>,
) -> QueryResult<Vec<AuthSessionRow>> {
    auth_sessions::table
        .filter(auth_sessions::member_id.eq_any(members))
        .filter(auth_sessions::revoked_at.is_null())
        .filter(auth_sessions::expires_at.gt(now))
        .order((auth_sessions::last_used_at.desc(), auth_sessions::id.desc()))
        .select(AuthSessionRow::as_select())
        .load(conn)
        .await
}

/// Signs out a member's devices but one; returns which.
pub async fn revoke_others(
    conn: &mut AsyncPgConnection,
    member_id: MemberId,
    kept: Option<AuthSessionId>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<AuthSessionId>> {
    let others = auth_sessions::table
        .filter(auth_sessions::member_id.eq(member_id))
        .filter(auth_sessions::revoked_at.is_null())
        .filter(auth_sessions::id.nullable().is_distinct_from(kept));
    diesel::update(others)
        .set(auth_sessions::revoked_at.eq(now))
        .returning(auth_sessions::id)
        .get_results(conn)
        .await
}

/// Signs out a member's devices beyond a number, the longest unused ones; returns which.
pub async fn revoke_beyond(
    conn: &mut AsyncPgConnection,
    member_id: MemberId,
    most: i64,
    now: DateTime<Utc>,
) -> QueryResult<Vec<AuthSessionId>> {
    let beyond: Vec<AuthSessionId> = auth_sessions::table
        .filter(auth_sessions::member_id.eq(member_id))
        .filter(auth_sessions::revoked_at.is_null())
        .filter(auth_sessions::expires_at.gt(now))
        .order((auth_sessions::last_used_at.desc(), auth_sessions::id.desc()))
        .offset(most)
        .select(auth_sessions::id)
        .load(conn)
        .await?;
    if !beyond.is_empty() {
        let open = auth_sessions::table
            .filter(auth_sessions::id.eq_any(&beyond))
            .filter(auth_sessions::revoked_at.is_null());
        diesel::update(open).set(auth_sessions::revoked_at.eq(now)).execute(conn).await?;
    }
    Ok(beyond)
}

/// Whether a member signed in from a place since an instant.
pub async fn signed_in_from(
    conn: &mut AsyncPgConnection,
    member_id: MemberId,
    place: &str,
    since: DateTime<Utc>,
) -> QueryResult<bool> {
    let there = auth_sessions::table
        .filter(auth_sessions::member_id.eq(member_id))
        .filter(auth_sessions::created_at.gt(since))
        .filter(auth_sessions::ip_address.eq(place));
    diesel::select(diesel::dsl::exists(there)).get_result(conn).await
}

/// Removes refresh tokens that ended before an instant.
pub async fn forget_refresh_tokens(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::delete(refresh_tokens::table.filter(refresh_tokens::expires_at.lt(before))).execute(conn).await
}
