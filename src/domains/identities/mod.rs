//! Outside identities: signing in through Google, Facebook or any `OpenID` Connect issuer, and linking them to accounts.
//!
//! Vocabulary: an *identity* is who a member is at a provider (issuer and subject); a *state* is a sign-in on its way.
//! Invariants: a state is taken once, by the client it belongs to; an identity belongs to one member; an account and an
//! identity meet by address only if both sides have proven it, and an unproven account loses what a stranger put into it;
//! a member always keeps one way to sign in.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
