//! A mentor's availability, as everybody sees it.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    domains::{
        event::Happened,
        profiles::{loaders::MentorById, types::Mentor},
        scheduling::model::{self, Hours, Schedule, wall_text},
    },
    graphql::{
        ContextExt, Field, field,
        scalars::{Date, TimeZone},
    },
};

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum Weekday {
    /// The first day (ISO 8601).
    Monday,
    /// The second day.
    Tuesday,
    /// The third day.
    Wednesday,
    /// The fourth day.
    Thursday,
    /// The fifth day.
    Friday,
    /// The sixth day.
    Saturday,
    /// The seventh day.
    Sunday,
}

impl Weekday {
    /// Every day, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// 1 = Monday … 7 = Sunday.
    #[must_use]
    pub const fn number(self) -> i16 {
        match self {
            Self::Monday => 1,
            Self::Tuesday => 2,
            Self::Wednesday => 3,
            Self::Thursday => 4,
            Self::Friday => 5,
            Self::Saturday => 6,
            Self::Sunday => 7,
        }
    }
}

/// When a mentor can be booked: weekly hours on the mentor's wall clock, with other hours on single dates.
#[derive(Clone, Debug)]
pub struct Availability(pub Arc<Schedule>);

/// When a mentor can be booked: weekly hours on the mentor's wall clock, with other hours on single dates.
#[Object]
impl Availability {
    /// Where the mentor's clock hangs.
    async fn time_zone(&self) -> TimeZone {
        TimeZone(self.0.settings.zone.name().to_owned())
    }

    /// Weekly hours, by weekday and start; at most 70.
    async fn rules(&self) -> Vec<AvailabilityRule> {
        let days = Weekday::ALL.into_iter().zip(&self.0.weekly);
        days.flat_map(|(weekday, hours)| {
            hours.iter().map(move |hours| AvailabilityRule::new(weekday, *hours))
        })
        .collect()
    }

    /// Dates with hours of their own, from the day before yesterday on; at most 366 ahead.
    async fn overrides(&self) -> Vec<AvailabilityOverride> {
        let dates = self.0.overrides.iter();
        dates
            .map(|(&date, hours)| AvailabilityOverride {
                date: Date(date),
                hours: hours.iter().copied().map(OpenHours::from).collect(),
            })
            .collect()
    }

    /// Slots start at every so many minutes after the hours open.
    async fn slot_step_minutes(&self) -> i32 {
        self.0.settings.slot_step_minutes
    }

    /// Slots that start sooner than in so many minutes are not offered.
    async fn min_notice_minutes(&self) -> i32 {
        self.0.settings.min_notice_minutes
    }

    /// Slots that start later than in so many days are not offered.
    async fn booking_window_days(&self) -> i32 {
        self.0.settings.booking_window_days
    }

    /// Rises with every change.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// The version of the IANA time zone database that slots are worked out with.
    async fn tzdb_version(&self) -> &str {
        chrono_tz::IANA_TZDB_VERSION
    }
}

/// Weekly hours of one weekday.
#[derive(Clone, Debug, SimpleObject)]
pub struct AvailabilityRule {
    /// The mentor's weekday.
    pub weekday: Weekday,
    /// When it opens on the mentor's wall, `HH:MM`.
    pub start: String,
    /// When it closes, `HH:MM`; `24:00` = the midnight at the end of the day.
    pub end: String,
}

impl AvailabilityRule {
    fn new(weekday: Weekday, hours: Hours) -> Self {
        Self { weekday, start: wall_text(hours.start), end: wall_text(hours.end) }
    }
}

/// The hours of one date, instead of the weekly ones.
#[derive(Clone, Debug, SimpleObject)]
pub struct AvailabilityOverride {
    /// The mentor's date.
    pub date: Date,
    /// Its hours; empty = closed.
    pub hours: Vec<OpenHours>,
}

/// Open hours of a day.
#[derive(Clone, Debug, SimpleObject)]
pub struct OpenHours {
    /// When it opens on the mentor's wall, `HH:MM`.
    pub start: String,
    /// When it closes, `HH:MM`; `24:00` = the midnight at the end of the day.
    pub end: String,
}

impl From<Hours> for OpenHours {
    fn from(hours: Hours) -> Self {
        Self { start: wall_text(hours.start), end: wall_text(hours.end) }
    }
}

/// A mentor's free time changed for another reason than a new booking.
#[derive(Clone, Debug)]
pub struct AvailabilityChanged(pub Happened, pub model::AvailabilityChanged);

/// A mentor's free time changed for another reason than a new booking.
#[Object]
impl AvailabilityChanged {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The mentor. `null` if the member has no offer.
    async fn mentor(&self, ctx: &Context<'_>) -> Field<Mentor> {
        field(async { Ok(ctx.hot(MentorById(self.1.mentor_id)).await?.map(Mentor)) }).await
    }
}
