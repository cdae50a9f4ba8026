//! `skillswap seed`: demo data to look around in, or the large data set of the benchmarks.
//!
//! This is the one place that writes rows of the domains without their services: it loads a past. Every rule that the
//! services keep holds for the rows too: postings sum to zero, kept balances and counts equal a recount, message numbers
//! are dense, no two meetings overlap.

mod accounts;
mod demo;
mod ids;
mod rows;

pub use self::{
    accounts::{ACCOUNTS, DemoAccount},
    demo::demo,
};

/// What a load did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The rows were written.
    Loaded {
        /// How many.
        rows: usize,
    },
    /// They were there before; nothing was written.
    AlreadyThere,
}
