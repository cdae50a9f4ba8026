use chrono::{Datelike, Days, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{HOLD, OVERRIDE, RULES, SLOTS, hold, slots, starts};
use crate::support::{Client, TestApp};

/// The day of the next change of the clocks in Berlin, at least a week away.
fn next_change(app: &TestApp) -> NaiveDate {
    let last_sunday = |year: i32, month: u32| {
        let end = NaiveDate::from_ymd_opt(year, month, 31).expect("a date");
        end - Days::new(u64::from(end.weekday().num_days_from_sunday()))
    };
    let today = app.now().date_naive();
    let days = [today.year(), today.year() + 1]
        .into_iter()
        .flat_map(|year| [last_sunday(year, 3), last_sunday(year, 10)]);
    days.into_iter().find(|&day| day > today + Days::new(7)).expect("a change")
}

async fn open_in_berlin(mentor: &Client, hours: &[(&str, &str)]) {
    let days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
    let rules: Vec<Value> = days
        .iter()
        .flat_map(|day| {
            hours.iter().map(move |(start, end)| json!({ "weekday": day, "start": start, "end": end }))
        })
        .collect();
    let input = json!({ "timeZone": "Europe/Berlin", "rules": rules, "minNoticeMinutes": 0, "bookingWindowDays": 400 });
    mentor.run(RULES, json!({ "input": input })).await.ok("setAvailabilityRules");
}

#[tokio::test(flavor = "multi_thread")]
async fn nine_o_clock_is_offered_at_nine_on_both_sides_of_a_change() {
    let app = TestApp::start().await;
    let mentor = app.mentor("grace").await;
    open_in_berlin(&mentor, &[("09:00", "10:00")]).await;
    let change = next_change(&app).and_time(chrono::NaiveTime::MIN).and_utc();

    let found =
        slots(&app.anonymous(), &mentor, change - TimeDelta::days(2), change + TimeDelta::days(2), 60).await;

    assert_eq!(found.len(), 4);
    let (before, after) = if change.month() == 3 { ("+01:00", "+02:00") } else { ("+02:00", "+01:00") };
    let offsets: Vec<&Value> = found.iter().map(|slot| &slot["offset"]).collect();
    assert_eq!(offsets, [before, before, after, after]);
    for slot in &found {
        let local = slot["localStart"].as_str().expect("a text");
        assert!(
            local.ends_with(&format!("T09:00:00{}", slot["offset"].as_str().expect("an offset"))),
            "{local}"
        );
        assert_eq!(
            local.parse::<chrono::DateTime<Utc>>().expect("an instant"),
            starts(std::slice::from_ref(slot))[0]
        );
        assert_eq!(
            (&slot["zone"], &slot["tzdbVersion"]),
            (&json!("Europe/Berlin"), &json!(chrono_tz::IANA_TZDB_VERSION))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_crosses_midnight_when_the_next_day_opens_at_once() {
    let app = TestApp::start().await;
    let mentor = app.mentor("grace").await;
    open_in_berlin(&mentor, &[("00:00", "01:00"), ("22:45", "24:00")]).await;
    let day = app.now().date_naive() + Days::new(3);
    let noon = day.and_hms_opt(12, 0, 0).expect("noon").and_utc();
    let locals = async || {
        let found = slots(&mentor, &mentor, noon, noon + TimeDelta::days(1), 30).await;
        found
            .iter()
            .map(|slot| slot["localStart"].as_str().expect("a text")[11..16].to_owned())
            .take(5)
            .collect::<Vec<_>>()
    };
    assert_eq!(locals().await, ["22:45", "23:15", "23:45", "00:00", "00:30"]);

    let closed = json!({ "input": { "date": day + Days::new(1), "hours": [] } });
    mentor.run(OVERRIDE, closed).await.ok("setAvailabilityOverride");
    assert_eq!(locals().await, ["22:45", "23:15"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn notice_and_window_follow_the_servers_clock() {
    let app = TestApp::start().await;
    let mentor = app.mentor("grace").await;
    let input = json!({ "timeZone": "UTC", "rules": [{ "weekday": "MONDAY", "start": "00:00", "end": "24:00" }, { "weekday": "TUESDAY", "start": "00:00", "end": "24:00" }, { "weekday": "WEDNESDAY", "start": "00:00", "end": "24:00" }, { "weekday": "THURSDAY", "start": "00:00", "end": "24:00" }, { "weekday": "FRIDAY", "start": "00:00", "end": "24:00" }, { "weekday": "SATURDAY", "start": "00:00", "end": "24:00" }, { "weekday": "SUNDAY", "start": "00:00", "end": "24:00" }], "minNoticeMinutes": 180, "bookingWindowDays": 2 });
    mentor.run(RULES, json!({ "input": input })).await.ok("setAvailabilityRules");
    let anybody = app.anonymous();
    for _ in 0..2 {
        let now = app.now();
        let found =
            starts(&slots(&anybody, &mentor, now - TimeDelta::days(3), now + TimeDelta::days(20), 60).await);
        assert!(
            found[0] >= now + TimeDelta::hours(3) && found[0] <= now + TimeDelta::hours(4),
            "{}",
            found[0]
        );
        let last = *found.last().expect("a slot");
        assert!(last < app.now() + TimeDelta::days(2) && last > now + TimeDelta::hours(47), "{last}");
        app.advance(TimeDelta::hours(7));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn taken_time_is_not_offered_and_my_own_hold_is() {
    let app = TestApp::start().await;
    let (mentor, ada, bob) = (app.mentor("grace").await, app.member("ada").await, app.member("bob").await);
    let start = app.hour_after(TimeDelta::hours(3));
    let hold_id = hold(&ada, &mentor, start, 60, "one").await.ok("holdSlot")["hold"]["id"].clone();
    let (from, to) = (start - TimeDelta::minutes(60), start + TimeDelta::minutes(120));

    let mine = slots(&ada, &mentor, from, to, 60).await;
    let his = slots(&bob, &mentor, from, to, 60).await;

    assert_eq!(starts(&his), [start - TimeDelta::minutes(60), start + TimeDelta::minutes(60)]);
    assert_eq!(mine.len(), 5);
    let held: Vec<&Value> = mine.iter().filter(|slot| !slot["viewerHold"].is_null()).collect();
    assert_eq!(held.len(), 1);
    assert_eq!((starts(&[held[0].clone()])[0], &held[0]["viewerHold"]["id"]), (start, &hold_id));
    assert!(his.iter().all(|slot| slot["viewerHold"].is_null()));
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_out_of_bounds_are_told_so() {
    let app = TestApp::start().await;
    let mentor = app.mentor("grace").await;
    let now = app.now();
    for (from, to, minutes) in [
        (json!(now), json!(now), 60),
        (json!(now), json!(now - TimeDelta::hours(1)), 60),
        (json!(now), json!(now + TimeDelta::days(32)), 60),
        (json!(now), json!(now + TimeDelta::days(1)), 14),
        (json!(now), json!(now + TimeDelta::days(1)), 481),
        (json!("0001-01-01T00:00:00Z"), json!("9999-01-01T00:00:00Z"), 60),
    ] {
        let variables = json!({ "id": mentor.mentor_id(), "from": from, "to": to, "minutes": minutes });
        let reply = app.anonymous().run(SLOTS, variables).await;
        assert_eq!(reply.error_codes(), ["VALIDATION"], "{from} {to} {minutes}");
    }
    for (from, to) in [
        ("0001-01-01T00:00:00Z", "0001-01-20T00:00:00Z"),
        ("9999-12-01T00:00:00Z", "9999-12-31T00:00:00Z"),
        ("+262142-01-01T00:00:00Z", "+262142-01-02T00:00:00Z"),
        ("-262143-01-02T00:00:00Z", "-262143-01-03T00:00:00Z"),
    ] {
        let variables = json!({ "id": mentor.mentor_id(), "from": from, "to": to, "minutes": 60 });
        assert_eq!(app.anonymous().run(SLOTS, variables).await.data("node")["slots"], json!([]), "{from}");
        let query = "query($from: DateTime!, $to: DateTime!) { mentors(filter: { availableBetween: { from: $from, to: $to } }) { edges { cursor } } }";
        let found = app.anonymous().run(query, json!({ "from": from, "to": to })).await;
        assert_eq!(found.data("mentors")["edges"], json!([]), "{from}");
    }
    let most = slots(&app.anonymous(), &mentor, now, now + TimeDelta::days(31), 15).await;
    assert_eq!(most.len(), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_no_calendar_has_are_refused_and_not_stumbled_over() {
    let app = TestApp::start().await;
    let (mentor, ada) = (app.mentor("grace").await, app.member("ada").await);
    for starts_at in
        ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2020-01-01T00:00:00Z", "+262142-01-01T00:00:00Z"]
    {
        let input = json!({ "mentorId": mentor.mentor_id(), "startsAt": starts_at, "durationMinutes": 60, "idempotencyKey": starts_at });
        let reply = ada.run(HOLD, json!({ "input": input })).await;
        assert_eq!(reply.codes("holdSlot"), ["SLOT_UNAVAILABLE"], "{starts_at}");
        assert_eq!(reply.data("holdSlot")["userErrors"][0]["nextFree"].as_array().map(Vec::len), Some(3));
    }
    assert_eq!(app.count("select count(*) from claims").await, 0);
}
