//! Accounts: sign-up, sign-in, devices and roles.
//!
//! Vocabulary: a *member* is anybody with an account; an *auth session* is a signed-in device (never just "session").
//! Invariants: only hashes of passwords and refresh tokens are kept; a refresh token is spent by the one update that
//! sets `spent_at`; whether an address is registered can be learned from no answer.

pub mod loaders;
pub mod model;
pub mod mutation;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
