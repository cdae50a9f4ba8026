//! Disputes: one side of a booking contests where its price goes.
//!
//! Vocabulary: the *opener* asks that an amount goes back to the learner (`asked`); the *respondent* is the other side; an
//! *offer* is what the respondent would have go back instead. A dispute is OPEN until the answer, ANSWERED while both bring
//! evidence and an administrator decides, then RESOLVED; or WITHDRAWN by its opener.
//!
//! Who decides what: the respondent accepts what was asked, or refuses with an offer, within 7 days; silence settles it as
//! asked. The opener accepts the offer, or withdraws. Otherwise an administrator divides the price. Evidence can be brought
//! from the opening until 3 days after the answer.
//!
//! Invariants: while a dispute is neither resolved nor withdrawn its booking is DISPUTED and the whole price in escrow,
//! wherever it was before; the parts of a settlement sum to exactly that; whoever changes a dispute holds the lock on its
//! session's row; a fact of the timeline names the row that it rests on.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod query;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
