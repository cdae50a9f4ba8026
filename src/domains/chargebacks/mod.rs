//! Chargebacks: the payer's bank takes a payment back.
//!
//! Vocabulary: a *chargeback* is OPEN while the provider decides, then WON (the money comes again) or LOST (it is gone).
//!
//! What it takes, when it is opened: the buyer's credits, as many as the amount bought; those that are spent already are
//! owed, and whatever the buyer earns or buys next pays them first. What it gives back, when it is won: as many credits,
//! of which what is still owed is paid first. Losing it moves nothing more.
//!
//! Invariants: the provider's words may come in any order and any number of times: each takes or gives once, under the
//! payment's lock; nothing is taken for a chargeback that is known to be won.

pub mod loaders;
pub mod model;
pub mod repo;
pub mod service;
pub mod types;
