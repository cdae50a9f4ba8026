//! Reviews: what learners say about mentors after a completed booking, once for each.
//!
//! Invariant: a mentor's rating is the sum and number of the rows here, because both change in one transaction.

pub mod loaders;
pub mod model;
pub mod mutation;
pub mod repo;
pub mod service;
pub mod types;
