//! Every statement of scheduling.

pub mod claim;
pub mod schedule;

pub use claim::{
    NewClaim, busy, delete_claim, delete_expired_holds, delete_hold, holds_by_ids, holds_of, lock_holds,
    obstacles, take,
};
pub use schedule::{
    ScheduleChanges, bump_version, count_overrides, delete_override, lock_schedule, own_schedule,
    replace_rules, schedules, upsert_override, upsert_schedule,
};
