//! Payments: buying credits through a payment provider.
//!
//! Vocabulary: a *package* is an amount of credits with a price; a *payment* is one attempt of a member to buy one; a
//! *checkout* is the provider's page for it; a *webhook* is the provider's word on what became of it.
//!
//! Invariants: price and credits come from the package, never from the client; the payment exists before the provider is
//! asked, which hears its id; only a webhook settles a payment, never the return of the member; a webhook is stored once
//! before it is looked at, and applied under the payment's lock; states only move forward, and money that arrives late
//! still counts, once.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod query;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
