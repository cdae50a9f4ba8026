//! Rows and enums of profiles.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    db::{
        ids::{MemberId, SkillCategoryId, SkillId},
        tables::{member_skills, mentors, skill_categories, skills},
    },
    events::EventPayload,
    text_enum,
};

text_enum! {
    /// Whether a skill is offered or looked for.
    pub enum SkillIntent { Offered = "OFFERED", Desired = "DESIRED" }
}

text_enum! {
    /// How well a member knows a skill.
    pub enum SkillLevel { Beginner = "BEGINNER", Intermediate = "INTERMEDIATE", Advanced = "ADVANCED", Expert = "EXPERT" }
}

/// Skills a member may list per intent.
pub const MOST_SKILLS: usize = 30;

/// A category of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = skill_categories, check_for_backend(diesel::pg::Pg))]
pub struct SkillCategoryRow {
    /// Its id.
    pub id: SkillCategoryId,
    /// Unique name in addresses.
    pub slug: String,
    /// The name shown.
    pub name: String,
    /// Place in the list.
    pub position: i32,
}

/// A skill of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = skills, check_for_backend(diesel::pg::Pg))]
pub struct SkillRow {
    /// Its id.
    pub id: SkillId,
    /// Its category.
    pub category_id: SkillCategoryId,
    /// Unique name in addresses.
    pub slug: String,
    /// The name shown.
    pub name: String,
    /// Other names it is found by.
    pub synonyms: Vec<String>,
}

/// A skill of a member.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = member_skills, check_for_backend(diesel::pg::Pg))]
pub struct MemberSkillRow {
    /// Whose.
    pub member_id: MemberId,
    /// Which.
    pub skill_id: SkillId,
    /// Offered or desired.
    pub intent: SkillIntent,
    /// How well.
    pub level: SkillLevel,
    /// Place in the member's list.
    pub position: i16,
}

/// Hours before the start until which a mentor may let learners cancel for nothing.
pub const FREE_CANCELLATION_HOURS: [i16; 4] = [0, 12, 24, 36];
/// What a mentor may take of the price for a later cancellation, in percent.
pub const LATE_FEE_PERCENT: std::ops::RangeInclusive<i16> = 0..=100;

/// What happens to the price when a learner cancels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CancellationPolicy {
    /// Free until so many hours before the start.
    pub free_hours: i16,
    /// What the mentor earns of the price by a later one, in percent.
    pub late_fee_percent: i16,
}

impl CancellationPolicy {
    /// The policy of a mentor who chose none.
    pub const DEFAULT: Self = Self { free_hours: 12, late_fee_percent: 100 };
}

/// What a mentor offers.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mentors, check_for_backend(diesel::pg::Pg))]
pub struct MentorRow {
    /// The member.
    pub member_id: MemberId,
    /// One line.
    pub headline: String,
    /// Minor units of `currency` per hour.
    pub hourly_rate: i64,
    /// What the rate is counted in.
    pub currency: String,
    /// Whether the mentor appears in searches.
    pub listed: bool,
    /// Sum of all ratings.
    pub rating_sum: i64,
    /// Number of ratings.
    pub rating_count: i32,
    /// Sessions given.
    pub sessions_completed: i32,
    /// Rises with every change.
    pub version: i64,
    /// Learners cancel for nothing until so many hours before the start.
    pub free_cancellation_hours: i16,
    /// What the mentor earns of the price by a later cancellation, in percent.
    pub late_fee_percent: i16,
    /// Bookings that the mentor cancelled later than learners could for nothing.
    pub late_cancellations: i32,
}

impl MentorRow {
    /// What happens to the price when a learner cancels.
    #[must_use]
    pub const fn cancellation_policy(&self) -> CancellationPolicy {
        CancellationPolicy {
            free_hours: self.free_cancellation_hours,
            late_fee_percent: self.late_fee_percent,
        }
    }

    /// The price of a meeting of some minutes: the hourly share, rounded half up to a minor unit.
    #[must_use]
    pub fn price_for(&self, minutes: i64) -> i64 {
        let share = i128::from(self.hourly_rate) * i128::from(minutes);
        i64::try_from((share + 30) / 60).unwrap_or(i64::MAX)
    }
}

/// A member's public profile, skills or offer changed: search indexes follow it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProfileUpdated {
    /// Whose.
    pub member_id: MemberId,
}

impl EventPayload for ProfileUpdated {
    const KIND: &'static str = "PROFILE_UPDATED";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_the_share_of_the_hour_rounded_half_up() {
        let mentor = |hourly_rate| MentorRow {
            member_id: MemberId::new(),
            headline: String::new(),
            hourly_rate,
            currency: "CREDIT".to_owned(),
            listed: true,
            rating_sum: 0,
            rating_count: 0,
            sessions_completed: 0,
            version: 1,
            free_cancellation_hours: CancellationPolicy::DEFAULT.free_hours,
            late_fee_percent: CancellationPolicy::DEFAULT.late_fee_percent,
            late_cancellations: 0,
        };
        for (rate, minutes, price) in
            [(6000, 60, 6000), (6000, 15, 1500), (4999, 30, 2500), (1, 29, 0), (1, 30, 1), (0, 60, 0)]
        {
            assert_eq!(mentor(rate).price_for(minutes), price, "{rate} for {minutes} minutes");
        }
    }
}
