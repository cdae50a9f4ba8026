//! What a refund would move.

use super::{
    super::{
        model::{PaymentRow, QUOTE_LIFE, Quote, credits_for},
        repo,
    },
    refund::{RefundError, is_here},
};
use crate::{
    app::App,
    db::ids::{self, PaymentId},
    domains::wallet::service::refunds,
};

/// What it would move if an amount of a payment went back, or all that can; with the payment.
///
/// # Errors
/// See [`RefundError`].
pub async fn quote_refund(
    app: &App,
    payment: PaymentId,
    amount: Option<i64>,
) -> Result<(Quote, PaymentRow), RefundError> {
    let mut conn = app.conn().await?;
    let found = repo::payments_by_ids(&mut conn, &[payment]).await?;
    let payment = found.into_iter().next().ok_or(RefundError::NotFound)?;
    is_here(&mut conn, &payment).await?;
    let left = refunds::returnable(&mut conn, payment.member_id).await?;
    let refundable = affordable(&payment, left);
    let amount = amount.unwrap_or(refundable);
    if amount > refundable || amount <= 0 {
        return Err(RefundError::too_high(&payment, refundable));
    }
    let credits = credits_for(&payment, amount);
    let quote = Quote {
        id: ids::new_uuid(),
        payment_id: payment.id,
        amount,
        credits,
        expires_at: app.clock.now() + QUOTE_LIFE,
    };
    Ok((quote, payment))
}

/// How much of a payment can go back for what is left in the wallet.
pub(super) fn affordable(payment: &PaymentRow, left: i64) -> i64 {
    let all = payment.refundable();
    if credits_for(payment, all) <= left || payment.credits <= 0 {
        return all;
    }
    // The largest amount whose part of the credits, rounded down, is there.
    let most = (i128::from(left.max(0)) + 1) * i128::from(payment.amount) - 1;
    let amount = i64::try_from(most / i128::from(payment.credits)).unwrap_or(all);
    amount.min(all - 1).max(0)
}
