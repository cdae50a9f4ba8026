//! Bought and promotional credits, told apart: order of use, end, and what comes back.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use skillswap::{
    app::App,
    db::{
        ids::{BookingId, MemberId},
        transact,
    },
    domains::wallet::{
        model::{Amount, Asset},
        service::{self, Hold, HoldError, promotions},
    },
};

use super::{assert_sound, buy, hold, refund, release};
use crate::support::{Client, TestApp};

pub async fn grant(app: &App, member: MemberId, credits: i64) -> diesel::QueryResult<()> {
    let amount = Amount { minor: credits, asset: Asset::credit() };
    transact(app, async |tx| promotions::grant(tx, member, &amount, "welcome").await.map(drop)).await
}

/// Available, promotional and held of a wallet.
async fn wallet(app: &TestApp, member: MemberId) -> [i64; 3] {
    use skillswap::db::ids::EntityId;
    let id = member.uuid();
    let rows = app
        .sql(&format!("select balance, promotional, held from ledger_accounts where kind = 'WALLET' and owner_id = '{id}'"))
        .await;
    [0, 1, 2].map(|column| rows[0][column].parse().unwrap())
}

/// What is left of each promotion, in the order in which they were given.
async fn left(app: &TestApp) -> Vec<i64> {
    let rows = app.sql("select remaining from promotions order by id").await;
    rows.iter().map(|row| row[0].parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn promotional_credits_are_used_first_and_of_them_those_that_end_first() {
    let app = TestApp::start().await;
    let member = MemberId::new();
    buy(&app.app, member, 1000).await.unwrap();
    grant(&app.app, member, 100).await.unwrap();
    app.advance(TimeDelta::days(10));
    grant(&app.app, member, 50).await.unwrap();
    assert_eq!(wallet(&app, member).await, [1150, 150, 0]);

    let [first, second, third] = [0; 3].map(|_| BookingId::new());
    hold(&app.app, first, member, 30).await.unwrap();
    assert_eq!((wallet(&app, member).await, left(&app).await), ([1120, 120, 30], vec![70, 50]));
    hold(&app.app, second, member, 90).await.unwrap();
    assert_eq!((wallet(&app, member).await, left(&app).await), ([1030, 30, 120], vec![0, 30]));
    hold(&app.app, third, member, 100).await.unwrap();
    assert_eq!((wallet(&app, member).await, left(&app).await), ([930, 0, 220], vec![0, 0]));
    assert_sound(&app.app).await;

    // The same kind comes back, to the gift that it came from; what is paid out is used up.
    refund(&app.app, third, member).await.unwrap();
    assert_eq!((wallet(&app, member).await, left(&app).await), ([1030, 30, 120], vec![0, 30]));
    release(&app.app, first, MemberId::new()).await.unwrap();
    refund(&app.app, second, member).await.unwrap();
    assert_eq!((wallet(&app, member).await, left(&app).await), ([1120, 120, 0], vec![70, 50]));
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_used_in_time_ends_once_and_the_member_is_told() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let member: MemberId = ada.id.parse().unwrap();
    buy(&app.app, member, 1000).await.unwrap();
    grant(&app.app, member, 100).await.unwrap();
    let booking = BookingId::new();
    hold(&app.app, booking, member, 40).await.unwrap();

    app.advance(TimeDelta::days(90) - TimeDelta::minutes(1));
    assert_eq!(promotions::expire_promotions(&app.app).await.unwrap(), 0);
    assert_eq!(wallet(&app, member).await, [1060, 60, 40]);
    app.advance(TimeDelta::minutes(2));
    let ended = join_all((0..4).map(|_| promotions::expire_promotions(&app.app))).await;
    assert!(ended.iter().all(Result::is_ok), "{ended:?}");

    assert_eq!((wallet(&app, member).await, left(&app).await), ([1000, 0, 40], vec![0]));
    let given = "select sum(p.amount) from ledger_postings p join ledger_accounts a on a.id = p.account_id where a.kind = 'PROMOTIONS'";
    assert_eq!(app.count(given).await, -40);
    assert_sound(&app.app).await;
    // What comes back later keeps its end, which is over.
    refund(&app.app, booking, member).await.unwrap();
    assert_eq!(wallet(&app, member).await, [1040, 40, 0]);
    assert_eq!(promotions::expire_promotions(&app.app).await.unwrap(), 1);
    assert_eq!((wallet(&app, member).await, app.count(given).await), ([1000, 0, 0], 0));
    assert_sound(&app.app).await;

    let ada = app.sign_in("ada@example.org").await;
    let inbox = ada.query("{ viewer { notifications { edges { node { kind body } } } } }").await;
    let told: Vec<Value> = inbox.data("viewer")["notifications"]["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| json!([edge["node"]["kind"], edge["node"]["body"]]))
        .collect();
    assert_eq!(
        told[0],
        json!(["PROMOTION_EXPIRED", "0.40 credits of your promotional credits were not used in time."])
    );
    assert_eq!(
        told[1],
        json!(["PROMOTION_EXPIRED", "0.60 credits of your promotional credits were not used in time."])
    );
    assert_eq!(told[2][0], "PROMOTION_GRANTED");
    let kinds =
        app.sql("select kind from events where kind like 'PROMOTION%' order by occurred_at, seq").await;
    assert_eq!(kinds, [["PROMOTION_GRANTED"], ["PROMOTION_EXPIRED"], ["PROMOTION_EXPIRED"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_and_the_end_at_once_never_take_more_than_there_is() {
    let app = TestApp::start().await;
    let member = MemberId::new();
    buy(&app.app, member, 450).await.unwrap();
    for _ in 0..5 {
        grant(&app.app, member, 110).await.unwrap();
    }

    let outcomes = join_all((0..20).map(|_| hold(&app.app, BookingId::new(), member, 100))).await;

    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 10, "{outcomes:?}");
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Ok(()) | Err(HoldError::Insufficient { missing: 100 })))
    );
    assert_eq!(wallet(&app, member).await, [0, 0, 1000]);
    assert_eq!(app.count("select sum(amount)::bigint from promotion_uses").await, 550);
    assert_sound(&app.app).await;

    for _ in 0..5 {
        grant(&app.app, member, 110).await.unwrap();
    }
    app.advance(TimeDelta::days(91));
    let holds = join_all((0..5).map(|_| hold(&app.app, BookingId::new(), member, 30)));
    let (holds, ended) = futures_util::future::join(holds, promotions::expire_promotions(&app.app)).await;
    ended.unwrap();
    let taken = i64::try_from(holds.iter().filter(|hold| hold.is_ok()).count()).unwrap() * 30;
    assert_eq!(wallet(&app, member).await, [0, 0, 1000 + taken]);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_learners_hold_together_with_and_without_promotional_credits() {
    let app = TestApp::start().await;
    let learners: Vec<MemberId> = (0..8).map(|_| MemberId::new()).collect();
    for (place, learner) in learners.iter().enumerate() {
        buy(&app.app, *learner, 100).await.unwrap();
        if place % 2 == 0 {
            grant(&app.app, *learner, 70).await.unwrap();
        }
    }
    let holds: Vec<Hold> =
        learners.iter().map(|&learner| Hold { learner, booking: BookingId::new(), price: 90 }).collect();

    let all: diesel::QueryResult<bool> =
        transact(&app.app, async |tx| service::hold_all(tx, &holds).await).await;

    assert!(all.unwrap());
    assert_eq!(wallet(&app, learners[0]).await, [80, 0, 90]);
    assert_eq!(wallet(&app, learners[1]).await, [10, 0, 90]);
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_takes_promotional_credits_for_bought_ones() {
    let app = TestApp::start().await;
    let member = MemberId::new();
    buy(&app.app, member, 100).await.unwrap();
    grant(&app.app, member, 70).await.unwrap();

    let taken = crate::support::database::sql(
        &app.database_url,
        "update ledger_accounts set balance = balance - 101 where kind = 'WALLET'",
    )
    .await;

    assert!(format!("{:?}", taken.expect_err("refused")).contains("ledger_accounts_bought_check"));
    app.sql("update promotions set remaining = 69").await;
    let report = service::verify(&mut app.app.conn().await.unwrap()).await.unwrap();
    let rules: Vec<&str> = report.faults.iter().map(|fault| fault.rule.as_str()).collect();
    assert_eq!(
        rules,
        [
            "promotional part of a wallet is what is left of its promotions",
            "promotions are used, ended or left"
        ]
    );
}

async fn shown(client: &Client, selection: &str) -> Value {
    client.query(&format!("{{ viewer {{ {selection} }} }}")).await.data("viewer").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_shows_both_kinds_and_when_they_end() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let member: MemberId = ada.id.parse().unwrap();
    buy(&app.app, member, 1000).await.unwrap();
    grant(&app.app, member, 100).await.unwrap();
    hold(&app.app, BookingId::new(), member, 30).await.unwrap();

    let seen = shown(
        &ada,
        "wallet { available { amountMinor } bought { amountMinor } promotional { amountMinor }
         promotions { remaining { amountMinor } granted { amountMinor } reason expiresAt } }",
    )
    .await;

    let wallet = &seen["wallet"];
    let minor = |name: &str| wallet[name]["amountMinor"].clone();
    assert_eq!(
        (minor("available"), minor("bought"), minor("promotional")),
        (json!("1070"), json!("1000"), json!("70"))
    );
    let gift = &wallet["promotions"][0];
    assert_eq!((&gift["remaining"]["amountMinor"], &gift["reason"]), (&json!("70"), &json!("welcome")));
    let ends: chrono::DateTime<chrono::Utc> = gift["expiresAt"].as_str().unwrap().parse().unwrap();
    assert_eq!((ends - app.now()).num_days(), 89, "in 90 days, less the moment since");
}
