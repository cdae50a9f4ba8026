//! Intents: idempotency keys that the server makes, so that clients need not.
//!
//! Vocabulary: a form that will end in a mutation is *prepared*; the *intent* is the key that its mutation is sent with, as
//! often as it takes.
//!
//! Invariants: an intent is good for the member and the mutation that it was made for, and for nothing else.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod repo;
pub mod service;
