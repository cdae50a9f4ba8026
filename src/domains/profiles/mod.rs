//! Profiles: who a member is, the skills, and what a mentor offers.
//!
//! Vocabulary: a member *offers* the skills they teach or barter and *desires* those they look for; a *mentor* is a member
//! with the role MENTOR and an hourly rate. Everything here is public and kept in the process (see `loaders`).

pub mod loaders;
pub mod model;
pub mod mutation;
pub mod query;
pub mod repo;
pub mod service;
pub mod types;
