//! Use-cases of payments.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use super::{
    model::{PaymentRow, RefundRow},
    repo,
};
use crate::{
    db::ids::{PaymentId, RefundId},
    domains::wallet::model::{Amount, Asset},
    integrations::payments::{Known, Sum},
};

mod chargeback;
mod checkout;
mod look;
mod quote;
mod refund;
mod settle;
mod settle_refund;
mod webhook;

pub use checkout::{CheckoutError, CreateCheckout, Started, create_checkout};
pub use look::{LookError, ask_silent, look, verify_payment};
pub use quote::quote_refund;
pub use refund::{AskForRefund, AskedForRefund, RefundError, ask_for_refund};
pub use settle::expire_overdue;
pub use settle_refund::{follow_refunds, send_refund};
pub use webhook::{ReceiveError, apply_webhook, forget_webhooks, receive_webhook, replay_webhook};

/// An amount of a payment's currency, for its provider.
fn sum(payment: &PaymentRow, minor: i64) -> Sum {
    let decimals = u32::try_from(Asset::of(&payment.currency).decimals()).unwrap_or(2);
    Sum { units: minor, decimals, currency: payment.currency.clone() }
}

/// An amount of a payment's currency, for the ledger.
fn amount(payment: &PaymentRow, minor: i64) -> Amount {
    Amount { minor, asset: Asset::of(&payment.currency) }
}

/// A payment for its provider, who knows it already: by the checkout, or by the money that arrived.
fn known(payment: &PaymentRow) -> Known {
    Known {
        payment_id: payment.id,
        flow: payment.flow,
        reference: payment.provider_reference.clone().unwrap_or_default(),
        capture: payment.provider_capture.clone(),
        sum: sum(payment, payment.amount),
    }
}

/// A payment, whoever's. `None` if unknown.
///
/// # Errors
/// Only if the database fails.
pub async fn find(conn: &mut AsyncPgConnection, id: PaymentId) -> QueryResult<Option<PaymentRow>> {
    Ok(repo::payments_by_ids(conn, &[id]).await?.pop())
}

/// A refund, whoever's. `None` if unknown.
///
/// # Errors
/// Only if the database fails.
pub async fn find_refund(conn: &mut AsyncPgConnection, id: RefundId) -> QueryResult<Option<RefundRow>> {
    repo::refunds::find(conn, id).await
}
