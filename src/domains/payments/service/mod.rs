//! Use-cases of payments.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

use super::{model::PaymentRow, repo};
use crate::db::ids::PaymentId;

mod checkout;
mod settle;
mod webhook;

pub use checkout::{CheckoutError, CreateCheckout, Started, create_checkout};
pub use settle::expire_overdue;
pub use webhook::{ReceiveError, apply_webhook, receive_webhook};

/// A payment, whoever's. `None` if unknown.
///
/// # Errors
/// Only if the database fails.
pub async fn find(conn: &mut AsyncPgConnection, id: PaymentId) -> QueryResult<Option<PaymentRow>> {
    Ok(repo::payments_by_ids(conn, &[id]).await?.pop())
}
