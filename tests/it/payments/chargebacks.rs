use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use skillswap::db::ids::{self, EntityId, MemberId};

use super::{
    available, begin, event,
    refunds::{paid, quote, refund},
    send, send_by, shop, status,
};
use crate::{
    support::{Client, Subscription, TestApp},
    wallet::{assert_sound, promotions::grant},
};

/// The sandbox's word about a chargeback of a payment.
fn word(id: &str, kind: &str, payment: &Value) -> Value {
    let (kind, outcome) = kind.split_once(' ').unwrap_or((kind, ""));
    let mut event = event(id, &format!("charge.dispute.{kind}"), payment);
    event["data"]["dispute"] = json!("dp_1");
    event["data"]["outcome"] = json!(outcome);
    event
}

/// A payment of 100.00 credits that arrived.
async fn bought(app: &TestApp) -> (Client, Value) {
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({})).await;
    send(app, &event("evt_paid", "checkout.paid", &payment)).await;
    app.work().await;
    assert_eq!(available(&ada).await, "10000");
    (ada, payment)
}

async fn hear(app: &TestApp, payment: &Value, kinds: &[&str]) {
    for (number, kind) in kinds.iter().enumerate() {
        assert_eq!(send(app, &word(&format!("evt_{number}"), kind, payment)).await, 200);
        app.work().await;
        assert_sound(&app.app).await;
    }
}

