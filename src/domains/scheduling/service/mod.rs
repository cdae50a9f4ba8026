//! Use-cases of scheduling.

mod availability;
mod claim;
mod hold;
mod soonest;

pub use availability::{AvailabilityError, SetRules, clear_override, set_override, set_rules};
pub use claim::{ClaimError, WantedSlot, claim, claim_all, free};
pub use hold::{Held, HoldError, HoldSlot, ReleaseError, expire_holds, hold, release};
pub use soonest::soonest;
