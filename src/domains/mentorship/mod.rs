//! Becoming a mentor: a member applies, an administrator decides.
//!
//! Invariants: a member has at most one pending application; a decision is final, grants the role and its audit row in one
//! transaction, and is made by somebody else than the applicant; after a rejection the member waits before the next one.

pub mod loaders;
pub mod model;
pub mod mutation;
pub mod query;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
