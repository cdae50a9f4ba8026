//! Use-cases of scheduling.

mod claim;

pub use claim::{ClaimError, claim, free};
