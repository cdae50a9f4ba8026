use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{available, begin, browse, browser, reference, shop, status};
use crate::support::{TestApp, socket::Subscription};

async fn decide(app: &TestApp, payment: &Value, word: &str) -> reqwest::Response {
    browse(Method::POST, &format!("{}/sandbox/checkout/{}/{word}", app.url, reference(payment))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_pays_on_the_page_and_the_credits_arrive() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let events = "subscription { viewerEvents { __typename ... on WalletChanged { available { amountMinor } held { amountMinor } }
                  ... on PaymentSucceeded { payment { id status settledAt checkoutUrl } } } }";
    let mut live = Subscription::start(&ada, "viewerEvents", events, json!({})).await;
    let payment = begin(&ada, json!({ "returnUrl": format!("{}/back?to=lesson", app.url) })).await;

    let page = browse(Method::GET, payment["checkoutUrl"].as_str().unwrap()).await;
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy.starts_with("default-src 'none'; img-src data:; style-src 'sha256-")
            && policy.contains(&format!("form-action 'self' {};", app.url)),
        "{policy}"
    );
    let html = page.text().await.unwrap();
    assert!(
        html.contains("100.00 credits")
            && html.contains("12.50 USD")
            && html.contains("<html lang=\"en\">")
            && !html.contains("<script"),
        "{html}"
    );
    let decided = decide(&app, &payment, "pay").await;

    assert_eq!(
        (decided.status().as_u16(), decided.headers()["location"].to_str().unwrap()),
        (303, format!("{}/back?to=lesson", app.url).as_str())
    );
    // Coming back proves nothing.
    assert_eq!((status(&ada, &payment).await.as_str(), available(&ada).await.as_str()), ("PENDING", "0"));
    app.work().await;
    assert_eq!(
        (status(&ada, &payment).await.as_str(), available(&ada).await.as_str()),
        ("SUCCEEDED", "10000")
    );
    let first = live.next().await;
    assert_eq!(
        first,
        json!({ "__typename": "WalletChanged", "available": { "amountMinor": "10000" }, "held": { "amountMinor": "0" } })
    );
    let told = live.next().await;
    assert_eq!(
        (&told["__typename"], &told["payment"]["id"], &told["payment"]["status"]),
        (&json!("PaymentSucceeded"), &payment["id"], &json!("SUCCEEDED"))
    );
    assert!(told["payment"]["settledAt"].is_string() && told["payment"]["checkoutUrl"].is_null());
    assert_eq!(
        app.count("select count(*) from jobs").await + app.count("select count(*) from dead_jobs").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_and_an_abandoned_checkout_charge_nothing() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let events = "subscription { viewerEvents { __typename } }";
    let mut live = Subscription::start(&ada, "viewerEvents", events, json!({})).await;

    for (word, end, told) in [("fail", "FAILED", "PaymentFailed"), ("abandon", "EXPIRED", "PaymentExpired")] {
        let payment = begin(&ada, json!({ "idempotencyKey": word })).await;
        let decided = decide(&app, &payment, word).await;
        app.work().await;

        assert_eq!(
            decided.headers()["location"],
            format!("../{}", reference(&payment)),
            "no way back, so the result is shown"
        );
        assert_eq!(status(&ada, &payment).await, end);
        live.next_of(told).await;
        let page = browse(Method::GET, &format!("{}/sandbox/checkout/{}", app.url, reference(&payment)))
            .await
            .text()
            .await
            .unwrap();
        assert!(page.contains("role=\"status\"") && !page.contains("<form"), "{page}");
    }
    assert_eq!(available(&ada).await, "0");
    assert_eq!(app.count("select count(*) from ledger_transactions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_decision_counts_even_in_a_race() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({})).await;

    let browser = browser();
    let page = payment["checkoutUrl"].as_str().unwrap();

    let answers = join_all(
        (0..12)
            .map(|number| browser.post(format!("{page}/{}", ["pay", "fail", "abandon"][number % 3])).send()),
    )
    .await;
    app.work().await;

    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().status() == 303));
    assert_eq!(app.count("select count(*) from webhook_events").await, 1);
    let decided = app.sql("select status from sandbox_checkouts").await[0][0].clone();
    let (end, credits) = match decided.as_str() {
        "PAID" => ("SUCCEEDED", "10000"),
        "FAILED" => ("FAILED", "0"),
        _ => ("EXPIRED", "0"),
    };
    assert_eq!((status(&ada, &payment).await.as_str(), available(&ada).await.as_str()), (end, credits));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_checkout_is_a_friendly_404() {
    let app = shop().await;

    for (method, path) in [
        (Method::GET, "sbx_x"),
        (Method::POST, "sbx_x/pay"),
        (Method::GET, "%00"),
        (Method::POST, "%00/pay"),
        (Method::GET, "%3Cscript%3E"),
    ] {
        let answer = browse(method, &format!("{}/sandbox/checkout/{path}", app.url)).await;
        assert_eq!(answer.status(), 404, "{path}");
        let html = answer.text().await.unwrap();
        assert!(html.contains("There is no such checkout") && !html.contains("<script"), "{html}");
    }
    let odd = browse(Method::POST, &format!("{}/sandbox/checkout/sbx_x/steal", app.url)).await;
    assert_eq!(odd.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_back_that_is_not_allowed_any_more_is_not_taken() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({ "returnUrl": "http://localhost:3000/paid" })).await;
    app.sql("update sandbox_checkouts set return_url = 'https://evil.example/'").await;

    let decided = decide(&app, &payment, "pay").await;

    assert_eq!(decided.headers()["location"], format!("../{}", reference(&payment)));
    app.work().await;
    assert_eq!(available(&ada).await, "10000");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_cannot_be_delivered_is_sent_again() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({})).await;
    decide(&app, &payment, "pay").await;
    // The shop refuses: its books are closed for a while.
    app.sql("alter table webhook_events rename to webhook_events_closed").await;
    app.work().await;
    assert_eq!(
        app.count("select count(*) from jobs where kind = 'sandbox.deliver_webhook' and attempts = 1").await,
        1
    );
    app.sql("alter table webhook_events_closed rename to webhook_events").await;

    app.advance(chrono::TimeDelta::seconds(2));
    app.work().await;

    assert_eq!(
        (status(&ada, &payment).await.as_str(), available(&ada).await.as_str()),
        ("SUCCEEDED", "10000")
    );
}
