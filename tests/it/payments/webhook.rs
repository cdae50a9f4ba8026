use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;
use skillswap::integrations::payments::sandbox::webhook::{key, sign};

use super::{available, begin, event, send, send_by, send_raw, shop, status};
use crate::{support::TestApp, wallet::assert_sound};

async fn outcomes(app: &TestApp) -> Vec<String> {
    app.sql("select coalesce(outcome, '') from webhook_events order by event_id")
        .await
        .into_iter()
        .map(|row| row[0].clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_identical_webhooks_at_once_credit_once() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({})).await;
    let paid = event("evt_1", "checkout.paid", &payment);
    let sender = app.anonymous();

    let answers = join_all((0..20).map(|_| send_by(&sender, &app, &paid))).await;
    app.work().await;
    let late = send(&app, &paid).await;
    app.work().await;

    assert_eq!((answers, late), (vec![200; 20], 200));
    assert_eq!(app.count("select count(*) from webhook_events").await, 1);
    assert_eq!(
        (status(&ada, &payment).await.as_str(), available(&ada).await.as_str()),
        ("SUCCEEDED", "10000")
    );
    assert_eq!(app.count("select count(*) from ledger_transactions").await, 1);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn different_events_of_one_success_credit_once() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({})).await;
    let events: Vec<_> =
        (0..8).map(|number| event(&format!("evt_{number}"), "checkout.paid", &payment)).collect();

    let sender = app.anonymous();
    join_all(events.iter().map(|event| send_by(&sender, &app, event))).await;
    app.work().await;

    assert_eq!(available(&ada).await, "10000");
    assert_eq!(outcomes(&app).await.iter().filter(|outcome| *outcome == "APPLIED").count(), 1);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_now_by_the_provider_is_refused_and_not_stored() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({})).await;
    let body = event("evt_1", "checkout.paid", &payment).to_string();
    let key = key(&app.app.secret);
    let good = sign(&key, app.now(), body.as_bytes());
    let old = sign(&key, app.now() - TimeDelta::seconds(302), body.as_bytes());
    let early = sign(&key, app.now() + TimeDelta::seconds(302), body.as_bytes());
    let forged = sign(&[0; 32], app.now(), body.as_bytes());

    for (signature, body) in [
        (None, body.clone()),
        (Some(""), body.clone()),
        (Some("nonsense"), body.clone()),
        (Some(old.as_str()), body.clone()),
        (Some(early.as_str()), body.clone()),
        (Some(forged.as_str()), body.clone()),
        (Some(good.as_str()), body.replace("1250", "1")),
        (Some(sign(&key, app.now(), b"{}").as_str()), "{}".to_owned()),
        (Some(sign(&key, app.now(), b"").as_str()), String::new()),
    ] {
        assert_eq!(send_raw(&app.anonymous(), signature, body.clone()).await, 400, "{signature:?} {body}");
    }
    assert_eq!(app.count("select count(*) from webhook_events").await, 0);
    assert_eq!(app.count("select count(*) from jobs where kind <> 'mail.send'").await, 0);
    assert_eq!(send_raw(&app.anonymous(), Some(&good), body).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_of_more_than_256_kb_is_refused_and_an_unknown_provider_absent() {
    let app = shop().await;
    assert_eq!(send_raw(&app.anonymous(), Some("t=1,v1=00"), "x".repeat(256 * 1024 + 1)).await, 413);
    assert_eq!(send_raw(&app.anonymous(), Some("t=1,v1=00"), "x".repeat(256 * 1024)).await, 400);
    let unknown =
        app.anonymous().request(reqwest::Method::POST, "/webhooks/nobody").body("{}").send().await.unwrap();
    assert_eq!(unknown.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fits_no_payment_or_means_nothing_is_taken_and_changes_nothing() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({})).await;
    let mut unknown_id = event("evt_1", "checkout.paid", &payment);
    unknown_id["data"]["payment"] = json!("pay_01h455vb4pex5vsknk084sn02q");
    let mut unknown_reference = event("evt_2", "checkout.paid", &payment);
    unknown_reference["data"]["payment"] = json!(null);
    unknown_reference["data"]["checkout"] = json!("sbx_of_somebody_else");
    let mut other_checkout = event("evt_3", "checkout.paid", &payment);
    other_checkout["data"]["checkout"] = json!("sbx_of_somebody_else");
    let mut other_amount = event("evt_4", "checkout.paid", &payment);
    other_amount["data"]["amount"] = json!(1);
    let mut other_currency = event("evt_5", "checkout.paid", &payment);
    other_currency["data"]["currency"] = json!("JPY");
    let polished = event("evt_6", "checkout.polished", &payment);

    for event in [unknown_id, unknown_reference, other_checkout, other_amount, other_currency, polished] {
        assert_eq!(send(&app, &event).await, 200);
    }
    app.work().await;

    assert_eq!(
        outcomes(&app).await,
        ["UNKNOWN_PAYMENT", "UNKNOWN_PAYMENT", "MISMATCH", "MISMATCH", "MISMATCH", "UNKNOWN_KIND"]
    );
    assert_eq!((status(&ada, &payment).await.as_str(), available(&ada).await.as_str()), ("PENDING", "0"));
    assert_eq!(app.count("select count(*) from jobs where kind <> 'mail.send'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_before_the_providers_answer_was_stored_is_understood() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({})).await;
    app.sql("update payments set provider_reference = null, checkout_url = null").await;

    send(&app, &event("evt_1", "checkout.paid", &payment)).await;
    app.work().await;
    let again = begin(&ada, json!({})).await;

    assert_eq!(
        (&again["id"], &again["status"], &again["checkoutUrl"]),
        (&payment["id"], &json!("SUCCEEDED"), &json!(null))
    );
    assert_eq!(available(&ada).await, "10000");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_names_only_the_reference_is_understood() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({})).await;
    let mut paid = event("evt_1", "checkout.paid", &payment);
    paid["data"]["payment"] = json!(null);

    send(&app, &paid).await;
    app.work().await;

    assert_eq!(
        (status(&ada, &payment).await.as_str(), available(&ada).await.as_str()),
        ("SUCCEEDED", "10000")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_order_of_events_money_that_arrived_is_credited_once() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let kinds = ["checkout.paid", "checkout.failed", "checkout.abandoned", "checkout.paid"];
    let mut orders = Vec::new();
    for a in 0..4 {
        for b in (0..4).filter(|&b| b != a) {
            for c in (0..4).filter(|&c| c != a && c != b) {
                orders.push([a, b, c, 6 - a - b - c]);
            }
        }
    }

    for (round, order) in orders.iter().enumerate() {
        let payment = begin(&ada, json!({ "idempotencyKey": format!("k{round}") })).await;
        for &place in order {
            let event = event(&format!("evt_{round}_{place}"), kinds[place], &payment);
            assert_eq!(send(&app, &event).await, 200);
            app.work().await;
        }
        assert_eq!(status(&ada, &payment).await, "SUCCEEDED", "{order:?}");
        assert_eq!(available(&ada).await, (10_000 * (round + 1)).to_string(), "{order:?}");
    }
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_nobody_pays_expires_after_a_day_and_late_money_still_counts() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({})).await;
    app.advance(TimeDelta::hours(23));
    app.work().await;
    let ada = app.sign_in("ada@example.org").await;
    assert_eq!(status(&ada, &payment).await, "PENDING");
    app.advance(TimeDelta::minutes(61));
    app.work().await;
    let ada = app.sign_in("ada@example.org").await;
    assert_eq!(status(&ada, &payment).await, "EXPIRED");
    assert_eq!(app.count("select count(*) from events where kind = 'PAYMENT_EXPIRED'").await, 1);

    send(&app, &event("evt_1", "checkout.paid", &payment)).await;
    app.work().await;

    assert_eq!(
        (status(&ada, &payment).await.as_str(), available(&ada).await.as_str()),
        ("SUCCEEDED", "10000")
    );
    assert_eq!(app.count("select count(*) from events where kind = 'PAYMENT_SUCCEEDED'").await, 1);
    assert_sound(&app.app).await;
}
