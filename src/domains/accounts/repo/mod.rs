//! Every statement of accounts: members and credentials here; [`devices`]; [`recovery`]: mailed tokens and
//! counted tries; [`rights`]: roles, status, and lists of members.

pub mod devices;
pub mod recovery;
pub mod rights;

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{CredentialRow, MemberRow, OwnEmail};
use crate::{
    db::{
        ids::MemberId,
        tables::{credentials, members},
    },
    statement,
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
) -> QueryResult<Vec<(MemberId, OwnEmail)>> {
    let rows: Vec<(MemberId, String, Option<DateTime<Utc>>)> = credentials::table
        .filter(credentials::member_id.eq_any(ids))
        .select((credentials::member_id, credentials::email, credentials::email_verified_at))
        .load(conn)
        .await?;
    let own = |email, verified_at: Option<_>| OwnEmail { email, verified: verified_at.is_some() };
    Ok(rows.into_iter().map(|(id, email, verified_at)| (id, own(email, verified_at))).collect())
}

/// The credentials and card of a member.
pub async fn credential_of(
    conn: &mut AsyncPgConnection,
    member_id: MemberId,
) -> QueryResult<Option<(CredentialRow, MemberRow)>> {
    credentials::table
        .inner_join(members::table)
        .filter(credentials::member_id.eq(member_id))
        .select((CredentialRow::as_select(), MemberRow::as_select()))
        .first(conn)
        .await
        .optional()
}

/// The same, the credentials locked until the end of the transaction.
pub async fn lock_credential(
    conn: &mut AsyncPgConnection,
    member_id: MemberId,
) -> QueryResult<Option<(CredentialRow, MemberRow)>> {
    let locked = credentials::table.find(member_id).select(credentials::member_id).for_update();
    let id: Option<MemberId> = locked.first(conn).await.optional()?;
    match id {
        Some(id) => credential_of(conn, id).await,
        None => Ok(None),
    }
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

/// Whether a member's password still has this hash; if so it stays until the end of the transaction.
pub async fn keep_password(
    conn: &mut AsyncPgConnection,
    member_id: MemberId,
    password_hash: &str,
) -> QueryResult<bool> {
    let kept: Option<MemberId> = credentials::table
        .find(member_id)
        .filter(credentials::password_hash.eq(password_hash))
        .select(credentials::member_id)
        .for_share()
        .first(conn)
        .await
        .optional()?;
    Ok(kept.is_some())
}

/// Changes a password.
pub async fn set_password(
    conn: &mut AsyncPgConnection,
    member_id: MemberId,
    password_hash: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(credentials::table.find(member_id))
        .set((credentials::password_hash.eq(password_hash), credentials::changed_at.eq(now)))
        .execute(conn)
        .await
        .map(drop)
}

/// Says that an address is its member's; `false` if the member has another one now.
pub async fn verify_email(
    conn: &mut AsyncPgConnection,
    member_id: MemberId,
    email: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let email = email.to_owned();
    Ok(VerifyEmail { member_id, email, now }.execute(conn).await? == 1)
}

statement! {
    /// Keeps the time of the first proof.
    VerifyEmail(
        member_id: MemberId => sql_types::Uuid,
        email: String => sql_types::Text,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> () =
    "update credentials set email_verified_at = coalesce(email_verified_at, $3) where member_id = $1 and email = $2"
}

/// Changes a member's address to one that was proven. The caller looks at the broken constraint if this fails.
pub async fn set_email(
    conn: &mut AsyncPgConnection,
    member_id: MemberId,
    email: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(credentials::table.find(member_id))
        .set((credentials::email.eq(email), credentials::email_verified_at.eq(now)))
        .execute(conn)
        .await
        .map(drop)
}
