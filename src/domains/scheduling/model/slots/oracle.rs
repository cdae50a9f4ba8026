//! The slots against an oracle that walks minute by minute with a clock in its hand and knows nothing of transitions.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::*;

use super::Look;
use crate::{
    db::ids::MemberId,
    domains::scheduling::model::{Hours, Schedule, ScheduleSettings, Slot, Span},
};

/// Reads the mentor's clock every minute. It remembers the latest time it has read: within a repeated hour that stays
/// where it is, so the second reading opens nothing anew and starts nothing.
fn oracle(schedule: &Schedule, busy: &[Span], starts: Span, look: &Look) -> Vec<Slot> {
    let zone = schedule.settings.zone;
    let step = u16::try_from(schedule.settings.slot_step_minutes).unwrap();
    let first = starts.starts_at - TimeDelta::days(3);
    let first = first - TimeDelta::seconds(first.timestamp().rem_euclid(60));
    let minutes = (starts.ends_at - first + look.length).num_minutes() + 1;
    let mut latest = NaiveDateTime::MIN;
    let mut free = Vec::new();
    let mut grid = Vec::new();
    for minute in 0..minutes {
        let instant = first + TimeDelta::minutes(minute);
        let reading = zone.from_utc_datetime(&instant.naive_utc()).naive_local();
        let fresh = reading > latest;
        latest = latest.max(reading);
        let on_wall = u16::try_from(latest.hour() * 60 + latest.minute()).unwrap();
        let hours =
            schedule.hours_on(latest.date()).iter().find(|hours| (hours.start..hours.end).contains(&on_wall));
        free.push(hours.is_some() && !busy.iter().any(|span| span.contains(instant)));
        if fresh && hours.is_some_and(|hours| (on_wall - hours.start).is_multiple_of(step)) {
            grid.push(minute);
        }
    }
    let notice = TimeDelta::minutes(schedule.settings.min_notice_minutes.into());
    let window = TimeDelta::days(schedule.settings.booking_window_days.into());
    let length = look.length.num_minutes();
    grid.into_iter()
        .filter(|&minute| {
            (minute..minute + length).all(|minute| free.get(usize::try_from(minute).unwrap()) == Some(&true))
        })
        .map(|minute| first + TimeDelta::minutes(minute))
        .filter(|&start| starts.contains(start) && look.now + notice <= start && start < look.now + window)
        .map(|start| Slot { mentor_id: schedule.mentor_id, starts_at: start, ends_at: start + look.length })
        .take(look.limit)
        .collect()
}

