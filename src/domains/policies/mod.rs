//! The limits and policies of the house as data, so that clients need not know them by heart. Each value is the constant
//! or the setting that the code itself goes by.

pub mod query;
pub mod types;
