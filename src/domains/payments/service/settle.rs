//! Deciding a payment, under its lock.

use diesel::QueryResult;

use super::super::{
    model::{PENDING_LIFE, PaymentExpired, PaymentFailed, PaymentRow, PaymentStatus, PaymentSucceeded},
    repo,
};
use crate::{
    app::App,
    db::{Tx, transact},
    domains::wallet::{
        self,
        model::{Amount, Asset},
    },
    events::StreamName,
};

/// Overdue payments settled in one transaction.
const BATCH: i64 = 100;

/// Lets a locked payment follow the provider's word; `false` if that changes nothing.
pub(super) async fn follow(tx: &mut Tx, mut payment: PaymentRow, word: PaymentStatus) -> QueryResult<bool> {
    let Some(status) = payment.status.after(word) else { return Ok(false) };
    payment.status = status;
    payment.settled_at = Some(tx.now());
    repo::settle(tx, &payment).await?;
    if status == PaymentStatus::Succeeded {
        let paid = Amount { minor: payment.amount, asset: Asset::of(&payment.currency) };
        wallet::service::credit_purchase(tx, payment.id, payment.member_id, &paid, payment.credits).await?;
    }
    let stream = StreamName::User(payment.member_id);
    match status {
        PaymentStatus::Succeeded => tx.tell(stream, &PaymentSucceeded { payment }),
        PaymentStatus::Failed => tx.tell(stream, &PaymentFailed { payment }),
        PaymentStatus::Expired => tx.tell(stream, &PaymentExpired { payment }),
        PaymentStatus::Pending => {}
    }
    Ok(true)
}

/// Expires payments that have waited too long for their webhook. A success that comes later still counts.
///
/// # Errors
/// Only if the database fails.
pub async fn expire_overdue(app: &App) -> QueryResult<()> {
    loop {
        let expired: QueryResult<usize> = transact(app, async |tx| {
            let limit = tx.now() - PENDING_LIFE;
            let overdue = repo::lock_overdue(tx, limit, BATCH).await?;
            let count = overdue.len();
            for payment in overdue {
                follow(tx, payment, PaymentStatus::Expired).await?;
            }
            Ok(count)
        })
        .await;
        if expired? == 0 {
            return Ok(());
        }
    }
}