fn zone(name: &str) -> Tz {
    name.parse().unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A schedule with the same hours every day.
fn every_day(name: &str, hours: &[(u16, u16)], step: i32) -> Schedule {
    let mut schedule = Schedule::unset(MemberId::new());
    schedule.settings = ScheduleSettings {
        zone: zone(name),
        slot_step_minutes: step,
        min_notice_minutes: 0,
        booking_window_days: 730,
    };
    for weekday in 1..=7 {
        for &(start, end) in hours {
            schedule.open_weekly(weekday, Hours { start, end });
        }
    }
    schedule
}

fn look(length: i64, now: DateTime<Utc>) -> Look {
    Look { length: TimeDelta::minutes(length), now, limit: 10_000 }
}

/// The wall times, with offset, at which slots start within a piece of time.
fn local_starts(schedule: &Schedule, from: &str, to: &str, length: i64) -> Vec<String> {
    let within = Span { starts_at: utc(from), ends_at: utc(to) };
    let slots = schedule.slots_within(&[], within, &look(length, within.starts_at - TimeDelta::days(1)));
    let written =
        |slot: &Slot| slot.starts_at.with_timezone(&schedule.settings.zone).format("%dT%H:%M%:z").to_string();
    slots.iter().map(written).collect()
}

#[test]
fn nine_o_clock_stays_nine_o_clock_across_a_change() {
    let schedule = every_day("Europe/Berlin", &[(540, 600)], 60);
    let starts = local_starts(&schedule, "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z", 60);
    assert_eq!(starts, ["24T09:00+02:00", "25T09:00+01:00", "26T09:00+01:00"]);
}

#[test]
fn a_missing_hour_has_no_slots_and_a_doubled_one_has_them_once() {
    let night = every_day("Europe/Berlin", &[(60, 240)], 30);
    let spring = local_starts(&night, "2026-03-29T00:00:00Z", "2026-03-29T12:00:00Z", 30);
    assert_eq!(spring, ["29T01:00+01:00", "29T01:30+01:00", "29T03:00+02:00", "29T03:30+02:00"]);
    let autumn = local_starts(&night, "2026-10-24T22:00:00Z", "2026-10-25T12:00:00Z", 30);
    assert_eq!(
        autumn,
        [
            "25T01:00+02:00",
            "25T01:30+02:00",
            "25T02:00+02:00",
            "25T02:30+02:00",
            "25T03:00+01:00",
            "25T03:30+01:00"
        ]
    );
    // An hour from 02:30 ends at 02:30, when the clock reads it again.
    let slots = night.slots_within(
        &[],
        Span { starts_at: utc("2026-10-25T00:30:00Z"), ends_at: utc("2026-10-25T01:30:00Z") },
        &look(60, utc("2026-10-20T00:00:00Z")),
    );
    assert_eq!(slots.len(), 1);
}

#[test]
fn half_an_hour_of_change_a_skipped_day_and_a_midnight_that_does_not_exist() {
    let howe = every_day("Australia/Lord_Howe", &[(60, 180)], 30);
    let spring = local_starts(&howe, "2026-10-03T12:00:00Z", "2026-10-04T00:00:00Z", 30);
    assert_eq!(spring, ["04T01:00+10:30", "04T01:30+10:30", "04T02:30+11:00"]);

    let apia = every_day("Pacific/Apia", &[(540, 600)], 60);
    let starts = local_starts(&apia, "2011-12-28T00:00:00Z", "2011-12-31T12:00:00Z", 60);
    assert_eq!(starts, ["28T09:00-10:00", "29T09:00-10:00", "31T09:00+14:00"]);

    let sao_paulo = every_day("America/Sao_Paulo", &[(0, 120)], 60);
    let starts = local_starts(&sao_paulo, "2017-10-14T12:00:00Z", "2017-10-16T12:00:00Z", 60);
    assert_eq!(starts, ["15T01:00-02:00", "16T00:00-02:00", "16T01:00-02:00"]);
}

#[test]
fn hours_join_across_midnight_only_if_they_touch() {
    let mut schedule = every_day("Europe/Berlin", &[], 30);
    schedule.open_weekly(1, Hours { start: 22 * 60 + 45, end: 1440 });
    schedule.open_weekly(2, Hours { start: 0, end: 60 });
    let (from, to) = ("2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z");
    let touching = local_starts(&schedule, from, to, 30);
    assert_eq!(
        touching,
        ["23T22:45+01:00", "23T23:15+01:00", "23T23:45+01:00", "24T00:00+01:00", "24T00:30+01:00"]
    );
    schedule
        .overrides
        .insert(NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(), vec![Hours { start: 15, end: 60 }]);
    let apart = local_starts(&schedule, from, to, 30);
    assert_eq!(apart, ["23T22:45+01:00", "23T23:15+01:00", "24T00:15+01:00"]);
}

#[test]
fn the_weekday_is_the_mentors() {
    let mut schedule = every_day("Pacific/Auckland", &[], 60);
    schedule.open_weekly(1, Hours { start: 540, end: 600 });
    let starts = local_starts(&schedule, "2026-11-20T00:00:00Z", "2026-11-25T00:00:00Z", 60);
    assert_eq!(starts, ["23T09:00+13:00"], "Monday morning in Auckland is Sunday in UTC");
}

#[test]
fn notice_and_window_bound_the_offer_also_on_the_day_of_a_change() {
    let mut schedule = every_day("Europe/Berlin", &[(0, 1440)], 60);
    schedule.settings.min_notice_minutes = 120;
    schedule.settings.booking_window_days = 1;
    let now = utc("2026-10-25T00:30:00Z");
    let slots =
        schedule.slots_from(&[], Span { starts_at: now, ends_at: now + TimeDelta::days(9) }, &look(60, now));
    assert_eq!(slots.first().unwrap().starts_at, utc("2026-10-25T03:00:00Z"));
    assert_eq!(slots.last().unwrap().starts_at, utc("2026-10-26T00:00:00Z"));
    assert!(schedule.offers(slots.first().unwrap(), now));
    let early = Slot {
        mentor_id: schedule.mentor_id,
        starts_at: utc("2026-10-25T02:00:00Z"),
        ends_at: utc("2026-10-25T03:00:00Z"),
    };
    assert!(!schedule.offers(&early, now));
    let off_the_step =
        Slot { starts_at: utc("2026-10-25T03:30:00Z"), ends_at: utc("2026-10-25T04:30:00Z"), ..early };
    assert!(!schedule.offers(&off_the_step, now));
}

/// Zones with odd rules: changes of half an hour or two hours, at midnight, around Ramadan, skipped days, odd offsets.
const ODD_ZONES: [&str; 42] = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "America/Adak",
    "America/Asuncion",
    "America/Caracas",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Damascus",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Chisinau",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Europe/London",
    "Europe/Volgograd",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Easter",
    "Pacific/Fakaofo",
    "Pacific/Fiji",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "Pacific/Norfolk",
    "UTC",
];
const YEARS: [i32; 6] = [1994, 2011, 2016, 2018, 2023, 2027];

