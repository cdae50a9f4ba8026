//! The meetings as rows: sessions, bookings, taken time, who was there, reviews.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::world::{Meeting, Outcome, World};
use crate::{
    cli::seed::{
        ids::{id, lot},
        rows::Rows,
    },
    domains::profiles::model::CancellationPolicy,
};

/// How long a learner has to confirm.
const CONFIRM_WINDOW: TimeDelta = TimeDelta::hours(72);

/// Everything about the meetings but the money.
pub(super) fn rows(world: &World) -> Vec<Rows> {
    let (mut sessions, mut bookings, mut claims) =
        (Rows::of("sessions"), Rows::of("bookings"), Rows::of("claims"));
    let (mut presence, mut reviews) = (Rows::of("presence_intervals"), Rows::of("reviews"));
    for meeting in &world.meetings {
        sessions.push(session(world, meeting));
        bookings.push(booking(world, meeting));
        if meeting.outcome == Outcome::Upcoming {
            claims.push(claim(world, meeting));
        }
        if meeting.outcome == Outcome::Completed {
            for (salt, number) in [meeting.mentor, meeting.learner].into_iter().enumerate() {
                presence.push(json!({
                    "id": id("presence", meeting.number * 2 + salt), "session_id": meeting.session_id(),
                    "member_id": world.person(number).id, "joined_at": meeting.starts_at,
                    "stay_since": meeting.starts_at, "last_seen_at": meeting.ends_at, "left_at": meeting.ends_at,
                }));
            }
        }
        if meeting.reviewed {
            let (rating, body) = meeting.review(world);
            reviews.push(json!({
                "id": id("review", meeting.number), "booking_id": meeting.booking_id(),
                "author_id": world.person(meeting.learner).id, "mentor_id": world.person(meeting.mentor).id,
                "rating": rating, "body": body, "created_at": meeting.reviewed_at(),
            }));
        }
    }
    vec![sessions, bookings, claims, presence, reviews]
}

impl Meeting {
    /// When the review was written.
    pub(super) fn reviewed_at(&self) -> DateTime<Utc> {
        self.settled_at()
            + TimeDelta::minutes(i64::try_from(5 + lot("reviewed after", self.number, 600)).unwrap_or(5))
    }

    fn settled_as(&self, outcome: Outcome) -> Option<DateTime<Utc>> {
        (self.outcome == outcome).then(|| self.settled_at())
    }

    fn ended_at(&self) -> Option<DateTime<Utc>> {
        (self.outcome == Outcome::Completed).then_some(self.ends_at)
    }
}

fn session(world: &World, meeting: &Meeting) -> Value {
    json!({
        "id": meeting.session_id(), "kind": "ONE_ON_ONE",
        "status": match meeting.outcome {
            Outcome::Completed => "ENDED",
            Outcome::Cancelled => "CANCELLED",
            Outcome::Upcoming => "SCHEDULED",
        },
        "host_id": world.person(meeting.mentor).id, "skill_id": id("skill", meeting.skill),
        "starts_at": meeting.starts_at, "ends_at": meeting.ends_at,
        "started_at": meeting.ended_at().map(|_| meeting.starts_at), "ended_at": meeting.ended_at(),
        "cancelled_at": meeting.settled_as(Outcome::Cancelled), "version": 1, "created_at": meeting.booked_at,
    })
}

fn booking(world: &World, meeting: &Meeting) -> Value {
    let (status, payment_status) = match meeting.outcome {
        Outcome::Completed => ("COMPLETED", "RELEASED"),
        Outcome::Cancelled => ("CANCELLED", "REFUNDED"),
        Outcome::Upcoming => ("CONFIRMED", "HELD"),
    };
    let learner_id = world.person(meeting.learner).id;
    json!({
        "id": meeting.booking_id(), "session_id": meeting.session_id(), "learner_id": learner_id,
        "mentor_id": world.person(meeting.mentor).id, "status": status, "payment_status": payment_status,
        "starts_at": meeting.starts_at, "price": meeting.price, "currency": "CREDIT",
        "created_at": meeting.booked_at, "auto_confirms_at": meeting.ended_at().map(|end| end + CONFIRM_WINDOW),
        "completed_at": meeting.settled_as(Outcome::Completed),
        "cancelled_at": meeting.settled_as(Outcome::Cancelled),
        "cancelled_by": meeting.settled_as(Outcome::Cancelled).map(|_| learner_id), "version": 1,
        "free_cancellation_hours": CancellationPolicy::DEFAULT.free_hours,
        "late_fee_percent": CancellationPolicy::DEFAULT.late_fee_percent,
    })
}

fn claim(world: &World, meeting: &Meeting) -> Value {
    let during = format!("[{},{})", meeting.starts_at.to_rfc3339(), meeting.ends_at.to_rfc3339());
    json!({
        "id": meeting.session_id(), "mentor_id": world.person(meeting.mentor).id,
        "learner_id": world.person(meeting.learner).id, "kind": "CONFIRMED", "during": during,
        "created_at": meeting.booked_at,
    })
}
