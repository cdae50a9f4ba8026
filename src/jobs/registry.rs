//! Every job, schedule, listener and kept row of the product: the one place here that names domains.

use super::Registry;
use crate::domains::{accounts, profiles, scheduling};

/// The whole product.
#[must_use]
pub fn registry() -> Registry {
    Registry::default()
        // Rows kept in the process.
        .hot::<accounts::loaders::MemberById>()
        .hot::<accounts::loaders::VerifiedToken>()
        .hot::<profiles::loaders::SkillById>()
        .hot::<profiles::loaders::CategoryById>()
        .hot::<profiles::loaders::SkillsOf>()
        .hot::<profiles::loaders::MentorById>()
        .hot::<scheduling::loaders::ScheduleOf>()
}