/// The instants of a year at which the offset of a zone changes, to the hour.
fn changes(zone: Tz, year: i32) -> Vec<DateTime<Utc>> {
    let offset = |hour: i64| {
        let instant = Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap() + TimeDelta::hours(hour);
        (zone.from_utc_datetime(&instant.naive_utc()).naive_local() - instant.naive_utc(), instant)
    };
    (1..366 * 24).filter(|&hour| offset(hour - 1).0 != offset(hour).0).map(|hour| offset(hour).1).collect()
}

#[test]
fn around_every_change_of_forty_zones_the_oracle_agrees() {
    /// Open hours in minutes of the day, the step of slots, and their length.
    type Shape = (&'static [(u16, u16)], i32, i64);
    let shapes: [Shape; 6] = [
        (&[(0, 1440)], 30, 60),
        (&[(0, 90), (150, 1440)], 15, 45),
        (&[(30, 150), (1380, 1440)], 30, 30),
        (&[(130, 175), (1425, 1440)], 5, 20),
        (&[(0, 15), (60, 120), (120, 180), (1410, 1440)], 20, 90),
        (&[(1, 1439)], 45, 480),
    ];
    let mut compared = 0;
    for name in ODD_ZONES {
        for year in YEARS {
            for change in changes(zone(name), year) {
                for (hours, step, length) in shapes {
                    let schedule = every_day(name, hours, step);
                    let starts = Span {
                        starts_at: change - TimeDelta::hours(30),
                        ends_at: change + TimeDelta::hours(30),
                    };
                    let look = look(length, change - TimeDelta::days(9));
                    let (found, expected) =
                        (schedule.slots_from(&[], starts, &look), oracle(&schedule, &[], starts, &look));
                    assert_eq!(found, expected, "{name} at {change}, {hours:?} every {step} for {length}");
                    compared += expected.len();
                }
            }
        }
    }
    assert!(compared > 50_000, "only {compared} slots were compared");
}

/// Hours of a day that do not overlap: cuts of the day, every other piece open.
fn hours() -> impl Strategy<Value = Vec<Hours>> {
    proptest::collection::btree_set(0_u16..=1440, 0..7).prop_map(|cuts| {
        let cuts: Vec<u16> = cuts.into_iter().collect();
        cuts.chunks_exact(2).map(|pair| Hours { start: pair[0], end: pair[1] }).collect()
    })
}

prop_compose! {
    fn schedules()(
        zone in proptest::sample::select(&TZ_VARIANTS[..]),
        weekly in proptest::collection::vec(hours(), 7),
        overrides in proptest::collection::vec((0_u64..9, hours()), 0..4),
        slot_step_minutes in 5..=240_i32,
        min_notice_minutes in 0..3000_i32,
        booking_window_days in 1..9_i32,
        year in 1995..2035,
        day in 0..365_i64,
        minute in 0..1440_i64,
        change in proptest::option::weighted(0.7, any::<proptest::sample::Index>()),
    ) -> (Schedule, DateTime<Utc>) {
        let changes = changes(zone, year);
        // Mostly in the days before a change, if the zone has one that year.
        let now = match change {
            Some(change) if !changes.is_empty() => change.get(&changes).to_owned() - TimeDelta::minutes(day * 10),
            _ => Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap() + TimeDelta::days(day),
        };
        let now = now + TimeDelta::minutes(minute);
        let mut schedule = Schedule::unset(MemberId::new());
        schedule.settings = ScheduleSettings { zone, slot_step_minutes, min_notice_minutes, booking_window_days };
        schedule.weekly = weekly.try_into().unwrap();
        for (day, hours) in overrides {
            schedule.overrides.insert(now.date_naive() + chrono::Days::new(day), hours);
        }
        (schedule, now)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_in_any_zone_agrees_with_the_oracle(
        (schedule, now) in schedules(),
        busy in proptest::collection::vec((0..9 * 1440_i64, 1..600_i64), 0..12),
        start in -1440..7 * 1440_i64,
        stretch in 1..4 * 1440_i64,
        length in 5..=480_i64,
    ) {
        let at = |minutes: i64| now + TimeDelta::minutes(minutes);
        let busy: Vec<Span> = busy.into_iter().map(|(from, long)| Span { starts_at: at(from), ends_at: at(from + long) }).collect();
        let starts = Span { starts_at: at(start), ends_at: at(start + stretch) };
        let look = look(length, now);
        let found = schedule.slots_from(&busy, starts, &look);
        prop_assert_eq!(&found, &oracle(&schedule, &busy, starts, &look), "{} around {}", schedule.settings.zone, now.date_naive().year());
        if length >= 15 {
            prop_assert!(found.iter().all(|slot| schedule.offers(slot, now)));
        }
    }
}
