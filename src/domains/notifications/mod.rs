//! Notifications: the inbox of a member inside the product.
//!
//! Invariants: an event makes at most one notification per member, by the unique `source`; a notification is made in the
//! transaction of its event; the number of unread ones is kept in the member's `inboxes` row, whose lock orders what
//! happens to the inbox, so that the number in an event is the number of unread rows at that place of the stream.
//! No other domain calls this one: it listens.

pub mod listener;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
