//! Every statement of discovery.

pub mod index;
pub mod page;

pub use index::{
    Mend, Reindexed, candidates, lock_mentors, next_slots, now, outdated, reindex, set_next_slots,
};
pub use page::{Place, page, page_of_skill};
