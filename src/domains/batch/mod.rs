//! Batches: what a client wanted while it was offline, sent in one request.
//!
//! Vocabulary: an *item* is one mutation with a *name*; it *waits for* the items that it names, either because it must come
//! later or because one of its ids is what the other made.
//!
//! Invariants: an item is exactly its mutation, with that mutation's own key and its own transaction; what waits for an item
//! that was not done is not executed. So a batch can be sent again as a whole or in part, in any order: what was done stays
//! done, and the rest is made up for.

pub mod mutation;
pub mod types;
