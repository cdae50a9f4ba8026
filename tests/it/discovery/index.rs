use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{GUITAR, RUST, SKILLS, many, names, set_offer, set_profile, set_skills};
use crate::support::{Client, TestApp, booking::COMPLETE};

const INDEX: &str = "select mentor_id, score, rating, hourly_rate, languages, next_slot_at, document,
    (select array_agg(row(skill_id, k.score) order by skill_id) from mentor_index_skills k where k.mentor_id = i.mentor_id)
    from mentor_index i order by mentor_id";

async fn rebuild(app: &TestApp) {
    let mut conn = app.app.conn().await.expect("a connection");
    skillswap::domains::discovery::service::rebuild(&mut conn).await.expect("the index");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_any_history_the_index_is_what_a_rebuild_makes() {
    let app = TestApp::start().await;
    app.sql(SKILLS).await;
    let (grace, linus, barbara) =
        (app.mentor("grace").await, app.mentor("linus").await, app.mentor("barbara").await);
    set_skills(&grace, &[RUST, GUITAR]).await;
    set_skills(&linus, &[RUST]).await;
    set_skills(&grace, &[GUITAR, 0x13]).await;
    set_offer(&linus, "Kernels", 9_000, false).await;
    set_offer(&barbara, "Abstractions", 9_000, true).await;
    set_profile(&barbara, json!({ "bio": "Clear words.", "languages": ["en-US"] })).await;
    set_offer(&linus, "Kernels", 8_000, true).await;
    let learner = app.learner("ada").await;
    let booked = learner.book(&grace, app.hour_after(TimeDelta::hours(1))).await;
    app.sql(COMPLETE).await;
    let review =
        json!({ "bookingId": booked.booking, "rating": 4, "body": "Good.", "idempotencyKey": "one" });
    learner.mutate("addReview", "review { id }", review).await.ok("addReview");
    let other = learner.book(&barbara, booked.starts_at + TimeDelta::hours(1)).await;
    let cancel = json!({ "bookingId": other.booking });
    learner.mutate("cancelBooking", "booking { id }", cancel).await.ok("cancelBooking");
    let before = app.sql(INDEX).await;
    assert_eq!(before.len(), 3);

    rebuild(&app).await;

    assert_eq!(app.sql(INDEX).await, before);
    app.sql("delete from mentor_index").await;
    rebuild(&app).await;
    assert_eq!(app.sql(INDEX).await, before);
    set_offer(&grace, "Gone", 1, false).await;
    assert_eq!(app.count("select count(*) from mentor_index_skills k join skills s on s.id = k.skill_id where s.slug <> 'rust'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn profile_changes_at_once_leave_no_stale_entry() {
    let app = TestApp::start().await;
    app.sql(SKILLS).await;
    let mentor = app.mentor("grace").await;
    for round in 0..10 {
        let skills = if round % 2 == 0 { vec![RUST] } else { vec![GUITAR, 0x13] };
        tokio::join!(
            set_skills(&mentor, &skills),
            set_offer(&mentor, "Again", 100 + round, true),
            set_profile(&mentor, json!({ "bio": format!("{round}") }))
        );
        let before = app.sql(INDEX).await;
        rebuild(&app).await;
        assert_eq!(app.sql(INDEX).await, before, "round {round}");
    }
}

/// Whether a mentor has a slot, by the mentor's own list of slots.
async fn has_slot(client: &Client, id: &str, from: DateTime<Utc>, to: DateTime<Utc>, minutes: i64) -> bool {
    let query = "query($id: ID!, $from: DateTime!, $to: DateTime!, $minutes: Int!) { node(id: $id) { ... on Mentor { slots(from: $from, to: $to, durationMinutes: $minutes) { startsAt } } } }";
    let reply = client.run(query, json!({ "id": id, "from": from, "to": to, "minutes": minutes })).await;
    reply.data("node")["slots"].as_array().is_some_and(|slots| !slots.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn available_between_means_a_real_slot() {
    let app = TestApp::start().await;
    app.sql(SKILLS).await;
    let crowd: Vec<_> = (0..90)
        .map(|place| (format!("mentor {place}"), String::new(), 100, place % 7, i64::from(place % 7 > 0)))
        .collect();
    many(&app, &crowd).await;
    let mut day = app.now().date_naive() + chrono::Days::new(3);
    while matches!(day.weekday(), chrono::Weekday::Sat | chrono::Weekday::Sun) {
        day = day.succ_opt().expect("a next day");
    }
    // Bookings, live holds, expired ones and closed days, here and there.
    app.sql(&format!(
        "insert into members (id, handle, name, created_at) select gen_random_uuid(), 'learner' || n, 'L', now() from generate_series(1, 90) n;
         insert into claims (id, mentor_id, learner_id, kind, during, expires_at, created_at)
           select gen_random_uuid(), m.member_id, l.id, case when m.n % 5 = 0 then 'HOLD' else 'CONFIRMED' end,
                  tstzrange('{day}Z'::timestamptz + m.n % 24 * interval '1 hour', '{day}Z'::timestamptz + (m.n % 24 + 4) * interval '1 hour'),
                  case when m.n % 5 = 0 then now() + (m.n % 2 * 10 - 5) * interval '1 minute' end, now()
           from (select member_id, row_number() over (order by member_id) n from mentors) m
           join (select id, row_number() over (order by id) n from members where handle like 'learner%') l on l.n = m.n;
         insert into availability_overrides select member_id, '{day}', '{{}}', '{{}}' from mentors where get_byte(uuid_send(member_id), 0) % 4 = 0",
    ))
    .await;
    rebuild(&app).await;
    let anybody = app.anonymous();
    let all = anybody.query("{ mentors(first: 50) { edges { node { id } } } }").await;
    let mut ids: Vec<Value> = all.data("mentors")["edges"].as_array().expect("edges").clone();
    let rest = anybody.query("{ mentors(last: 40) { edges { node { id } } } }").await;
    ids.extend(rest.data("mentors")["edges"].as_array().expect("edges").clone());
    assert_eq!(ids.len(), 90);
    let mut compared = (0, 0);
    for (hour, long, minutes) in
        [(8, 2, 60), (9, 1, 60), (12, 3, 180), (15, 1, 15), (0, 24, 240), (20, 3, 30)]
    {
        let from = day.and_hms_opt(hour, 0, 0).expect("a time").and_utc();
        let to = from + TimeDelta::hours(long);
        let mut expected = Vec::new();
        for edge in &ids {
            let id = edge["node"]["id"].as_str().expect("an id");
            if has_slot(&anybody, id, from, to, minutes).await {
                expected.push(id.to_owned());
            }
        }
        let filter = format!(
            "filter: {{ availableBetween: {{ from: \"{}\", to: \"{}\", durationMinutes: {minutes} }} }}",
            from.to_rfc3339(),
            to.to_rfc3339()
        );
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let reply = anybody.query(&format!("{{ mentors({filter} first: 20 {after}) {{ edges {{ node {{ id }} }} pageInfo {{ hasNextPage endCursor }} }} }}")).await;
            let page = reply.data("mentors");
            found.extend(
                page["edges"]
                    .as_array()
                    .expect("edges")
                    .iter()
                    .map(|edge| edge["node"]["id"].as_str().expect("an id").to_owned()),
            );
            if page["pageInfo"]["hasNextPage"] == Value::Bool(false) {
                break;
            }
            after = format!("after: {}", page["pageInfo"]["endCursor"]);
        }
        assert_eq!(found, expected, "{from} {to} {minutes}");
        compared = (compared.0 + found.len(), compared.1 + 90 - found.len());
    }
    assert!(compared.0 > 50 && compared.1 > 50, "found and not found: {compared:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_soonest_slot_is_right_after_bookings_and_as_time_goes_by() {
    let app = TestApp::start().await;
    let (grace, linus, ada) =
        (app.mentor("grace").await, app.mentor("linus").await, app.learner("ada").await);
    let anybody = app.anonymous();
    // Linus opens later than Grace, who is open all the time.
    let rules: Vec<Value> = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
        .map(|weekday| json!({ "weekday": weekday, "start": "00:00", "end": "24:00" }))
        .into();
    let input = json!({ "timeZone": "UTC", "rules": rules, "minNoticeMinutes": 180 });
    linus.mutate("setAvailabilityRules", "availability { version }", input).await.ok("setAvailabilityRules");
    assert_eq!(names(&anybody, "(sort: SOONEST)").await, ["grace", "linus"]);

    // Grace's next hours are booked one after the other; no job runs.
    let first = app.hour_after(TimeDelta::zero());
    for hour in 0..4 {
        ada.book(&grace, first + TimeDelta::hours(hour)).await;
    }
    let half = first - TimeDelta::minutes(30);
    if half > app.now() {
        let input = json!({ "mentorId": grace.mentor_id(), "startsAt": half, "durationMinutes": 30, "idempotencyKey": "half" });
        ada.mutate("bookSession", "booking { id }", input).await.ok("bookSession");
    }
    assert_eq!(names(&anybody, "(sort: SOONEST)").await, ["linus", "grace"]);

    app.advance(TimeDelta::hours(2));
    assert_eq!(names(&anybody, "(sort: SOONEST)").await, ["grace", "linus"]);
    let kept = "select count(*) from mentor_index where next_slot_at < now() + interval '2 hours'";
    assert_eq!(app.count(kept).await, 0, "the reading mended the entries");
    app.advance(TimeDelta::hours(5));
    app.work().await;
    let kept = format!("select count(*) from mentor_index where next_slot_at < '{}'", app.now().to_rfc3339());
    assert_eq!(app.count(&kept).await, 0, "the job mended the entries");

    let (grace, input) = (app.sign_in("grace@example.org").await, json!({ "timeZone": "UTC", "rules": [] }));
    grace.mutate("setAvailabilityRules", "availability { version }", input).await.ok("setAvailabilityRules");
    assert_eq!(names(&anybody, "(sort: SOONEST)").await, ["linus"], "who has no slot is left out");
}
