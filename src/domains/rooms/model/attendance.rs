//! Attendance: who was in the room for how long, computed from the intervals and nothing else.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::IntervalRow;
use crate::db::ids::MemberId;

/// A member's time in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendance {
    /// Who.
    pub member_id: MemberId,
    /// How long, however many connections at a time.
    pub total: TimeDelta,
    /// How long together with the other side: with a learner for the host, with the host for a learner.
    pub overlap: TimeDelta,
    /// When, in order, without overlaps.
    pub stretches: Vec<Stretch>,
}

/// A time without a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// Its end; the last sign of life while it goes on.
    pub until: DateTime<Utc>,
    /// Whether it goes on.
    pub open: bool,
}

/// The attendance of everybody who was in the room, the first to come first. An open interval counts up to its last sign
/// of life, so the result depends on nothing but the intervals.
#[must_use]
pub fn attendance(host: MemberId, intervals: &[IntervalRow]) -> Vec<Attendance> {
    let mut members: BTreeMap<MemberId, Vec<Stretch>> = BTreeMap::new();
    for row in intervals {
        let until = row.left_at.unwrap_or(row.last_seen_at);
        members.entry(row.member_id).or_default().push(Stretch {
            from: row.joined_at,
            until,
            open: row.left_at.is_none(),
        });
    }
    let members: BTreeMap<MemberId, Vec<Stretch>> =
        members.into_iter().map(|(member, stretches)| (member, union(stretches))).collect();
    let hosted = members.get(&host).cloned().unwrap_or_default();
    let learned = union(
        members
            .iter()
            .filter(|(member, _)| **member != host)
            .flat_map(|(_, stretches)| stretches)
            .copied()
            .collect(),
    );
    let mut attendance: Vec<Attendance> = members
        .into_iter()
        .map(|(member_id, stretches)| {
            let other_side = if member_id == host { &learned } else { &hosted };
            Attendance {
                member_id,
                total: length(&stretches),
                overlap: overlap(&stretches, other_side),
                stretches,
            }
        })
        .collect();
    attendance.sort_by_key(|attendance| attendance.stretches.first().map(|stretch| stretch.from));
    attendance
}

/// The same time in order and without overlaps; stretches that touch become one.
fn union(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.sort_unstable_by_key(|stretch| (stretch.from, stretch.until));
    let mut merged: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        match merged.last_mut() {
            Some(last) if stretch.from <= last.until => {
                last.until = last.until.max(stretch.until);
                last.open |= stretch.open;
            }
            _ => merged.push(stretch),
        }
    }
    merged
}

fn length(stretches: &[Stretch]) -> TimeDelta {
    stretches.iter().map(|stretch| stretch.until - stretch.from).sum()
}

/// How long two sets of stretches coincide; each is in order and without overlaps.
fn overlap(one: &[Stretch], other: &[Stretch]) -> TimeDelta {
    let (mut ones, mut others) = (one.iter().peekable(), other.iter().peekable());
    let mut total = TimeDelta::zero();
    while let (Some(a), Some(b)) = (ones.peek(), others.peek()) {
        total += (a.until.min(b.until) - a.from.max(b.from)).max(TimeDelta::zero());
        if a.until <= b.until {
            ones.next();
        } else {
            others.next();
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::db::ids::{EntityId, PresenceId, SessionId};

    fn member(number: u128) -> MemberId {
        MemberId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn interval(who: u128, from: i64, until: i64, open: bool) -> IntervalRow {
        IntervalRow {
            id: PresenceId::new(),
            session_id: SessionId::from_uuid(uuid::Uuid::nil()),
            member_id: member(who),
            joined_at: at(from),
            stay_since: at(from),
            last_seen_at: at(until),
            left_at: (!open).then(|| at(until)),
        }
    }

    const HOST: u128 = 1;

    #[test]
    fn two_devices_count_once_and_overlap_needs_both_sides() {
        let rows = [
            interval(HOST, 0, 100, false),
            interval(2, 50, 80, false),
            interval(2, 70, 120, false),
            interval(2, 200, 210, true),
            interval(3, 110, 130, false),
        ];
        let found: Vec<_> = attendance(member(HOST), &rows)
            .into_iter()
            .map(|row| {
                (row.member_id, row.total.num_seconds(), row.overlap.num_seconds(), row.stretches.len())
            })
            .collect();
        assert_eq!(found, [(member(HOST), 100, 50, 1), (member(2), 80, 50, 2), (member(3), 20, 0, 1)]);
    }

    /// The seconds in which a member is present, counted one by one.
    fn seconds(rows: &[IntervalRow], who: impl Fn(MemberId) -> bool) -> BTreeSet<i64> {
        let inside = |second: i64, row: &IntervalRow| {
            row.joined_at <= at(second) && at(second) < row.left_at.unwrap_or(row.last_seen_at)
        };
        (0..400).filter(|&second| rows.iter().any(|row| who(row.member_id) && inside(second, row))).collect()
    }

    fn len(seconds: usize) -> i64 {
        i64::try_from(seconds).unwrap()
    }

    proptest! {
        #[test]
        fn attendance_equals_a_count_second_by_second(
            drawn in prop::collection::vec((1_u128..5, 0_i64..300, 0_i64..90, any::<bool>()), 0..24)
        ) {
            let rows: Vec<_> = drawn.into_iter().map(|(who, from, length, open)| interval(who, from, from + length, open)).collect();
            let found = attendance(member(HOST), &rows);
            let members: BTreeSet<MemberId> = rows.iter().map(|row| row.member_id).collect();
            prop_assert_eq!(found.iter().map(|row| row.member_id).collect::<BTreeSet<_>>(), members);
            let hosted = seconds(&rows, |who| who == member(HOST));
            let learned = seconds(&rows, |who| who != member(HOST));
            for row in &found {
                let own = seconds(&rows, |who| who == row.member_id);
                let other = if row.member_id == member(HOST) { &learned } else { &hosted };
                prop_assert_eq!(row.total.num_seconds(), len(own.len()));
                prop_assert_eq!(row.overlap.num_seconds(), len(own.intersection(other).count()));
                prop_assert!(row.stretches.windows(2).all(|pair| pair[0].until < pair[1].from));
            }
        }
    }
}
