//! Every statement of mentorship.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{ApplicationRow, ApplicationStatus};
use crate::db::{
    ids::{MemberId, MentorApplicationId},
    keyset::Keyset,
    tables::mentor_applications::{self, dsl},
};

/// Applications by id.
pub async fn by_ids(
    conn: &mut AsyncPgConnection,
    ids: &[MentorApplicationId],
) -> QueryResult<Vec<ApplicationRow>> {
    dsl::mentor_applications.filter(dsl::id.eq_any(ids)).select(ApplicationRow::as_select()).load(conn).await
}

/// The last applications of members.
pub async fn latest(conn: &mut AsyncPgConnection, members: &[MemberId]) -> QueryResult<Vec<ApplicationRow>> {
    dsl::mentor_applications
        .filter(dsl::member_id.eq_any(members))
        .distinct_on(dsl::member_id)
        .order((dsl::member_id, dsl::created_at.desc(), dsl::id.desc()))
        .select(ApplicationRow::as_select())
        .load(conn)
        .await
}

/// An application, locked until the end of the transaction.
pub async fn lock(
    conn: &mut AsyncPgConnection,
    id: MentorApplicationId,
) -> QueryResult<Option<ApplicationRow>> {
    dsl::mentor_applications
        .find(id)
        .select(ApplicationRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// A new application.
pub async fn insert(conn: &mut AsyncPgConnection, row: &ApplicationRow) -> QueryResult<()> {
    diesel::insert_into(mentor_applications::table).values(row).execute(conn).await.map(drop)
}

/// Writes a decision down.
pub async fn decide(conn: &mut AsyncPgConnection, row: &ApplicationRow) -> QueryResult<()> {
    diesel::update(dsl::mentor_applications.find(row.id))
        .set((
            dsl::status.eq(row.status),
            dsl::reason.eq(&row.reason),
            dsl::reviewed_by.eq(row.reviewed_by),
            dsl::reviewed_at.eq(row.reviewed_at),
            dsl::reapply_after.eq(row.reapply_after),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// A page of the applications, longest waiting first.
pub async fn page(
    conn: &mut AsyncPgConnection,
    status: Option<ApplicationStatus>,
    page: &Keyset<(DateTime<Utc>, MentorApplicationId)>,
) -> QueryResult<Vec<ApplicationRow>> {
    let mut query =
        dsl::mentor_applications.select(ApplicationRow::as_select()).limit(page.fetch()).into_boxed();
    if let Some(status) = status {
        query = query.filter(dsl::status.eq(status));
    }
    if let Some((at, id)) = page.after {
        query = query.filter(dsl::created_at.gt(at).or(dsl::created_at.eq(at).and(dsl::id.gt(id))));
    }
    if let Some((at, id)) = page.before {
        query = query.filter(dsl::created_at.lt(at).or(dsl::created_at.eq(at).and(dsl::id.lt(id))));
    }
    query = if page.backward {
        query.order((dsl::created_at.desc(), dsl::id.desc()))
    } else {
        query.order((dsl::created_at.asc(), dsl::id.asc()))
    };
    query.load(conn).await
}
