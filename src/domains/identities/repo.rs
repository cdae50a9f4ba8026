//! Every statement of outside identities.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{IdentityRow, StateRow};
use crate::db::{
    ids::{MemberId, OAuthIdentityId},
    tables::{oauth_identities, oauth_states},
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
