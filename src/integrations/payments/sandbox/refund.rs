//! Refunds in the sandbox's own books: done at once, and never more than was paid.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    super::{ProviderError, RefundOrder, RefundReport, RefundWord},
    SCALE,
    checkout::{self, CheckoutStatus},
    unavailable,
};
use crate::{
    app::App,
    db::{
        Tx,
        ids::{self, RefundId},
        tables::{sandbox_checkouts, sandbox_refunds},
        transact,
    },
};

/// A refund as the sandbox knows it.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sandbox_refunds, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: String,
    refund_id: RefundId,
    checkout_id: String,
    amount: i64,
    created_at: DateTime<Utc>,
}

/// Refunds, once for each refund of the shop.
pub(super) async fn refund(app: &App, order: &RefundOrder) -> Result<RefundReport, ProviderError> {
    let made: QueryResult<Option<Row>> = transact(app, async |tx| make(tx, order).await).await;
    let row = made.map_err(unavailable)?;
    let row = row.ok_or_else(|| ProviderError::Refused("more than was paid".to_owned()))?;
    Ok(report(row, &order.sum.currency))
}

async fn make(tx: &mut Tx, order: &RefundOrder) -> QueryResult<Option<Row>> {
    let payment = order.payment.payment_id;
    let locked = sandbox_checkouts::table.filter(sandbox_checkouts::payment_id.eq(payment)).for_update();
    locked.select(sandbox_checkouts::id).first::<String>(tx).await.optional()?;
    let known = sandbox_refunds::table.filter(sandbox_refunds::refund_id.eq(order.refund_id));
    if let Some(row) = known.select(Row::as_select()).first(tx).await.optional()? {
        return Ok(Some(row));
    }
    let Some(checkout) = checkout::of_payment(tx, payment).await? else { return Ok(None) };
    let made = sandbox_refunds::table.filter(sandbox_refunds::checkout_id.eq(&checkout.id));
    let amounts: Vec<i64> = made.select(sandbox_refunds::amount).load(tx).await?;
    let left = checkout.amount - amounts.iter().sum::<i64>();
    if checkout.status != CheckoutStatus::Paid || order.sum.units > left {
        return Ok(None);
    }
    let row = Row {
        id: format!("sbr_{}", ids::new_uuid().simple()),
        refund_id: order.refund_id,
        checkout_id: checkout.id,
        amount: order.sum.units,
        created_at: tx.now(),
    };
    diesel::insert_into(sandbox_refunds::table).values(&row).execute(tx).await?;
    Ok(Some(row))
}

/// Every refund since an instant.
pub(super) async fn since(app: &App, instant: DateTime<Utc>) -> QueryResult<Vec<RefundReport>> {
    let rows: Vec<(Row, String)> = sandbox_refunds::table
        .inner_join(sandbox_checkouts::table)
        .filter(sandbox_refunds::created_at.ge(instant))
        .order(sandbox_refunds::created_at)
        .select((Row::as_select(), sandbox_checkouts::currency))
        .load(&mut app.conn().await?)
        .await?;
    Ok(rows.into_iter().map(|(row, currency)| report(row, &currency)).collect())
}

fn report(row: Row, currency: &str) -> RefundReport {
    RefundReport {
        refund_id: Some(row.refund_id),
        reference: row.id,
        capture: None,
        word: RefundWord::Succeeded,
        sum: SCALE.sum(row.amount, currency),
    }
}
