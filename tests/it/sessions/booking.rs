use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{
    Subscription, TestApp,
    booking::{BOOK, booking_of},
};

const EVENTS: &str = "subscription { viewerEvents { __typename
    ... on BookingConfirmed { booking { id learner { name } session { id mentor { member { name } } } } } } }";

/// What a refused booking must leave as it was.
async fn everything(app: &TestApp) -> Vec<Vec<String>> {
    app.sql(
        "select (select count(*) from sessions), (select count(*) from bookings), (select count(*) from claims),
                (select count(*) from ledger_postings), (select count(*) from idempotency_keys),
                (select count(*) from events where kind not in ('PROFILE_UPDATED', 'AVAILABILITY_CHANGED'))",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_takes_the_slot_holds_the_price_and_tells_both_sides() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let mut told = [
        Subscription::start(&mentor, "viewerEvents", EVENTS, json!({})).await,
        Subscription::start(&learner, "viewerEvents", EVENTS, json!({})).await,
    ];
    let start = app.hour_after(TimeDelta::hours(3));

    let reply = learner.try_book(&mentor, start, "one").await;

    let payload = reply.ok("bookSession");
    assert_eq!(payload["replayed"], false);
    assert_eq!(payload["booking"]["status"], "CONFIRMED");
    assert_eq!(payload["booking"]["paymentStatus"], "HELD");
    assert_eq!(payload["booking"]["price"], json!({ "amountMinor": "6000", "currency": "CREDIT" }));
    assert_eq!(payload["session"]["status"], "SCHEDULED");
    assert_eq!(payload["session"]["durationMinutes"], 60);
    assert_eq!(app.credits(&learner).await, (94_000, 6_000));
    for events in &mut told {
        let booking = events.next_of("BookingConfirmed").await["booking"].clone();
        assert_eq!(booking["id"], payload["booking"]["id"]);
        assert_eq!(booking["learner"]["name"], "ada");
        assert_eq!(booking["session"]["mentor"]["member"]["name"], "grace");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_same_booking_and_another_input_is_a_conflict() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let start = app.hour_after(TimeDelta::hours(3));
    let first = learner.try_book(&mentor, start, "one").await.ok("bookSession").clone();
    let before = everything(&app).await;

    let again = learner.try_book(&mentor, start, "one").await;
    let other = learner.try_book(&mentor, start + TimeDelta::hours(2), "one").await;

    assert_eq!(again.ok("bookSession")["replayed"], true);
    assert_eq!(again.ok("bookSession")["booking"], first["booking"]);
    assert_eq!(again.ok("bookSession")["session"], first["session"]);
    assert_eq!(other.codes("bookSession"), ["IDEMPOTENCY_CONFLICT"]);
    assert_eq!(everything(&app).await, before);
    assert_eq!(app.credits(&learner).await, (94_000, 6_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_members_at_one_slot_one_gets_it_and_one_pays() {
    // Enough connections: nobody is told that the server is busy, however slow the machine is.
    let app = TestApp::start_with(|config| config.pool_size = 60).await;
    let mentor = app.mentor("grace").await;
    let names: Vec<String> = (0..50).map(|number| format!("learner{number}")).collect();
    let mut learners = Vec::new();
    for name in &names {
        learners.push(app.learner(name).await);
    }
    let start = app.hour_after(TimeDelta::hours(3));

    let replies = join_all(learners.iter().map(|learner| learner.try_book(&mentor, start, "mine"))).await;

    let won = replies.iter().filter(|reply| !reply.data("bookSession")["booking"].is_null()).count();
    let lost: Vec<_> = replies.iter().filter(|reply| reply.codes("bookSession") == ["SLOT_TAKEN"]).collect();
    assert_eq!(
        (won, lost.len()),
        (1, 49),
        "{:?}",
        replies.iter().map(|reply| reply.codes("bookSession")).collect::<Vec<_>>()
    );
    assert!(
        lost.iter()
            .all(|reply| reply.data("bookSession")["userErrors"][0]["nextFree"][0]["startsAt"].is_string())
    );
    let counts = "select (select count(*) from bookings) || '/' || (select count(*) from sessions) || '/' || (select count(*) from claims) || '/' ||
                  (select count(*) from ledger_transactions where kind = 'HOLD')";
    assert_eq!(app.sql(counts).await, [["1/1/1/1"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_clients_of_fifty_members_book_one_slot_once() {
    let app = TestApp::start().await;
    let mentor = app.mentor("grace").await;
    let mut learners = Vec::new();
    for number in 0..50 {
        learners.push(app.learner(&format!("learner{number}")).await);
    }
    let start = app.hour_after(TimeDelta::hours(3));
    let clients = (0..200).map(async |number: usize| {
        loop {
            let reply = learners[number % 50].try_book(&mentor, start, &format!("key {number}")).await;
            // So many at once may be told that the server is busy, and come again.
            if reply.error_codes().is_empty() {
                return reply;
            }
            assert_eq!(reply.error_codes(), ["OVERLOADED"]);
        }
    });

    let replies = join_all(clients).await;

    let won = replies.iter().filter(|reply| !reply.data("bookSession")["booking"].is_null()).count();
    assert_eq!(won, 1);
    for reply in replies.iter().filter(|reply| reply.data("bookSession")["booking"].is_null()) {
        let codes = reply.codes("bookSession");
        assert!(codes == ["SLOT_TAKEN"] || codes == ["TIME_CONFLICT"], "{codes:?}");
    }
    let counts = "select (select count(*) from bookings) || '/' || (select count(*) from claims) || '/' ||
                  (select count(*) from ledger_transactions where kind = 'HOLD')";
    assert_eq!(app.sql(counts).await, [["1/1/1"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_at_once_share_transactions_and_each_gets_its_own_answer() {
    let app = TestApp::start().await;
    let mentor = app.mentor("grace").await;
    let mut learners = Vec::new();
    for number in 0..12 {
        learners.push(app.learner(&format!("learner{number}")).await);
    }
    let poor = app.member("poor").await;
    let first = app.hour_after(TimeDelta::hours(3));
    let mut shared = 0;
    for round in 0..3 {
        let start =
            |place: usize| first + TimeDelta::hours(i64::try_from(round * 12 + place).expect("small"));
        let key = format!("round {round}");
        let (statements, _) = app
            .statements(|| async {
                let booked = learners
                    .iter()
                    .enumerate()
                    .map(|(place, learner)| learner.try_book(&mentor, start(place), &key));
                let refused = async {
                    // One wallet is empty: those who came with it are booked all the same.
                    if round == 0 {
                        let reply = poor.try_book(&mentor, start(40), &key).await;
                        assert_eq!(reply.codes("bookSession"), ["INSUFFICIENT_FUNDS"]);
                    }
                };
                let (booked, ()) = futures_util::join!(join_all(booked), refused);
                for (place, reply) in booked.iter().enumerate() {
                    let starts_at = &reply.ok("bookSession")["session"]["startsAt"];
                    let at: DateTime<Utc> = starts_at.as_str().expect("a time").parse().expect("a time");
                    assert_eq!(at, start(place), "each its own hour");
                }
            })
            .await;
        if round > 0 {
            shared += statements;
        }
        let poor_claims = app.count("select count(*) from claims where learner_id not in (select owner_id from ledger_accounts where kind = 'WALLET')").await;
        assert_eq!(poor_claims, 0, "nothing of a refused booking stays");
    }
    assert_eq!(app.count("select count(*) from bookings").await, 36);
    for learner in &learners {
        assert_eq!(app.credits(learner).await, (100_000 - 3 * 6_000, 3 * 6_000));
        let told = "{ viewer { unreadNotifications } }";
        assert_eq!(learner.query(told).await.data("viewer")["unreadNotifications"], 3);
    }
    assert_eq!(
        mentor.query("{ viewer { unreadNotifications } }").await.data("viewer")["unreadNotifications"],
        36
    );
    let unbalanced = "select count(*) from (select from ledger_postings group by transaction_id having sum(amount) <> 0) x";
    assert_eq!(app.count(unbalanced).await, 0);
    // Alone, a booking costs eleven.
    assert!(shared < 24 * 11, "{shared} statements");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_twice_at_once_books_once() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    for round in 1..=20 {
        let start = app.hour_after(TimeDelta::hours(round * 2));
        let key = format!("round {round}");
        let (one, two) = futures_util::join!(
            learner.try_book(&mentor, start, &key),
            learner.try_book(&mentor, start, &key)
        );
        let mut replayed =
            [one.ok("bookSession")["replayed"].as_bool(), two.ok("bookSession")["replayed"].as_bool()];
        replayed.sort_unstable();
        assert_eq!(replayed, [Some(false), Some(true)]);
        assert_eq!(one.ok("bookSession")["booking"]["id"], two.ok("bookSession")["booking"]["id"]);
        assert_eq!(app.count("select count(*) from bookings").await, round);
        if round == 16 {
            app.fund(&learner, 100_000).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_member_cannot_be_in_two_places_however_the_requests_race() {
    let app = TestApp::start().await;
    let (grace, linus) = (app.mentor("grace").await, app.mentor("linus").await);
    let learner = app.learner("ada").await;
    for round in 1..=10 {
        let start = app.hour_after(TimeDelta::hours(round * 2));
        let keys = [format!("grace {round}"), format!("linus {round}")];
        let (one, two) = futures_util::join!(
            learner.try_book(&grace, start, &keys[0]),
            learner.try_book(&linus, start, &keys[1])
        );
        let mut codes = [one.codes("bookSession"), two.codes("bookSession")];
        codes.sort();
        assert_eq!(codes, [vec![], vec!["TIME_CONFLICT".to_owned()]]);
    }
    assert_eq!(app.count("select count(*) from bookings").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_booking_says_the_next_step_and_changes_nothing() {
    let app = TestApp::start().await;
    let (mentor, learner, poor) =
        (app.mentor("grace").await, app.learner("ada").await, app.member("bo").await);
    app.fund(&poor, 2_500).await;
    let start = app.hour_after(TimeDelta::hours(3));
    let good = booking_of(&mentor, start, "key");
    let with = |change: serde_json::Value| {
        let mut input = good.clone();
        for (name, value) in change.as_object().expect("an object") {
            input[name] = value.clone();
        }
        json!({ "input": input })
    };
    let before = everything(&app).await;

    for (change, code, path) in [
        (json!({ "durationMinutes": 14 }), "VALIDATION", json!(["durationMinutes"])),
        (json!({ "durationMinutes": 241 }), "VALIDATION", json!(["durationMinutes"])),
        (json!({ "idempotencyKey": "" }), "VALIDATION", json!(["idempotencyKey"])),
        (json!({ "idempotencyKey": "x".repeat(129) }), "VALIDATION", json!(["idempotencyKey"])),
        (json!({ "mentorId": "mtr_zzz" }), "VALIDATION", json!(["mentorId"])),
        (json!({ "mentorId": poor.mentor_id() }), "NOT_FOUND", json!(["mentorId"])),
        (json!({ "mentorId": learner.mentor_id() }), "VALIDATION", json!(["mentorId"])),
        (json!({ "skillId": "skl_01h455vb4pex5vsknk084sn02q" }), "NOT_FOUND", json!(["skillId"])),
        (json!({ "expectedPrice": "5999" }), "PRICE_CHANGED", json!(["expectedPrice"])),
        (json!({ "startsAt": start + TimeDelta::minutes(7) }), "SLOT_UNAVAILABLE", json!(["startsAt"])),
        (json!({ "startsAt": start - TimeDelta::days(2) }), "SLOT_UNAVAILABLE", json!(["startsAt"])),
        (json!({ "startsAt": "+262142-12-31T23:59:59Z" }), "VALIDATION", json!(["startsAt"])),
        (json!({ "startsAt": start + TimeDelta::days(4000) }), "SLOT_UNAVAILABLE", json!(["startsAt"])),
    ] {
        let reply = learner.run(BOOK, with(change.clone())).await;
        assert_eq!(reply.codes("bookSession"), [code], "{change}: {}", reply.json);
        assert_eq!(reply.data("bookSession")["userErrors"][0]["path"], path, "{change}");
    }
    let poor_reply = poor.run(BOOK, with(json!({ "expectedPrice": "6000" }))).await;
    assert_eq!(poor_reply.codes("bookSession"), ["INSUFFICIENT_FUNDS"]);
    assert_eq!(poor_reply.data("bookSession")["userErrors"][0]["missing"]["amountMinor"], "3500");
    let price = learner.run(BOOK, with(json!({ "expectedPrice": "1" }))).await;
    assert_eq!(price.data("bookSession")["userErrors"][0]["price"]["amountMinor"], "6000");
    assert_eq!(app.anonymous().run(BOOK, with(json!({}))).await.error_codes(), ["UNAUTHENTICATED"]);

    assert_eq!(everything(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_session_moves_no_money_and_a_suspended_mentor_cannot_be_booked() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.member("ada").await);
    let offer = "mutation { updateMentorProfile(input: { headline: \"Free\", hourlyRateMinor: \"0\" }) { userErrors { code } } }";
    mentor.query(offer).await.ok("updateMentorProfile");
    let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(3))).await;
    assert_eq!(app.count("select count(*) from ledger_postings").await, 0);

    let cancelled = learner
        .mutate("cancelBooking", "booking { paymentStatus }", json!({ "bookingId": booked.booking }))
        .await;
    assert_eq!(cancelled.ok("cancelBooking")["booking"]["paymentStatus"], "REFUNDED");

    app.sql(&format!("update members set status = 'SUSPENDED' where id = '{}'", uuid_of(&mentor.id))).await;
    let fresh = app.another().await;
    let mut elsewhere = learner.clone();
    elsewhere.url.clone_from(&fresh.url);
    let reply = elsewhere.try_book(&mentor, app.hour_after(TimeDelta::hours(5)), "late").await;
    assert_eq!(reply.codes("bookSession"), ["NOT_FOUND"]);
}

/// The uuid inside a global id.
fn uuid_of(id: &str) -> uuid::Uuid {
    skillswap::db::ids::decode(id).expect("a global id").1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_costs_few_statements_and_none_is_planned_anew() {
    let app = TestApp::start_with(|config| config.pool_size = 2).await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    for round in 0..8 {
        learner.book(&mentor, app.hour_after(TimeDelta::hours(3 + round))).await;
    }
    let start = app.hour_after(TimeDelta::hours(30));

    let (calls, plans) = app
        .statements(async || {
            learner.book(&mentor, start).await;
        })
        .await;

    assert_eq!(plans, 0, "a statement was planned anew");
    // Begin, key, slot, money, session with booking, conversation, notifications, events, commit; and the ledger checks
    // both postings by a trigger.
    assert!(calls <= 11, "{calls} statements");
}
