//! Payments that go back.

use futures_util::future::join_all;
use serde_json::{Value, json};
use skillswap::integrations::payments::ProviderName::Stripe;

use super::{available, begin, event, send, shop, status, stock};
use crate::{
    support::{Client, TestApp, payments::Providers},
    wallet::assert_sound,
};

const QUOTE: &str =
    "query($payment: ID!, $amount: BigInt) { refundQuote(paymentId: $payment, amountMinor: $amount) {
    quote { quoteId amount { amountMinor currency } credits { amountMinor } expiresAt payment { id } }
    userErrors { code message ... on AmountTooHighError { refundable { amountMinor currency } } } } }";

const REFUND: &str = "mutation($input: AdminRefundInput!) { adminRefund(input: $input) {
    refund { id status amount { amountMinor currency } credits { amountMinor } payment { id } }
    userErrors { code message ... on AmountTooHighError { refundable { amountMinor currency } } } replayed } }";

pub async fn quote(admin: &Client, payment: &Value, amount: Option<&str>) -> Value {
    let variables = json!({ "payment": payment["id"], "amount": amount });
    admin.run(QUOTE, variables).await.data("refundQuote").clone()
}

pub async fn act(admin: &Client, quote: &Value, key: &str) -> Value {
    let input =
        json!({ "quoteId": quote["quote"]["quoteId"], "reason": "It was a mistake.", "idempotencyKey": key });
    admin.run(REFUND, json!({ "input": input })).await.data("adminRefund").clone()
}

/// Quotes and refunds; the payload of whichever refused.
pub async fn refund(admin: &Client, payment: &Value, amount: &str, key: &str) -> Value {
    let quoted = quote(admin, payment, Some(amount)).await;
    if quoted["quote"].is_null() { quoted } else { act(admin, &quoted, key).await }
}

/// A payment of the sandbox that arrived.
pub async fn paid(app: &TestApp, member: &Client, key: &str) -> Value {
    let payment = begin(member, json!({ "idempotencyKey": key })).await;
    let reference = super::reference(&payment);
    super::browse(reqwest::Method::POST, &format!("{}/sandbox/checkout/{reference}/pay", app.url)).await;
    app.work().await;
    payment
}

