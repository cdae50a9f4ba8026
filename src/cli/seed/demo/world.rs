//! The plan of the demo data: who is there and who met whom, before anything becomes a row.

use chrono::Datelike;
use chrono::{DateTime, DurationRound, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use uuid::Uuid;

use super::{
    content::{skills::CATALOGUE, texts},
    people::{MENTORS, Person, people},
};
use crate::cli::seed::{
    accounts::place,
    ids::{entry, id, lot, pick},
};

/// Meetings per mentor that lie behind us.
const PAST_PER_MENTOR: usize = 10;
/// Mentors with a meeting ahead, besides those of the demo accounts.
const UPCOMING: usize = 40;

/// Everything the rows are made of.
pub(super) struct World {
    /// The instant of the load, on the hour.
    pub(super) now: DateTime<Utc>,
    /// The members, by number.
    pub(super) people: Vec<Person>,
    /// The names of the skills, by number.
    pub(super) skills: Vec<&'static str>,
    /// The meetings, oldest first as far as one mentor is concerned.
    pub(super) meetings: Vec<Meeting>,
}

/// A booked meeting of two.
pub(super) struct Meeting {
    /// Its number.
    pub(super) number: usize,
    /// Who teaches.
    pub(super) mentor: usize,
    /// Who learns.
    pub(super) learner: usize,
    /// What about.
    pub(super) skill: usize,
    /// When it was booked.
    pub(super) booked_at: DateTime<Utc>,
    /// When it begins.
    pub(super) starts_at: DateTime<Utc>,
    /// When it ends.
    pub(super) ends_at: DateTime<Utc>,
    /// Minor units of credits.
    pub(super) price: i64,
    /// What became of it.
    pub(super) outcome: Outcome,
    /// Whether the learner wrote a review.
    pub(super) reviewed: bool,
}

/// What became of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It took place and was paid for.
    Completed,
    /// It was cancelled in time.
    Cancelled,
    /// It is ahead.
    Upcoming,
}

impl Meeting {
    /// The id of the session.
    pub(super) fn session_id(&self) -> Uuid {
        id("session", self.number)
    }

    /// The id of the booking.
    pub(super) fn booking_id(&self) -> Uuid {
        id("booking", self.number)
    }

    /// When the learner confirmed it, or cancelled it.
    pub(super) fn settled_at(&self) -> DateTime<Utc> {
        match self.outcome {
            Outcome::Completed => self.ends_at + TimeDelta::minutes(20),
            Outcome::Cancelled => self.booked_at + TimeDelta::hours(5),
            Outcome::Upcoming => self.starts_at,
        }
    }
}

