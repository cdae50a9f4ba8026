//! The meetings of the benchmark data as a sequence that every table is made from: one item per booking.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::{
    draw::{draw, number},
    members::hourly_rate,
    volume::{UPCOMING_EACH, Volume},
};
use crate::cli::seed::ids::pick;

/// How far the past reaches.
const PAST: TimeDelta = TimeDelta::days(600);

/// A booking with its session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    /// Number of the booking.
    pub(super) booking: usize,
    /// Number of the session.
    pub(super) session: usize,
    /// Whether it is the session's first booking.
    pub(super) is_first: bool,
    /// Whether the session has a second one.
    pub(super) is_group: bool,
    /// Number among the mentors.
    pub(super) mentor: usize,
    /// Number among the members.
    pub(super) learner: usize,
    /// Number of the skill.
    pub(super) skill: usize,
    /// When it was booked.
    pub(super) booked_at: DateTime<Utc>,
    /// When the session begins.
    pub(super) starts_at: DateTime<Utc>,
    /// When it ends.
    pub(super) ends_at: DateTime<Utc>,
    /// Minor units of credits; the first learner of a group pays for it, a meeting of two that is over was a free trial.
    pub(super) price: i64,
    /// What became of it.
    pub(super) status: Status,
}

/// What became of a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Completed,
    Cancelled,
    Upcoming,
}

impl Seat {
    /// When it was confirmed or cancelled.
    pub(super) fn settled_at(&self) -> Option<DateTime<Utc>> {
        match self.status {
            Status::Completed => Some(self.ends_at + TimeDelta::hours(1)),
            Status::Cancelled => Some(self.booked_at + TimeDelta::hours(2)),
            Status::Upcoming => None,
        }
    }

    /// The stars of its review.
    pub(super) fn rating(&self) -> i16 {
        3 + i16::try_from(draw(self.booking, 20, 3)).unwrap_or_default()
    }
}

/// Every booking, oldest first.
pub(super) fn seats(volume: Volume, now: DateTime<Utc>) -> impl Iterator<Item = Seat> {
    let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
    let past = (0..volume.past).flat_map(move |session| past(volume, hour, session));
    let ahead = (0..volume.upcoming()).map(move |place| upcoming(volume, hour, place));
    past.chain(ahead).enumerate().map(|(booking, seat)| Seat { booking, ..seat })
}

/// A session that is over, with one or two learners. One in seventeen was cancelled.
fn past(volume: Volume, now: DateTime<Utc>, session: usize) -> impl Iterator<Item = Seat> {
    let length = (PAST - TimeDelta::days(10)).num_seconds() / number(volume.past.max(1));
    let at = now - PAST + TimeDelta::seconds(length * number(session));
    let starts_at = at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at);
    let minutes = pick(&[30, 45, 60, 90], draw(session, 18, 4));
    // Few mentors are very busy.
    let mentors = volume.mentors();
    let mentor = draw(session, 12, mentors) * draw(session, 13, mentors) / mentors;
    let status = if session % 17 == 16 { Status::Cancelled } else { Status::Completed };
    let is_group = status == Status::Completed && !session.is_multiple_of(8);
    let is_paid = is_group || status == Status::Cancelled;
    let first = draw(session, 14, volume.learners());
    let second = first + 1 + draw(session, 16, volume.learners() - 1);
    [Some(first), is_group.then_some(second)].into_iter().flatten().enumerate().map(
        move |(place, learner)| Seat {
            booking: 0,
            session,
            is_first: place == 0,
            is_group,
            mentor,
            learner: volume.learner(learner),
            skill: draw(session, 15, volume.skills),
            booked_at: starts_at - TimeDelta::minutes(60 * 48 + number(draw(session, 17, 4_000))),
            starts_at,
            ends_at: starts_at + TimeDelta::minutes(minutes),
            price: if place == 0 && is_paid { hourly_rate(mentor) * minutes / 60 } else { 0 },
            status,
        },
    )
}

/// A session ahead. In each of six rounds every active learner meets a mentor of his own, some days later than in the
/// round before, so that nobody is in two places at once.
fn upcoming(volume: Volume, now: DateTime<Utc>, place: usize) -> Seat {
    let (active, round) = (place % volume.mentors(), place / volume.mentors());
    let mentor = (active + 7 * round + 1) % volume.mentors();
    let hours = 24 + 240 * round + draw(place, 40, 200);
    let starts_at = now + TimeDelta::hours(number(hours));
    Seat {
        booking: 0,
        session: volume.past + place,
        is_first: true,
        is_group: false,
        mentor,
        learner: volume.learner(active),
        skill: draw(place, 41, volume.skills),
        booked_at: now - TimeDelta::seconds(10 * number(volume.mentors() * UPCOMING_EACH - place)),
        starts_at,
        ends_at: starts_at + TimeDelta::hours(1),
        price: hourly_rate(mentor),
        status: Status::Upcoming,
    }
}

/// What the rows about a mentor count.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MentorTally {
    pub(super) rating_sum: i64,
    pub(super) rating_count: i32,
    pub(super) sessions_completed: i32,
}

/// Counts over all bookings.
pub(super) struct Tally {
    /// By number of the mentor.
    pub(super) mentors: Vec<MentorTally>,
}

impl Tally {
    /// Counts: every completed booking has a review.
    pub(super) fn count(volume: Volume, now: DateTime<Utc>) -> Self {
        let mut mentors = vec![MentorTally::default(); volume.mentors()];
        for seat in seats(volume, now).filter(|seat| seat.status == Status::Completed) {
            if let Some(mentor) = mentors.get_mut(seat.mentor) {
                mentor.rating_sum += i64::from(seat.rating());
                mentor.rating_count += 1;
                mentor.sessions_completed += i32::from(seat.is_first);
            }
        }
        Self { mentors }
    }
}
