//! Batches: what a client wanted while it was offline.

use chrono::{DateTime, TimeDelta, Utc};
use rand::seq::SliceRandom;
use serde_json::{Value, json};

use crate::{
    payments::shop,
    support::{Client, Reply, TestApp, booking::booking_of},
};

const BATCH: &str = "mutation($items: [BatchItemInput!]!) { executeBatch(input: { items: $items }) {
    results { name status userErrors { __typename code path message retryable }
      payload { __typename ... on BookSessionPayload { replayed booking { id status } }
        ... on HoldSlotPayload { hold { id } } ... on CancelBookingPayload { booking { status } }
        ... on SendMessagePayload { message { body seq } } ... on MarkReadPayload { conversation { id } } } }
    userErrors { code path } } }";

async fn run(client: &Client, items: &[Value]) -> Reply {
    client.run(BATCH, json!({ "items": items })).await
}

/// Name and status of every item.
fn statuses(reply: &Reply) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let results = reply.ok("executeBatch")["results"].as_array().expect("results").clone();
    results.iter().map(|result| (text(&result["name"]), text(&result["status"]))).collect()
}

fn item(name: &str, after: &[&str], act: &str, input: Value) -> Value {
    let act = Value::Object([(act.to_owned(), input)].into_iter().collect());
    json!({ "name": name, "after": after, "act": act })
}

fn cancel(booking: &str, key: &str) -> Value {
    json!({ "bookingId": booking, "idempotencyKey": key })
}

/// Everything that a learner did on a flight.
async fn queue(app: &TestApp, mentor: &Client, first: DateTime<Utc>) -> Vec<Value> {
    let packages = app.anonymous().query("{ creditPackages { id } }").await;
    let at = |hours| first + TimeDelta::hours(hours);
    let hello = json!({ "to": { "memberId": mentor.id }, "body": "Hello", "clientId": "m1" });
    vec![
        item("hold", &[], "holdSlot", booking_of(mentor, at(0), "h1")),
        item("book", &["hold"], "bookSession", booking_of(mentor, at(0), "b1")),
        item("other", &[], "bookSession", booking_of(mentor, at(2), "b2")),
        item("undo", &[], "cancelBooking", cancel("$other", "c1")),
        item("again", &["undo"], "bookSession", booking_of(mentor, at(2), "b3")),
        item("hello", &[], "sendMessage", hello),
        item(
            "more",
            &[],
            "sendMessage",
            json!({ "to": { "conversationId": "$hello" }, "body": "I booked.", "clientId": "m2" }),
        ),
        item("read", &["more"], "markRead", json!({ "conversationId": "$hello", "upToSeq": 2 })),
        item("seen", &[], "markNotificationsRead", json!({ "upTo": first - TimeDelta::days(30) })),
        item(
            "buy",
            &[],
            "createCheckout",
            json!({ "packageId": packages.data("creditPackages")[0]["id"], "idempotencyKey": "k1" }),
        ),
    ]
}

