//! GraphQL types of discovery.

use async_graphql::{Enum, ID, InputObject};
use chrono::{DateTime, Utc};

use super::model::MentorOrder;
use crate::graphql::scalars::BigInt;

/// Which mentors. Everything given has to hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct MentorFilter {
    /// Who offer this skill; an unknown one gives an empty page.
    pub skill_id: Option<ID>,
    /// Words in name, headline, skills or own words, up to 200 characters. English words are found by their stems, all
    /// others as they are; the last word may be the beginning of one. `"quoted phrase"`, `or` and `-not` work.
    pub text: Option<String>,
    /// Whose hour costs between these.
    pub price: Option<PriceRange>,
    /// Who speak this language, a BCP 47 tag: `en` also finds `en-GB`.
    pub language: Option<String>,
    /// Whose mean rating, as it is shown, is at least this, 1 to 5.
    pub min_rating: Option<f64>,
    /// Who have a free slot in this piece of time.
    pub available_between: Option<AvailableBetween>,
}

/// Bounds of the price of an hour, in hundredths of a credit.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct PriceRange {
    /// The least; absent = any.
    pub min_minor: Option<BigInt>,
    /// The most; absent = any.
    pub max_minor: Option<BigInt>,
}

/// A piece of time in which a mentor has a slot.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct AvailableBetween {
    /// The slot starts then or later.
    pub from: DateTime<Utc>,
    /// The slot ends by then; at most 31 days after `from`.
    pub to: DateTime<Utc>,
    /// How long the slot has to be, 15 to 480.
    #[graphql(default = 60)]
    pub duration_minutes: i32,
}

/// The order of a list of mentors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum MentorSort {
    /// Best rated first. A few ratings count less than many: one 5.0 does not beat two hundred 4.9.
    #[default]
    Rating,
    /// Cheapest first.
    Price,
    /// Dearest first.
    PriceDesc,
    /// Soonest free quarter of an hour first; mentors without one in their booking window are left out.
    Soonest,
    /// Best match of `text` first; without `text` as `RATING`.
    Relevance,
}

impl From<MentorSort> for MentorOrder {
    fn from(sort: MentorSort) -> Self {
        match sort {
            MentorSort::Rating => Self::Rating,
            MentorSort::Price => Self::Price,
            MentorSort::PriceDesc => Self::PriceDesc,
            MentorSort::Soonest => Self::Soonest,
            MentorSort::Relevance => Self::Relevance,
        }
    }
}