async fn owed(member: &Client) -> String {
    let reply = member.query("{ viewer { wallet { owed { amountMinor } } } }").await;
    reply.data("viewer")["wallet"]["owed"]["amountMinor"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chargeback_takes_the_credits_once_in_whatever_order_it_is_told() {
    for (kinds, left, stands) in [
        (vec!["created"], "0", "OPEN"),
        (vec!["created", "created"], "0", "OPEN"),
        (vec!["created", "closed won"], "10000", "WON"),
        (vec!["created", "closed lost"], "0", "LOST"),
        (vec!["closed won", "created"], "10000", "WON"),
        (vec!["closed lost", "created"], "0", "LOST"),
        (vec!["created", "closed won", "created", "closed won", "closed lost"], "10000", "WON"),
        (vec!["closed lost", "closed lost", "created"], "0", "LOST"),
    ] {
        let app = shop().await;
        let (ada, payment) = bought(&app).await;
        hear(&app, &payment, &kinds).await;
        assert_eq!((available(&ada).await.as_str(), owed(&ada).await.as_str()), (left, "0"), "{kinds:?}");
        assert_eq!(status(&ada, &payment).await, "SUCCEEDED");
        let read = "query($id: ID!) { node(id: $id) { ... on Payment { chargeback { status amount { amountMinor currency } } } } }";
        let node = ada.run(read, json!({ "id": payment["id"] })).await.data("node").clone();
        assert_eq!(
            node["chargeback"],
            json!({ "status": stands, "amount": { "amountMinor": "1250", "currency": "USD" } })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_is_owed_and_the_next_purchase_pays_it_first() {
    let app = shop().await;
    let (ada, payment) = bought(&app).await;
    let grace = app.mentor("grace").await;
    ada.book(&grace, app.hour_after(TimeDelta::hours(3))).await;
    assert_eq!(available(&ada).await, "4000");
    let events = "subscription { viewerEvents { __typename ... on ChargebackOpened { chargeback { credits { amountMinor } owed { amountMinor } } } } }";
    let mut told = Subscription::start(&ada, "viewerEvents", events, json!({})).await;

    hear(&app, &payment, &["created", "closed lost"]).await;

    assert_eq!((available(&ada).await.as_str(), owed(&ada).await.as_str()), ("0", "6000"));
    let opened = told.next_of("ChargebackOpened").await;
    assert_eq!(
        opened["chargeback"],
        json!({ "credits": { "amountMinor": "10000" }, "owed": { "amountMinor": "6000" } })
    );
    let notified = ada.query("{ viewer { notifications(first: 10) { edges { node { kind } } } } }").await;
    assert!(notified.json.to_string().contains("PAYMENT_CHARGED_BACK"), "{}", notified.json);
    assert!(notified.json.to_string().contains("CHARGEBACK_CLOSED"), "{}", notified.json);
    // The booking is paid; the debt waits for what comes next.
    let next = begin(&ada, json!({ "idempotencyKey": "second" })).await;
    send(&app, &event("evt_next", "checkout.paid", &next)).await;
    app.work().await;
    assert_eq!((available(&ada).await.as_str(), owed(&ada).await.as_str()), ("4000", "0"));
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chargeback_that_is_won_gives_back_what_was_taken_and_what_was_owed() {
    let app = shop().await;
    let (ada, payment) = bought(&app).await;
    let grace = app.mentor("grace").await;
    ada.book(&grace, app.hour_after(TimeDelta::hours(3))).await;
    hear(&app, &payment, &["created", "closed won"]).await;
    assert_eq!((available(&ada).await.as_str(), owed(&ada).await.as_str()), ("4000", "0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chargeback_before_the_money_was_booked_comes_to_the_same() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({})).await;
    hear(&app, &payment, &["created"]).await;
    assert_eq!((available(&ada).await.as_str(), owed(&ada).await.as_str()), ("0", "10000"));
    send(&app, &event("evt_paid", "checkout.paid", &payment)).await;
    app.work().await;
    assert_eq!((available(&ada).await.as_str(), owed(&ada).await.as_str()), ("0", "0"));
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_about_one_chargeback_at_once_take_once() {
    let app = shop().await;
    let (ada, payment) = bought(&app).await;
    let words: Vec<Value> = (0..12)
        .map(|number| {
            let kind = if number % 3 == 0 { "closed lost" } else { "created" };
            word(&format!("evt_{number}"), kind, &payment)
        })
        .collect();
    let sender = app.anonymous();
    join_all(words.iter().map(|word| send_by(&sender, &app, word))).await;
    let other = app.another().await;
    futures_util::join!(app.work(), other.work());
    assert_eq!(available(&ada).await, "0");
    assert_eq!(app.count("select count(*) from ledger_transactions where kind = 'CHARGEBACK'").await, 1);
    assert_eq!(app.sql("select status, credits, owed from chargebacks").await, [["LOST", "10000", "0"]]);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_back_already_is_not_taken_once_more_and_what_is_taken_cannot_go_back() {
    let app = shop().await;
    let (ada, root) = (app.member("ada").await, app.admin("root").await);
    let payment = paid(&app, &ada, "first").await;
    let refunded = refund(&root, &payment, "250", "part").await;
    assert_eq!(refunded["userErrors"], json!([]));
    app.work().await;
    assert_eq!(available(&ada).await, "8000");

    hear(&app, &payment, &["created"]).await;

    assert_eq!(app.sql("select amount, credits, owed from chargebacks").await, [["1000", "8000", "0"]]);
    assert_eq!((available(&ada).await.as_str(), owed(&ada).await.as_str()), ("0", "0"));
    // Other credits would pay for it.
    let next = begin(&ada, json!({ "idempotencyKey": "second" })).await;
    send(&app, &event("evt_next", "checkout.paid", &next)).await;
    app.work().await;
    assert_eq!(quote(&root, &payment, Some("100")).await["userErrors"][0]["code"], "AMOUNT_TOO_HIGH");
    assert_eq!(available(&ada).await, "10000");
    // A second chargeback of the same payment finds nothing.
    let mut again = word("evt_again", "created", &payment);
    again["data"]["dispute"] = json!("dp_2");
    send(&app, &again).await;
    app.work().await;
    assert_eq!(available(&ada).await, "10000");
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chargeback_takes_no_credits_that_were_given() {
    let app = shop().await;
    let (ada, payment) = bought(&app).await;
    let grace = app.mentor("grace").await;
    ada.book(&grace, app.hour_after(TimeDelta::hours(3))).await;
    let member = MemberId::from_uuid(ids::decode(&ada.id).unwrap().1);
    grant(&app.app, member, 500).await.unwrap();

    hear(&app, &payment, &["created"]).await;

    assert_eq!((available(&ada).await.as_str(), owed(&ada).await.as_str()), ("500", "6000"));
}
