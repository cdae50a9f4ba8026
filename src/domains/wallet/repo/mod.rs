//! Every statement of the ledger.

pub mod audit;
pub mod entries;
pub mod moves;
