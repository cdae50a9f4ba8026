//! Roles, status and the list of members.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::super::model::{MemberRow, MemberSearch, MemberStatus, Role};
use crate::db::{
    ids::MemberId,
    keyset::Keyset,
    tables::{credentials, members},
};

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
