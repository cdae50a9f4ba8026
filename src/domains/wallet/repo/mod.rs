//! Every statement of the ledger.

pub mod adjustments;
pub mod audit;
pub mod chain;
pub mod entries;
pub mod export;
pub mod moves;
pub mod promotions;
