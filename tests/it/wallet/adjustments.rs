//! Corrections of wallets by administrators: one alone up to a limit, two above it.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::assert_sound;
use crate::support::{Client, Reply, TestApp};

const ADJUSTMENT: &str =
    "replayed adjustment { id status amount { amountMinor currency } promotional reason viewerCanApprove
    requestedBy { id } decidedBy { id } member { id } }";

async fn adjust(admin: &Client, member: &Client, amount: i64, key: &str) -> Reply {
    adjust_with(admin, member, amount, key, json!({})).await
}

async fn adjust_with(admin: &Client, member: &Client, amount: i64, key: &str, more: Value) -> Reply {
    let mut input = json!({
        "memberId": member.id, "amount": amount.to_string(), "reason": "the mentor was ill", "idempotencyKey": key,
    });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    admin.mutate("adminAdjustCredits", ADJUSTMENT, input).await
}

async fn approve(admin: &Client, adjustment: &Value) -> Reply {
    admin.mutate("adminApproveAdjustment", ADJUSTMENT, json!({ "adjustmentId": adjustment })).await
}

async fn reject(admin: &Client, adjustment: &Value) -> Reply {
    admin.mutate("adminRejectAdjustment", ADJUSTMENT, json!({ "adjustmentId": adjustment })).await
}

