//! Accounts: sign-up, sign-in, devices and roles.
//!
//! Vocabulary: a *member* is anybody with an account; an *auth session* is a signed-in device (never just "session").
//! Invariants: only hashes of passwords and tokens are kept, and no mailed token is in the queue; a token is spent by the
//! one update that says so; whether an address is registered can be learned from no answer; wrong tries lock out the place
//! that they come from, never the owner.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
