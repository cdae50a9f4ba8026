//! A mentor's schedule: weekly hours in wall time, with overrides of single dates.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

use crate::db::ids::MemberId;

/// Minutes of a day on the wall.
const DAY: u16 = 24 * 60;

/// An interval of one day on the mentor's wall clock, in minutes after midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Hours {
    /// When it opens: 0 to 1439.
    pub start: u16,
    /// When it closes: up to 1440, which is the midnight at the end of the day.
    pub end: u16,
}

/// Why a list of hours is refused: the place in the list of the first that breaks the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidHours {
    /// It does not end after it starts.
    Empty(usize),
    /// It overlaps an earlier one.
    Overlap(usize),
}

impl Hours {
    /// Whether they end after they start, within the day.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.start < self.end && self.end <= DAY
    }

    /// Checks the hours of one day. Hours that touch are fine: they join.
    ///
    /// # Errors
    /// See [`InvalidHours`].
    pub fn check_day(hours: &[Self]) -> Result<(), InvalidHours> {
        for (place, one) in hours.iter().enumerate() {
            if !one.is_valid() {
                return Err(InvalidHours::Empty(place));
            }
            let before = hours.iter().take(place);
            if before.into_iter().any(|other| one.start < other.end && other.start < one.end) {
                return Err(InvalidHours::Overlap(place));
            }
        }
        Ok(())
    }
}

/// Reads a time on the wall, `HH:MM` from `00:00` to `24:00`, as minutes after midnight.
#[must_use]
pub fn wall_minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY).then_some(total)
}

/// Writes minutes after midnight as `HH:MM`.
#[must_use]
pub fn wall_text(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// How a mentor may be booked, apart from the hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduleSettings {
    /// Where the mentor's clock hangs.
    pub zone: Tz,
    /// Slots start at every so many minutes after an interval opens.
    pub slot_step_minutes: i32,
    /// Slots sooner than this are not offered.
    pub min_notice_minutes: i32,
    /// Slots later than this are not offered.
    pub booking_window_days: i32,
}

impl Default for ScheduleSettings {
    fn default() -> Self {
        Self { zone: Tz::UTC, slot_step_minutes: 30, min_notice_minutes: 120, booking_window_days: 60 }
    }
}

/// When a mentor can be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Whose.
    pub mentor_id: MemberId,
    /// Zone, step, notice and window.
    pub settings: ScheduleSettings,
    /// Rises with every change; 0 = never set.
    pub version: i64,
    /// Hours of each weekday of the mentor, Monday first.
    pub weekly: [Vec<Hours>; 7],
    /// Hours of single dates, instead of the weekly ones; empty = closed.
    pub overrides: BTreeMap<NaiveDate, Vec<Hours>>,
}

impl Schedule {
    /// The schedule of a mentor who has set none: never open.
    #[must_use]
    pub fn unset(mentor_id: MemberId) -> Self {
        Self {
            mentor_id,
            settings: ScheduleSettings::default(),
            version: 0,
            weekly: Default::default(),
            overrides: BTreeMap::new(),
        }
    }

    /// Whether the mentor ever set it.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.version > 0
    }

    /// Adds weekly hours; `weekday` is 1 = Monday … 7 = Sunday.
    pub fn open_weekly(&mut self, weekday: i16, hours: Hours) {
        let place = usize::try_from(weekday).unwrap_or_default().wrapping_sub(1);
        if let Some(day) = self.weekly.get_mut(place) {
            day.push(hours);
        }
    }

    /// The hours of a date of the mentor.
    #[must_use]
    pub fn hours_on(&self, date: NaiveDate) -> &[Hours] {
        if let Some(hours) = self.overrides.get(&date) {
            return hours;
        }
        let place = usize::try_from(date.weekday().num_days_from_monday()).unwrap_or_default();
        self.weekly.get(place).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_times_read_back_and_others_are_refused() {
        for (text, minutes) in [("00:00", 0), ("09:05", 545), ("23:59", 1439), ("24:00", 1440)] {
            assert_eq!(wall_minutes(text), Some(minutes));
            assert_eq!(wall_text(minutes), text);
        }
        for text in [
            "",
            "9:00",
            "09:60",
            "24:01",
            "25:00",
            "-1:00",
            "+9:00",
            "09:0",
            "0900",
            "09:00:00",
            "٠٩:٠٠",
            "99:99",
        ] {
            assert_eq!(wall_minutes(text), None, "{text:?}");
        }
    }

    #[test]
    fn hours_of_a_day_may_touch_but_not_overlap() {
        let day = |hours: &[(u16, u16)]| {
            let hours: Vec<Hours> = hours.iter().map(|&(start, end)| Hours { start, end }).collect();
            Hours::check_day(&hours)
        };
        assert_eq!(day(&[]), Ok(()));
        assert_eq!(day(&[(540, 600), (600, 720), (0, 1440 - 900)]), Ok(()));
        assert_eq!(day(&[(540, 600), (599, 720)]), Err(InvalidHours::Overlap(1)));
        assert_eq!(day(&[(540, 720), (600, 660)]), Err(InvalidHours::Overlap(1)));
        assert_eq!(day(&[(0, 60), (540, 540)]), Err(InvalidHours::Empty(1)));
        assert_eq!(day(&[(600, 540)]), Err(InvalidHours::Empty(0)));
    }
}
