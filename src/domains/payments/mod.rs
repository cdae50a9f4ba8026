//! Payments: buying credits through a payment provider.
//!
//! Vocabulary: a *package* is an amount of credits with a price; a *payment* is one attempt of a member to buy one; a
//! *checkout* is the provider's page for it, or what the client's library pays by; a *webhook* is the provider's word on what became of it.
//!
//! Invariants: price and credits come from the package, never from the client; the payment exists before the provider is
//! asked, which hears its id; only the provider's word settles a payment (its webhook, or its answer when asked), never
//! the return of the member; a webhook is stored once before it is looked at, and applied under the payment's lock; states
//! only move forward, and money that arrives late still counts, once.
//!
//! Refunds: a *quote* says what would move, and the act moves exactly that. What is asked for is counted under the
//! payment's lock, and its credits leave the wallet at once; a job asks the provider after the commit, under the refund's
//! id. `refunded + refund_pending <= captured` is a rule of the database. A refund that fails leaves everything as it was.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod query;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
