use serde_json::{Value, json};

use super::{OVERRIDE, RULES};
use crate::support::TestApp;

fn rules(rules: &[(&str, &str, &str)]) -> Value {
    let rules: Vec<Value> = rules
        .iter()
        .map(|(weekday, start, end)| json!({ "weekday": weekday, "start": start, "end": end }))
        .collect();
    json!({ "timeZone": "Europe/Berlin", "rules": rules })
}

#[tokio::test(flavor = "multi_thread")]
async fn weekly_hours_are_replaced_as_a_whole_and_settings_stay_unless_given() {
    let app = TestApp::start().await;
    let mentor = app.mentor("grace").await;
    let mut input =
        rules(&[("TUESDAY", "10:00", "12:00"), ("MONDAY", "13:00", "24:00"), ("MONDAY", "09:00", "13:00")]);
    input["slotStepMinutes"] = json!(15);

    let reply = mentor.run(RULES, json!({ "input": input })).await;

    let availability = &reply.ok("setAvailabilityRules")["availability"];
    assert_eq!(availability["timeZone"], "Europe/Berlin");
    let days = [("MONDAY", "09:00", "13:00"), ("MONDAY", "13:00", "24:00"), ("TUESDAY", "10:00", "12:00")];
    assert_eq!(availability["rules"], rules(&days)["rules"]);
    assert_eq!(
        (
            &availability["slotStepMinutes"],
            &availability["minNoticeMinutes"],
            &availability["bookingWindowDays"]
        ),
        (&json!(15), &json!(0), &json!(60))
    );
    assert_eq!(availability["version"], 2);
    assert_eq!(availability["tzdbVersion"], chrono_tz::IANA_TZDB_VERSION);
    let public = app.anonymous().run("query($id: ID!) { node(id: $id) { ... on Mentor { availability { version rules { weekday } } } } }", json!({ "id": mentor.mentor_id() })).await;
    assert_eq!(
        public.data("node")["availability"],
        json!({ "version": 2, "rules": [{ "weekday": "MONDAY" }, { "weekday": "MONDAY" }, { "weekday": "TUESDAY" }] })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_hours_are_refused_with_their_place_and_change_nothing() {
    let app = TestApp::start().await;
    let mentor = app.mentor("grace").await;
    let everything = "select (select jsonb_agg(r order by r) from availability_rules r), (select jsonb_agg(s) from schedules s), (select count(*) from events)";
    let before = app.sql(everything).await;
    let many: Vec<(&str, &str, &str)> = (0..71).map(|_| ("MONDAY", "09:00", "10:00")).collect();
    let zone = |zone: &str| {
        let mut input = rules(&[("MONDAY", "09:00", "10:00")]);
        input["timeZone"] = json!(zone);
        input
    };
    let with = |name: &str, value: i32| {
        let mut input = rules(&[("MONDAY", "09:00", "10:00")]);
        input[name] = json!(value);
        input
    };
    for (input, path, rule) in [
        (
            rules(&[
                ("MONDAY", "09:00", "11:00"),
                ("TUESDAY", "09:00", "11:00"),
                ("MONDAY", "10:59", "12:00"),
            ]),
            json!(["rules", "2"]),
            "OVERLAP",
        ),
        (
            rules(&[("MONDAY", "09:00", "12:00"), ("MONDAY", "10:00", "11:00")]),
            json!(["rules", "1"]),
            "OVERLAP",
        ),
        (rules(&[("MONDAY", "12:00", "09:00")]), json!(["rules", "0"]), "ORDER"),
        (rules(&[("MONDAY", "09:00", "09:00")]), json!(["rules", "0"]), "ORDER"),
        (rules(&[("SUNDAY", "9:00", "10:00")]), json!(["rules", "0", "start"]), "WALL_TIME"),
        (rules(&[("SUNDAY", "09:00", "24:01")]), json!(["rules", "0", "end"]), "WALL_TIME"),
        (rules(&many), json!(["rules"]), "SIZE"),
        (zone("Europe/Atlantis"), json!(["timeZone"]), "TIME_ZONE"),
        (zone(""), json!(["timeZone"]), "TIME_ZONE"),
        (with("slotStepMinutes", 4), json!(["slotStepMinutes"]), "RANGE"),
        (with("minNoticeMinutes", -1), json!(["minNoticeMinutes"]), "RANGE"),
        (with("bookingWindowDays", 731), json!(["bookingWindowDays"]), "RANGE"),
    ] {
        let reply = mentor.run(RULES, json!({ "input": input })).await;
        let error = &reply.data("setAvailabilityRules")["userErrors"][0];
        assert_eq!(
            (&error["code"], &error["path"], &error["rule"]),
            (&json!("VALIDATION"), &path, &json!(rule)),
            "{input}"
        );
    }
    let stale = mentor.run(RULES, json!({ "input": with("expectedVersion", 0) })).await;
    assert_eq!(
        stale.data("setAvailabilityRules")["userErrors"][0],
        json!({ "code": "STALE_VERSION", "path": ["expectedVersion"], "current": 1 })
    );
    assert_eq!(app.sql(everything).await, before);
    mentor.run(RULES, json!({ "input": with("expectedVersion", 1) })).await.ok("setAvailabilityRules");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_mentors_have_hours() {
    let app = TestApp::start().await;
    let learner = app.member("ada").await;
    let input = rules(&[("MONDAY", "09:00", "10:00")]);
    assert_eq!(learner.run(RULES, json!({ "input": input })).await.error_codes(), ["FORBIDDEN"]);
    assert_eq!(
        app.anonymous().run(RULES, json!({ "input": input })).await.error_codes(),
        ["UNAUTHENTICATED"]
    );
    let date = app.now().date_naive();
    let input = json!({ "date": date, "hours": [] });
    assert_eq!(learner.run(OVERRIDE, json!({ "input": input })).await.error_codes(), ["FORBIDDEN"]);
    assert_eq!(app.count("select count(*) from schedules").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_has_its_own_hours_until_they_are_cleared() {
    let app = TestApp::start().await;
    let mentor = app.mentor("grace").await;
    let date = app.now().date_naive() + chrono::Days::new(3);
    let day = |hours: Value| json!({ "input": { "date": date, "hours": hours } });
    let midnight = date.and_time(chrono::NaiveTime::MIN).and_utc();
    let count = async || {
        super::slots(&mentor, &mentor, midnight, midnight + chrono::TimeDelta::days(1), 60).await.len()
    };
    assert_eq!(count().await, 47);

    let hours = json!([{ "start": "14:00", "end": "16:00" }, { "start": "09:00", "end": "10:00" }]);
    let reply = mentor.run(OVERRIDE, day(hours)).await;
    let sorted = json!([{ "start": "09:00", "end": "10:00" }, { "start": "14:00", "end": "16:00" }]);
    assert_eq!(
        reply.ok("setAvailabilityOverride")["availability"]["overrides"],
        json!([{ "date": date, "hours": sorted }])
    );
    assert_eq!(count().await, 4);
    mentor.run(OVERRIDE, day(json!([]))).await.ok("setAvailabilityOverride");
    assert_eq!(count().await, 0, "closed");

    let clear = "mutation($date: Date!) { clearAvailabilityOverride(input: { date: $date }) { availability { version overrides { date } } userErrors { code } } }";
    for _ in 0..2 {
        let cleared = mentor.run(clear, json!({ "date": date })).await;
        assert_eq!(
            cleared.ok("clearAvailabilityOverride")["availability"],
            json!({ "version": 4, "overrides": [] })
        );
    }
    assert_eq!(count().await, 47);

    let overlap = json!([{ "start": "09:00", "end": "11:00" }, { "start": "10:00", "end": "12:00" }]);
    let refused = mentor.run(OVERRIDE, day(overlap)).await;
    assert_eq!(
        refused.data("setAvailabilityOverride")["userErrors"][0],
        json!({ "code": "VALIDATION", "path": ["hours", "1"], "rule": "OVERLAP" })
    );
    let past = json!({ "input": { "date": "2020-01-01", "hours": [] } });
    assert_eq!(mentor.run(OVERRIDE, past).await.codes("setAvailabilityOverride"), ["VALIDATION"]);
    assert_eq!(app.count("select count(*) from availability_overrides").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_needs_weekly_hours_first() {
    let app = TestApp::start().await;
    let mentor = app.mentor("grace").await;
    app.sql("delete from schedules").await;
    let date = app.now().date_naive();
    let reply = mentor.run(OVERRIDE, json!({ "input": { "date": date, "hours": [] } })).await;
    assert_eq!(
        reply.data("setAvailabilityOverride")["userErrors"][0],
        json!({ "code": "INVALID_TRANSITION", "path": [], "allowed": ["setAvailabilityRules"] })
    );
}
