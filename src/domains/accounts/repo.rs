//! Every statement of accounts.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{AuthSessionRow, CredentialRow, MemberRow, MemberSearch, MemberStatus, Role};
use crate::db::{
    ids::{AuthSessionId, MemberId},
    keyset::Keyset,
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
pub async fn set_roles(
    conn: &mut AsyncPgConnection,
    id: MemberId,
    roles: &[Role],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(members::table.find(id))
        .set((
            members::roles.eq(roles),
            members::rights_changed_at.eq(now),
            members::version.eq(members::version + 1),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Changes the status.
pub async fn set_status(
    conn: &mut AsyncPgConnection,
    id: MemberId,
    status: MemberStatus,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(members::table.find(id))
        .set((
            members::status.eq(status),
            members::suspended_until.eq(until),
            members::rights_changed_at.eq(now),
            members::version.eq(members::version + 1),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Members whose rights have changed since an instant, and when.
pub async fn rights_changed_since(
    conn: &mut AsyncPgConnection,
    since: DateTime<Utc>,
) -> QueryResult<Vec<(MemberId, DateTime<Utc>)>> {
    members::table
        .filter(members::rights_changed_at.gt(since))
        .select((members::id, members::rights_changed_at.assume_not_null()))
        .load(conn)
        .await
}

/// The members who can administrate, locked in the order of their ids: of two changes at once, one waits for the other.
pub async fn lock_active_admins(conn: &mut AsyncPgConnection) -> QueryResult<Vec<MemberId>> {
    members::table
        .filter(members::roles.contains(vec![Role::Admin]))
        .filter(members::status.eq(MemberStatus::Active))
        .order(members::id)
        .select(members::id)
        .for_update()
        .load(conn)
        .await
}

/// Members whose suspension is over.
pub async fn suspensions_over(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<MemberId>> {
    members::table
        .filter(members::status.eq(MemberStatus::Suspended))
        .filter(members::suspended_until.le(now))
        .order(members::suspended_until)
        .limit(limit)
        .select(members::id)
        .load(conn)
        .await
}

/// Signs every device of a member out; returns which.
pub async fn revoke_all(
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

/// A page of the members, newest first. The status is the one at `now`: a suspension whose time is over counts as ended.
pub async fn page_of_members(
    conn: &mut AsyncPgConnection,
    search: &MemberSearch,
    page: &Keyset<(DateTime<Utc>, MemberId)>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<MemberRow>> {
    let mut query = members::table
        .inner_join(credentials::table)
        .select(MemberRow::as_select())
        .limit(page.fetch())
        .into_boxed();
    if let Some(text) = &search.text {
        let pattern = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        query = query.filter(
            members::name
                .ilike(pattern.clone())
                .or(members::handle.ilike(pattern.clone()))
                .or(credentials::email.ilike(pattern)),
        );
    }
    if let Some(role) = search.role {
        query = query.filter(members::roles.contains(vec![role]));
    }
    let lapsed = members::status
        .eq(MemberStatus::Suspended)
        .and(members::suspended_until.is_not_null())
        .and(members::suspended_until.le(now));
    match search.status {
        None => {}
        Some(MemberStatus::Active) => {
            query = query.filter(members::status.eq(MemberStatus::Active).or(lapsed));
        }
        Some(status) => query = query.filter(members::status.eq(status).and(diesel::dsl::not(lapsed))),
    }
    if let Some((at, id)) = page.after {
        query =
            query.filter(members::created_at.lt(at).or(members::created_at.eq(at).and(members::id.lt(id))));
    }
    if let Some((at, id)) = page.before {
        query =
            query.filter(members::created_at.gt(at).or(members::created_at.eq(at).and(members::id.gt(id))));
    }
    query = if page.backward {
        query.order((members::created_at.asc(), members::id.asc()))
    } else {
        query.order((members::created_at.desc(), members::id.desc()))
    };
    query.load(conn).await
}
