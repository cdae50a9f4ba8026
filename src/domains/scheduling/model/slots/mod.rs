//! From wall time to slots: a pure function of schedule, busy time, question and now.
//!
//! A wall time `w` means the first instant at which the mentor's clock reads `w` or later. So hours that start or end in
//! a skipped hour start or end at the jump, a skipped day is closed, and in a repeated hour the first reading counts.
//! A slot starts where the clock really reads its start: a missing wall time has no slot, a doubled one has one slot, at
//! the earlier offset. Lengths are real time. Hours that touch join, also across midnight.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

use super::{Schedule, Slot, Span, is_meeting};

/// The smallest step of an instant that the database keeps.
const INSTANT: TimeDelta = TimeDelta::microseconds(1);
/// Days that are worked out at a time.
const STRETCH: Days = Days::new(14);

/// How slots are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// How long a slot has to be.
    pub length: TimeDelta,
    /// The present instant: notice and window count from here.
    pub now: DateTime<Utc>,
    /// Stop after so many.
    pub limit: usize,
}

impl Schedule {
    /// The free slots that start in a piece of time, in order. `busy` may overlap and be in any order.
    #[must_use]
    pub fn slots_from(&self, busy: &[Span], starts: Span, look: &Look) -> Vec<Slot> {
        let Some(starts) = self.bookable(starts, look) else { return Vec::new() };
        let busy = union(busy.to_vec());
        let last = self.date_at(starts.ends_at);
        let mut date = self.date_at(starts.starts_at);
        let mut found = Vec::new();
        while date <= last && found.len() < look.limit {
            let next = date.checked_add_days(STRETCH).unwrap_or(NaiveDate::MAX);
            let open = self.open(date, next, look.length);
            let instants = self.starts(date, next).into_iter().filter(|&start| starts.contains(start));
            let slots = instants.map(|start| Slot {
                mentor_id: self.mentor_id,
                starts_at: start,
                ends_at: start + look.length,
            });
            found.extend(slots.filter(|slot| covers(&open, slot.span()) && !meets(&busy, slot.span())));
            date = next;
        }
        found.truncate(look.limit);
        found
    }

    /// The free slots that lie in a piece of time as a whole.
    #[must_use]
    pub fn slots_within(&self, busy: &[Span], within: Span, look: &Look) -> Vec<Slot> {
        // A slot that ends together with the piece of time is in it: the last start is allowed.
        let Some(ends_at) = within.ends_at.checked_sub_signed(look.length - INSTANT) else {
            return Vec::new();
        };
        self.slots_from(busy, Span { ends_at, ..within }, look)
    }

    /// The part of a piece of time that its slots can touch. `None` if it has none, whoever took what.
    #[must_use]
    pub fn reach(&self, within: Span, look: &Look) -> Option<Span> {
        let starts = self.bookable(within, look)?;
        let ends_at = starts.ends_at.checked_add_signed(look.length)?.min(within.ends_at);
        Some(Span { ends_at, ..starts })
    }

    /// Whether the slot is offered, taken or not: hours, step, notice and window.
    #[must_use]
    pub fn offers(&self, slot: &Slot, now: DateTime<Utc>) -> bool {
        let Some(ends_at) = slot.starts_at.checked_add_signed(INSTANT) else { return false };
        let look = Look { length: slot.length(), now, limit: 1 };
        is_meeting(look.length)
            && self.slots_from(&[], Span { ends_at, ..slot.span() }, &look).first() == Some(slot)
    }

    /// The part of a piece of time in which slots may start at all.
    fn bookable(&self, starts: Span, look: &Look) -> Option<Span> {
        let notice = TimeDelta::minutes(self.settings.min_notice_minutes.into());
        let window = TimeDelta::days(self.settings.booking_window_days.into());
        let starts_at = starts.starts_at.max(look.now.checked_add_signed(notice)?);
        let ends_at = starts.ends_at.min(look.now.checked_add_signed(window)?);
        (starts_at < ends_at && look.length > TimeDelta::zero()).then_some(Span { starts_at, ends_at })
    }

    fn date_at(&self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.settings.zone).date_naive()
    }

    /// The open time of the dates from `first` until `end`, and of what a slot that starts there may reach, joined.
    fn open(&self, first: NaiveDate, end: NaiveDate, length: TimeDelta) -> Vec<Span> {
        let zone = self.settings.zone;
        let reach = u64::try_from(length.num_days()).unwrap_or_default() + 2;
        let end = end.checked_add_days(Days::new(reach)).unwrap_or(end);
        let hours = first.iter_days().take_while(|&date| date < end).flat_map(|date| {
            self.hours_on(date).iter().map(move |hours| Span {
                starts_at: first_reading(zone, wall(date, hours.start)),
                ends_at: first_reading(zone, wall(date, hours.end)),
            })
        });
        union(hours.filter(|span| span.starts_at < span.ends_at).collect())
    }

    /// Where slots could start by the clock alone, in order.
    fn starts(&self, first: NaiveDate, end: NaiveDate) -> Vec<DateTime<Utc>> {
        let zone = self.settings.zone;
        let step = usize::try_from(self.settings.slot_step_minutes).unwrap_or(1).max(1);
        let dates = first.iter_days().take_while(|&date| date < end);
        let mut starts: Vec<DateTime<Utc>> = dates
            .flat_map(|date| {
                let minutes =
                    self.hours_on(date).iter().flat_map(move |hours| (hours.start..hours.end).step_by(step));
                minutes.filter_map(move |minute| read(zone, wall(date, minute)))
            })
            .collect();
        starts.sort_unstable();
        starts
    }
}

/// The first instant at which a clock in the zone reads `wall` or later.
#[must_use]
pub fn first_reading(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    read(zone, wall).unwrap_or_else(|| match GapInfo::new(&wall, &zone).and_then(|gap| gap.end) {
        Some(jump) => jump.with_timezone(&Utc),
        // Every zone's list of offsets has no end, so a wall time that is not read lies in a gap that ends.
        None => wall.and_utc(),
    })
}

/// The first instant at which a clock in the zone reads `wall`. `None` if it never does.
fn read(zone: Tz, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
    zone.from_local_datetime(&wall).earliest().map(|instant| instant.with_timezone(&Utc))
}

/// The wall time some minutes after a date's midnight.
fn wall(date: NaiveDate, minutes: u16) -> NaiveDateTime {
    date.and_time(NaiveTime::MIN) + TimeDelta::minutes(minutes.into())
}

/// The same time in order, overlapping and touching pieces joined.
fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.starts_at <= last.ends_at => last.ends_at = last.ends_at.max(span.ends_at),
            _ => joined.push(span),
        }
    }
    joined
}

/// Whether one of the joined pieces holds all of the span.
fn covers(joined: &[Span], span: Span) -> bool {
    let after = joined.partition_point(|piece| piece.starts_at <= span.starts_at);
    joined.get(after.wrapping_sub(1)).is_some_and(|piece| span.ends_at <= piece.ends_at)
}

/// Whether one of the joined pieces shares an instant with the span.
fn meets(joined: &[Span], span: Span) -> bool {
    let after = joined.partition_point(|piece| piece.ends_at <= span.starts_at);
    joined.get(after).is_some_and(|piece| piece.overlaps(&span))
}

#[cfg(test)]
mod oracle;
