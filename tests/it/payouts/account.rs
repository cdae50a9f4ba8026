use reqwest::Method;
use serde_json::json;
use skillswap::integrations::{payments::sandbox::webhook::sign, payouts::sandbox::webhook::key};

use super::{CONNECT, connect, decide, send, send_raw};
use crate::{
    payments::browse,
    support::{Client, Subscription, TestApp},
};

async fn status(mentor: &Client) -> (String, serde_json::Value) {
    let reply = mentor.query("{ viewer { payoutAccount { status requirement } } }").await;
    let account = &reply.data("viewer")["payoutAccount"];
    (account["status"].as_str().unwrap_or("none").to_owned(), account["requirement"].clone())
}

async fn mentor(app: &TestApp, name: &str) -> Client {
    let mentor = app.mentor(name).await;
    app.step_up(&mentor).await;
    mentor
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_opened_once_and_follows_what_the_provider_thinks() {
    let app = TestApp::start().await;
    let grace = mentor(&app, "grace").await;
    assert_eq!(status(&grace).await.0, "none");
    let events =
        "subscription { viewerEvents { __typename ... on PayoutAccountChanged { account { status } } } }";
    let mut live = Subscription::start(&grace, "viewerEvents", events, json!({})).await;

    let first = connect(&grace).await;
    let second = connect(&grace).await;

    assert_eq!(first["account"]["status"], "PENDING");
    assert_eq!(first["onboardingUrl"], second["onboardingUrl"]);
    assert_eq!(first["account"]["createdAt"], second["account"]["createdAt"]);
    let page = first["onboardingUrl"].as_str().unwrap();
    let html = browse(Method::GET, page).await.text().await.unwrap();
    assert!(html.contains("Who are you?") && html.contains("Verify me"), "{html}");
    decide(&app, page, "verify").await;
    assert_eq!(status(&grace).await, ("VERIFIED".to_owned(), json!(null)));
    assert_eq!(live.next_of("PayoutAccountChanged").await["account"]["status"], "VERIFIED");
    decide(&app, page, "restrict").await;
    assert_eq!(status(&grace).await, ("RESTRICTED".to_owned(), json!("A document could not be read.")));
    assert_eq!(
        app.count("select count(*) from audit_log where action = 'PAYOUT_ACCOUNT_CONNECTED'").await,
        1
    );
    let one = "select count(*) from payout_accounts a join sandbox_payout_accounts s on s.id = a.reference";
    assert_eq!(app.count(one).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_an_account_needs_a_second_factor_and_a_recent_proof() {
    let app = TestApp::start().await;
    let (grace, ada) = (app.mentor("grace").await, app.member("ada").await);
    let codes = async |client: &Client| {
        client.run(CONNECT, json!({ "input": {} })).await.codes("connectPayoutAccount")
    };

    assert_eq!(codes(&grace).await, ["TWO_FACTOR_REQUIRED"]);
    assert_eq!(codes(&ada).await, ["TWO_FACTOR_REQUIRED"], "whatever the roles");
    app.step_up(&grace).await;
    app.sql("delete from step_ups").await;
    let refused = grace.run(CONNECT, json!({ "input": {} })).await;
    assert_eq!(refused.codes("connectPayoutAccount"), ["STEP_UP_REQUIRED"]);
    assert_eq!(
        refused.data("connectPayoutAccount")["userErrors"][0]["methods"],
        json!(["TOTP", "RECOVERY_CODE"])
    );
    let none =
        "select (select count(*) from payout_accounts) + (select count(*) from sandbox_payout_accounts)";
    assert_eq!(app.count(none).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_leads_back_to_allowed_places_only() {
    let app = TestApp::start().await;
    let grace = mentor(&app, "grace").await;

    let back = format!("{}/earnings", app.url);
    let evil = grace.run(CONNECT, json!({ "input": { "returnUrl": "https://evil.example/" } })).await;
    let good = grace.run(CONNECT, json!({ "input": { "returnUrl": back } })).await;

    assert_eq!(evil.codes("connectPayoutAccount"), ["VALIDATION"]);
    let page = good.ok("connectPayoutAccount")["onboardingUrl"].as_str().unwrap().to_owned();
    let html = browse(Method::GET, &page).await.text().await.unwrap();
    assert!(html.contains(&format!("href=\"{back}\"")), "{html}");
    for (method, path) in
        [(Method::GET, "sac_x"), (Method::POST, "sac_x/verify"), (Method::POST, "%00/verify")]
    {
        let url = format!("{}/sandbox/payouts/{path}", app.url);
        assert_eq!(browse(method, &url).await.status(), 404, "{path}");
    }
    assert_eq!(browse(Method::POST, &format!("{page}/steal")).await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_webhook_only_has_the_provider_asked() {
    let app = TestApp::start().await;
    let grace = mentor(&app, "grace").await;
    let page = connect(&grace).await["onboardingUrl"].as_str().unwrap().to_owned();
    let account = page.rsplit('/').next().unwrap().to_owned();

    let told = json!({ "id": "evt_1", "type": "account.updated", "data": { "account": account, "status": "VERIFIED" } });
    assert_eq!((send(&app, &told).await, send(&app, &told).await), (200, 200));
    app.work().await;

    assert_eq!(status(&grace).await.0, "PENDING", "the provider says so");
    app.sql("update sandbox_payout_accounts set status = 'VERIFIED'").await;
    let unknown = json!({ "id": "evt_2", "type": "account.updated", "data": { "account": account } });
    send(&app, &unknown).await;
    let odd = json!({ "id": "evt_3", "type": "account.polished", "data": {} });
    send(&app, &odd).await;
    app.work().await;
    assert_eq!(status(&grace).await.0, "VERIFIED");
    let outcomes = app.sql("select outcome from payout_events order by event_id").await;
    assert_eq!(outcomes, [["NO_CHANGE"], ["APPLIED"], ["UNKNOWN_KIND"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_earlier_never_overwrites_what_was_asked_for_later() {
    let app = TestApp::start().await;
    let grace = mentor(&app, "grace").await;
    let page = connect(&grace).await["onboardingUrl"].as_str().unwrap().to_owned();
    decide(&app, &page, "verify").await;
    // As though the provider had been asked by somebody else a minute from now.
    app.sql("update payout_accounts set as_of = as_of + interval '1 minute'").await;

    decide(&app, &page, "restrict").await;

    assert_eq!(status(&grace).await.0, "VERIFIED");
    app.advance(chrono::TimeDelta::minutes(2));
    assert_eq!(connect(&grace).await["account"]["status"], "RESTRICTED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_not_signed_by_the_provider_is_refused_and_not_stored() {
    let app = TestApp::start().await;
    let body =
        json!({ "id": "evt_1", "type": "account.updated", "data": { "account": "sac_1" } }).to_string();
    let good = sign(&key(&app.app.secret), app.now(), body.as_bytes());
    let old = sign(&key(&app.app.secret), app.now() - chrono::TimeDelta::seconds(302), body.as_bytes());
    let payments = skillswap::integrations::payments::sandbox::webhook::key(&app.app.secret);
    let other = sign(&payments, app.now(), body.as_bytes());

    for signature in [None, Some(""), Some(old.as_str()), Some(other.as_str())] {
        assert_eq!(send_raw(&app, signature, body.clone()).await, 400, "{signature:?}");
    }
    assert_eq!(send_raw(&app, Some(&good), body.replace("sac_1", "sac_2")).await, 400);
    assert_eq!(app.count("select count(*) from payout_events").await, 0);
    assert_eq!(send_raw(&app, Some(&good), body).await, 200);
    let unknown = app.anonymous().request(Method::POST, "/webhooks/payouts/nobody").body("{}").send().await;
    assert_eq!(unknown.unwrap().status(), 404);
}
