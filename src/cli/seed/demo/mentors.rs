//! What the mentors offer and when they can be booked.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{
    content::texts,
    people::MENTORS,
    world::{Outcome, World},
};
use crate::cli::seed::{
    accounts::place,
    ids::{lot, pick},
    rows::Rows,
};

/// Minutes of a day.
const DAY: i64 = 24 * 60;
const WEEKDAYS: &[i64] = &[1, 2, 3, 4, 5];
const WEEKEND: &[i64] = &[6, 7];
const EVERY_DAY: &[i64] = &[1, 2, 3, 4, 5, 6, 7];

/// Weekdays (1 = Monday) with opening hours in minutes of the mentor's wall time.
type Opening = (&'static [i64], i64, i64);

/// The kinds of week.
const WEEKS: &[&[Opening]] = &[
    &[(WEEKDAYS, 9 * 60, 12 * 60), (WEEKDAYS, 13 * 60, 19 * 60)],
    &[(WEEKDAYS, 9 * 60, 21 * 60), (WEEKEND, 10 * 60, 14 * 60)],
    &[(EVERY_DAY, 7 * 60 + 30, 19 * 60)],
    // Until two in the morning.
    &[(EVERY_DAY, 9 * 60, 13 * 60), (EVERY_DAY, 21 * 60, DAY), (EVERY_DAY, 0, 2 * 60)],
    &[(WEEKDAYS, 8 * 60, 20 * 60), (WEEKEND, 22 * 60, DAY), (&[1, 7], 0, 60)],
];

/// The offers, the schedules and their exceptions.
pub(super) fn rows(world: &World) -> Vec<Rows> {
    let (mut mentors, mut schedules) = (Rows::of("mentors"), Rows::of("schedules"));
    let (mut rules, mut overrides) = (Rows::of("availability_rules"), Rows::of("availability_overrides"));
    for &number in MENTORS {
        let person = world.person(number);
        mentors.push(offer(world, number));
        schedules.push(json!({
            "mentor_id": person.id, "time_zone": person.time_zone, "slot_step_minutes": if number == place::OPEN_MENTOR { 5 } else { 30 },
            "min_notice_minutes": if number == place::OPEN_MENTOR { 0 } else { 120 },
            "booking_window_days": if number % 3 == 0 { 90 } else { 60 }, "version": 1,
        }));
        for &(weekdays, start, end) in week(number) {
            for weekday in weekdays {
                rules.push(json!({
                    "mentor_id": person.id, "weekday": weekday, "start_minute": start, "end_minute": end,
                }));
            }
        }
        if number % 4 == 1 {
            let day_off = world.now + TimeDelta::days(14 + i64::try_from(number % 7).unwrap_or_default());
            overrides.push(json!({
                "mentor_id": person.id, "date": day_off.date_naive(), "start_minutes": [], "end_minutes": [],
            }));
        }
    }
    vec![mentors, schedules, rules, overrides]
}

fn week(number: usize) -> &'static [Opening] {
    match number {
        place::OPEN_MENTOR => &[(EVERY_DAY, 0, DAY)],
        place::OFFICE_MENTOR => &[(WEEKDAYS, 9 * 60, 17 * 60)],
        _ => pick(WEEKS, number),
    }
}

fn offer(world: &World, number: usize) -> Value {
    let person = world.person(number);
    let completed =
        world.meetings.iter().filter(|met| met.mentor == number && met.outcome == Outcome::Completed);
    let stars: Vec<i64> =
        completed.clone().filter(|met| met.reviewed).map(|met| met.review(world).0).collect();
    let headline = pick(texts::HEADLINES, lot("headline", number, 1000));
    json!({
        "member_id": person.id, "headline": world.say(headline, pick(&person.offered, 0)),
        "hourly_rate": person.hourly_rate, "currency": "CREDIT", "listed": true,
        "rating_sum": stars.iter().sum::<i64>(), "rating_count": stars.len(),
        "sessions_completed": completed.count(), "version": 1,
    })
}
