//! Oversight: an administrator reads a conversation of others, for a reason and for a time.
//!
//! Vocabulary: an *access* is one administrator's leave to read one conversation until it ends by itself.
//!
//! Invariants: without an access that is open, a conversation is to an administrator what it is to any stranger; an access
//! lets read, never write; opening one needs a reason and a step-up, and is a row of the audit log, as is each reading;
//! the members are told of every access, at once or when it has ended.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod query;
pub mod repo;
pub mod service;
pub mod types;
