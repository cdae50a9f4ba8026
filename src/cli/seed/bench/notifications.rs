//! Inboxes: half of the notifications are those of the active learners, three in ten are unread.

use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{Client, Error};

use super::{
    copy::Copy,
    draw::{Kind, draw, id, number, words},
    volume::Volume,
};
use crate::cli::seed::ids::pick;

const KINDS: &[&str] = &["BOOKING_CONFIRMED", "BOOKING_COMPLETED", "REVIEW_RECEIVED", "PAYMENT_SUCCEEDED"];

/// Writes them, oldest first, and returns the number of unread ones by member.
pub(super) async fn notifications(
    client: &Client,
    volume: &Volume,
    now: DateTime<Utc>,
) -> Result<(u64, Vec<i32>), Error> {
    let mut copy =
        Copy::into(client, "notifications", "id, member_id, kind, body, created_at, read_at").await?;
    let mut unread = vec![0_i32; volume.members];
    for notification in 0..volume.notifications {
        let member = if notification % 2 == 0 {
            draw(notification, 30, volume.members)
        } else {
            volume.learner(draw(notification, 30, volume.mentors()))
        };
        let at = now - TimeDelta::seconds(60 * number(volume.notifications - notification));
        let is_read = draw(notification, 33, 10) < 7;
        if let Some(unread) = unread.get_mut(member) {
            *unread += i32::from(!is_read);
        }
        copy.row(&[
            &id(Kind::Notification, notification),
            &id(Kind::Member, member),
            &pick(KINDS, draw(notification, 31, KINDS.len())),
            &words(notification, 32, 8),
            &at,
            &is_read.then_some(now),
        ])
        .await?;
    }
    Ok((copy.finish().await?, unread))
}

pub(super) async fn inboxes(client: &Client, unread: &[i32]) -> Result<u64, Error> {
    let mut copy = Copy::into(client, "inboxes", "member_id, unread").await?;
    for (member, count) in unread.iter().enumerate() {
        copy.row(&[&id(Kind::Member, member), count]).await?;
    }
    copy.finish().await
}
