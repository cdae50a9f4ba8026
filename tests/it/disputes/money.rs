use chrono::TimeDelta;
use serde_json::json;
use skillswap::{
    db::{
        ids::{self, EntityId, MemberId, PayoutId},
        transact,
    },
    domains::wallet::{
        model::{Amount, Asset},
        service,
    },
};

use super::{Case, accept, act, confirm, hold, kept, offer, parts, resolve, state};
use crate::support::{Client, TestApp};

/// Everything that the mentor has earned leaves.
async fn pay_out(app: &TestApp, mentor: &Client) {
    let member = MemberId::from_uuid(ids::decode(&mentor.id).expect("an id").1);
    let (credits, money) =
        (kept(app, "EARNINGS", mentor).await, Amount { minor: 510, asset: Asset::of("USD") });
    let paid =
        transact(&app.app, async |tx| service::pay_out(tx, PayoutId::new(), member, credits, &money).await);
    paid.await.unwrap();
}

async fn platform(app: &TestApp, kind: &str) -> i64 {
    app.count(&format!(
        "select coalesce(sum(p.amount), 0) from ledger_postings p join ledger_accounts a on a.id = p.account_id where a.kind = '{kind}' and a.asset = 'CREDIT/2'"
    ))
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_completed_booking_paid_comes_back_and_is_divided_by_the_decision() {
    let case = Case::ended().await;
    case.confirm().await;
    assert_eq!((case.money().await, platform(&case.app, "FEES").await), ((94_000, 0, 5100), 900));

    let dispute = case.dispute(&case.learner, 6000).await;

    assert_eq!((case.booking().await, case.money().await), ("DISPUTED HELD".to_owned(), (94_000, 6000, 0)));
    assert_eq!(platform(&case.app, "FEES").await, 0);
    case.assert_sound().await;
    act(&case.mentor, "respondDispute", &dispute, offer(0)).await.ok("respondDispute");
    let admin = case.app.admin("root").await;
    let before = state(&case.app).await;
    for wrong in [(6000, 1, 0), (0, 0, 0), (1000, 4000, 999), (i64::MAX, i64::MAX, 2), (3000, 2999, 0)] {
        let refused = resolve(&admin, &dispute, wrong, &format!("{wrong:?}")).await;
        let error = &refused.data("resolveDispute")["userErrors"][0];
        assert_eq!(
            (&error["code"], &error["held"]["amountMinor"]),
            (&json!("SPLIT_MISMATCH"), &json!("6000"))
        );
    }
    let negative = resolve(&admin, &dispute, (7000, -1000, 0), "negative").await;
    assert_eq!(negative.codes("resolveDispute"), ["VALIDATION"]);
    assert_eq!(state(&case.app).await, before);

    let resolved = resolve(&admin, &dispute, (1001, 4000, 999), "right").await;

    let shown = &resolved.ok("resolveDispute")["dispute"];
    assert_eq!((parts(shown), &shown["outcome"]), ((1001, 4000, 999), &json!("DECIDED")));
    assert_eq!(shown["decision"], "Both were there for half of it.");
    assert_eq!((case.booking().await, case.money().await), ("COMPLETED SPLIT".to_owned(), (95_001, 0, 4000)));
    assert_eq!(platform(&case.app, "FEES").await, 999);
    let audit = case
        .app
        .sql("select subject, reason, details from audit_log where action = 'DISPUTE_RESOLVED'")
        .await;
    assert_eq!(audit.len(), 1);
    assert_eq!((&audit[0][0], &*audit[0][1]), (&dispute, "Both were there for half of it."));
    assert!(audit[0][2].contains("1001"), "{audit:?}");
    // Counted once, though it was completed twice.
    assert_eq!(case.app.count("select sessions_completed from mentors").await, 1);
    case.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_payout_the_mentor_owes_and_later_earnings_pay_that_first() {
    let mut case = Case::ended().await;
    case.confirm().await;
    pay_out(&case.app, &case.mentor).await;
    case.assert_sound().await;

    let dispute = case.dispute(&case.learner, 6000).await;

    assert_eq!(case.money().await, (94_000, 6000, 0));
    assert_eq!(kept(&case.app, "RECEIVABLE", &case.mentor).await, -5100);
    case.assert_sound().await;
    act(&case.mentor, "respondDispute", &dispute, accept()).await.ok("respondDispute");
    assert_eq!(
        (case.booking().await, case.money().await),
        ("COMPLETED REFUNDED".to_owned(), (100_000, 0, 0))
    );
    assert_eq!(kept(&case.app, "RECEIVABLE", &case.mentor).await, -5100);
    case.assert_sound().await;

    // What the next two sessions earn: first the debt, then the mentor.
    for (owed, earned) in [(0, 0), (0, 5100)] {
        let next = case.learner.book(&case.mentor, case.app.hour_after(TimeDelta::hours(3))).await;
        case.app.advance(next.starts_at - case.app.now());
        case.sign_in().await;
        hold(&case.mentor, &next).await;
        confirm(&case.learner, &next).await.ok("confirmSession");
        let now = (kept(&case.app, "RECEIVABLE", &case.mentor).await, case.money().await.2);
        assert_eq!(now, (owed, earned));
        case.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mentor_who_wins_after_a_payout_owes_nothing_any_more() {
    let case = Case::ended().await;
    case.confirm().await;
    pay_out(&case.app, &case.mentor).await;
    let dispute = case.dispute(&case.learner, 6000).await;
    let admin = case.app.admin("root").await;

    resolve(&admin, &dispute, (0, 5100, 900), "all").await.ok("resolveDispute");

    assert_eq!((case.booking().await, case.money().await), ("COMPLETED RELEASED".to_owned(), (94_000, 0, 0)));
    assert_eq!(kept(&case.app, "RECEIVABLE", &case.mentor).await, 0);
    case.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawing_pays_a_completed_booking_exactly_as_before() {
    let case = Case::ended().await;
    case.confirm().await;
    let dispute = case.dispute(&case.learner, 1234).await;

    act(&case.learner, "withdrawDispute", &dispute, json!({})).await.ok("withdrawDispute");

    assert_eq!(
        (case.booking().await, case.money().await),
        ("COMPLETED RELEASED".to_owned(), (94_000, 0, 5100))
    );
    assert_eq!(platform(&case.app, "FEES").await, 900);
    // And once more by the other side, which ends in a split.
    let second = case.dispute(&case.mentor, 2000).await;
    assert_eq!(case.money().await, (94_000, 6000, 0));
    act(&case.learner, "respondDispute", &second, accept()).await.ok("respondDispute");
    assert_eq!(case.money().await, (96_000, 0, 3400));
    case.assert_sound().await;
}
