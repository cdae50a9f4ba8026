//! Keys that the server makes, and what a key says when it comes again with another input.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    payments::shop,
    support::{
        Client, TestApp,
        booking::{COMPLETE, booking_of},
    },
};

const CONFLICT: &str = "__typename code path message ... on IdempotencyConflictError { differs }";

async fn prepare(client: &Client, mentor: &Client, at: DateTime<Utc>) -> Value {
    let input = json!({ "mentorId": mentor.mentor_id(), "startsAt": at, "durationMinutes": 60 });
    let selection = "intentId expiresAt quote { id price { amountMinor } }";
    client.mutate("prepareBooking", selection, input).await.ok("prepareBooking").clone()
}

async fn package(app: &TestApp) -> Value {
    app.anonymous().query("{ creditPackages { id } }").await.data("creditPackages")[0]["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prepared_form_gives_a_price_and_a_key_that_books_once() {
    let app = shop().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let at = app.hour_after(TimeDelta::hours(3));

    let form = prepare(&learner, &mentor, at).await;

    assert_eq!(form["quote"]["price"]["amountMinor"], "6000");
    let key = form["intentId"].as_str().expect("a key");
    assert!(key.starts_with("int_"), "{key}");
    let mut input = booking_of(&mentor, at, key);
    input["quoteId"] = form["quote"]["id"].clone();
    for replayed in [false, true, true] {
        let reply = learner.mutate("bookSession", "replayed booking { id }", input.clone()).await;
        assert_eq!(reply.ok("bookSession")["replayed"], replayed);
    }
    assert_eq!(app.count("select count(*) from bookings").await, 1);

    let form = learner
        .mutate("prepareCheckout", "intentId package { id }", json!({ "packageId": package(&app).await }))
        .await;
    let form = form.ok("prepareCheckout").clone();
    let input = json!({ "packageId": form["package"]["id"], "idempotencyKey": form["intentId"] });
    for replayed in [false, true] {
        let reply = learner.mutate("createCheckout", "replayed", input.clone()).await;
        assert_eq!(reply.ok("createCheckout")["replayed"], replayed);
    }
    assert_eq!(app.count("select count(*) from payments").await, 1);
    let absent = json!({ "packageId": "pkg_00000000000000000000000000" });
    assert_eq!(learner.mutate("prepareCheckout", "", absent).await.codes("prepareCheckout"), ["NOT_FOUND"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_is_good_for_its_member_and_mutation_and_for_seven_days() {
    let app = shop().await;
    let (mentor, ada, bo) = (app.mentor("grace").await, app.learner("ada").await, app.learner("bo").await);
    let at = app.hour_after(TimeDelta::days(9));
    let form = prepare(&ada, &mentor, at).await;
    let key = form["intentId"].as_str().expect("a key").to_owned();
    let refused = async |client: &Client, mutation: &str, input: Value| {
        let reply = client.mutate(mutation, "", input).await;
        let error = reply.data(mutation)["userErrors"][0].clone();
        assert_eq!(
            (&error["code"], &error["path"]),
            (&json!("NOT_FOUND"), &json!(["idempotencyKey"])),
            "{error}"
        );
    };

    refused(&bo, "bookSession", booking_of(&mentor, at, &key)).await;
    refused(&ada, "createCheckout", json!({ "packageId": package(&app).await, "idempotencyKey": key })).await;
    refused(&ada, "bookSession", booking_of(&mentor, at, "int_00000000000000000000000000")).await;
    app.advance(TimeDelta::days(7));
    let ada = app.sign_in("ada@example.org").await;
    refused(&ada, "bookSession", booking_of(&mentor, at, &key)).await;
    for table in ["bookings", "payments", "claims", "idempotency_keys"] {
        assert_eq!(app.count(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
    app.work().await;
    assert_eq!(app.count("select count(*) from intents").await, 0, "it is thrown away");
    // A text that only looks a little like one is the client's own.
    let own = ada.mutate("bookSession", "booking { id }", booking_of(&mentor, at, "int_mine")).await;
    own.ok("bookSession");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_names_what_differs_from_the_first_request() {
    let app = shop().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let at = app.hour_after(TimeDelta::hours(30));
    let with = |input: &Value, change: Value| {
        let mut changed = input.clone();
        for (name, value) in change.as_object().expect("an object") {
            changed[name] = value.clone();
        }
        changed
    };
    let differs = async |mutation: &str, input: Value| {
        let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let query = format!(
            "mutation($input: {kind}!) {{ {mutation}(input: $input) {{ userErrors {{ {CONFLICT} }} }} }}"
        );
        let reply = learner.run(&query, json!({ "input": input })).await;
        let error = reply.data(mutation)["userErrors"][0].clone();
        assert_eq!(
            (&error["code"], &error["__typename"]),
            (&json!("IDEMPOTENCY_CONFLICT"), &json!("IdempotencyConflictError")),
            "{mutation}: {error}"
        );
        let mut names: Vec<String> = serde_json::from_value(error["differs"].clone()).expect("names");
        names.sort_unstable();
        for name in &names {
            assert!(error["message"].as_str().expect("a text").contains(name.as_str()), "{error}");
        }
        (error["path"][0].clone(), names)
    };
    let key = json!("idempotencyKey");

    let book = booking_of(&mentor, at, "one");
    let booking = learner.mutate("bookSession", "booking { id }", book.clone()).await.ok("bookSession")["booking"]["id"].clone();
    let later = with(&book, json!({ "startsAt": at + TimeDelta::hours(2) }));
    assert_eq!(differs("bookSession", later).await, (key.clone(), vec!["startsAt".to_owned()]));
    let other = with(&book, json!({ "durationMinutes": 30, "expectedPrice": "3000" }));
    let names = vec!["durationMinutes".to_owned(), "expectedPrice".to_owned()];
    assert_eq!(differs("bookSession", other).await, (key.clone(), names));

    let hold = with(&booking_of(&mentor, at + TimeDelta::hours(4), "one"), json!({}));
    learner.mutate("holdSlot", "", hold.clone()).await.ok("holdSlot");
    let shorter = with(&hold, json!({ "durationMinutes": 30 }));
    assert_eq!(differs("holdSlot", shorter).await, (key.clone(), vec!["durationMinutes".to_owned()]));

    let buy = json!({ "packageId": package(&app).await, "idempotencyKey": "one" });
    learner.mutate("createCheckout", "", buy.clone()).await.ok("createCheckout");
    let back = with(&buy, json!({ "returnUrl": format!("{}/done", app.url) }));
    assert_eq!(differs("createCheckout", back).await, (key.clone(), vec!["returnUrl".to_owned()]));

    app.sql(COMPLETE).await;
    let review = json!({ "bookingId": booking, "rating": 5, "body": "Good.", "idempotencyKey": "one" });
    learner.mutate("addReview", "", review.clone()).await.ok("addReview");
    let worse = with(&review, json!({ "rating": 1 }));
    assert_eq!(differs("addReview", worse).await, (key.clone(), vec!["rating".to_owned()]));

    let message = json!({ "to": { "memberId": mentor.id }, "body": "Hello", "clientId": "one" });
    learner.mutate("sendMessage", "", message.clone()).await.ok("sendMessage");
    let text = with(&message, json!({ "body": "Goodbye" }));
    assert_eq!(differs("sendMessage", text).await, (json!("clientId"), vec!["body".to_owned()]));

    // What is kept says nothing of what was sent.
    let kept = app.sql("select string_agg(encode(input_parts, 'escape'), '') from idempotency_keys").await;
    assert!(!kept[0][0].contains("Good") && !kept[0][0].contains("done"), "{kept:?}");
}
