use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Client, Reply, Subscription, TestApp, booking::COMPLETE};

const ADD: &str = "mutation($input: AddReviewInput!) { addReview(input: $input) { replayed
    review { id rating body author { id } mentor { id rating { average count } } } userErrors { code path } } }";

async fn review(client: &Client, booking: &str, rating: i32, key: &str) -> Reply {
    let input = json!({ "bookingId": booking, "rating": rating, "body": format!("{rating} stars"), "idempotencyKey": key });
    client.run(ADD, json!({ "input": input })).await
}

/// A mentor's rating as the API shows it, and as the rows have it.
async fn ratings(app: &TestApp, mentor: &Client) -> (Value, Vec<String>) {
    let query = "query($id: ID!) { node(id: $id) { ... on Mentor { rating { average count } } } }";
    let shown =
        app.anonymous().run(query, json!({ "id": mentor.mentor_id() })).await.data("node")["rating"].clone();
    let id = skillswap::db::ids::decode(&mentor.id).expect("an id").1;
    let rows = app
        .sql(&format!("select round(avg(rating), 2)::float8, count(*) from reviews where mentor_id = '{id}'"))
        .await
        .remove(0);
    (shown, rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_session_is_reviewed_once_and_counts() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(1))).await;
    assert_eq!(review(&learner, &booked.booking, 5, "one").await.codes("addReview"), ["NOT_ELIGIBLE"]);
    app.advance(booked.starts_at - app.now());
    let (mentor, learner) = (app.sign_in("grace@example.org").await, app.sign_in("ada@example.org").await);
    mentor
        .mutate("startSession", "session { id }", json!({ "sessionId": booked.session }))
        .await
        .ok("startSession");
    mentor
        .mutate("endSession", "session { id }", json!({ "sessionId": booked.session }))
        .await
        .ok("endSession");
    assert_eq!(review(&learner, &booked.booking, 5, "two").await.codes("addReview"), ["NOT_ELIGIBLE"]);
    learner
        .mutate("confirmSession", "booking { id }", json!({ "bookingId": booked.booking }))
        .await
        .ok("confirmSession");
    let events =
        "subscription { viewerEvents { __typename ... on ReviewAdded { review { body author { name } } } } }";
    let mut told = Subscription::start(&mentor, "viewerEvents", events, json!({})).await;

    let added = review(&learner, &booked.booking, 5, "three").await;

    let first = added.ok("addReview")["review"].clone();
    assert_eq!((&first["rating"], &first["author"]["id"]), (&json!(5), &json!(learner.id)));
    assert_eq!(
        first["mentor"],
        json!({ "id": mentor.mentor_id(), "rating": { "average": 5.0, "count": 1 } })
    );
    assert_eq!(
        told.next_of("ReviewAdded").await["review"],
        json!({ "body": "5 stars", "author": { "name": "ada" } })
    );
    let again = review(&learner, &booked.booking, 5, "three").await;
    assert_eq!(
        (&again.ok("addReview")["review"], &again.ok("addReview")["replayed"]),
        (&first, &json!(true))
    );
    assert_eq!(
        review(&learner, &booked.booking, 4, "three").await.codes("addReview"),
        ["IDEMPOTENCY_CONFLICT"]
    );
    assert_eq!(review(&learner, &booked.booking, 4, "four").await.codes("addReview"), ["ALREADY_DONE"]);
    assert_eq!(review(&mentor, &booked.booking, 4, "five").await.codes("addReview"), ["NOT_FOUND"]);
    assert_eq!(
        ratings(&app, &mentor).await,
        (json!({ "average": 5.0, "count": 1 }), vec!["5".to_owned(), "1".to_owned()])
    );
    let node = app
        .anonymous()
        .run(
            "query($id: ID!) { node(id: $id) { ... on Review { rating body createdAt } } }",
            json!({ "id": first["id"] }),
        )
        .await;
    assert_eq!(node.data("node")["body"], "5 stars");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_reviews_are_refused_and_change_nothing() {
    let app = TestApp::start().await;
    let (mentor, learner, stranger) =
        (app.mentor("grace").await, app.learner("ada").await, app.member("eve").await);
    let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(1))).await;
    app.sql(COMPLETE).await;
    let everything = "select (select count(*) from reviews), (select count(*) from events), (select count(*) from idempotency_keys), (select sum(rating_count) from mentors)";
    let before = app.sql(everything).await;
    for (client, booking, rating, code) in [
        (&stranger, booked.booking.as_str(), 5, "NOT_FOUND"),
        (&mentor, &booked.booking, 5, "NOT_FOUND"),
        (&learner, "bkg_01h455vb4pex5vsknk084sn02q", 5, "NOT_FOUND"),
        (&learner, "nonsense", 5, "VALIDATION"),
        (&learner, &booked.booking, 0, "VALIDATION"),
        (&learner, &booked.booking, 6, "VALIDATION"),
    ] {
        assert_eq!(
            review(client, booking, rating, "one").await.codes("addReview"),
            [code],
            "{booking} {rating}"
        );
    }
    let long = json!({ "bookingId": booked.booking, "rating": 5, "body": "x".repeat(2001), "idempotencyKey": "one" });
    assert_eq!(learner.run(ADD, json!({ "input": long })).await.codes("addReview"), ["VALIDATION"]);
    assert_eq!(review(&app.anonymous(), &booked.booking, 5, "one").await.error_codes(), ["UNAUTHENTICATED"]);
    assert_eq!(app.sql(everything).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn reviews_at_once_count_exactly_and_are_listed_newest_first() {
    let app = TestApp::start().await;
    let mentor = app.mentor("grace").await;
    let names: Vec<String> = (0..12).map(|number| format!("learner{number}")).collect();
    let mut bookings = Vec::new();
    for (hour, name) in (1..).zip(&names) {
        let learner = app.learner(name).await;
        let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(hour))).await;
        bookings.push((learner, booked.booking));
    }
    app.sql(COMPLETE).await;

    // Each twice at the same time, with keys of their own: one of the two counts.
    let attempts = bookings.iter().zip(1..).flat_map(|((learner, booking), number)| {
        ["a", "b"].map(|key| review(learner, booking, number % 5 + 1, key))
    });
    let replies = join_all(attempts).await;

    assert_eq!(replies.iter().filter(|reply| reply.codes("addReview") == ["ALREADY_DONE"]).count(), 12);
    let (shown, rows) = ratings(&app, &mentor).await;
    assert_eq!(
        (shown["average"].to_string(), shown["count"].to_string()),
        (rows[0].clone(), rows[1].clone())
    );
    assert_eq!(rows[1], "12");
    let expected = app.sql("select rating from reviews order by created_at desc, id desc").await.concat();
    let mut found = Vec::new();
    let mut after = Value::Null;
    loop {
        let query = "query($id: ID!, $after: String) { node(id: $id) { ... on Mentor { reviews(first: 5, after: $after) { edges { node { rating } } pageInfo { hasNextPage endCursor } } } } }";
        let reply = app.anonymous().run(query, json!({ "id": mentor.mentor_id(), "after": after })).await;
        let page = &reply.data("node")["reviews"];
        found.extend(
            page["edges"].as_array().expect("edges").iter().map(|edge| edge["node"]["rating"].to_string()),
        );
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(found, expected);
    let last = "query($id: ID!) { node(id: $id) { ... on Mentor { reviews(last: 3) { edges { node { rating } } pageInfo { hasPreviousPage } } } } }";
    let reply = app.anonymous().run(last, json!({ "id": mentor.mentor_id() })).await;
    let tail: Vec<String> = reply.data("node")["reviews"]["edges"]
        .as_array()
        .expect("edges")
        .iter()
        .map(|edge| edge["node"]["rating"].to_string())
        .collect();
    assert_eq!(tail, expected[9..]);
}
