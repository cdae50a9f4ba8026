//! Every statement of chargebacks.

use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::ChargebackRow;
use crate::db::{
    ids::PaymentId,
    tables::chargebacks::{self, dsl},
};

/// A chargeback by the provider's name for it.
pub async fn find(
    conn: &mut AsyncPgConnection,
    provider: &str,
    reference: &str,
) -> QueryResult<Option<ChargebackRow>> {
    dsl::chargebacks
        .filter(dsl::provider.eq(provider).and(dsl::reference.eq(reference)))
        .select(ChargebackRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// The chargebacks of payments, the last of each payment last.
pub async fn of_payments(
    conn: &mut AsyncPgConnection,
    payments: &[PaymentId],
) -> QueryResult<Vec<ChargebackRow>> {
    dsl::chargebacks
        .filter(dsl::payment_id.eq_any(payments))
        .order((dsl::opened_at, dsl::id))
        .select(ChargebackRow::as_select())
        .load(conn)
        .await
}

/// A new chargeback.
pub async fn insert(conn: &mut AsyncPgConnection, row: &ChargebackRow) -> QueryResult<()> {
    diesel::insert_into(chargebacks::table).values(row).execute(conn).await.map(drop)
}

/// Writes how a chargeback was decided.
pub async fn close(conn: &mut AsyncPgConnection, row: &ChargebackRow) -> QueryResult<()> {
    diesel::update(dsl::chargebacks.find(row.id))
        .set((dsl::status.eq(row.status), dsl::closed_at.eq(row.closed_at)))
        .execute(conn)
        .await
        .map(drop)
}
