//! Administration: who the members are, their roles and their status.
//!
//! Invariants: every act is a row of the audit log, written in its transaction, with a reason; rights change through
//! `accounts::service::rights` only; nothing is cancelled on the way: what a suspended or banned member leaves open is
//! listed.

pub mod jobs;
pub mod mutation;
pub mod query;
pub mod service;
pub mod subscription;
pub mod types;
