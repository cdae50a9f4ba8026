use futures_util::future::join_all;
use skillswap::{
    db::ids::{BookingId, MemberId},
    domains::wallet::service::{HoldError, Released},
};

use super::{assert_sound, buy, hold, refund, release};
use crate::support::TestApp;

/// Available, held and pending of a member, recounted from the postings.
async fn recount(app: &TestApp, member: MemberId) -> (i64, i64, i64) {
    use skillswap::db::ids::EntityId;
    let of = async |condition: &str| {
        app.count(&format!(
            "select coalesce(sum(p.amount), 0) from ledger_postings p join ledger_accounts a on a.id = p.account_id where {condition}"
        ))
        .await
    };
    let id = member.uuid();
    (
        of(&format!("a.kind = 'WALLET' and a.owner_id = '{id}'")).await,
        of(&format!("a.kind = 'ESCROW' and a.payer_id = '{id}'")).await,
        of(&format!("a.kind = 'EARNINGS' and a.owner_id = '{id}'")).await,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_leaves_the_wallet_at_once_and_a_release_pays_mentor_and_platform() {
    let app = TestApp::start().await;
    let (learner, mentor, booking) = (MemberId::new(), MemberId::new(), BookingId::new());
    buy(&app.app, learner, 5000).await.unwrap();

    hold(&app.app, booking, learner, 3333).await.unwrap();
    assert_eq!(recount(&app, learner).await, (1667, 3333, 0));
    let paid = release(&app.app, booking, mentor).await.unwrap();

    assert_eq!(paid, Released { earnings: 2833, fee: 500 });
    assert_eq!(recount(&app, learner).await, (1667, 0, 0));
    assert_eq!(recount(&app, mentor).await, (0, 0, 2833));
    assert_eq!(app.count("select sum(p.amount) from ledger_postings p join ledger_accounts a on a.id = p.account_id where kind = 'FEES'").await, 500);
    assert_eq!(app.count("select balance from ledger_accounts where kind = 'ESCROW'").await, 0);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_gives_the_whole_price_back_once() {
    let app = TestApp::start().await;
    let (learner, booking) = (MemberId::new(), BookingId::new());
    buy(&app.app, learner, 5000).await.unwrap();
    hold(&app.app, booking, learner, 3333).await.unwrap();

    assert_eq!(refund(&app.app, booking, learner).await.unwrap(), 3333);
    assert_eq!(refund(&app.app, booking, learner).await.unwrap(), 0);
    assert_eq!(release(&app.app, booking, MemberId::new()).await.unwrap(), Released::default());

    assert_eq!(recount(&app, learner).await, (5000, 0, 0));
    assert_eq!(app.count("select count(*) from ledger_transactions").await, 3);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_little_is_refused_with_what_is_missing_and_changes_nothing() {
    let app = TestApp::start().await;
    let learner = MemberId::new();
    buy(&app.app, learner, 100).await.unwrap();

    let refused = hold(&app.app, BookingId::new(), learner, 101).await;
    let stranger = hold(&app.app, BookingId::new(), MemberId::new(), 7).await;

    assert!(matches!(refused, Err(HoldError::Insufficient { missing: 1 })), "{refused:?}");
    assert!(matches!(stranger, Err(HoldError::Insufficient { missing: 7 })), "{stranger:?}");
    assert_eq!(recount(&app, learner).await, (100, 0, 0));
    assert_eq!(app.count("select count(*) from ledger_transactions").await, 1);
    assert_eq!(app.count("select count(*) from ledger_accounts where kind in ('WALLET', 'ESCROW')").await, 1);
    assert_eq!(app.count("select count(*) from events").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_booking_moves_nothing() {
    let app = TestApp::start().await;
    let (learner, booking) = (MemberId::new(), BookingId::new());

    hold(&app.app, booking, learner, 0).await.unwrap();

    assert_eq!(release(&app.app, booking, MemberId::new()).await.unwrap(), Released::default());
    assert_eq!(refund(&app.app, booking, learner).await.unwrap(), 0);
    assert_eq!(app.count("select count(*) from ledger_accounts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_holds_at_once_take_no_more_than_there_is() {
    let app = TestApp::start().await;
    let learner = MemberId::new();
    buy(&app.app, learner, 1050).await.unwrap();

    let outcomes = join_all((0..20).map(|_| hold(&app.app, BookingId::new(), learner, 100))).await;

    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 10);
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Ok(()) | Err(HoldError::Insufficient { missing: 50 }))),
        "{outcomes:?}"
    );
    assert_eq!(recount(&app, learner).await, (50, 1000, 0));
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_ends_once_however_many_try() {
    let app = TestApp::start().await;
    let (learner, mentor, booking) = (MemberId::new(), MemberId::new(), BookingId::new());
    buy(&app.app, learner, 1000).await.unwrap();
    hold(&app.app, booking, learner, 1000).await.unwrap();

    let releases = join_all((0..5).map(|_| release(&app.app, booking, mentor)));
    let refunds = join_all((0..5).map(|_| refund(&app.app, booking, learner)));
    let (releases, refunds) = futures_util::future::join(releases, refunds).await;

    let paid: i64 = releases
        .iter()
        .map(|paid| {
            let paid = paid.as_ref().unwrap();
            paid.earnings + paid.fee
        })
        .sum();
    let back: i64 = refunds.iter().map(|back| back.as_ref().unwrap()).sum();
    assert_eq!(paid + back, 1000);
    assert!(paid == 0 || back == 0);
    assert_eq!(
        app.count("select count(*) from ledger_transactions where kind in ('RELEASE', 'REFUND')").await,
        1
    );
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_purchases_at_once_share_one_wallet() {
    let app = TestApp::start().await;
    let member = MemberId::new();

    let bought = join_all((0..10).map(|_| buy(&app.app, member, 100))).await;

    assert!(bought.iter().all(Result::is_ok), "{bought:?}");
    assert_eq!(recount(&app, member).await, (1000, 0, 0));
    assert_eq!(app.count("select count(*) from ledger_accounts").await, 5);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_one_statement() {
    let app = TestApp::start().await;
    let learner = MemberId::new();
    buy(&app.app, learner, 10_000).await.unwrap();
    for _ in 0..20 {
        hold(&app.app, BookingId::new(), learner, 1).await.unwrap();
    }

    let (calls, plans) = app.statements(|| hold(&app.app, BookingId::new(), learner, 1)).await;

    // begin, the hold, its event, commit, and at commit the check of each posting.
    assert_eq!((calls, plans), (6, 0));
}
