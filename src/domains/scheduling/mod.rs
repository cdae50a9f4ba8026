//! Scheduling: when a mentor can be booked, and whose a piece of time is.
//!
//! Vocabulary: a *schedule* is a mentor's weekly hours in wall time with overrides of single dates; a *slot* is a piece of
//! time that can be booked as it is; a *claim* is a piece of time that somebody took: a *hold* for five minutes, or for good.
//!
//! Invariants: claims of one mentor never overlap, nor do booked claims of one learner (exclusion constraints, so that no
//! code path can break them); an expired hold stands in nobody's way, whether or not it was deleted yet; wall time becomes
//! an instant only when slots are computed.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