async fn totals(app: &TestApp) -> Vec<String> {
    app.sql(
        "select captured::text, refunded::text, refund_pending::text, refunded_credits::text from payments",
    )
    .await[0]
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_moves_exactly_what_was_quoted() {
    let app = shop().await;
    let (ada, root) = (app.member("ada").await, app.admin("root").await);
    let payment = paid(&app, &ada, "k").await;

    let quoted = quote(&root, &payment, Some("333")).await;
    assert_eq!(quoted["quote"]["amount"], json!({ "amountMinor": "333", "currency": "USD" }));
    // 333 of 1250 cents are 2664 of 10000 hundredths of a credit.
    assert_eq!(quoted["quote"]["credits"]["amountMinor"], "2664");
    let payload = act(&root, &quoted, "r").await;
    assert_eq!(payload["userErrors"], json!([]));
    assert_eq!((&payload["refund"]["status"], &payload["replayed"]), (&json!("REQUESTED"), &json!(false)));
    assert_eq!(totals(&app).await, ["1250", "0", "333", "2664"]);
    assert_eq!(available(&ada).await, "7336", "what goes back cannot be spent meanwhile");
    app.work().await;

    assert_eq!(totals(&app).await, ["1250", "333", "0", "2664"]);
    let node =
        "query($id: ID!) { node(id: $id) { ... on PaymentRefund { status amount { amountMinor } payment {
        refunded { amountMinor } refundPending { amountMinor } refunds { id } } } } }";
    let own = ada.run(node, json!({ "id": payload["refund"]["id"] })).await.data("node").clone();
    assert_eq!(
        own,
        json!({ "status": "SUCCEEDED", "amount": { "amountMinor": "333" }, "payment": {
            "refunded": { "amountMinor": "333" }, "refundPending": { "amountMinor": "0" },
            "refunds": [{ "id": payload["refund"]["id"] }] } })
    );
    let bob = app.member("bob").await;
    assert_eq!(*bob.run(node, json!({ "id": payload["refund"]["id"] })).await.data("node"), Value::Null);
    assert_eq!(app.count("select count(*) from sandbox_refunds where amount = 333").await, 1);
    assert_eq!(app.count("select count(*) from notifications where kind = 'PAYMENT_REFUNDED'").await, 1);
    assert_eq!(app.count("select count(*) from audit_log where action = 'REFUND_REQUESTED'").await, 1);

    // Sent again, it is the same refund; the quote is good once; and a key stands for one thing.
    let again = act(&root, &quoted, "r").await;
    assert_eq!((&again["refund"]["id"], &again["replayed"]), (&payload["refund"]["id"], &json!(true)));
    assert_eq!(act(&root, &quoted, "other").await["userErrors"][0]["code"], "QUOTE_USED");
    let other = quote(&root, &payment, Some("1")).await;
    assert_eq!(act(&root, &other, "r").await["userErrors"][0]["code"], "IDEMPOTENCY_CONFLICT");
    app.advance(chrono::TimeDelta::minutes(11));
    assert_eq!(act(&root, &other, "late").await["userErrors"][0]["code"], "QUOTE_EXPIRED");
    assert_eq!(totals(&app).await, ["1250", "333", "0", "2664"]);

    // All that is left.
    let rest = quote(&root, &payment, None).await;
    assert_eq!(rest["quote"]["amount"]["amountMinor"], "917");
    act(&root, &rest, "rest").await;
    app.work().await;
    assert_eq!(
        (totals(&app).await, available(&ada).await.as_str()),
        (vec!["1250".to_owned(), "1250".to_owned(), "0".to_owned(), "10000".to_owned()], "0")
    );
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_refunds_at_once_never_exceed_what_arrived() {
    let app = shop().await;
    let (ada, root) = (app.member("ada").await, app.admin("root").await);
    let payment = paid(&app, &ada, "k").await;
    let quotes = join_all((0..20).map(|_| quote(&root, &payment, Some("125")))).await;

    let payloads = join_all(quotes.iter().enumerate().map(|(place, quote)| {
        let (root, key) = (root.clone(), format!("r{place}"));
        async move { act(&root, quote, &key).await }
    }))
    .await;

    let refused: Vec<_> = payloads.iter().filter(|payload| payload["refund"].is_null()).collect();
    assert_eq!(refused.len(), 10, "{payloads:?}");
    for payload in refused {
        assert_eq!(payload["userErrors"][0]["code"], "AMOUNT_TOO_HIGH");
        assert_eq!(payload["userErrors"][0]["refundable"], json!({ "amountMinor": "0", "currency": "USD" }));
    }
    assert_eq!(totals(&app).await, ["1250", "0", "1250", "10000"]);
    app.work().await;
    assert_eq!(totals(&app).await, ["1250", "1250", "0", "10000"]);
    assert_eq!(app.count("select sum(amount) from sandbox_refunds").await, 1250);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_refuses_to_give_back_more_than_arrived() {
    let app = shop().await;
    let ada = app.member("ada").await;
    paid(&app, &ada, "k").await;
    for (statement, rule) in [
        ("update payments set refunded = 1000, refund_pending = 251", "payments_refunded_captured"),
        ("update payments set refunded_credits = 10001", "payments_refunded_credits_bought"),
        ("update payments set captured = 1251", "payments_captured_amount"),
    ] {
        let error = crate::support::database::sql(&app.database_url, statement).await.unwrap_err();
        assert!(format!("{error:?}").contains(rule), "{statement}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_still_in_the_wallet_can_go_back() {
    let app = shop().await;
    let (ada, grace, root) = (app.member("ada").await, app.mentor("grace").await, app.admin("root").await);
    let payment = paid(&app, &ada, "k").await;
    let whole = quote(&root, &payment, None).await;
    // A session of an hour for 60.00 credits.
    let starts_at = (app.now() + chrono::TimeDelta::days(1)).format("%Y-%m-%dT10:00:00Z").to_string();
    let input = json!({ "mentorId": grace.mentor_id(), "startsAt": starts_at, "durationMinutes": 60, "idempotencyKey": "b" });
    ada.run(
        "mutation($input: BookSessionInput!) { bookSession(input: $input) { userErrors { code message } } }",
        json!({ "input": input }),
    )
    .await
    .ok("bookSession");
    assert_eq!(available(&ada).await, "4000");

    let refused = act(&root, &whole, "whole").await;
    assert_eq!(refused["userErrors"][0]["code"], "AMOUNT_TOO_HIGH");
    assert_eq!(refused["userErrors"][0]["refundable"], json!({ "amountMinor": "500", "currency": "USD" }));
    assert_eq!(quote(&root, &payment, Some("501")).await["userErrors"][0]["code"], "AMOUNT_TOO_HIGH");
    assert_eq!(totals(&app).await, ["1250", "0", "0", "0"]);
    let rest = quote(&root, &payment, None).await;
    assert_eq!(
        (&rest["quote"]["amount"]["amountMinor"], &rest["quote"]["credits"]["amountMinor"]),
        (&json!("500"), &json!("4000"))
    );
    act(&root, &rest, "rest").await;
    app.work().await;
    assert_eq!(
        (totals(&app).await, available(&ada).await.as_str()),
        (vec!["1250".to_owned(), "500".to_owned(), "0".to_owned(), "4000".to_owned()], "0")
    );
    assert_sound(&app.app).await;
}

/// A payment through Stripe that arrived.
async fn paid_by_stripe() -> (Providers, TestApp, Client, Client, Value) {
    let providers = Providers::start();
    let app = providers.app().await;
    stock(&app).await;
    let (ada, root) = (app.member("ada").await, app.admin("root").await);
    let payment = begin(&ada, json!({ "provider": "STRIPE" })).await;
    providers.act(Stripe, "pay", &super::providers::reference(&app, &payment).await).await;
    super::providers::verify(&ada, &payment).await;
    (providers, app, ada, root, payment)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_the_provider_refuses_or_that_fails_leaves_everything_as_it_was() {
    let (providers, app, ada, root, payment) = paid_by_stripe().await;
    providers.control(json!({ "refunds": "fail" })).await;
    refund(&root, &payment, "1250", "fails").await;
    assert_eq!(totals(&app).await, ["1250", "0", "1250", "10000"]);
    app.work().await;
    assert_eq!(
        (totals(&app).await, available(&ada).await.as_str()),
        (vec!["1250".to_owned(), "0".to_owned(), "0".to_owned(), "0".to_owned()], "10000")
    );

    // Somebody refunded at Stripe itself: it refuses ours.
    providers.control(json!({})).await;
    app.sql("update payments set provider_capture = 'pi_unknown'").await;
    refund(&root, &payment, "1250", "refused").await;
    app.work().await;
    let rows = app.sql("select status, failure from payment_refunds order by created_at").await;
    assert_eq!(rows[0], ["FAILED", "expired_or_canceled_card"]);
    assert!(rows[1][0] == "FAILED" && rows[1][1].starts_with("404: No such payment_intent"), "{rows:?}");
    assert_eq!((totals(&app).await[1].as_str(), available(&ada).await.as_str()), ("0", "10000"));
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_waits_for_the_bank_and_may_fail_even_after_it_succeeded() {
    let (providers, app, ada, root, payment) = paid_by_stripe().await;
    providers.control(json!({ "refunds": "wait" })).await;
    refund(&root, &payment, "1000", "k").await;
    app.work().await;
    assert_eq!(app.count("select count(*) from payment_refunds where status = 'PENDING'").await, 1);
    assert_eq!(totals(&app).await, ["1250", "0", "1000", "8000"], "what is pending counts");
    assert_eq!(refund(&root, &payment, "251", "over").await["userErrors"][0]["code"], "AMOUNT_TOO_HIGH");

    let reference = app.sql("select provider_reference from payment_refunds").await[0][0].clone();
    providers.act(Stripe, "refunded", &reference).await;
    providers.deliver(&app, Stripe, json!({ "times": 2, "reverse": true })).await;
    app.work().await;
    assert_eq!(totals(&app).await, ["1250", "1000", "0", "8000"]);

    providers.act(Stripe, "unrefunded", &reference).await;
    providers.deliver(&app, Stripe, json!({ "times": 2 })).await;
    app.work().await;
    assert_eq!(
        (totals(&app).await, available(&ada).await.as_str()),
        (vec!["1250".to_owned(), "0".to_owned(), "0".to_owned(), "0".to_owned()], "10000")
    );
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_whose_provider_is_down_is_asked_for_again_until_it_is_done_once() {
    let (providers, app, _, root, payment) = paid_by_stripe().await;
    providers.control(json!({ "status500Every": 1 })).await;
    refund(&root, &payment, "1250", "k").await;
    app.work().await;
    assert_eq!(app.count("select count(*) from payment_refunds where status = 'REQUESTED'").await, 1);
    // It does the work, but its answers are lost.
    providers.control(json!({ "dropReplyEvery": 1 })).await;
    app.advance(chrono::TimeDelta::minutes(2));
    app.work().await;
    assert_eq!(providers.books(Stripe).await["refunds"].as_array().unwrap().len(), 1);

    providers.control(json!({})).await;
    app.advance(chrono::TimeDelta::hours(2));
    app.work().await;
    assert_eq!(totals(&app).await, ["1250", "1250", "0", "10000"]);
    assert_eq!(providers.books(Stripe).await["refunds"].as_array().unwrap().len(), 1);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_arrive_or_is_not_there_cannot_go_back() {
    let app = shop().await;
    let (ada, root) = (app.member("ada").await, app.admin("root").await);
    let payment = begin(&ada, json!({})).await;
    assert_eq!(quote(&root, &payment, None).await["userErrors"][0]["code"], "INVALID_TRANSITION");
    let absent = json!({ "id": "pay_01h455vb4pex5vsknk084sn02q" });
    assert_eq!(quote(&root, &absent, None).await["userErrors"][0]["code"], "NOT_FOUND");
    let forged = json!({ "quote": { "quoteId": "rfq_forged.forged" } });
    assert_eq!(act(&root, &forged, "k").await["userErrors"][0]["code"], "VALIDATION");
    let paid = paid(&app, &ada, "paid").await;
    for amount in ["0", "-1", "1251"] {
        assert_eq!(
            quote(&root, &paid, Some(amount)).await["userErrors"][0]["code"],
            "AMOUNT_TOO_HIGH",
            "{amount}"
        );
    }
    // Without a step-up nothing moves.
    let quoted = quote(&root, &paid, None).await;
    app.sql("delete from step_ups").await;
    assert_eq!(act(&root, &quoted, "k").await["userErrors"][0]["code"], "STEP_UP_REQUIRED");
    assert_eq!(app.count("select count(*) from payment_refunds").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_applies_a_webhook_again_and_old_ones_are_forgotten() {
    let app = shop().await;
    let (ada, root) = (app.member("ada").await, app.admin("root").await);
    let payment = begin(&ada, json!({})).await;
    // It came for another amount; the operator has mended the row since.
    app.sql("update payments set amount = 1").await;
    send(&app, &event("evt_1", "checkout.paid", &payment)).await;
    send(&app, &event("evt_2", "checkout.polished", &payment)).await;
    app.work().await;
    assert_eq!(status(&ada, &payment).await, "PENDING");
    app.sql("update payments set amount = 1250").await;
    let list = "{ adminWebhooks(outcome: MISMATCH) { edges { node { id eventId kind provider outcome appliedAt } } } }";
    let found = root.query(list).await.data("adminWebhooks")["edges"].clone();
    assert_eq!((found.as_array().unwrap().len(), &found[0]["node"]["eventId"]), (1, &json!("evt_1")));

    let replay = "mutation($input: AdminReplayWebhookInput!) { adminReplayWebhook(input: $input) { webhook { outcome } userErrors { code } } }";
    let input = json!({ "webhookId": found[0]["node"]["id"], "reason": "The row was wrong." });
    for outcome in ["APPLIED", "NO_CHANGE"] {
        let payload = root.run(replay, json!({ "input": input })).await.ok("adminReplayWebhook").clone();
        assert_eq!(payload["webhook"]["outcome"], outcome);
    }
    assert_eq!(
        (status(&ada, &payment).await.as_str(), available(&ada).await.as_str()),
        ("SUCCEEDED", "10000")
    );
    assert_eq!(app.count("select count(*) from audit_log where action = 'WEBHOOK_REPLAYED'").await, 2);
    let absent = json!({ "webhookId": "whk_01h455vb4pex5vsknk084sn02q", "reason": "None." });
    assert_eq!(root.run(replay, json!({ "input": absent })).await.codes("adminReplayWebhook"), ["NOT_FOUND"]);

    app.advance(chrono::TimeDelta::days(89));
    app.work().await;
    assert_eq!(app.count("select count(*) from webhook_events").await, 2);
    app.advance(chrono::TimeDelta::days(2));
    app.work().await;
    assert_eq!(app.count("select count(*) from webhook_events").await, 0);
    assert_sound(&app.app).await;
}
