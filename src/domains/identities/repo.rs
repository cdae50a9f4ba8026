//! Every statement of outside identities.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{ExternalUserRow, IdentityRow, StateRow};
use crate::{
    db::{
        ids::{MemberId, OAuthIdentityId},
        tables::{external_deliveries, oauth_identities, oauth_states},
    },
    statement,
};

/// Keeps a sign-in that is on its way.
pub async fn insert_state(conn: &mut AsyncPgConnection, state: &StateRow) -> QueryResult<()> {
    diesel::insert_into(oauth_states::table).values(state).execute(conn).await.map(drop)
}

/// Takes a state: of several at once, one gets it.
pub async fn take_state(
    conn: &mut AsyncPgConnection,
    hash: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<Option<StateRow>> {
    diesel::delete(oauth_states::table.find(hash).filter(oauth_states::expires_at.gt(now)))
        .returning(StateRow::as_returning())
        .get_result(conn)
        .await
        .optional()
}

/// Forgets the sign-ins that never came back; returns how many.
pub async fn forget_states(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(oauth_states::table.filter(oauth_states::expires_at.le(now))).execute(conn).await
}

/// An identity by what its provider calls it, locked until the end of the transaction.
pub async fn lock_identity(
    conn: &mut AsyncPgConnection,
    issuer: &str,
    subject: &str,
) -> QueryResult<Option<IdentityRow>> {
    oauth_identities::table
        .filter(oauth_identities::issuer.eq(issuer))
        .filter(oauth_identities::subject.eq(subject))
        .select(IdentityRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// An identity by id.
pub async fn identity(conn: &mut AsyncPgConnection, id: OAuthIdentityId) -> QueryResult<Option<IdentityRow>> {
    oauth_identities::table.find(id).select(IdentityRow::as_select()).first(conn).await.optional()
}

/// The identities of members, oldest first.
pub async fn identities_of(
    conn: &mut AsyncPgConnection,
    members: &[MemberId],
) -> QueryResult<Vec<IdentityRow>> {
    oauth_identities::table
        .filter(oauth_identities::member_id.eq_any(members))
        .order(oauth_identities::id)
        .select(IdentityRow::as_select())
        .load(conn)
        .await
}

/// A new link. The caller looks at the broken constraint if this fails.
pub async fn insert_identity(conn: &mut AsyncPgConnection, identity: &IdentityRow) -> QueryResult<()> {
    diesel::insert_into(oauth_identities::table).values(identity).execute(conn).await.map(drop)
}

/// Marks an identity as used.
pub async fn touch_identity(
    conn: &mut AsyncPgConnection,
    id: OAuthIdentityId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(oauth_identities::table.find(id))
        .set(oauth_identities::last_used_at.eq(now))
        .execute(conn)
        .await
        .map(drop)
}

/// Removes a link.
pub async fn delete_identity(conn: &mut AsyncPgConnection, id: OAuthIdentityId) -> QueryResult<()> {
    diesel::delete(oauth_identities::table.find(id)).execute(conn).await.map(drop)
}

/// Removes every link of a member.
pub async fn delete_identities_of(conn: &mut AsyncPgConnection, member: MemberId) -> QueryResult<()> {
    diesel::delete(oauth_identities::table.filter(oauth_identities::member_id.eq(member)))
        .execute(conn)
        .await
        .map(drop)
}

/// Remembers a delivery; `false` if it came before. One that is being applied is waited for.
pub async fn insert_delivery(
    conn: &mut AsyncPgConnection,
    delivery_id: &str,
    kind: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let inserted = diesel::insert_into(external_deliveries::table)
        .values((
            external_deliveries::delivery_id.eq(delivery_id),
            external_deliveries::kind.eq(kind),
            external_deliveries::received_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// Forgets old deliveries.
pub async fn forget_deliveries(conn: &mut AsyncPgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(external_deliveries::table.filter(external_deliveries::received_at.lt(before)))
        .execute(conn)
        .await
}

/// Keeps a person as told; `false` if something newer was told before, or that they are gone.
pub async fn upsert_external_user(conn: &mut AsyncPgConnection, user: &ExternalUserRow) -> QueryResult<bool> {
    let statement = UpsertExternalUser {
        issuer: user.issuer.clone(),
        subject: user.subject.clone(),
        verified_email: user.verified_email.clone(),
        name: user.name.clone(),
        updated_at: user.updated_at,
    };
    Ok(statement.execute(conn).await? == 1)
}

statement! {
    /// Inserts a person, or replaces what is older.
    UpsertExternalUser(
        issuer: String => sql_types::Text,
        subject: String => sql_types::Text,
        verified_email: Option<String> => sql_types::Nullable<sql_types::Text>,
        name: Option<String> => sql_types::Nullable<sql_types::Text>,
        updated_at: DateTime<Utc> => sql_types::Timestamptz,
    ) -> () =
    "insert into external_users as u (issuer, subject, verified_email, name, updated_at) values ($1, $2, $3, $4, $5)
     on conflict (issuer, subject) do update set verified_email = $3, name = $4, updated_at = $5
     where u.updated_at < $5 and u.deleted_at is null"
}

/// Whether a person is not gone, as far as the issuer told; from now until the commit it cannot tell otherwise.
pub async fn is_there(conn: &mut AsyncPgConnection, user: ExternalUserRow) -> QueryResult<bool> {
    let ExternalUserRow { issuer, subject, verified_email, name, updated_at, .. } = user;
    IsThere { issuer, subject, verified_email, name, updated_at }.get_result(conn).await
}

statement! {
    /// Locks what is known of a person, and makes it known if nothing was.
    IsThere(
        issuer: String => sql_types::Text,
        subject: String => sql_types::Text,
        verified_email: Option<String> => sql_types::Nullable<sql_types::Text>,
        name: Option<String> => sql_types::Nullable<sql_types::Text>,
        updated_at: DateTime<Utc> => sql_types::Timestamptz,
    ) -> sql_types::Bool =
    "insert into external_users as u (issuer, subject, verified_email, name, updated_at) values ($1, $2, $3, $4, $5)
     on conflict (issuer, subject) do update set updated_at = u.updated_at returning u.deleted_at is null"
}

/// Keeps that a person is gone, known before or not.
pub async fn mark_external_user_deleted(
    conn: &mut AsyncPgConnection,
    issuer: &str,
    subject: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let statement = MarkDeleted { issuer: issuer.to_owned(), subject: subject.to_owned(), now };
    statement.execute(conn).await.map(drop)
}

statement! {
    /// Inserts a person who is gone, or says so of a known one; what was known of them goes too.
    MarkDeleted(
        issuer: String => sql_types::Text,
        subject: String => sql_types::Text,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> () =
    "insert into external_users (issuer, subject, updated_at, deleted_at) values ($1, $2, $3, $3)
     on conflict (issuer, subject) do update set deleted_at = $3, verified_email = null, name = null"
}
