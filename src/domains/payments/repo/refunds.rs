//! Statements of refunds.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::super::model::{PaymentRow, RefundRow, RefundStatus};
use crate::{
    db::{
        ids::{PaymentId, RefundId},
        tables::{payment_refunds, payments},
    },
    integrations::payments::ProviderName,
};

/// A new refund.
pub async fn insert(conn: &mut AsyncPgConnection, refund: &RefundRow) -> QueryResult<()> {
    diesel::insert_into(payment_refunds::table).values(refund).execute(conn).await.map(drop)
}

/// A refund by id.
pub async fn find(conn: &mut AsyncPgConnection, id: RefundId) -> QueryResult<Option<RefundRow>> {
    payment_refunds::table.find(id).select(RefundRow::as_select()).first(conn).await.optional()
}

/// Refunds by id.
pub async fn by_ids(conn: &mut AsyncPgConnection, ids: &[RefundId]) -> QueryResult<Vec<RefundRow>> {
    payment_refunds::table
        .filter(payment_refunds::id.eq_any(ids))
        .select(RefundRow::as_select())
        .load(conn)
        .await
}

/// The refunds of payments, oldest first.
pub async fn of_payments(
    conn: &mut AsyncPgConnection,
    payments: &[PaymentId],
) -> QueryResult<Vec<RefundRow>> {
    payment_refunds::table
        .filter(payment_refunds::payment_id.eq_any(payments))
        .order(payment_refunds::id)
        .select(RefundRow::as_select())
        .load(conn)
        .await
}

/// Refunds that have waited since before an instant.
pub async fn open_before(
    conn: &mut AsyncPgConnection,
    before: DateTime<Utc>,
    most: i64,
) -> QueryResult<Vec<RefundId>> {
    payment_refunds::table
        .filter(payment_refunds::status.eq_any([RefundStatus::Requested, RefundStatus::Pending]))
        .filter(payment_refunds::created_at.lt(before))
        .order(payment_refunds::created_at)
        .limit(most)
        .select(payment_refunds::id)
        .load(conn)
        .await
}

/// Writes what became of a refund whose payment is locked.
pub async fn settle(conn: &mut AsyncPgConnection, refund: &RefundRow) -> QueryResult<()> {
    diesel::update(payment_refunds::table.find(refund.id))
        .set((
            payment_refunds::status.eq(refund.status),
            payment_refunds::provider_reference.eq(&refund.provider_reference),
            payment_refunds::failure.eq(&refund.failure),
            payment_refunds::settled_at.eq(refund.settled_at),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Writes what went back of a locked payment, and what is on its way. More than arrived is refused by the database.
pub async fn count(conn: &mut AsyncPgConnection, payment: &PaymentRow) -> QueryResult<()> {
    diesel::update(payments::table.find(payment.id))
        .set((
            payments::refunded.eq(payment.refunded),
            payments::refund_pending.eq(payment.refund_pending),
            payments::refunded_credits.eq(payment.refunded_credits),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Whether a quote was used.
pub async fn by_quote(conn: &mut AsyncPgConnection, quote: uuid::Uuid) -> QueryResult<bool> {
    let used = payment_refunds::table.filter(payment_refunds::quote_id.eq(quote));
    diesel::select(diesel::dsl::exists(used)).get_result(conn).await
}

/// A refund by the provider's name for it.
pub async fn by_reference(
    conn: &mut AsyncPgConnection,
    provider: ProviderName,
    reference: &str,
) -> QueryResult<Option<RefundRow>> {
    payment_refunds::table
        .inner_join(payments::table)
        .filter(payments::provider.eq(provider))
        .filter(payment_refunds::provider_reference.eq(reference))
        .select(RefundRow::as_select())
        .first(conn)
        .await
        .optional()
}
