use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{earnings, ready, request, send, settle, state};
use crate::{
    support::{Client, TestApp},
    wallet::assert_sound,
};

async fn asked_for(mentor: &Client) -> Value {
    request(mentor, 60_000, "first").await.ok("requestPayout")["payout"].clone()
}

/// What the sandbox would tell of the only payout.
async fn event(app: &TestApp, id: &str, kind: &str, payout: &Value) -> Value {
    let reference = app.sql("select id from sandbox_payouts").await[0][0].clone();
    json!({ "id": id, "type": kind, "created": 0, "data": {
        "reference": reference, "payout": payout["id"], "amount": 6_000, "currency": "USD", "failure": "Sent back." } })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bank_sends_back_returns_to_the_earnings_and_the_mentor_is_told() {
    let app = TestApp::start().await;
    let grace = ready(&app, "grace", 85_000, "fail").await;
    let payout = asked_for(&grace).await;
    app.work().await;
    assert_eq!(state(&grace, &payout).await.0, "IN_TRANSIT");
    assert_eq!(earnings(&grace).await, (25_000, 85_000, 60_000));

    settle(&app).await;

    assert_eq!(
        state(&grace, &payout).await,
        ("FAILED".to_owned(), json!("The bank account could not be found."))
    );
    assert_eq!(earnings(&grace).await, (85_000, 85_000, 0));
    let told = app.sql("select body from notifications where kind = 'PAYOUT_FAILED'").await;
    assert_eq!(
        told,
        [[
            "Your payout failed: The bank account could not be found. 600.00 credits are back in your earnings."
        ]]
    );
    let kinds = app.sql("select kind from ledger_transactions where kind like 'PAYOUT%' order by kind").await;
    assert_eq!(kinds, [["PAYOUT"], ["PAYOUT_FAILED"]]);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_refuses_returns_at_once() {
    let app = TestApp::start().await;
    let grace = ready(&app, "grace", 85_000, "refuse").await;
    let payout = asked_for(&grace).await;

    app.work().await;

    assert_eq!(
        state(&grace, &payout).await,
        ("FAILED".to_owned(), json!("The account cannot receive payouts."))
    );
    assert_eq!(earnings(&grace).await, (85_000, 85_000, 0));
    assert_eq!(app.count("select count(*) from sandbox_payouts").await, 0);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again_and_pays_once() {
    let app = TestApp::start().await;
    let grace = ready(&app, "grace", 85_000, "lose").await;
    let payout = asked_for(&grace).await;

    app.work().await;
    assert_eq!(state(&grace, &payout).await.0, "REQUESTED", "nobody knows yet");
    assert_eq!(app.count("select count(*) from sandbox_payouts").await, 1);
    app.advance(TimeDelta::seconds(2));
    app.work().await;
    assert_eq!(state(&grace, &payout).await.0, "IN_TRANSIT");
    settle(&app).await;

    assert_eq!(state(&grace, &payout).await.0, "PAID");
    assert_eq!(app.count("select count(*) from sandbox_payouts").await, 1);
    assert_eq!(earnings(&grace).await, (25_000, 85_000, 60_000));
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_of_which_nothing_was_heard_is_asked_for_again() {
    let app = TestApp::start().await;
    let grace = ready(&app, "grace", 85_000, "verify").await;
    let payout = asked_for(&grace).await;
    // The job is lost, and later the webhook.
    app.sql("delete from jobs where kind = 'payouts.send'").await;
    app.advance(TimeDelta::minutes(14));
    app.work().await;
    let grace = app.sign_in_again("grace@example.org").await;
    assert_eq!(state(&grace, &payout).await.0, "REQUESTED");

    app.advance(TimeDelta::minutes(6));
    app.work().await;
    let grace = app.sign_in_again("grace@example.org").await;
    assert_eq!(state(&grace, &payout).await.0, "IN_TRANSIT");
    app.sql("delete from jobs; update sandbox_payouts set status = 'PAID'").await;
    app.advance(TimeDelta::minutes(6));
    app.work().await;
    let grace = app.sign_in_again("grace@example.org").await;

    assert_eq!(state(&grace, &payout).await.0, "PAID");
    assert_eq!(app.count("select count(*) from sandbox_payouts").await, 1);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_order_of_webhooks_money_returns_once_and_only_if_it_failed() {
    let app = TestApp::start().await;
    let grace = ready(&app, "grace", 85_000, "verify").await;
    let payout = asked_for(&grace).await;
    app.work().await;
    app.sql("delete from jobs").await;

    let (paid, failed) = ("payout.paid", "payout.failed");
    for (number, (kind, end, left)) in [
        (paid, "PAID", 25_000),
        (paid, "PAID", 25_000),
        (failed, "FAILED", 85_000),
        (failed, "FAILED", 85_000),
        (paid, "FAILED", 85_000),
    ]
    .into_iter()
    .enumerate()
    {
        let event = event(&app, &format!("evt_{number}"), kind, &payout).await;
        assert_eq!(send(&app, &event).await, 200);
        app.work().await;
        assert_eq!(
            (state(&grace, &payout).await.0.as_str(), earnings(&grace).await.0),
            (end, left),
            "{number}"
        );
    }

    let outcomes =
        app.sql("select outcome from payout_events where event_id ~ '^evt_.$' order by event_id").await;
    assert_eq!(outcomes, [["APPLIED"], ["NO_CHANGE"], ["APPLIED"], ["NO_CHANGE"], ["NO_CHANGE"]]);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_does_not_fit_the_payout_changes_nothing() {
    let app = TestApp::start().await;
    let grace = ready(&app, "grace", 85_000, "verify").await;
    let payout = asked_for(&grace).await;
    app.work().await;
    app.sql("delete from jobs").await;
    let good = event(&app, "evt_0", "payout.failed", &payout).await;
    let changed = |id: &str, name: &str, value: Value| {
        let mut event = good.clone();
        event["id"] = json!(id);
        event["data"][name] = value;
        event
    };

    for event in [
        changed("evt_1", "amount", json!(1)),
        changed("evt_2", "currency", json!("EUR")),
        changed("evt_3", "reference", json!("spo_other")),
        changed("evt_4", "payout", json!("pyo_01h455vb4pex5vsknk084sn02q")),
    ] {
        assert_eq!(send(&app, &event).await, 200);
    }
    assert_eq!(send(&app, &changed("evt_5", "payout", json!("nonsense"))).await, 400);
    app.work().await;

    assert_eq!((state(&grace, &payout).await.0.as_str(), earnings(&grace).await.0), ("IN_TRANSIT", 25_000));
    let outcomes =
        app.sql("select outcome from payout_events where event_id ~ '^evt_.$' order by event_id").await;
    assert_eq!(outcomes, [["MISMATCH"], ["MISMATCH"], ["MISMATCH"], ["UNKNOWN_SUBJECT"]]);
}
