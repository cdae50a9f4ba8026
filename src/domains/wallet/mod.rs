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
//! | `CHARGEBACK` | `GATEWAY`, the member's `WALLET`, for the rest `RECEIVABLE` | `SALES`, `ISSUED` |
//! | `CHARGEBACK_REVERSAL` | `SALES`, `ISSUED` | `GATEWAY`, the member's `RECEIVABLE`, `WALLET` |
//! | `HOLD` | the learner's `WALLET` | the booking's `ESCROW` |
//! | `RELEASE` | the booking's `ESCROW` | the mentor's `EARNINGS`, `FEES` |
//! | `REFUND` | the booking's `ESCROW` | the learner's `WALLET` |
//! | `CANCELLATION` | the booking's `ESCROW` | the learner's `WALLET`, the mentor's `EARNINGS`, `FEES` |
//! | `DISPUTE` | what was paid, if it was: the mentor's `EARNINGS`, for the rest `RECEIVABLE`, `FEES` | the booking's `ESCROW` |
//! | `DISPUTE` | the booking's `ESCROW` | the learner's `WALLET`, the mentor's `EARNINGS`, `FEES` |
//! | `PAYOUT` | the mentor's `EARNINGS` in credits, `GATEWAY` in the currency paid out | `PAYOUTS` in both |
//! | `PAYOUT_FAILED` | `PAYOUTS` in both | the mentor's `EARNINGS` (what they owe first), `GATEWAY` |
//! | `PAYMENT_REFUND` | `GATEWAY` in the currency paid, the member's `WALLET` | `SALES` in the currency paid, `ISSUED` in credits |
//! | `PAYMENT_REFUND_FAILED` | as `PAYMENT_REFUND`, the other way | |
//! | `ADJUSTMENT` | `EQUITY`, or the member's `WALLET` | the member's `WALLET`, or `EQUITY` |
//! | `PROMOTION` | `PROMOTIONS` | the member's `WALLET` |
//! | `PROMOTION_EXPIRY` | the member's `WALLET` | `PROMOTIONS` |
//!
//! What a member owes is paid first, to `RECEIVABLE`, out of whatever these transactions would put into the member's
//! `EARNINGS`, and out of a `PURCHASE` or a `CHARGEBACK_REVERSAL`.
//!
//! *Promotional* credits are given; all others are *bought*. A wallet and an escrow know how much of their balance is
//! promotional (`promotional`), a table knows from which gift (`promotions`). Order of use: promotional before bought, and
//! of promotional those first that end first. A booking that is cancelled gives back what it took, to the gift that it came
//! from: all of it if everything goes back; of a part, bought credits come back first, as they were taken last. What comes
//! back keeps its end. A gift ends 90 days after it was given: a job takes what is left. Only what was bought can be taken
//! back or paid back. A wallet without promotional credits pays nothing for this: its hold is one statement, as before.
//!
//! Every transaction is sealed, some seconds later, into a *block* of a chain of hashes (`model::chain`), so that a
//! posting, transaction or owner of an account that anybody altered is located by [`service::verify`].
//!
//! Invariants: postings are never changed; a kept balance is the sum of the account's postings and never negative; an
//! escrow ends at exactly zero; a wallet's `held` is the sum of the escrows that its owner pays; accounts with a kept
//! balance are locked in id order.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod query;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
