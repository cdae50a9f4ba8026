//! The inboxes: what the members were told about the bookings, payments and reviews of the demo.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{
    money::Purchase,
    world::{Outcome, World},
};
use crate::{
    cli::seed::{ids::id, rows::Rows},
    db::ids::{BookingId, EntityId, PaymentId, ReviewId},
};

/// Younger ones than this are unread.
const UNREAD: TimeDelta = TimeDelta::days(7);

/// One row per thing that happened and member it concerns.
pub(super) fn rows(world: &World, purchases: &[Purchase]) -> Vec<Rows> {
    let mut inbox = Inbox { world, rows: Rows::of("notifications"), count: 0, unread: BTreeMap::new() };
    for purchase in purchases {
        let subject = PaymentId::from_uuid(purchase.payment_id()).to_string();
        inbox.tell(
            purchase.member,
            "PAYMENT_SUCCEEDED",
            "Your payment arrived: the credits are in your wallet.",
            &subject,
            purchase.at,
        );
    }
    for meeting in &world.meetings {
        let booking = BookingId::from_uuid(meeting.booking_id()).to_string();
        let skill = world.say("{skill}", meeting.skill);
        let (mentor, learner) = (&world.person(meeting.mentor).name, &world.person(meeting.learner).name);
        for (member, other) in [(meeting.learner, mentor), (meeting.mentor, learner)] {
            let body = format!("Your session about {skill} with {other} is booked.");
            inbox.tell(member, "BOOKING_CONFIRMED", &body, &booking, meeting.booked_at);
        }
        match meeting.outcome {
            Outcome::Upcoming => {}
            Outcome::Cancelled => {
                let body = format!("{learner} cancelled the session about {skill}.");
                inbox.tell(meeting.mentor, "BOOKING_CANCELLED", &body, &booking, meeting.settled_at());
            }
            Outcome::Completed => {
                let body = format!("{learner} confirmed the session about {skill}: you have been paid.");
                inbox.tell(meeting.mentor, "BOOKING_COMPLETED", &body, &booking, meeting.settled_at());
            }
        }
        if meeting.reviewed {
            let body = format!("{learner} reviewed your session about {skill}.");
            let review = ReviewId::from_uuid(id("review", meeting.number)).to_string();
            inbox.tell(meeting.mentor, "REVIEW_RECEIVED", &body, &review, meeting.reviewed_at());
        }
    }
    let mut inboxes = Rows::of("inboxes");
    for (&member, unread) in &inbox.unread {
        inboxes.push(json!({ "member_id": world.person(member).id, "unread": unread }));
    }
    vec![inbox.rows, inboxes]
}

struct Inbox<'a> {
    world: &'a World,
    rows: Rows,
    count: usize,
    /// Unread ones by member.
    unread: BTreeMap<usize, i32>,
}

impl Inbox<'_> {
    fn tell(&mut self, member: usize, kind: &str, body: &str, subject: &str, at: DateTime<Utc>) {
        let read_at = (at < self.world.now - UNREAD).then(|| at + TimeDelta::hours(2));
        self.rows.push(json!({
            "id": id("notification", self.count), "member_id": self.world.person(member).id, "kind": kind,
            "body": body, "subject": subject, "created_at": at, "read_at": read_at,
        }));
        self.count += 1;
        *self.unread.entry(member).or_default() += i32::from(read_at.is_none());
    }
}
