//! Files of members: avatars, attachments of chats, videos and materials of courses, documents that prove something.
//!
//! Vocabulary: an *upload* is announced (`requestUpload`), put into the store of files by the client, and *finalised*: only
//! then is it READY and can be seen. What a client can write to is the *incoming* object; a READY upload has a copy of it
//! under a key that was never given away.
//!
//! Invariants: what is READY has the size that was announced, the type that its first bytes show, and the hash that is
//! kept, and never changes; an object is in the store only if its row in `stored_objects` was committed before it, and a
//! row that belongs to no READY upload has a time at which object and row go.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod repo;
pub mod service;
pub mod types;
