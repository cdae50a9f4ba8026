//! The second factor: an authenticator app (TOTP, RFC 6238) with recovery codes, and the proof that sensitive acts ask for.
//!
//! Vocabulary: a device *steps up* when its holder proves again who they are; the proof counts for ten minutes.
//! Invariants: the secret is sealed at rest; a code counts once, a recovery code once; tries are bounded per member and
//! counted before they are looked at; a member with a second factor steps up by nothing less than it.

pub mod loaders;
pub mod model;
pub mod mutation;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
