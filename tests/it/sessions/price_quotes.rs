use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::{Client, Reply, TestApp, booking::booking_of};

const QUOTE: &str = "query($mentor: ID!, $skill: ID, $at: DateTime!, $minutes: Int!) {
    priceQuote(mentorId: $mentor, skillId: $skill, startsAt: $at, durationMinutes: $minutes) {
      id expiresAt startsAt durationMinutes mentor { id } skill { id } price { amountMinor currency }
      platformFee { amountMinor } cancellationPolicy { freeHours lateFeePercent } } }";

const BOOK: &str = "mutation($input: BookSessionInput!) { bookSession(input: $input) { replayed
    booking { id price { amountMinor } cancellationPolicy { freeHours lateFeePercent } }
    userErrors { __typename code path ... on QuoteError { quote { ... on PriceQuote {
      id price { amountMinor } cancellationPolicy { freeHours lateFeePercent } } } } } } }";

async fn ask(client: &Client, mentor: &str, at: DateTime<Utc>, minutes: i32) -> Reply {
    client.run(QUOTE, json!({ "mentor": mentor, "at": at, "minutes": minutes })).await
}

async fn quote(client: &Client, mentor: &Client, at: DateTime<Utc>) -> Value {
    ask(client, &mentor.mentor_id(), at, 60).await.data("priceQuote").clone()
}

async fn book(client: &Client, mentor: &Client, at: DateTime<Utc>, key: &str, quote: &Value) -> Reply {
    let mut input = booking_of(mentor, at, key);
    input["quoteId"] = quote["id"].clone();
    client.run(BOOK, json!({ "input": input })).await
}

async fn offer(mentor: &Client, rate: i64, hours: i32, percent: i32) {
    let input = json!({ "headline": "Lessons", "hourlyRateMinor": rate.to_string() });
    mentor.mutate("updateMentorProfile", "", input).await.ok("updateMentorProfile");
    let input = json!({ "freeHours": hours, "lateFeePercent": percent });
    mentor.mutate("setCancellationPolicy", "", input).await.ok("setCancellationPolicy");
}

/// What a refused booking must leave as it was.
async fn state(app: &TestApp) -> Vec<Vec<String>> {
    app.sql(
        "select (select count(*) from bookings), (select count(*) from claims), (select count(*) from ledger_postings),
                (select count(*) from idempotency_keys), (select count(*) from notifications)",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_quote_says_price_fee_and_policy_and_exactly_that_is_charged() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    offer(&mentor, 3_333, 24, 70).await;
    let at = app.hour_after(TimeDelta::hours(3));

    let quoted = quote(&learner, &mentor, at).await;

    assert_eq!(quoted["price"], json!({ "amountMinor": "3333", "currency": "CREDIT" }));
    assert_eq!(quoted["platformFee"]["amountMinor"], "500");
    assert_eq!(quoted["cancellationPolicy"], json!({ "freeHours": 24, "lateFeePercent": 70 }));
    assert_eq!((&quoted["durationMinutes"], &quoted["skill"]), (&json!(60), &Value::Null));
    assert_eq!(quoted["mentor"]["id"], mentor.mentor_id().as_str());
    let expires: DateTime<Utc> = quoted["expiresAt"].as_str().expect("a time").parse().expect("a time");
    assert!((expires - app.now() - TimeDelta::minutes(5)).abs() < TimeDelta::seconds(20));

    let reply = book(&learner, &mentor, at, "one", &quoted).await;
    let booking = &reply.ok("bookSession")["booking"];
    assert_eq!(booking["price"]["amountMinor"], "3333");
    assert_eq!(booking["cancellationPolicy"], quoted["cancellationPolicy"]);
    assert_eq!(app.credits(&learner).await, (96_667, 3_333));

    // The same again is the same, even when the quote has expired and the price has changed.
    offer(&mentor, 9_999, 0, 0).await;
    app.advance(TimeDelta::minutes(6));
    let again = book(&learner, &mentor, at, "one", &quoted).await;
    assert_eq!(again.ok("bookSession")["replayed"], true);
    assert_eq!(again.ok("bookSession")["booking"]["id"], booking["id"]);
    let other = book(&learner, &mentor, at, "one", &json!({ "id": null })).await;
    assert_eq!(other.codes("bookSession"), ["IDEMPOTENCY_CONFLICT"]);
    assert_eq!(app.credits(&learner).await, (96_667, 3_333));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_quote_books_nothing_and_a_fresh_one_comes() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let at = app.hour_after(TimeDelta::hours(3));
    let before = state(&app).await;
    let stale = async |quoted: &Value| {
        let reply = book(&learner, &mentor, at, "one", quoted).await;
        let refusal = reply.data("bookSession")["userErrors"][0].clone();
        assert_eq!((&refusal["code"], &refusal["path"]), (&json!("QUOTE_STALE"), &json!(["quoteId"])));
        assert_eq!(state(&app).await, before);
        refusal["quote"].clone()
    };

    let quoted = quote(&learner, &mentor, at).await;
    offer(&mentor, 6_001, 0, 100).await;
    let dearer = stale(&quoted).await;
    assert_eq!(dearer["price"]["amountMinor"], "6001");
    offer(&mentor, 6_001, 36, 100).await;
    let stricter = stale(&dearer).await;
    assert_eq!(stricter["cancellationPolicy"]["freeHours"], 36);
    app.advance(TimeDelta::minutes(5));
    let last = stale(&stricter).await;

    let reply = book(&learner, &mentor, at, "one", &last).await;
    assert_eq!(reply.ok("bookSession")["booking"]["price"]["amountMinor"], "6001");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_of_others_or_of_something_else_books_nothing() {
    let app = TestApp::start().await;
    let (grace, linus) = (app.mentor("grace").await, app.mentor("linus").await);
    let (ada, bo) = (app.learner("ada").await, app.learner("bo").await);
    let at = app.hour_after(TimeDelta::hours(3));
    let (own, foreign) = (quote(&ada, &grace, at).await, quote(&bo, &grace, at).await);
    let before = state(&app).await;

    let code = async |mentor: &Client, at, quoted: &Value| {
        let reply = book(&ada, mentor, at, "one", quoted).await;
        assert_eq!(state(&app).await, before);
        reply.codes("bookSession")
    };
    assert_eq!(code(&grace, at, &foreign).await, ["NOT_FOUND"]);
    assert_eq!(code(&grace, at, &json!({ "id": "pqt_00000000000000000000000000" })).await, ["NOT_FOUND"]);
    assert_eq!(code(&grace, at, &json!({ "id": "nonsense" })).await, ["VALIDATION"]);
    assert_eq!(code(&linus, at, &own).await, ["VALIDATION"]);
    assert_eq!(code(&grace, at + TimeDelta::hours(1), &own).await, ["VALIDATION"]);

    assert_eq!(*ask(&ada, "mtr_00000000000000000000000000", at, 60).await.data("priceQuote"), Value::Null);
    assert_eq!(ask(&ada, &grace.mentor_id(), at, 14).await.error_codes(), ["VALIDATION"]);
    assert_eq!(ask(&grace, &grace.mentor_id(), at, 60).await.error_codes(), ["VALIDATION"]);
    assert_eq!(ask(&app.anonymous(), &grace.mentor_id(), at, 60).await.error_codes(), ["UNAUTHENTICATED"]);
    let skill = json!({ "mentor": grace.mentor_id(), "at": at, "minutes": 60, "skill": "skl_00000000000000000000000000" });
    assert_eq!(*ada.run(QUOTE, skill).await.data("priceQuote"), Value::Null);
}
