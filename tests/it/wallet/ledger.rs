use skillswap::{
    db::ids::{BookingId, EntityId, MemberId, PaymentId},
    domains::wallet::service,
};

use super::{assert_sound, buy, buy_for, hold};
use crate::support::{TestApp, database};

/// Runs SQL that must fail, and gives the refusal.
async fn refusal(app: &TestApp, statement: &str) -> String {
    let error = database::sql(&app.database_url, statement).await.expect_err(statement);
    error.as_db_error().expect("the database's word").message().to_owned()
}

const ACCOUNT: &str = "(select id from ledger_accounts where kind = 'WALLET')";
const ISSUED: &str = "(select id from ledger_accounts where kind = 'ISSUED')";

#[tokio::test(flavor = "multi_thread")]
async fn an_unbalanced_transaction_is_refused_at_commit() {
    let app = TestApp::start().await;
    buy(&app.app, MemberId::new(), 1000).await.unwrap();
    let insert = |amount: i64| {
        format!(
        "begin;
         insert into ledger_transactions values ('018f0000-0000-7000-8000-000000000001', 'PURCHASE', gen_random_uuid(), now());
         insert into ledger_postings values ('018f0000-0000-7000-8000-000000000001', {ACCOUNT}, 'CREDIT/2', 100);
         insert into ledger_postings values ('018f0000-0000-7000-8000-000000000001', {ISSUED}, 'CREDIT/2', {amount});
         commit"
    )
    };

    let said = refusal(&app, &insert(-99)).await;

    assert!(said.ends_with("does not sum to zero"), "{said}");
    assert_eq!(app.count("select count(*) from ledger_postings").await, 4);
    app.sql(&insert(-100)).await; // each statement alone is unbalanced, which is fine until the commit
    assert_eq!(app.count("select count(*) from ledger_postings").await, 6);
    // A later posting to an old transaction is checked as well.
    let late = format!(
        "insert into ledger_postings select id, {ISSUED}, 'CREDIT/2', 5 from ledger_transactions order by id desc limit 1"
    );
    assert!(!refusal(&app, &late).await.is_empty());
    assert_eq!(app.count("select count(*) from ledger_postings").await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_posted_is_never_changed() {
    let app = TestApp::start().await;
    buy(&app.app, MemberId::new(), 1000).await.unwrap();

    for (statement, said) in [
        ("update ledger_postings set amount = amount * 2", "ledger_postings is append-only: UPDATE refused"),
        ("delete from ledger_postings", "ledger_postings is append-only: DELETE refused"),
        ("truncate ledger_postings", "ledger_postings is append-only: TRUNCATE refused"),
        (
            "update ledger_transactions set created_at = now()",
            "ledger_transactions is append-only: UPDATE refused",
        ),
        ("delete from ledger_transactions", "ledger_transactions is append-only: DELETE refused"),
        ("truncate ledger_transactions cascade", "ledger_transactions is append-only: TRUNCATE refused"),
    ] {
        assert_eq!(refusal(&app, statement).await, said);
    }
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_balance_can_be_negative_and_no_posting_crosses_assets() {
    let app = TestApp::start().await;
    buy(&app.app, MemberId::new(), 1000).await.unwrap();

    for statement in [
        "update ledger_accounts set balance = -1 where kind = 'WALLET'",
        "update ledger_accounts set held = -1 where kind = 'WALLET'",
        "update ledger_accounts set balance = null where kind = 'WALLET'",
        "insert into ledger_accounts select gen_random_uuid(), kind, owner_id, asset, 0, null, 0 from ledger_accounts where kind = 'WALLET'",
    ] {
        refusal(&app, statement).await;
    }
    let foreign = format!(
        "begin;
         insert into ledger_transactions values ('018f0000-0000-7000-8000-000000000001', 'PURCHASE', gen_random_uuid(), now());
         insert into ledger_postings values ('018f0000-0000-7000-8000-000000000001', {ACCOUNT}, 'USD/2', 5);
         commit"
    );
    assert!(refusal(&app, &foreign).await.contains("foreign key"));
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_payment_is_credited_once_whatever_the_code_does() {
    let app = TestApp::start().await;
    let (payment, member) = (PaymentId::new(), MemberId::new());
    buy_for(&app.app, payment, member, 1000).await.unwrap();

    let again = buy_for(&app.app, payment, member, 1000).await;

    assert!(again.is_err());
    assert_eq!(app.count("select balance from ledger_accounts where kind = 'WALLET'").await, 1000);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_finds_every_kind_of_damage() {
    let app = TestApp::start().await;
    let learner = MemberId::new();
    buy(&app.app, learner, 1000).await.unwrap();
    let booking = BookingId::new();
    hold(&app.app, booking, learner, 400).await.unwrap();
    assert_sound(&app.app).await;

    app.sql("update ledger_accounts set balance = balance + 1 where kind = 'WALLET'").await;
    assert_eq!(broken_rules(&app).await, ["kept balance equals postings"]);
    app.sql("update ledger_accounts set balance = balance - 1, held = 399 where kind = 'WALLET'").await;
    assert_eq!(broken_rules(&app).await, ["held equals open escrows"]);
    app.sql("update ledger_accounts set held = 400 where kind = 'WALLET'").await;
    assert_sound(&app.app).await;
    // Triggers off, as somebody with all rights on the database could have them.
    app.sql(
        "set session_replication_role = replica; update ledger_postings set amount = 401 where amount = 400",
    )
    .await;
    assert_eq!(
        broken_rules(&app).await,
        ["asset sums to zero", "transaction sums to zero", "kept balance equals postings"]
    );
    app.sql(
        "set session_replication_role = replica; update ledger_postings set amount = 400 where amount = 401",
    )
    .await;
    app.sql(&format!(
        "insert into ledger_transactions values (gen_random_uuid(), 'RELEASE', '{}', now())",
        booking.uuid()
    ))
    .await;
    assert_eq!(
        broken_rules(&app).await,
        [
            "transaction has postings",
            "escrow of a finished booking is zero",
            "the chain runs through everything"
        ]
    );
}

async fn broken_rules(app: &TestApp) -> Vec<String> {
    let report = service::verify(&mut app.app.conn().await.unwrap()).await.unwrap();
    assert!(!report.is_sound());
    report.faults.into_iter().map(|fault| fault.rule).collect()
}
