//! Wallet: the double-entry ledger of everything that has a value.
//!
//! Vocabulary: an *account* holds one asset for a member (`WALLET`, `EARNINGS`, `RECEIVABLE`), a booking (`ESCROW`) or the
//! platform (`GATEWAY`, `SALES`, `ISSUED`, `FEES`, `EQUITY`, `PROMOTIONS`, `PAYOUTS`); a *transaction* is a set of *postings*
//! that sum to zero per asset. `available` is the wallet's balance, `held` what the member's own bookings have in escrow,
//! `pending` the balance of the earnings; a `RECEIVABLE` is what the member owes, as its negative.
//!
//! | transaction | from | to |
//! |---|---|---|
//! | `PURCHASE` | `SALES` in the currency paid, `ISSUED` in credits | `GATEWAY` in the currency paid, the member's `WALLET` |
//! | `HOLD` | the learner's `WALLET` | the booking's `ESCROW` |
//! | `RELEASE` | the booking's `ESCROW` | the mentor's `EARNINGS`, `FEES` |
//! | `REFUND` | the booking's `ESCROW` | the learner's `WALLET` |
//! | `PAYMENT_REFUND` | `GATEWAY` in the currency paid, the member's `WALLET` | `SALES` in the currency paid, `ISSUED` in credits |
//! | `PAYMENT_REFUND_FAILED` | as `PAYMENT_REFUND`, the other way | |
//!
//! Invariants: postings are never changed; a kept balance is the sum of the account's postings and never negative; an
//! escrow ends at exactly zero; a wallet's `held` is the sum of the escrows that its owner pays; accounts with a kept
//! balance are locked in id order.

pub mod loaders;
pub mod model;
pub mod query;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