/// What the queue must end in, whatever happens to it.
async fn outcome(app: &TestApp) -> Vec<Vec<String>> {
    app.sql(
        "select (select string_agg((extract(epoch from starts_at - (select min(starts_at) from bookings)) / 3600)::int || status || price,
                                   ' ' order by starts_at, status) from bookings),
                (select string_agg(kind, ' ' order by lower(during)) from claims),
                (select string_agg(seq || body, ' ' order by seq) from messages),
                (select string_agg(last_read_seq || '/' || unread_count, ' ' order by last_read_seq) from conversation_members
                  where conversation_id in (select conversation_id from messages)),
                (select count(*) from payments),
                (select string_agg(kind || balance, ' ' order by kind, balance) from ledger_accounts where balance is not null)",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn dependent_acts_run_in_one_request_and_twice_is_once() {
    let app = shop().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let items = queue(&app, &mentor, app.hour_after(TimeDelta::hours(3))).await;

    let first = run(&learner, &items).await;

    let done: Vec<_> = items
        .iter()
        .map(|item| (item["name"].as_str().expect("a name").to_owned(), "DONE".to_owned()))
        .collect();
    assert_eq!(statuses(&first), done, "{}", first.json);
    let results = &first.ok("executeBatch")["results"];
    assert_eq!(results[1]["payload"]["booking"]["status"], "CONFIRMED");
    assert_eq!(results[3]["payload"]["booking"]["status"], "CANCELLED");
    assert_eq!(results[6]["payload"]["message"]["seq"], 2);
    assert_eq!(app.credits(&learner).await, (88_000, 12_000));
    let before = outcome(&app).await;

    let second = run(&learner, &items).await;

    // The hold became the booking: it was done before.
    let mut again = done.clone();
    "REFUSED".clone_into(&mut again[0].1);
    assert_eq!(statuses(&second), again, "{}", second.json);
    let results = &second.ok("executeBatch")["results"];
    assert_eq!(results[0]["userErrors"][0]["code"], "ALREADY_DONE");
    assert_eq!(results[1]["payload"]["replayed"], true);
    assert_eq!(outcome(&app).await, before);
    assert_eq!(app.count("select count(*) from bookings").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_something_that_was_not_done_is_not_executed() {
    let app = shop().await;
    let (mentor, poor) = (app.mentor("grace").await, app.member("bo").await);
    let at = app.hour_after(TimeDelta::hours(3));
    let message = |to: &str| json!({ "to": { "conversationId": to }, "body": "Hi", "clientId": "m" });
    let items = [
        item("book", &[], "bookSession", booking_of(&mentor, at, "b1")),
        item("undo", &[], "cancelBooking", cancel("$book", "c1")),
        item("later", &["undo"], "holdSlot", booking_of(&mentor, at, "h1")),
        item("absent", &["nobody"], "holdSlot", booking_of(&mentor, at, "h2")),
        item("one", &["two"], "holdSlot", booking_of(&mentor, at, "h3")),
        item("two", &["one"], "holdSlot", booking_of(&mentor, at, "h4")),
        item("self", &[], "releaseSlot", json!({ "holdId": "$self" })),
        item("fine", &[], "markNotificationsRead", json!({ "all": true })),
        item("wrong", &[], "sendMessage", message("$fine")),
    ];

    let reply = run(&poor, &items).await;

    let ended: Vec<String> = statuses(&reply).into_iter().map(|(_, status)| status).collect();
    let skipped = "NOT_EXECUTED";
    assert_eq!(
        ended,
        ["REFUSED", skipped, skipped, skipped, skipped, skipped, skipped, "DONE", skipped],
        "{}",
        reply.json
    );
    let results = &reply.ok("executeBatch")["results"];
    assert_eq!(results[0]["userErrors"][0]["code"], "INSUFFICIENT_FUNDS");
    for place in 1..7 {
        let error = &results[place]["userErrors"][0];
        assert_eq!(
            (&error["code"], &error["retryable"]),
            (&json!("DEPENDENCY_FAILED"), &json!(true)),
            "{place}"
        );
        assert_eq!(results[place]["payload"], Value::Null);
    }
    assert_eq!(results[8]["userErrors"][0]["code"], "VALIDATION");
    assert_eq!(results[8]["userErrors"][0]["path"], json!(["sendMessage", "to", "conversationId"]));
    for table in ["claims", "messages", "bookings", "idempotency_keys"] {
        assert_eq!(app.count(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_bounded_named_and_for_members() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let seen = |name: &str| item(name, &[], "markNotificationsRead", json!({ "all": true }));
    let many = |count: usize| (0..count).map(|number| seen(&number.to_string())).collect::<Vec<_>>();
    for (items, path) in [
        (many(0), json!(["items"])),
        (many(21), json!(["items"])),
        (vec![seen("a"), seen("b"), seen("a")], json!(["items", "2", "name"])),
        (vec![seen("")], json!(["items", "0", "name"])),
        (vec![seen(" a")], json!(["items", "0", "name"])),
        (vec![seen(&"x".repeat(65))], json!(["items", "0", "name"])),
    ] {
        let reply = run(&ada, &items).await;
        assert_eq!(reply.codes("executeBatch"), ["VALIDATION"], "{path}");
        assert_eq!(reply.data("executeBatch")["userErrors"][0]["path"], path);
        assert_eq!(reply.data("executeBatch")["results"], json!([]));
    }
    assert_eq!(statuses(&run(&ada, &many(20)).await).len(), 20);
    assert_eq!(run(&app.anonymous(), &many(1)).await.error_codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn shuffled_dropped_and_repeated_queues_converge_to_the_same_state() {
    let straight = {
        let app = shop().await;
        let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
        let first = app.hour_after(TimeDelta::hours(3));
        run(&learner, &queue(&app, &mentor, first).await).await.ok("executeBatch");
        outcome(&app).await
    };
    for round in 0..6 {
        let app = shop().await;
        let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
        let items = queue(&app, &mentor, app.hour_after(TimeDelta::hours(3))).await;
        let mut story = Vec::new();
        for _ in 0..6 {
            let some = {
                let mut rng = rand::rng();
                let mut some = items.clone();
                some.shuffle(&mut rng);
                some.truncate(rand::random_range(1..=items.len()));
                some
            };
            story.push(some.iter().map(|item| item["name"].to_string()).collect::<Vec<_>>().join(" "));
            // The answer may be lost: it is sent again at the same time as well as later.
            let (one, two) = futures_util::join!(run(&learner, &some), run(&learner, &some));
            one.ok("executeBatch");
            two.ok("executeBatch");
        }
        let mut all = items.clone();
        all.shuffle(&mut rand::rng());
        for _ in 0..2 {
            let reply = run(&learner, &all).await;
            for result in reply.ok("executeBatch")["results"].as_array().expect("results") {
                let before = result["userErrors"][0]["code"] == "ALREADY_DONE";
                assert!(result["status"] == "DONE" || before, "round {round}: {result}\n{story:#?}");
            }
        }
        assert_eq!(outcome(&app).await, straight, "round {round}: {story:#?}");
    }
}
