//! What a new member still has to do, as the data says: nothing of it is stored, so steps may be done in any order. Reads
//! any table, writes none.

pub mod model;
pub mod repo;
pub mod types;
pub mod viewer;
