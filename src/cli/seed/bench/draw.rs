//! Numbers, ids and words of the benchmark data: each a hash of its row's number.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{Builder, Uuid};

use crate::cli::seed::ids::pick;

/// What ids are made for; each kind has ids of its own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Member,
    AuthSession,
    Category,
    Skill,
    Package,
    Payment,
    Session,
    Booking,
    Review,
    Conversation,
    Message,
    Notification,
    Wallet,
    Earnings,
    Escrow,
    Platform,
    Transaction,
    Room,
}

/// A number below `bound` that depends on the row and on what it is drawn for (`salt`) only.
pub(super) fn draw(row: usize, salt: u64, bound: usize) -> usize {
    let drawn = mix(wide(row), salt) % wide(bound.max(1));
    usize::try_from(drawn).unwrap_or_default()
}

/// The id of the n-th row of a kind. Ids rise with the numbers, as those of the running system rise with the time.
pub(super) fn id(kind: Kind, row: usize) -> Uuid {
    let at = EPOCH + TimeDelta::milliseconds(number(row));
    id_at(kind, row, at)
}

/// The id of a row that is listed in the order of its ids.
pub(super) fn id_at(kind: Kind, row: usize, at: DateTime<Utc>) -> Uuid {
    let salt = wide(usize::from(kind.place()));
    let [high, low] = [mix(wide(row), salt), mix(wide(row), salt + 1_000)].map(u64::to_be_bytes);
    let mut tail = [0_u8; 10];
    for (to, from) in tail.iter_mut().zip(high.into_iter().chain(low)) {
        *to = from;
    }
    Builder::from_unix_timestamp_millis(u64::try_from(at.timestamp_millis()).unwrap_or_default(), &tail)
        .into_uuid()
}

/// Some words that say nothing.
pub(super) fn words(row: usize, salt: u64, count: usize) -> String {
    let mut text = String::with_capacity(count * 8);
    for place in 0..count {
        if place > 0 {
            text.push(' ');
        }
        text.push_str(pick(WORDS, draw(row * 31 + place, salt, WORDS.len())));
    }
    text
}

/// A row's number as the database counts.
pub(super) fn number(row: usize) -> i64 {
    i64::try_from(row).unwrap_or(i64::MAX)
}

impl Kind {
    #[expect(clippy::as_conversions, reason = "the place of a variant is its number")]
    const fn place(self) -> u8 {
        self as u8
    }
}

/// Where the ids begin: the same at every load, so that they do not depend on its instant.
const EPOCH: DateTime<Utc> = match DateTime::from_timestamp(1_700_000_000, 0) {
    Some(at) => at,
    None => DateTime::UNIX_EPOCH,
};

const WORDS: &[&str] = &[
    "guitar",
    "python",
    "session",
    "great",
    "patient",
    "clear",
    "lesson",
    "practice",
    "design",
    "music",
    "algebra",
    "data",
    "review",
    "helpful",
    "question",
    "tomorrow",
    "example",
    "project",
    "career",
    "interview",
    "speaking",
    "writing",
    "energy",
    "detail",
    "method",
    "goal",
    "simple",
    "advanced",
    "beginner",
    "teacher",
    "focus",
    "result",
];

fn wide(row: usize) -> u64 {
    u64::try_from(row).unwrap_or(u64::MAX)
}

/// The finalizer of `SplitMix64` over the row and the salt.
const fn mix(row: u64, salt: u64) -> u64 {
    let mut hash =
        row.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_with_the_rows_and_differ_by_kind() {
        assert!((0..1000).all(|row| id(Kind::Message, row) < id(Kind::Message, row + 1)));
        assert_ne!(id(Kind::Message, 5), id(Kind::Review, 5));
    }

    #[test]
    fn draws_are_spread_evenly() {
        let mut counts = [0; 10];
        for row in 0..100_000 {
            counts[draw(row, 3, 10)] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }
}
