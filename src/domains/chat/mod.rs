//! Chat: conversations, messages and what is unread.
//!
//! Vocabulary: a *conversation* is either DIRECT, between two members, one per pair, made by its first message, or SESSION,
//! between the host and the learners of a session, made when the first seat is booked. A *seat* is a member's place in a
//! conversation: how far they have read and how much is unread.
//!
//! Invariants: messages of a conversation are numbered 1, 2, 3, … without gaps, under the lock of its row; a message's
//! time is never before that of the message in front of it; what is unread is the messages of others after the last one
//! read. In a DIRECT conversation that number is stored and changed in the transaction of the message. In a SESSION
//! conversation it is counted when it is read (the last number, less the last one read, less one's own after that), and
//! only the conversation's stream is told of a message, so that a message costs the same in a room of two and of ten
//! thousand.

pub mod listener;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod query;
pub mod repo;
pub mod service;
pub mod subscription;
pub mod types;
pub mod viewer;
