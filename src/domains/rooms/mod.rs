//! Rooms: who is in a session, and who was.
//!
//! Vocabulary: each connection of a participant is a *presence*, kept as one interval from joining to leaving. A member
//! is *present* while one of their intervals is open; the first one opens their *stay*, the last one closes it, and only
//! these two are told. A connection gives signs of life; one that was silent for a minute is *lost* and closed at its
//! last sign, by a job or by whoever meets it first.
//!
//! Invariants: presences change under the lock of the session's row, in the transaction that tells them, so that the
//! number of people in the room follows from the intervals and is never counted; a session that ended or was cancelled
//! has no open interval. Attendance is computed from the intervals alone.

pub mod jobs;
pub mod listener;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod repo;
pub mod service;
pub mod subscription;
pub mod types;
