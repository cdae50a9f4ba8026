use serde_json::{Value, json};
use skillswap::db::ids::{BookingId, MemberId};

use super::{buy, hold, refund, release};
use crate::support::{TestApp, socket::Subscription};

const WALLET: &str = "{ viewer { wallet { available { amountMinor currency } held { amountMinor } pending { amountMinor } currency cursor } earnings { pending { amountMinor } } } }";
const EVENTS: &str = "subscription($after: String) { viewerEvents(after: $after) { __typename cursor
    ... on WalletChanged { available { amountMinor } held { amountMinor } pending { amountMinor } } } }";

fn amounts(wallet: &Value) -> (Value, Value, Value) {
    let of = |name: &str| wallet[name]["amountMinor"].clone();
    (of("available"), of("held"), of("pending"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_members_wallet_is_empty_and_nobody_elses_to_see() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;

    let reply = ada.query(WALLET).await;

    let wallet = &reply.data("viewer")["wallet"];
    assert_eq!(amounts(wallet), (json!("0"), json!("0"), json!("0")));
    assert_eq!((&wallet["currency"], &wallet["available"]["currency"]), (&json!("CREDIT"), &json!("CREDIT")));
    assert_eq!(app.anonymous().query(WALLET).await.data("viewer"), &json!(null));
    assert_eq!(app.count("select count(*) from ledger_accounts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_shows_what_is_available_held_and_earned() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.member("ada").await, app.member("grace").await);
    let (learner, mentor): (MemberId, MemberId) = (ada.id.parse().unwrap(), grace.id.parse().unwrap());
    let (first, second, third) = (BookingId::new(), BookingId::new(), BookingId::new());
    buy(&app.app, learner, 10_000).await.unwrap();
    for (booking, price) in [(first, 1000), (second, 2000), (third, 4000)] {
        hold(&app.app, booking, learner, price).await.unwrap();
    }
    release(&app.app, first, mentor).await.unwrap();
    refund(&app.app, second, learner).await.unwrap();

    let (own, other) = (ada.query(WALLET).await, grace.query(WALLET).await);

    assert_eq!(amounts(&own.data("viewer")["wallet"]), (json!("5000"), json!("4000"), json!("0")));
    assert_eq!(amounts(&other.data("viewer")["wallet"]), (json!("0"), json!("0"), json!("850")));
    assert_eq!(other.data("viewer")["earnings"]["pending"]["amountMinor"], "850");
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_page_both_ways_and_say_what_they_belong_to() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let learner: MemberId = ada.id.parse().unwrap();
    buy(&app.app, learner, 10_000).await.unwrap();
    let bookings: Vec<BookingId> = (0..6).map(|_| BookingId::new()).collect();
    for (booking, price) in bookings.iter().zip(1..) {
        hold(&app.app, *booking, learner, price).await.unwrap();
    }
    refund(&app.app, bookings[5], learner).await.unwrap();
    let page = async |arguments: &str| {
        let query = format!(
            "{{ viewer {{ wallet {{ entries({arguments}) {{ edges {{ cursor node {{ kind amount {{ amountMinor }} createdAt subjectId }} }} pageInfo {{ hasNextPage hasPreviousPage endCursor startCursor }} }} }} }} }}"
        );
        ada.query(&query).await.data("viewer")["wallet"]["entries"].clone()
    };
    let texts = |page: &Value| -> Vec<String> {
        let edges = page["edges"].as_array().unwrap();
        edges
            .iter()
            .map(|edge| {
                format!(
                    "{} {}",
                    edge["node"]["kind"].as_str().unwrap(),
                    edge["node"]["amount"]["amountMinor"].as_str().unwrap()
                )
            })
            .collect()
    };

    let newest = page("first: 3").await;
    let next = page(&format!("first: 50, after: {}", newest["pageInfo"]["endCursor"])).await;
    let oldest = page("last: 2").await;
    let between = page(&format!("last: 50, before: {}", oldest["pageInfo"]["startCursor"])).await;

    assert_eq!(texts(&newest), ["REFUND 6", "HOLD -6", "HOLD -5"]);
    assert_eq!(newest["edges"][0]["node"]["subjectId"], bookings[5].to_string());
    assert_eq!(texts(&next), ["HOLD -4", "HOLD -3", "HOLD -2", "HOLD -1", "PURCHASE 10000"]);
    assert!(next["edges"][4]["node"]["subjectId"].as_str().unwrap().starts_with("pay_"));
    assert_eq!(
        (&next["pageInfo"]["hasNextPage"], &next["pageInfo"]["hasPreviousPage"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(texts(&oldest), ["HOLD -1", "PURCHASE 10000"]);
    assert_eq!(texts(&between), ["REFUND 6", "HOLD -6", "HOLD -5", "HOLD -4", "HOLD -3", "HOLD -2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_somebody_elses_entries_is_refused() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    buy(&app.app, ada.id.parse().unwrap(), 100).await.unwrap();
    let own = ada.query("{ viewer { wallet { entries { pageInfo { endCursor } } } } }").await;
    let cursor = &own.data("viewer")["wallet"]["entries"]["pageInfo"]["endCursor"];

    let stolen = bob
        .query(&format!(
            "{{ viewer {{ wallet {{ entries(after: {cursor}) {{ pageInfo {{ endCursor }} }} }} }} }}"
        ))
        .await;
    let reused = ada
        .query(&format!(
            "{{ viewer {{ earnings {{ entries(after: {cursor}) {{ pageInfo {{ endCursor }} }} }} }} }}"
        ))
        .await;

    assert_eq!(
        (stolen.error_codes(), reused.error_codes()),
        (vec!["CURSOR_INVALID".to_owned()], vec!["CURSOR_INVALID".to_owned()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_with_its_later_events_is_the_later_snapshot() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let own: MemberId = ada.id.parse().unwrap();
    buy(&app.app, own, 10_000).await.unwrap();
    let before = ada.query(WALLET).await.data("viewer")["wallet"].clone();
    let (mut bookings, mut events) = (Vec::new(), 0);
    for price in [100, 200, 300] {
        let booking = BookingId::new();
        hold(&app.app, booking, own, price).await.unwrap();
        bookings.push(booking);
        events += 1;
    }
    release(&app.app, bookings[0], MemberId::new()).await.unwrap();
    refund(&app.app, bookings[1], own).await.unwrap();
    let other = (BookingId::new(), MemberId::new());
    buy(&app.app, other.1, 1000).await.unwrap();
    hold(&app.app, other.0, other.1, 1000).await.unwrap();
    release(&app.app, other.0, own).await.unwrap();
    events += 3;

    let mut replay =
        Subscription::start(&ada, "viewerEvents", EVENTS, json!({ "after": before["cursor"] })).await;
    let mut applied = before.clone();
    for _ in 0..events {
        let event = replay.next_of("WalletChanged").await;
        for name in ["available", "held", "pending"] {
            if !event[name].is_null() {
                applied[name]["amountMinor"] = event[name]["amountMinor"].clone();
            }
        }
        applied["cursor"] = event["cursor"].clone();
    }

    assert_eq!(applied, ada.query(WALLET).await.data("viewer")["wallet"]);
    assert_eq!(amounts(&applied), (json!("9600"), json!("300"), json!("850")));
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_can_see_that_the_ledger_balances() {
    let app = TestApp::start().await;
    let (learner, booking) = (MemberId::new(), BookingId::new());
    buy(&app.app, learner, 1000).await.unwrap();
    hold(&app.app, booking, learner, 999).await.unwrap();
    release(&app.app, booking, MemberId::new()).await.unwrap();
    let proof = async |arguments: &str| {
        let query = format!(
            "{{ ledgerProof{arguments} {{ asset balanced total {{ amountMinor currency }} transactions postings asOf lines {{ kind accounts total {{ amountMinor }} }} }} }}"
        );
        app.anonymous().query(&query).await.data("ledgerProof").clone()
    };

    let (credits, dollars) = (proof("").await, proof("(asset: \"USD/2\")").await);

    let lines = |proof: &Value| -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        proof["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| (text(&line["kind"]), text(&line["accounts"]), text(&line["total"]["amountMinor"])))
            .collect()
    };
    let expect = |lines: &[(&str, &str, &str)]| -> Vec<(String, String, String)> {
        lines
            .iter()
            .map(|&(kind, accounts, total)| (kind.to_owned(), accounts.to_owned(), total.to_owned()))
            .collect()
    };
    assert_eq!(
        lines(&credits),
        expect(&[
            ("EARNINGS", "1", "849"),
            ("ESCROW", "1", "0"),
            ("FEES", "1", "150"),
            ("ISSUED", "1", "-1000"),
            ("WALLET", "1", "1")
        ])
    );
    assert_eq!(
        (&credits["asset"], &credits["balanced"], &credits["total"]["amountMinor"]),
        (&json!("CREDIT/2"), &json!(true), &json!("0"))
    );
    assert_eq!((&credits["transactions"], &credits["postings"]), (&json!("3"), &json!("7")));
    assert_eq!(lines(&dollars), expect(&[("GATEWAY", "1", "101"), ("SALES", "1", "-101")]));
    assert_eq!((&dollars["transactions"], &dollars["postings"]), (&json!("1"), &json!("2")));
    assert_eq!(proof("(asset: \"XXX/2\")").await, json!(null));
    assert_eq!(proof("(asset: \"nonsense'\")").await, json!(null));
}