impl World {
    /// Plans it.
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        let now = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
        let skills = CATALOGUE.iter().flat_map(|category| category.skills).map(|(name, _)| *name).collect();
        let mut world = Self { now, people: people(now), skills, meetings: Vec::new() };
        world.meet_the_accounts();
        world.meet_in_the_past();
        world.plan_ahead();
        world
    }

    /// A sentence about a skill.
    pub(super) fn say(&self, sentence: &str, skill: usize) -> String {
        sentence.replace("{skill}", pick(&self.skills, skill))
    }

    /// A member, by number.
    pub(super) fn person(&self, number: usize) -> &Person {
        entry(&self.people, number)
    }

    /// What the first demo learner did: 140 of 390 credits are spent or held, so 250 are left.
    fn meet_the_accounts(&mut self) {
        let ada = place::LEARNER;
        for (mentor, days, minutes, outcome, reviewed) in [
            (place::OPEN_MENTOR, -34, 60, Outcome::Completed, true),
            (place::OFFICE_MENTOR, -27, 60, Outcome::Completed, true),
            (place::OPEN_MENTOR, -20, 60, Outcome::Cancelled, false),
            (place::OFFICE_MENTOR, -6, 60, Outcome::Completed, false),
            (place::OFFICE_MENTOR, 3, 30, Outcome::Upcoming, false),
        ] {
            let starts_at = self.office_hour(mentor, days, 10);
            self.meet(mentor, ada, starts_at, minutes, outcome);
            if let Some(meeting) = self.meetings.last_mut() {
                meeting.reviewed = reviewed;
            }
        }
        self.meet(place::OPEN_MENTOR, ada, self.now + TimeDelta::hours(6), 60, Outcome::Upcoming);
    }

    fn meet_in_the_past(&mut self) {
        for number in 0..PAST_PER_MENTOR * MENTORS.len() {
            let mentor = pick(MENTORS, number);
            // Each meeting of a mentor has sixteen days to itself, so that no two of them meet.
            let days = 2 + 16 * (number / MENTORS.len()) + lot("day", number, 14);
            let starts_at =
                self.office_hour(mentor, -i64::try_from(days).unwrap_or(2), lot("hour", number, 9));
            let Some(learner) = self.free_learner(number, starts_at) else { continue };
            let outcome =
                if lot("outcome", number, 10) == 0 { Outcome::Cancelled } else { Outcome::Completed };
            self.meet(
                mentor,
                learner,
                starts_at,
                pick(&[30, 60, 60, 90], lot("minutes", number, 4)),
                outcome,
            );
        }
    }

    fn plan_ahead(&mut self) {
        let mentors = MENTORS.iter().filter(|&&mentor| place::OFFICE_MENTOR < mentor).take(UPCOMING);
        for (number, &mentor) in mentors.enumerate() {
            let days = i64::try_from(2 + lot("day ahead", number, 12)).unwrap_or(2);
            let starts_at = self.office_hour(mentor, days, lot("hour ahead", number, 8));
            let learner = self.people.len() - 1 - number;
            self.meet(mentor, learner, starts_at, 60, Outcome::Upcoming);
        }
    }

    fn meet(
        &mut self,
        mentor: usize,
        learner: usize,
        starts_at: DateTime<Utc>,
        minutes: i64,
        outcome: Outcome,
    ) {
        let number = self.meetings.len();
        let offer = self.person(mentor);
        let booked_before = match outcome {
            Outcome::Upcoming => {
                starts_at - self.now + TimeDelta::hours(i64::try_from(7 + number % 60).unwrap_or(7))
            }
            Outcome::Completed | Outcome::Cancelled => {
                TimeDelta::hours(i64::try_from(30 + lot("booked", number, 150)).unwrap_or(30))
            }
        };
        self.meetings.push(Meeting {
            number,
            mentor,
            learner,
            skill: pick(&offer.offered, lot("skill", number, 3)),
            booked_at: starts_at - booked_before,
            starts_at,
            ends_at: starts_at + TimeDelta::minutes(minutes),
            price: offer.hourly_rate * minutes / 60,
            outcome,
            reviewed: outcome == Outcome::Completed && 15 <= lot("reviewed", number, 100),
        });
    }

    /// A learner who has nothing else on that day.
    fn free_learner(&self, number: usize, starts_at: DateTime<Utc>) -> Option<usize> {
        let first = MENTORS.iter().max().map_or(0, |last| last + 1);
        let learners = self.people.len() - first;
        let from = lot("learner", number, learners);
        (from..from + learners).map(|place| first + place % learners).find(|&learner| {
            !self.meetings.iter().any(|other| {
                other.learner == learner && other.starts_at.date_naive() == starts_at.date_naive()
            })
        })
    }

    /// Nine o'clock plus some hours on a working day of the mentor, some days from today.
    fn office_hour(&self, mentor: usize, days: i64, hours: usize) -> DateTime<Utc> {
        let zone: Tz = self.person(mentor).time_zone.parse().unwrap_or(Tz::UTC);
        let mut day = (self.now.with_timezone(&zone) + TimeDelta::days(days)).date_naive();
        if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            day -= TimeDelta::days(if days < 0 { 2 } else { -2 });
        }
        let hour = u32::try_from(9 + hours % 10).unwrap_or(9);
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        zone.from_local_datetime(&day.and_time(time)).earliest().map_or(self.now, |at| at.with_timezone(&Utc))
    }
}

impl Meeting {
    /// The stars and the sentence of the learner's review.
    pub(super) fn review(&self, world: &World) -> (i64, String) {
        let (stars, sentences) = match lot("stars", self.number, 100) {
            0..58 => (5, texts::FIVE_STARS),
            58..86 => (4, texts::FOUR_STARS),
            86..95 => (3, texts::THREE_STARS),
            95..99 => (2, texts::FEW_STARS),
            _ => (1, texts::FEW_STARS),
        };
        (stars, world.say(pick(sentences, lot("sentence", self.number, 1000)), self.skill))
    }
}
