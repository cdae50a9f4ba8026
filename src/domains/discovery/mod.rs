//! Discovery: finding mentors.
//!
//! Reads what other domains write and keeps one index of its own (`mentor_index`, `mentor_index_skills`), which nobody else
//! writes and which can be rebuilt at any time. A mentor is in it while listed, active and a mentor. It follows profiles,
//! ratings and availability in the very transactions that change them, but for one thing: the soonest slot runs behind
//! bookings and the clock, so a list in that order checks it and mends it before it answers.

pub mod jobs;
pub mod listener;
pub mod model;
pub mod query;
pub mod repo;
pub mod service;
pub mod types;
