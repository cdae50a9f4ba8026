//! `Booking.ledgerStory`: every posting of a booking, which re-adds to what the booking says.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, booking::Booked};

const STORY: &str =
    "query($id: ID!) { node(id: $id) { ... on Booking { price { amountMinor } paymentStatus ledgerStory {
    learnerPaid { amountMinor } inEscrow { amountMinor } mentorGot { amountMinor } fee { amountMinor } addsUp
    transactions { kind postings { account amount { amountMinor currency } } seal { block place } } } } } }";

async fn story(client: &Client, booked: &Booked) -> Value {
    client.run(STORY, json!({ "id": booked.booking })).await.data("node").clone()
}

/// Paid, in escrow, with the mentor, with the platform, as the story says it.
fn sums(node: &Value) -> [i64; 4] {
    let story = &node["ledgerStory"];
    assert_eq!(story["addsUp"], true, "{node}");
    ["learnerPaid", "inEscrow", "mentorGot", "fee"]
        .map(|name| story[name]["amountMinor"].as_str().unwrap().parse().unwrap())
}

/// Re-adds the postings per account, as anybody can who has the booking.
fn re_added(node: &Value) -> [i64; 4] {
    let of = |account: &str| -> i64 {
        let transactions = node["ledgerStory"]["transactions"].as_array().unwrap();
        let postings = transactions.iter().flat_map(|one| one["postings"].as_array().unwrap());
        let amount =
            |posting: &Value| posting["amount"]["amountMinor"].as_str().unwrap().parse::<i64>().unwrap();
        postings.filter(|posting| posting["account"] == account).map(amount).sum()
    };
    [-of("WALLET"), of("ESCROW"), of("EARNINGS"), of("FEES")]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_a_booking_re_adds_to_what_the_booking_says() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let first = learner.book(&mentor, app.hour_after(TimeDelta::hours(3))).await;
    let second = learner.book(&mentor, app.hour_after(TimeDelta::hours(30))).await;

    let held = story(&learner, &first).await;
    assert_eq!(sums(&held), [6000, 6000, 0, 0]);
    assert_eq!(sums(&held), re_added(&held));
    assert_eq!(held["ledgerStory"]["transactions"][0]["seal"], Value::Null);
    learner
        .mutate("cancelBooking", "booking { id }", json!({ "bookingId": second.booking }))
        .await
        .ok("cancelBooking");
    app.advance(first.starts_at - app.now());
    let (mentor, learner) = (app.sign_in("grace@example.org").await, app.sign_in("ada@example.org").await);
    mentor
        .mutate("startSession", "session { id }", json!({ "sessionId": first.session }))
        .await
        .ok("startSession");
    mentor
        .mutate("endSession", "session { id }", json!({ "sessionId": first.session }))
        .await
        .ok("endSession");
    learner
        .mutate("confirmSession", "booking { id }", json!({ "bookingId": first.booking }))
        .await
        .ok("confirmSession");
    app.work().await;

    let (paid, back) = (story(&learner, &first).await, story(&mentor, &second).await);

    assert_eq!((sums(&paid), sums(&back)), ([6000, 0, 5100, 900], [0, 0, 0, 0]));
    assert_eq!((re_added(&paid), re_added(&back)), (sums(&paid), sums(&back)));
    let kinds = |node: &Value| -> Vec<Value> {
        let transactions = node["ledgerStory"]["transactions"].as_array().unwrap();
        transactions.iter().map(|one| one["kind"].clone()).collect()
    };
    assert_eq!(
        (kinds(&paid), kinds(&back)),
        (vec![json!("HOLD"), json!("RELEASE")], vec![json!("HOLD"), json!("REFUND")])
    );
    let seals: Vec<&Value> = paid["ledgerStory"]["transactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["seal"]["block"])
        .collect();
    assert!(seals.iter().all(|block| block.is_string()), "{seals:?}");
    assert_eq!(story(&app.member("eve").await, &first).await, Value::Null);

    // A story that was tampered with does not add up.
    app.sql("set session_replication_role = replica; update ledger_postings set amount = amount + 1 where amount = 5100").await;
    assert_eq!(story(&learner, &first).await["ledgerStory"]["addsUp"], false);
}
