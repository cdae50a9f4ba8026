//! Sessions, bookings, the time they take, reviews.

use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{Client, Error};
use uuid::Uuid;

use super::{
    copy::{Copy, During},
    draw::{Kind, id, words},
    seats::{Seat, Status, seats},
    volume::Volume,
};
use crate::domains::profiles::model::CancellationPolicy;

pub(super) async fn sessions(client: &Client, volume: Volume, now: DateTime<Utc>) -> Result<u64, Error> {
    let columns = "id, kind, status, host_id, skill_id, starts_at, ends_at, started_at, ended_at, cancelled_at, version, created_at";
    let mut copy = Copy::into(client, "sessions", columns).await?;
    for seat in seats(volume, now).filter(|seat| seat.is_first) {
        let (status, took_place) = match seat.status {
            Status::Completed => ("ENDED", true),
            Status::Cancelled => ("CANCELLED", false),
            Status::Upcoming => ("SCHEDULED", false),
        };
        copy.row(&[
            &id(Kind::Session, seat.session),
            &if seat.is_group { "GROUP" } else { "ONE_ON_ONE" },
            &status,
            &mentor_id(&volume, seat),
            &id(Kind::Skill, seat.skill),
            &seat.starts_at,
            &seat.ends_at,
            &took_place.then_some(seat.starts_at),
            &took_place.then_some(seat.ends_at),
            &cancelled_at(seat),
            &1_i64,
            &seat.booked_at,
        ])
        .await?;
    }
    room(&mut copy, &volume, now).await?;
    copy.finish().await
}

/// One large live session, whose conversation many listen to.
async fn room(copy: &mut Copy, volume: &Volume, now: DateTime<Utc>) -> Result<(), Error> {
    let (begun, ends) = (now - TimeDelta::hours(1), now + TimeDelta::days(365));
    let host = id(Kind::Member, volume.mentor(0));
    let (no_time, skill) = (None::<DateTime<Utc>>, id(Kind::Skill, 0));
    let session = id(Kind::Room, 0);
    copy.row(&[
        &session,
        &"GROUP",
        &"LIVE",
        &host,
        &skill,
        &begun,
        &ends,
        &Some(begun),
        &no_time,
        &no_time,
        &1_i64,
        &begun,
    ])
    .await
}

pub(super) async fn bookings(client: &Client, volume: Volume, now: DateTime<Utc>) -> Result<u64, Error> {
    let columns = "id, session_id, learner_id, mentor_id, status, payment_status, starts_at, price, currency, created_at, \
                   auto_confirms_at, completed_at, cancelled_at, cancelled_by, version, free_cancellation_hours, late_fee_percent";
    let mut copy = Copy::into(client, "bookings", columns).await?;
    for seat in seats(volume, now) {
        let (status, payment_status) = match seat.status {
            Status::Completed => ("COMPLETED", "RELEASED"),
            Status::Cancelled => ("CANCELLED", "REFUNDED"),
            Status::Upcoming => ("CONFIRMED", "HELD"),
        };
        let learner = id(Kind::Member, seat.learner);
        let completed_at = seat.settled_at().filter(|_| seat.status == Status::Completed);
        copy.row(&[
            &id(Kind::Booking, seat.booking),
            &id(Kind::Session, seat.session),
            &learner,
            &mentor_id(&volume, seat),
            &status,
            &payment_status,
            &seat.starts_at,
            &seat.price,
            &"CREDIT",
            &seat.booked_at,
            &completed_at.map(|_| seat.ends_at + TimeDelta::hours(72)),
            &completed_at,
            &cancelled_at(seat),
            &cancelled_at(seat).map(|_| learner),
            &1_i64,
            &CancellationPolicy::DEFAULT.free_hours,
            &CancellationPolicy::DEFAULT.late_fee_percent,
        ])
        .await?;
    }
    copy.finish().await
}

pub(super) async fn claims(client: &Client, volume: Volume, now: DateTime<Utc>) -> Result<u64, Error> {
    let mut copy =
        Copy::into(client, "claims", "id, mentor_id, learner_id, kind, during, created_at").await?;
    for seat in seats(volume, now).filter(|seat| seat.status == Status::Upcoming) {
        let (claim, mentor) = (id(Kind::Session, seat.session), mentor_id(&volume, seat));
        let during = During(seat.starts_at, seat.ends_at);
        copy.row(&[&claim, &mentor, &id(Kind::Member, seat.learner), &"CONFIRMED", &during, &seat.booked_at])
            .await?;
    }
    copy.finish().await
}

pub(super) async fn reviews(client: &Client, volume: Volume, now: DateTime<Utc>) -> Result<u64, Error> {
    let mut copy =
        Copy::into(client, "reviews", "id, booking_id, author_id, mentor_id, rating, body, created_at")
            .await?;
    for seat in seats(volume, now).filter(|seat| seat.status == Status::Completed) {
        let written_at = seat.ends_at + TimeDelta::hours(if seat.is_first { 20 } else { 30 });
        copy.row(&[
            &id(Kind::Review, seat.booking),
            &id(Kind::Booking, seat.booking),
            &id(Kind::Member, seat.learner),
            &mentor_id(&volume, seat),
            &seat.rating(),
            &words(seat.booking, 21, 12),
            &written_at,
        ])
        .await?;
    }
    copy.finish().await
}

fn mentor_id(volume: &Volume, seat: Seat) -> Uuid {
    id(Kind::Member, volume.mentor(seat.mentor))
}

fn cancelled_at(seat: Seat) -> Option<DateTime<Utc>> {
    seat.settled_at().filter(|_| seat.status == Status::Cancelled)
}
