//! Use-cases of payments.

mod checkout;
mod settle;
mod webhook;

pub use checkout::{CheckoutError, CreateCheckout, Started, create_checkout};
pub use settle::expire_overdue;
pub use webhook::{ReceiveError, apply_webhook, receive_webhook};