/// Everything that an adjustment may change.
async fn state(app: &TestApp) -> Vec<Vec<String>> {
    app.sql(
        "select (select count(*) from ledger_transactions), (select count(*) from adjustments where status <> 'WAITING'),
                (select count(*) from promotions), (select count(*) from events)",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_moves_credits_once_and_the_member_sees_why() {
    let app = TestApp::start().await;
    let (root, ada) = (app.admin("root").await, app.member("ada").await);

    let given = adjust(&root, &ada, 1500, "a").await;
    let again = adjust(&root, &ada, 1500, "a").await;
    let other = adjust(&root, &ada, 1501, "a").await;
    let taken = adjust(&root, &ada, -400, "b").await;

    let adjustment = &given.ok("adminAdjustCredits")["adjustment"];
    assert_eq!(
        (
            &adjustment["status"],
            &adjustment["amount"],
            &adjustment["requestedBy"]["id"],
            &adjustment["decidedBy"]
        ),
        (
            &json!("POSTED"),
            &json!({ "amountMinor": "1500", "currency": "CREDIT" }),
            &json!(root.id),
            &Value::Null
        )
    );
    assert_eq!(again.ok("adminAdjustCredits")["adjustment"]["id"], adjustment["id"]);
    assert_eq!(again.ok("adminAdjustCredits")["replayed"], true);
    assert_eq!(other.codes("adminAdjustCredits"), ["IDEMPOTENCY_CONFLICT"]);
    taken.ok("adminAdjustCredits");
    assert_eq!(app.credits(&ada).await.0, 1100);
    let equity = "select -sum(p.amount) from ledger_postings p join ledger_accounts a on a.id = p.account_id where a.kind = 'EQUITY'";
    assert_eq!(app.count(equity).await, 1100);

    let seen = ada
        .query("{ viewer { wallet { entries { edges { node { kind amount { amountMinor } subjectId reason } } } }
                  notifications { edges { node { kind body } } } } }")
        .await;
    let entries = &seen.data("viewer")["wallet"]["entries"]["edges"];
    assert_eq!(
        entries[1]["node"],
        json!({ "kind": "ADJUSTMENT", "amount": { "amountMinor": "1500" }, "subjectId": adjustment["id"], "reason": "the mentor was ill" })
    );
    let inbox = &seen.data("viewer")["notifications"]["edges"];
    assert_eq!(
        inbox[0]["node"]["body"],
        "4.00 credits were taken from your wallet by an administrator: “the mentor was ill”"
    );
    let acts = app.sql("select action, subject, reason, details::jsonb->>'amount' from audit_log where action = 'CREDITS_ADJUSTED' order by id").await;
    assert_eq!(acts.len(), 2);
    assert_eq!(acts[0], ["CREDITS_ADJUSTED", &ada.id, "the mentor was ill", "15.00 CREDIT"]);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn above_the_limit_another_administrator_approves_and_only_one_of_many_does() {
    let app = TestApp::start().await;
    let (root, ada) = (app.admin("root").await, app.member("ada").await);
    let others = [app.admin("one").await, app.admin("two").await, app.admin("three").await];
    let before = state(&app).await;

    let waits = adjust(&root, &ada, 100_001, "a").await;
    assert_eq!(waits.codes("adminAdjustCredits"), ["APPROVAL_REQUIRED"]);
    let adjustment = waits.data("adminAdjustCredits")["adjustment"].clone();
    assert_eq!((&adjustment["status"], &adjustment["viewerCanApprove"]), (&json!("WAITING"), &json!(false)));
    let own = approve(&root, &adjustment["id"]).await;
    assert_eq!(own.codes("adminApproveAdjustment"), ["FORBIDDEN"]);
    assert_eq!(state(&app).await, before);
    let listed = others[0]
        .query("{ adminAdjustments(status: WAITING) { edges { node { id viewerCanApprove } } } }")
        .await;
    assert_eq!(
        listed.data("adminAdjustments")["edges"],
        json!([{ "node": { "id": adjustment["id"], "viewerCanApprove": true } }])
    );

    let approvals = join_all(others.iter().map(|admin| approve(admin, &adjustment["id"]))).await;

    let done: Vec<&Reply> = approvals
        .iter()
        .filter(|reply| reply.data("adminApproveAdjustment")["adjustment"].is_object())
        .collect();
    assert_eq!(done.len(), 1, "{approvals:?}");
    assert_eq!(done[0].ok("adminApproveAdjustment")["adjustment"]["status"], "POSTED");
    assert_eq!(app.credits(&ada).await.0, 100_001);
    let by = done[0].ok("adminApproveAdjustment")["adjustment"]["decidedBy"]["id"].clone();
    let winner = others.iter().find(|admin| by == json!(admin.id)).unwrap();
    let again = approve(winner, &adjustment["id"]).await;
    assert_eq!(again.ok("adminApproveAdjustment")["replayed"], true);
    assert_eq!(
        reject(winner, &adjustment["id"]).await.codes("adminRejectAdjustment"),
        ["INVALID_TRANSITION"]
    );
    assert_eq!(app.credits(&ada).await.0, 100_001);
    let acts = app.sql("select action from audit_log where action like 'ADJUSTMENT%' or action = 'CREDITS_ADJUSTED' order by id").await;
    assert_eq!(acts, [["ADJUSTMENT_REQUESTED"], ["CREDITS_ADJUSTED"]]);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_adjustments_are_no_way_around_the_limit() {
    let app = TestApp::start().await;
    let (root, ada, bob) = (app.admin("root").await, app.member("ada").await, app.member("bob").await);

    let outcomes = join_all((0..10).map(|place| {
        let (root, member) = (&root, if place % 2 == 0 { &ada } else { &bob });
        async move { adjust(root, member, 20_000, &format!("key {place}")).await }
    }))
    .await;

    let posted = outcomes.iter().filter(|reply| reply.codes("adminAdjustCredits").is_empty()).count();
    assert_eq!(posted, 5, "1,000.00 credits within a day");
    assert_eq!(app.credits(&ada).await.0 + app.credits(&bob).await.0, 100_000);
    app.advance(TimeDelta::hours(25));
    let root = app.sign_in_again("root@example.org").await;
    app.step_up(&root).await;
    adjust(&root, &ada, 20_000, "tomorrow").await.ok("adminAdjustCredits");
    let own = adjust(&root, &root, 1, "own").await;
    assert_eq!(own.codes("adminAdjustCredits"), ["APPROVAL_REQUIRED"]);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_refused_and_nothing_changes() {
    let app = TestApp::start().await;
    let (root, ada, eve) = (app.admin("root").await, app.member("ada").await, app.member("eve").await);
    let waiting =
        adjust(&root, &ada, 500_000, "large").await.data("adminAdjustCredits")["adjustment"]["id"].clone();
    let taken_back =
        adjust(&root, &ada, 500_000, "larger").await.data("adminAdjustCredits")["adjustment"]["id"].clone();
    let before = state(&app).await;

    assert_eq!(adjust(&eve, &eve, 100, "a").await.error_codes(), ["FORBIDDEN"]);
    assert_eq!(approve(&eve, &waiting).await.error_codes(), ["FORBIDDEN"]);
    assert_eq!(adjust(&app.anonymous(), &ada, 100, "a").await.error_codes(), ["UNAUTHENTICATED"]);
    assert_eq!(
        eve.query("{ adminAdjustments { edges { node { id } } } }").await.error_codes(),
        ["FORBIDDEN"]
    );
    let node = eve.run("query($id: ID!) { node(id: $id) { id } }", json!({ "id": waiting })).await;
    assert_eq!(node.data("node"), &Value::Null);
    assert_eq!(adjust(&root, &ada, -1, "a").await.codes("adminAdjustCredits"), ["INSUFFICIENT_FUNDS"]);
    assert_eq!(adjust(&root, &ada, 0, "b").await.codes("adminAdjustCredits"), ["VALIDATION"]);
    assert_eq!(
        adjust_with(&root, &ada, 5, "c", json!({ "asset": "USD/3" })).await.codes("adminAdjustCredits"),
        ["VALIDATION"]
    );
    assert_eq!(
        adjust_with(&root, &ada, -5, "d", json!({ "promotional": true })).await.codes("adminAdjustCredits"),
        ["VALIDATION"]
    );
    let unknown = json!({ "memberId": skillswap::db::ids::MemberId::new().to_string() });
    assert_eq!(adjust_with(&root, &ada, 5, "e", unknown).await.codes("adminAdjustCredits"), ["NOT_FOUND"]);
    assert_eq!(state(&app).await, before);

    app.sql("delete from step_ups").await;
    assert_eq!(adjust(&root, &ada, 5, "f").await.codes("adminAdjustCredits"), ["STEP_UP_REQUIRED"]);
    assert_eq!(approve(&root, &waiting).await.codes("adminApproveAdjustment"), ["STEP_UP_REQUIRED"]);
    app.step_up(&root).await;
    let back = reject(&root, &taken_back).await;
    assert_eq!(back.ok("adminRejectAdjustment")["adjustment"]["status"], "REJECTED");
    assert_eq!(app.credits(&ada).await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn promotional_credits_and_other_assets_are_given_the_same_way() {
    let app = TestApp::start().await;
    let (root, ada) = (app.admin("root").await, app.member("ada").await);

    adjust_with(&root, &ada, 700, "gift", json!({ "promotional": true })).await.ok("adminAdjustCredits");
    for (asset, amount) in [("USD/2", 1234), ("EUR/2", 5), ("INR/2", 6), ("JPY/0", 7)] {
        adjust_with(&root, &ada, amount, asset, json!({ "asset": asset })).await.ok("adminAdjustCredits");
    }
    // Only what was bought or earned is taken.
    assert_eq!(adjust(&root, &ada, -1, "x").await.codes("adminAdjustCredits"), ["INSUFFICIENT_FUNDS"]);

    let seen = ada
        .query("{ viewer { wallets { asset available { amountMinor currency } promotional { amountMinor } }
                  yen: wallet(asset: \"JPY/0\") { available { amountMinor } currency entries { edges { node { kind amount { amountMinor currency } } } } }
                  none: wallet(asset: \"KWD/3\") { asset } } }")
        .await;
    let viewer = seen.data("viewer");
    let wallets: Vec<Value> = viewer["wallets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|wallet| {
            json!([wallet["asset"], wallet["available"]["amountMinor"], wallet["promotional"]["amountMinor"]])
        })
        .collect();
    assert_eq!(
        wallets,
        [
            json!(["CREDIT/2", "700", "700"]),
            json!(["EUR/2", "5", "0"]),
            json!(["INR/2", "6", "0"]),
            json!(["JPY/0", "7", "0"]),
            json!(["USD/2", "1234", "0"])
        ]
    );
    assert_eq!(viewer["none"], Value::Null);
    assert_eq!(
        viewer["yen"],
        json!({ "available": { "amountMinor": "7" }, "currency": "JPY",
                "entries": { "edges": [{ "node": { "kind": "ADJUSTMENT", "amount": { "amountMinor": "7", "currency": "JPY" } } }] } })
    );
    for asset in ["CREDIT/2", "USD/2", "EUR/2", "INR/2", "JPY/0"] {
        let proof = ada.query(&format!("{{ ledgerProof(asset: \"{asset}\") {{ balanced }} }}")).await;
        assert_eq!(proof.data("ledgerProof")["balanced"], true, "{asset}");
    }
    assert_sound(&app.app).await;
}
