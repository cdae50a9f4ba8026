//! Use-cases of payouts.

mod account;
mod events;
mod request;
mod send;

pub use account::{AccountError, Connected, connect, onboarding_url};
pub use events::{ApplyError, ReceiveError, apply_event, receive_event};
pub use request::{RequestError, RequestPayout, Requested, request};
pub use send::{SendFailed, chase, send};

use super::model::Terms;
use crate::config::Config;

/// What credits are worth here.
#[must_use]
pub fn terms(config: &Config) -> Terms {
    let payouts = &config.payouts;
    Terms {
        currency: payouts.payout_currency.clone(),
        per_100_credits: i64::from(payouts.payout_per_100_credits),
        minimum: i64::from(payouts.payout_minimum_credits) * 100,
    }
}
