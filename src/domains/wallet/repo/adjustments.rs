//! Statements of adjustments.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::super::model::{
    Asset,
    adjustment::{AdjustmentRow, AdjustmentStatus},
};
use crate::db::{
    ids::{AdjustmentId, MemberId},
    keyset::Keyset,
    tables::adjustments::dsl,
};

/// Writes an adjustment.
pub async fn insert(conn: &mut AsyncPgConnection, row: &AdjustmentRow) -> QueryResult<()> {
    diesel::insert_into(dsl::adjustments).values(row).execute(conn).await.map(drop)
}

/// An adjustment, locked until the end of the transaction.
pub async fn lock(conn: &mut AsyncPgConnection, id: AdjustmentId) -> QueryResult<Option<AdjustmentRow>> {
    dsl::adjustments.find(id).select(AdjustmentRow::as_select()).for_update().first(conn).await.optional()
}

/// Writes how an adjustment was decided.
pub async fn decide(conn: &mut AsyncPgConnection, row: &AdjustmentRow) -> QueryResult<()> {
    diesel::update(dsl::adjustments.find(row.id))
        .set((
            dsl::status.eq(row.status),
            dsl::decided_by.eq(row.decided_by),
            dsl::decided_at.eq(row.decided_at),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Adjustments by id.
pub async fn by_ids(conn: &mut AsyncPgConnection, ids: &[AdjustmentId]) -> QueryResult<Vec<AdjustmentRow>> {
    dsl::adjustments.filter(dsl::id.eq_any(ids)).select(AdjustmentRow::as_select()).load(conn).await
}

/// The amounts that an administrator adjusted alone since an instant.
pub async fn alone_since(
    conn: &mut AsyncPgConnection,
    by: MemberId,
    asset: &Asset,
    since: DateTime<Utc>,
) -> QueryResult<Vec<i64>> {
    dsl::adjustments
        .filter(dsl::requested_by.eq(by))
        .filter(dsl::created_at.gt(since))
        .filter(dsl::asset.eq(asset))
        .filter(dsl::status.eq(AdjustmentStatus::Posted))
        .filter(dsl::decided_by.is_null())
        .select(dsl::amount)
        .load(conn)
        .await
}

/// A page of the adjustments, newest first.
pub async fn page(
    conn: &mut AsyncPgConnection,
    status: Option<AdjustmentStatus>,
    page: &Keyset<(DateTime<Utc>, AdjustmentId)>,
) -> QueryResult<Vec<AdjustmentRow>> {
    let mut query = dsl::adjustments.select(AdjustmentRow::as_select()).limit(page.fetch()).into_boxed();
    if let Some(status) = status {
        query = query.filter(dsl::status.eq(status));
    }
    if let Some((at, id)) = page.after {
        query = query.filter(dsl::created_at.lt(at).or(dsl::created_at.eq(at).and(dsl::id.lt(id))));
    }
    if let Some((at, id)) = page.before {
        query = query.filter(dsl::created_at.gt(at).or(dsl::created_at.eq(at).and(dsl::id.gt(id))));
    }
    query = if page.backward {
        query.order((dsl::created_at.asc(), dsl::id.asc()))
    } else {
        query.order((dsl::created_at.desc(), dsl::id.desc()))
    };
    query.load(conn).await
}
