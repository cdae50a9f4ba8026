use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

const PAGE: &str = "query($filter: BookingFilter, $sort: BookingSort! = LATEST_FIRST, $first: Int, $after: String, $last: Int, $before: String) {
    viewer { bookings(filter: $filter, sort: $sort, first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { id startsAt } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
const UPCOMING: &str = "{ viewer { upcomingSessions(first: 10) { id startsAt durationMinutes status
    mentor { id member { id name avatarUrl } } skill { id name } } } }";

async fn page(client: &Client, variables: Value) -> Value {
    client.run(PAGE, variables).await.data("viewer")["bookings"].clone()
}

fn starts(page: &Value) -> Vec<DateTime<Utc>> {
    let edges = page["edges"].as_array().expect("edges");
    edges
        .iter()
        .map(|edge| edge["node"]["startsAt"].as_str().expect("a time").parse().expect("RFC 3339"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_are_paged_in_both_orders_and_directions_for_both_sides() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    // Both sides of one person: the learner teaches too.
    let teacher = app.mentor("linus").await;
    app.fund(&teacher, 100_000).await;
    let mut hours = Vec::new();
    for round in 0..7 {
        let start = app.hour_after(TimeDelta::hours(3 + 2 * round));
        if round % 2 == 0 {
            teacher.book(&mentor, start).await;
        } else {
            learner.book(&teacher, start).await;
        }
        hours.push(start);
    }

    for (sort, expected) in
        [("SOONEST_FIRST", hours.clone()), ("LATEST_FIRST", hours.iter().rev().copied().collect())]
    {
        let (mut forward, mut after) = (Vec::new(), Value::Null);
        loop {
            let one = page(&teacher, json!({ "sort": sort, "first": 3, "after": after })).await;
            forward.extend(starts(&one));
            after = one["pageInfo"]["endCursor"].clone();
            if one["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(forward, expected, "{sort} forward");
        let (mut backward, mut before) = (Vec::new(), Value::Null);
        loop {
            let one = page(&teacher, json!({ "sort": sort, "last": 3, "before": before })).await;
            backward.splice(0..0, starts(&one));
            before = one["pageInfo"]["startCursor"].clone();
            if one["pageInfo"]["hasPreviousPage"] == false {
                break;
            }
        }
        assert_eq!(backward, expected, "{sort} backward");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_are_filtered_and_a_cursor_belongs_to_its_filter_and_owner() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let mut booked = Vec::new();
    for round in 0..3 {
        booked.push(learner.book(&mentor, app.hour_after(TimeDelta::hours(1 + 2 * round))).await);
    }
    learner.mutate("cancelBooking", "", json!({ "bookingId": booked[2].booking })).await.ok("cancelBooking");
    app.advance(booked[0].starts_at + TimeDelta::minutes(1) - app.now());
    let learner = app.sign_in("ada@example.org").await;
    let count = async |filter: Value| starts(&page(&learner, json!({ "filter": filter })).await);

    let [one, two, three] = [booked[0].starts_at, booked[1].starts_at, booked[2].starts_at];
    assert_eq!(count(json!({ "status": "CONFIRMED" })).await, [two, one]);
    assert_eq!(count(json!({ "status": "CANCELLED" })).await, [three]);
    assert_eq!(count(json!({ "upcoming": true })).await, [three, two]);
    assert_eq!(count(json!({ "upcoming": false })).await, [one]);
    assert_eq!(count(json!({ "upcoming": true, "status": "CONFIRMED" })).await, [two]);

    let cursor = page(&learner, json!({ "first": 1 })).await["pageInfo"]["endCursor"].clone();
    let foreign = learner.run(PAGE, json!({ "filter": { "upcoming": true }, "after": cursor })).await;
    assert_eq!(foreign.error_codes(), ["CURSOR_INVALID"]);
    let other = app.sign_in("grace@example.org").await;
    assert_eq!(other.run(PAGE, json!({ "after": cursor })).await.error_codes(), ["CURSOR_INVALID"]);
    for first in [0, 51] {
        assert_eq!(learner.run(PAGE, json!({ "first": first })).await.error_codes(), ["VALIDATION"]);
        let upcoming = format!("{{ viewer {{ upcomingSessions(first: {first}) {{ id }} }} }}");
        assert_eq!(learner.query(&upcoming).await.error_codes(), ["VALIDATION"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn upcoming_sessions_are_those_that_are_not_over_soonest_first_in_one_statement() {
    let app = TestApp::start_with(|config| config.pool_size = 2).await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let mut booked = Vec::new();
    for round in 0..4 {
        booked.push(learner.book(&mentor, app.hour_after(TimeDelta::hours(1 + 2 * round))).await);
    }
    learner.mutate("cancelBooking", "", json!({ "bookingId": booked[1].booking })).await.ok("cancelBooking");
    let few = async |client: Client| {
        for _ in 0..4 {
            client.query(UPCOMING).await.data("viewer");
        }
        app.statements(async || drop(client.query(UPCOMING).await)).await
    };

    // The first one is going on.
    app.advance(booked[0].starts_at + TimeDelta::minutes(59) - app.now());
    let (mentor, learner) = (app.sign_in("grace@example.org").await, app.sign_in("ada@example.org").await);
    for member in [&mentor, &learner] {
        let reply = member.query(UPCOMING).await;
        let sessions = reply.data("viewer")["upcomingSessions"].as_array().expect("sessions").clone();
        let ids: Vec<_> = sessions.iter().map(|session| session["id"].as_str().expect("an id")).collect();
        assert_eq!(ids, [&booked[0].session, &booked[2].session, &booked[3].session]);
        assert_eq!(sessions[0]["mentor"]["member"]["name"], "grace");
        assert_eq!(sessions[0]["durationMinutes"], 60);
        assert_eq!(few(member.clone()).await, (1, 0));
    }
    // Now it is over, though nobody ended it.
    app.advance(TimeDelta::minutes(1));
    let reply = learner.query(UPCOMING).await;
    assert_eq!(reply.data("viewer")["upcomingSessions"].as_array().map(Vec::len), Some(2));
}
