//! Every statement of accounts.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{AuthSessionRow, CredentialRow, MemberRow, Role};
use crate::db::{
    ids::{AuthSessionId, MemberId},
    tables::{auth_sessions, credentials, members, refresh_tokens},
};

/// Members by id.
pub async fn members_by_ids(conn: &mut AsyncPgConnection, ids: &[MemberId]) -> QueryResult<Vec<MemberRow>> {
    members::table.filter(members::id.eq_any(ids)).select(MemberRow::as_select()).load(conn).await
}

/// Members by handle.
pub async fn members_by_handles(
    conn: &mut AsyncPgConnection,
    handles: &[&str],
) -> QueryResult<Vec<MemberRow>> {
    members::table.filter(members::handle.eq_any(handles)).select(MemberRow::as_select()).load(conn).await
}

/// A member, locked until the end of the transaction.
pub async fn lock_member(conn: &mut AsyncPgConnection, id: MemberId) -> QueryResult<Option<MemberRow>> {
    members::table.find(id).select(MemberRow::as_select()).for_update().first(conn).await.optional()
}

/// A new member with credentials. The caller looks at the broken constraint if this fails.
pub async fn insert_member(
    conn: &mut AsyncPgConnection,
    member: &MemberRow,
    credential: &CredentialRow,
) -> QueryResult<()> {
    diesel::insert_into(members::table).values(member).execute(conn).await?;
    diesel::insert_into(credentials::table).values(credential).execute(conn).await.map(drop)
}

/// Whether an address is registered.
pub async fn email_exists(conn: &mut AsyncPgConnection, email: &str) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(credentials::table.filter(credentials::email.eq(email))))
        .get_result(conn)
        .await
}

/// The credentials and status behind an address.
pub async fn credential_by_email(
    conn: &mut AsyncPgConnection,
    email: &str,
) -> QueryResult<Option<(CredentialRow, MemberRow)>> {
    credentials::table
        .inner_join(members::table)
        .filter(credentials::email.eq(email))
        .select((CredentialRow::as_select(), MemberRow::as_select()))
        .first(conn)
        .await
        .optional()
}

/// The credential of an address, locked until the end of the transaction.
pub async fn lock_credential_by_email(
    conn: &mut AsyncPgConnection,
    email: &str,
) -> QueryResult<Option<CredentialRow>> {
    credentials::table
        .filter(credentials::email.eq(email))
        .select(CredentialRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// The credential of a member, locked until the end of the transaction.
pub async fn lock_credential(
    conn: &mut AsyncPgConnection,
    member: MemberId,
) -> QueryResult<Option<CredentialRow>> {
    credentials::table
        .find(member)
        .select(CredentialRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// Gives an account to the owner of its address: what was proven stays, the password goes.
pub async fn take_over_credential(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(credentials::table.find(member))
        .set((
            credentials::password_hash.eq(None::<String>),
            credentials::changed_at.eq(now),
            credentials::email_verified_at.eq(now),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Signs every device of a member out; returns those that were in.
pub async fn revoke_all_auth_sessions(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    now: DateTime<Utc>,
) -> QueryResult<Vec<AuthSessionId>> {
    let open = auth_sessions::table
        .filter(auth_sessions::member_id.eq(member))
        .filter(auth_sessions::revoked_at.is_null());
    diesel::update(open)
        .set(auth_sessions::revoked_at.eq(now))
        .returning(auth_sessions::id)
        .get_results(conn)
        .await
}

/// The addresses of members.
pub async fn emails_by_ids(
    conn: &mut AsyncPgConnection,
    ids: &[MemberId],
) -> QueryResult<Vec<(MemberId, String)>> {
    credentials::table
        .filter(credentials::member_id.eq_any(ids))
        .select((credentials::member_id, credentials::email))
        .load(conn)
        .await
}

/// Changes the roles.
pub async fn set_roles(conn: &mut AsyncPgConnection, id: MemberId, roles: &[Role]) -> QueryResult<()> {
    diesel::update(members::table.find(id))
        .set((members::roles.eq(roles), members::version.eq(members::version + 1)))
        .execute(conn)
        .await
        .map(drop)
}

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
) -> QueryResult<Option<AuthSessionRow>> {
    let unspent = refresh_tokens::table
        .find(hash)
        .filter(refresh_tokens::spent_at.is_null())
        .filter(refresh_tokens::expires_at.gt(now));
    let spent: Option<AuthSessionId> = diesel::update(unspent)
        .set(refresh_tokens::spent_at.eq(now))
        .returning(refresh_tokens::auth_session_id)
        .get_result(conn)
        .await
        .optional()?;
    let Some(id) = spent else { return Ok(None) };
    auth_sessions::table
        .find(id)
        .filter(auth_sessions::revoked_at.is_null())
        .filter(auth_sessions::expires_at.gt(now))
        .select(AuthSessionRow::as_select())
        .first(conn)
        .await
        .optional()
}
