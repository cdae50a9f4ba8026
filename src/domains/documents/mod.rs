//! The documents of our own apps, and who uses what of the API.
//!
//! Vocabulary: a *document* is the text of one or more operations, named by its SHA-256; an *app* is a client with a name
//! and a version; an app *registers* the documents that it sends, before it is released, and they are *retired* with it.
//! Invariants: a document is trusted as long as one app needs it; an id never changes its document; every change of the
//! registry raises its version in the same transaction, so a server that knows the version knows the registry; what is
//! counted is what was executed, each execution once.

pub mod jobs;
pub mod model;
pub mod query;
pub mod repo;
pub mod service;
pub mod types;
