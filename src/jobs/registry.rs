//! Every job, schedule, listener and kept row of the product: the one place here that names domains.

use std::time::Duration;

use super::Registry;
use crate::domains::{accounts, profiles, rooms, scheduling, sessions};

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
        // What reacts in the transaction of an event.
        .listener(rooms::listener::EmptyRooms)
        // What runs again and again.
        .every(Duration::from_secs(60), &sessions::jobs::SettleSessions {})
        .every(Duration::from_secs(60), &sessions::jobs::ConfirmBookings {})
        .every(Duration::from_secs(15), &rooms::jobs::CloseLostPresences {})
}
