//! The audit log: who did what to whom, and why.
//!
//! Vocabulary: an *act* is one row, written in the transaction of what it tells of; a *seal* is its link in a chain of
//! hashes; the *head* is the last seal. Invariants: rows and seals are never changed (triggers refuse it); a seal covers
//! every column of its row and the seal before it, so a changed, removed or inserted row is found by
//! [`service::verify`]; the head is published every day, so that a chain which was written anew as a whole is found by
//! whoever kept a head.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod query;
pub mod repo;
pub mod service;
pub mod types;
