use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{connect, decide, earn, earner, earnings, ready, request, settle, state};
use crate::{
    second_factor,
    support::{Client, Subscription, TestApp},
    wallet::assert_sound,
};

async fn payouts(app: &TestApp) -> i64 {
    app.count("select (select count(*) from payouts) + (select count(*) from ledger_transactions where kind like 'PAYOUT%')")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn earnings_become_money_at_the_bank() {
    let app = TestApp::start().await;
    let grace = ready(&app, "grace", 85_000, "verify").await;
    let events = "subscription { viewerEvents { __typename ... on PayoutChanged { payout { status } } ... on WalletChanged { pending { amountMinor } } } }";
    let mut live = Subscription::start(&grace, "viewerEvents", events, json!({})).await;

    let reply = request(&grace, 60_000, "first").await;

    let payload = reply.ok("requestPayout");
    let payout = &payload["payout"];
    assert_eq!((&payout["status"], &payload["replayed"]), (&json!("REQUESTED"), &json!(false)));
    assert_eq!(payout["credits"], json!({ "amountMinor": "60000", "currency": "CREDIT" }));
    assert_eq!(
        payout["amount"],
        json!({ "amountMinor": "6000", "currency": "USD" }),
        "10.00 USD for 100 credits"
    );
    assert_eq!(payload["earnings"]["pending"]["amountMinor"], "25000");
    assert_eq!(earnings(&grace).await, (25_000, 85_000, 60_000));
    app.work().await;
    assert_eq!(state(&grace, payout).await, ("IN_TRANSIT".to_owned(), json!(null)));
    settle(&app).await;
    assert_eq!(state(&grace, payout).await, ("PAID".to_owned(), json!(null)));
    assert_eq!(earnings(&grace).await, (25_000, 85_000, 60_000));
    for status in ["REQUESTED", "IN_TRANSIT", "PAID"] {
        assert_eq!(live.next_of("PayoutChanged").await["payout"]["status"], status);
    }
    let told = app.sql("select body from notifications where kind = 'PAYOUT_PAID'").await;
    assert_eq!(told, [["Your payout of 60.00 USD is at your bank."]]);
    assert_eq!(
        app.count("select count(*) from sandbox_payouts where amount = 6000 and currency = 'USD'").await,
        1
    );
    assert_eq!(app.count("select count(*) from audit_log where action = 'PAYOUT_REQUESTED'").await, 1);
    let sums = "select a.kind || ' ' || a.asset || ' ' || sum(p.amount) from ledger_postings p
                join ledger_accounts a on a.id = p.account_id join ledger_transactions t on t.id = p.transaction_id
                where t.kind = 'PAYOUT' group by a.kind, a.asset order by 1";
    assert_eq!(
        app.sql(sums).await,
        [
            ["EARNINGS CREDIT/2 -60000"],
            ["GATEWAY USD/2 -6000"],
            ["PAYOUTS CREDIT/2 60000"],
            ["PAYOUTS USD/2 6000"]
        ]
    );
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_needs_a_second_factor_and_a_proof_of_the_last_ten_minutes() {
    let app = TestApp::start().await;
    let grace = app.mentor("grace").await;
    earn(&app, &grace, 85_000).await;

    let without = request(&grace, 60_000, "a").await;
    let authenticator = second_factor::enable(&app, &grace).await;
    // The code that confirmed it is a proof.
    let page = connect(&grace).await["onboardingUrl"].as_str().unwrap().to_owned();
    decide(&app, &page, "verify").await;
    app.advance(chrono::TimeDelta::seconds(10 * 60));
    let late = request(&grace, 60_000, "a").await;

    assert_eq!(without.codes("requestPayout"), ["TWO_FACTOR_REQUIRED"]);
    assert_eq!(without.data("requestPayout")["userErrors"][0]["methods"], json!(["TOTP"]));
    assert_eq!(late.codes("requestPayout"), ["STEP_UP_REQUIRED"]);
    let methods = &late.data("requestPayout")["userErrors"][0]["methods"];
    assert_eq!(methods, &json!(["TOTP", "RECOVERY_CODE"]));
    assert_eq!((payouts(&app).await, earnings(&grace).await), (0, (85_000, 85_000, 0)));
    let code = authenticator.next_code(&app);
    second_factor::step_up(&grace, json!({ "code": code })).await.ok("stepUp");
    request(&grace, 60_000, "a").await.ok("requestPayout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_without_a_verified_account_names_the_page_that_helps() {
    let app = TestApp::start().await;
    let grace = earner(&app, "grace", 85_000).await;
    let refusal = async || {
        let reply = request(&grace, 60_000, "a").await;
        let error = reply.data("requestPayout")["userErrors"][0].clone();
        assert_eq!(error["code"], "PAYOUT_ACCOUNT_NOT_READY");
        (error["status"].clone(), error["onboardingUrl"].clone())
    };

    assert_eq!(refusal().await, (json!(null), json!(null)));
    let page = connect(&grace).await["onboardingUrl"].clone();
    assert_eq!(refusal().await, (json!("PENDING"), page.clone()));
    decide(&app, page.as_str().unwrap(), "restrict").await;
    assert_eq!(refusal().await, (json!("RESTRICTED"), page.clone()));
    assert_eq!((payouts(&app).await, earnings(&grace).await), (0, (85_000, 85_000, 0)));
    decide(&app, page.as_str().unwrap(), "verify").await;
    request(&grace, 60_000, "a").await.ok("requestPayout");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_little_and_too_much_are_refused_and_change_nothing() {
    let app = TestApp::start().await;
    let grace = ready(&app, "grace", 85_000, "verify").await;

    let small = request(&grace, 4_999, "a").await;
    let negative = request(&grace, -5_000, "b").await;
    let large = request(&grace, 85_001, "c").await;
    let huge = request(&grace, i64::MAX, "d").await;

    let minimum = json!({ "amountMinor": "5000", "currency": "CREDIT" });
    for refused in [&small, &negative] {
        assert_eq!(refused.codes("requestPayout"), ["AMOUNT_TOO_SMALL"]);
        assert_eq!(refused.data("requestPayout")["userErrors"][0]["minimum"], minimum);
    }
    for refused in [&large, &huge] {
        assert_eq!(refused.codes("requestPayout"), ["INSUFFICIENT_EARNINGS"]);
        let available = &refused.data("requestPayout")["userErrors"][0]["available"];
        assert_eq!(available, &json!({ "amountMinor": "85000", "currency": "CREDIT" }));
    }
    assert_eq!((payouts(&app).await, earnings(&grace).await), (0, (85_000, 85_000, 0)));
    let policies = app
        .anonymous()
        .query("{ policies { payouts { minimum { amountMinor currency } perHundredCredits { amountMinor currency } stepUpMinutes } } }")
        .await;
    assert_eq!(
        policies.data("policies")["payouts"],
        json!({ "minimum": minimum, "perHundredCredits": { "amountMinor": "1000", "currency": "USD" }, "stepUpMinutes": 10 })
    );
    request(&grace, 5_000, "e").await.ok("requestPayout");
    request(&grace, 80_000, "f").await.ok("requestPayout");
    assert_eq!(earnings(&grace).await, (0, 85_000, 85_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_and_the_currency_are_the_houses_and_money_is_rounded_down() {
    let app = TestApp::start_with(|config| {
        config.payouts.payout_currency = "JPY".to_owned();
        config.payouts.payout_per_100_credits = 1_499;
        config.payouts.payout_minimum_credits = 1;
    })
    .await;
    let grace = ready(&app, "grace", 85_000, "verify").await;

    let payout = request(&grace, 12_345, "a").await.ok("requestPayout")["payout"].clone();

    assert_eq!(payout["amount"], json!({ "amountMinor": "1850", "currency": "JPY" }), "1850.5155");
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_gives_the_same_payout_and_another_amount_is_a_conflict() {
    let app = TestApp::start().await;
    let (grace, bob) =
        (ready(&app, "grace", 85_000, "verify").await, ready(&app, "bob", 85_000, "verify").await);

    let answers = join_all((0..12).map(|_| request(&grace, 60_000, "key"))).await;
    let other = request(&grace, 5_000, "key").await;
    let others = request(&bob, 60_000, "key").await;

    let ids: BTreeSet<&str> =
        answers.iter().map(|answer| answer.ok("requestPayout")["payout"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1);
    let replayed = answers.iter().filter(|answer| answer.ok("requestPayout")["replayed"] == json!(true));
    assert_eq!(replayed.count(), 11);
    assert_eq!(other.codes("requestPayout"), ["IDEMPOTENCY_CONFLICT"]);
    assert_eq!(others.ok("requestPayout")["replayed"], json!(false));
    settle(&app).await;
    assert_eq!((earnings(&grace).await.0, earnings(&bob).await.0), (25_000, 25_000));
    assert_eq!(app.count("select count(*) from sandbox_payouts").await, 2);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_owes_is_not_paid_out() {
    let app = TestApp::start().await;
    let grace = ready(&app, "grace", 85_000, "verify").await;
    app.sql(
        "insert into ledger_accounts (id, kind, owner_id, asset, balance)
         select gen_random_uuid(), 'RECEIVABLE', owner_id, asset, 0 from ledger_accounts where kind = 'EARNINGS'
         on conflict do nothing;
         update ledger_accounts set balance = -30000 where kind = 'RECEIVABLE'
           and owner_id in (select owner_id from ledger_accounts where kind = 'EARNINGS')",
    )
    .await;

    let refused = request(&grace, 55_001, "a").await;
    assert_eq!(refused.codes("requestPayout"), ["INSUFFICIENT_EARNINGS"]);
    assert_eq!(refused.data("requestPayout")["userErrors"][0]["available"]["amountMinor"], "55000");
    assert_eq!((payouts(&app).await, earnings(&grace).await), (0, (85_000, 85_000, 0)));
    request(&grace, 55_000, "b").await.ok("requestPayout");
    assert_eq!(request(&grace, 5_000, "c").await.codes("requestPayout"), ["INSUFFICIENT_EARNINGS"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_payouts_at_once_take_no_more_than_there_is() {
    let app = TestApp::start().await;
    let grace = ready(&app, "grace", 85_000, "verify").await;

    let keys: Vec<String> = (0..100).map(|number| format!("key {number}")).collect();
    let answers = join_all(keys.iter().map(|key| request(&grace, 10_000, key))).await;

    let refused: Vec<Value> = answers
        .iter()
        .filter(|answer| !answer.codes("requestPayout").is_empty())
        .map(|answer| answer.data("requestPayout")["userErrors"][0].clone())
        .collect();
    assert_eq!(answers.len() - refused.len(), 8);
    assert!(
        refused
            .iter()
            .all(|error| error["code"] == "INSUFFICIENT_EARNINGS"
                && error["available"]["amountMinor"] == "5000"),
        "{refused:?}"
    );
    assert_eq!(earnings(&grace).await, (5_000, 85_000, 80_000));
    settle(&app).await;
    assert_eq!(app.count("select count(*) from sandbox_payouts").await, 8);
    assert_eq!(app.count("select count(*) from payouts where status = 'PAID'").await, 8);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payouts_are_listed_for_their_owner_and_for_nobody_else() {
    let app = TestApp::start().await;
    let (grace, bob) = (ready(&app, "grace", 85_000, "verify").await, app.mentor("bob").await);
    for key in ["a", "b", "c"] {
        request(&grace, 5_000, key).await.ok("requestPayout");
    }
    let list = "{ viewer { payouts(first: 2) { edges { node { id credits { amountMinor } } } pageInfo { hasNextPage endCursor } } } }";
    let page = async |client: &Client| client.query(list).await.data("viewer")["payouts"].clone();

    let (own, others) = (page(&grace).await, page(&bob).await);

    assert_eq!(own["edges"].as_array().unwrap().len(), 2);
    assert_eq!(own["pageInfo"]["hasNextPage"], json!(true));
    assert_eq!(others["edges"], json!([]));
    let id = own["edges"][0]["node"]["id"].as_str().unwrap();
    let node = format!("{{ node(id: \"{id}\") {{ id }} }}");
    assert_eq!(grace.query(&node).await.data("node")["id"], id);
    assert_eq!(bob.query(&node).await.data("node"), &json!(null));
    assert_eq!(app.anonymous().query(&node).await.data("node"), &json!(null));
    let stolen = bob
        .query(&format!(
            "{{ viewer {{ payouts(after: {}) {{ edges {{ cursor }} }} }} }}",
            own["pageInfo"]["endCursor"]
        ))
        .await;
    assert_eq!(stolen.error_codes(), ["CURSOR_INVALID"]);
    let entries = "{ viewer { earnings { entries(first: 1) { edges { node { kind amount { amountMinor } subjectId } } } } } }";
    assert_eq!(
        grace.query(entries).await.data("viewer")["earnings"]["entries"]["edges"][0]["node"],
        json!({ "kind": "PAYOUT", "amount": { "amountMinor": "-5000" }, "subjectId": id })
    );
}
