use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{RELEASE, hold};
use crate::support::{Client, Reply, TestApp, database};

fn next_free(reply: &Reply) -> Vec<DateTime<Utc>> {
    super::starts(reply.data("holdSlot")["userErrors"][0]["nextFree"].as_array().expect("slots"))
}

fn hold_id(reply: &Reply) -> Value {
    reply.ok("holdSlot")["hold"]["id"].clone()
}

async fn node(client: &Client, id: &Value) -> Value {
    let reply = client.run("query($id: ID!) { node(id: $id) { id __typename } }", json!({ "id": id })).await;
    reply.data("node").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_keeps_others_out_for_five_minutes_and_no_longer() {
    let app = TestApp::start().await;
    let (mentor, ada, bob) = (app.mentor("grace").await, app.member("ada").await, app.member("bob").await);
    let start = app.hour_after(TimeDelta::hours(3));

    let held = hold(&ada, &mentor, start, 60, "one").await;

    let payload = held.ok("holdSlot");
    let expires: DateTime<Utc> =
        payload["hold"]["expiresAt"].as_str().expect("an instant").parse().expect("an instant");
    let left = expires - app.now();
    assert!(left <= TimeDelta::minutes(5) && left > TimeDelta::minutes(4), "{left}");
    assert_eq!(
        (&payload["replayed"], &payload["hold"]["mentor"]["id"]),
        (&json!(false), &json!(mentor.mentor_id()))
    );
    assert_eq!(payload["hold"]["slot"]["viewerHold"]["id"], payload["hold"]["id"]);
    assert_eq!(
        hold(&bob, &mentor, start + TimeDelta::minutes(30), 60, "one").await.codes("holdSlot"),
        ["SLOT_TAKEN"]
    );
    app.advance(TimeDelta::minutes(5));
    let after = hold(&bob, &mentor, start + TimeDelta::minutes(30), 60, "two").await;
    assert_ne!(hold_id(&after), hold_id(&held), "no job has run");
    assert_eq!(app.count("select count(*) from claims").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_refusal_offers_instead_can_be_taken() {
    let app = TestApp::start().await;
    let (mentor, ada, bob) = (app.mentor("grace").await, app.learner("ada").await, app.learner("bob").await);
    let other = app.mentor("linus").await;
    let start = app.hour_after(TimeDelta::hours(3));
    hold(&ada, &mentor, start, 60, "one").await.ok("holdSlot");
    bob.book(&other, start + TimeDelta::minutes(60)).await;

    let refused = hold(&bob, &mentor, start, 60, "one").await;

    assert_eq!(refused.codes("holdSlot"), ["SLOT_TAKEN"]);
    let free = next_free(&refused);
    // Bob has a lesson with somebody else right after: what overlaps it is not offered to him.
    assert_eq!(
        free,
        [start + TimeDelta::minutes(120), start + TimeDelta::minutes(150), start + TimeDelta::minutes(180)]
    );
    for (place, start) in free.into_iter().enumerate() {
        let held = hold(&bob, &mentor, start, 60, &format!("next {place}")).await;
        bob.run(RELEASE, json!({ "id": hold_id(&held) })).await.ok("releaseSlot");
    }
    let off_the_step = hold(&bob, &mentor, start + TimeDelta::minutes(130), 60, "odd").await;
    assert_eq!(off_the_step.codes("holdSlot"), ["SLOT_UNAVAILABLE"]);
    assert_eq!(next_free(&off_the_step)[0], start + TimeDelta::minutes(150));
    let busy = hold(&bob, &mentor, start + TimeDelta::minutes(90), 30, "busy").await;
    assert_eq!(busy.codes("holdSlot"), ["TIME_CONFLICT"]);
    assert_eq!(app.count("select count(*) from claims where kind = 'HOLD'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn holding_the_same_slot_again_gives_the_same_hold_as_it_is() {
    let app = TestApp::start().await;
    let (mentor, ada) = (app.mentor("grace").await, app.member("ada").await);
    let start = app.hour_after(TimeDelta::hours(3));
    let first = hold(&ada, &mentor, start, 60, "one").await;
    app.advance(TimeDelta::minutes(1));

    let (same_key, new_key) =
        (hold(&ada, &mentor, start, 60, "one").await, hold(&ada, &mentor, start, 60, "two").await);

    assert_eq!(same_key.ok("holdSlot")["hold"], first.ok("holdSlot")["hold"]);
    assert_eq!(same_key.ok("holdSlot")["replayed"], true);
    assert_eq!(new_key.ok("holdSlot")["hold"], first.ok("holdSlot")["hold"]);
    assert_eq!(new_key.ok("holdSlot")["replayed"], false);
    assert_eq!(
        hold(&ada, &mentor, start + TimeDelta::hours(1), 60, "one").await.codes("holdSlot"),
        ["IDEMPOTENCY_CONFLICT"]
    );
    let mine = ada.query("{ viewer { holds { id } } }").await;
    assert_eq!(mine.data("viewer")["holds"], json!([{ "id": hold_id(&first) }]));
    app.advance(TimeDelta::minutes(5));
    assert_eq!(
        hold(&ada, &mentor, start, 60, "one").await.codes("holdSlot"),
        ["ALREADY_DONE"],
        "the first one has ended"
    );
    assert_eq!(ada.query("{ viewer { holds { id } } }").await.data("viewer")["holds"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_of_some_of_the_same_time_gives_way_to_ones_own_new_one() {
    let app = TestApp::start().await;
    let (mentor, ada) = (app.mentor("grace").await, app.member("ada").await);
    let start = app.hour_after(TimeDelta::hours(3));
    let first = hold(&ada, &mentor, start, 60, "one").await;

    let second = hold(&ada, &mentor, start + TimeDelta::minutes(30), 60, "two").await;

    assert_ne!(hold_id(&second), hold_id(&first));
    assert_eq!(node(&ada, &hold_id(&first)).await, Value::Null);
    assert_eq!(app.count("select count(*) from claims").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_holds_are_enough_even_at_once() {
    let app = TestApp::start().await;
    let (mentor, ada) = (app.mentor("grace").await, app.member("ada").await);
    let start = app.hour_after(TimeDelta::hours(3));
    let keys: Vec<String> = (0..8).map(|number| format!("hold {number}")).collect();

    let replies = join_all(
        (0..8).zip(&keys).map(|(number, key)| hold(&ada, &mentor, start + TimeDelta::hours(number), 60, key)),
    )
    .await;

    let refused = replies.iter().filter(|reply| reply.codes("holdSlot") == ["TOO_MANY"]).count();
    assert_eq!((refused, app.count("select count(*) from claims").await), (5, 3));
    app.advance(TimeDelta::minutes(5));
    hold(&ada, &mentor, start, 60, "later").await.ok("holdSlot");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_slot_is_free_at_once_and_releasing_again_is_fine() {
    let app = TestApp::start().await;
    let (mentor, ada, bob) = (app.mentor("grace").await, app.member("ada").await, app.member("bob").await);
    let start = app.hour_after(TimeDelta::hours(3));
    let id = hold_id(&hold(&ada, &mentor, start, 60, "one").await);
    let unknown = json!("clm_01h455vb4pex5vsknk084sn02q");
    for (client, id) in [(&bob, &id), (&ada, &unknown), (&mentor, &id)] {
        assert_eq!(client.run(RELEASE, json!({ "id": id })).await.codes("releaseSlot"), ["NOT_FOUND"]);
    }
    assert_eq!(ada.run(RELEASE, json!({ "id": ada.id })).await.codes("releaseSlot"), ["VALIDATION"]);
    assert_eq!(app.count("select count(*) from claims").await, 1);
    assert_eq!(
        (
            node(&ada, &id).await["__typename"].clone(),
            node(&bob, &id).await,
            node(&app.anonymous(), &id).await
        ),
        (json!("Hold"), Value::Null, Value::Null)
    );

    let released = ada.run(RELEASE, json!({ "id": id })).await;

    assert_eq!(
        released.ok("releaseSlot"),
        &json!({ "releasedHoldId": id, "replayed": false, "userErrors": [] })
    );
    hold(&bob, &mentor, start, 60, "one").await.ok("holdSlot");
    assert_eq!(ada.run(RELEASE, json!({ "id": id })).await.ok("releaseSlot")["replayed"], true);
    assert_eq!(app.count("select count(*) from claims").await, 1, "the other hold stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_holds_their_own_time_nor_that_of_somebody_who_is_no_mentor() {
    let app = TestApp::start().await;
    let (mentor, ada) = (app.mentor("grace").await, app.member("ada").await);
    let start = app.hour_after(TimeDelta::hours(3));
    assert_eq!(hold(&mentor, &mentor, start, 60, "one").await.codes("holdSlot"), ["FORBIDDEN"]);
    assert_eq!(hold(&mentor, &ada, start, 60, "two").await.codes("holdSlot"), ["NOT_FOUND"]);
    assert_eq!(hold(&ada, &mentor, start, 10, "three").await.codes("holdSlot"), ["VALIDATION"]);
    assert_eq!(hold(&app.anonymous(), &mentor, start, 60, "four").await.error_codes(), ["UNAUTHENTICATED"]);
    assert_eq!(
        app.count("select (select count(*) from claims) + (select count(*) from idempotency_keys)").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_teaches_then_cannot_learn_then() {
    let app = TestApp::start().await;
    let (grace, linus, ada) =
        (app.mentor("grace").await, app.mentor("linus").await, app.learner("ada").await);
    let start = app.hour_after(TimeDelta::hours(3));
    ada.book(&grace, start).await;
    assert_eq!(hold(&grace, &linus, start, 60, "one").await.codes("holdSlot"), ["TIME_CONFLICT"]);
    app.fund(&grace, 100_000).await;
    let later = start + TimeDelta::hours(2);
    grace.book(&linus, later).await;
    assert_eq!(
        hold(&ada, &grace, later, 60, "two").await.codes("holdSlot"),
        ["SLOT_TAKEN"],
        "grace learns then"
    );
    let offered = super::starts(&super::slots(&ada, &grace, start, later + TimeDelta::hours(1), 60).await);
    assert_eq!(offered, [start + TimeDelta::hours(1)]);
}

/// Holds an hour; tries again when the server says that it is busy, as it does on a busy machine.
async fn patiently(learner: &Client, mentor: &Client, start: DateTime<Utc>, key: &str) -> Reply {
    for _ in 0..20 {
        let reply = hold(learner, mentor, start, 60, key).await;
        if reply.error_codes() != ["OVERLOADED"] {
            return reply;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("the server stays busy");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_holds_of_one_slot_at_once_one_wins_round_after_round() {
    let app = TestApp::start_with(|config| config.pool_size = 20).await;
    let mentor = app.mentor("grace").await;
    let names: Vec<String> = (0..60).map(|number| format!("learner{number}")).collect();
    let learners = join_all(names.iter().map(|name| app.member(name))).await;
    for round in 0..5 {
        let start = app.hour_after(TimeDelta::hours(3 + round));
        let key = format!("round {round}");
        // Half of them want the half hour after, which overlaps.
        let at = |place: usize| start + TimeDelta::minutes(30 * i64::from(place.is_multiple_of(2)));
        let replies = join_all(
            learners.iter().enumerate().map(|(place, learner)| patiently(learner, &mentor, at(place), &key)),
        )
        .await;
        let won = replies.iter().filter(|reply| !reply.data("holdSlot")["hold"].is_null()).count();
        let lost = replies.iter().filter(|reply| reply.codes("holdSlot") == ["SLOT_TAKEN"]).count();
        assert_eq!(
            (won, lost),
            (1, 59),
            "{:?}",
            replies.iter().map(|reply| reply.codes("holdSlot")).collect::<Vec<_>>()
        );
        assert!(
            replies.iter().filter(|reply| reply.data("holdSlot")["hold"].is_null()).all(|reply| next_free(
                reply
            )
            .len()
                == 3)
        );
        assert_eq!(app.count("select count(*) from claims").await, 1);
        app.sql("delete from claims").await;
    }
    let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
    assert_eq!(app.count(deadlocks).await, 0, "each of them would cost a second");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_holds_of_an_expired_slot_one_wins() {
    let app = TestApp::start_with(|config| config.pool_size = 20).await;
    let (mentor, ada) = (app.mentor("grace").await, app.member("ada").await);
    let names: Vec<String> = (0..20).map(|number| format!("learner{number}")).collect();
    let learners = join_all(names.iter().map(|name| app.member(name))).await;
    let start = app.hour_after(TimeDelta::hours(3));
    hold(&ada, &mentor, start, 60, "one").await.ok("holdSlot");
    app.advance(TimeDelta::minutes(6));
    let replies = join_all(learners.iter().map(|learner| patiently(learner, &mentor, start, "one"))).await;
    let won = replies.iter().filter(|reply| !reply.data("holdSlot")["hold"].is_null()).count();
    assert_eq!((won, app.count("select count(*) from claims").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_refuses_overlaps() {
    let app = TestApp::start().await;
    let (mentor, ada, bob) = (app.mentor("grace").await, app.member("ada").await, app.member("bob").await);
    let uuid = |client: &Client| skillswap::db::ids::decode(&client.id).expect("an id").1;
    let insert = |mentor: &Client, learner: &Client, kind: &str, from: &str, to: &str, expires: &str| {
        format!(
            "insert into claims (id, mentor_id, learner_id, kind, during, expires_at, created_at)
             values (gen_random_uuid(), '{}', '{}', '{kind}', tstzrange('2030-01-01 {from}Z', '2030-01-01 {to}Z'), {expires}, now())",
            uuid(mentor),
            uuid(learner)
        )
    };
    app.sql(&insert(&mentor, &ada, "CONFIRMED", "10:00", "11:00", "null")).await;
    app.sql(&insert(&mentor, &bob, "CONFIRMED", "11:00", "12:00", "null")).await; // back to back is fine
    for (sql, constraint) in [
        (insert(&mentor, &bob, "CONFIRMED", "10:30", "10:45", "null"), "claims_mentor_free"),
        (insert(&mentor, &bob, "HOLD", "09:00", "10:01", "now()"), "claims_mentor_free"),
        (insert(&mentor, &bob, "PENDING", "11:59", "13:00", "null"), "claims_mentor_free"),
        (insert(&bob, &ada, "CONFIRMED", "10:59", "12:00", "null"), "claims_learner_free"),
        (insert(&ada, &ada, "CONFIRMED", "15:00", "16:00", "null"), "claims_check"),
    ] {
        let error = database::sql(&app.database_url, &sql).await.expect_err(&sql);
        let broken =
            error.as_db_error().and_then(|error| error.constraint().map(str::to_owned)).unwrap_or_default();
        assert!(broken.starts_with(constraint), "{broken}: {sql}");
    }
    assert_eq!(app.count("select count(*) from claims").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_holds_are_swept() {
    let app = TestApp::start().await;
    let (mentor, ada) = (app.mentor("grace").await, app.member("ada").await);
    hold(&ada, &mentor, app.hour_after(TimeDelta::hours(3)), 60, "one").await.ok("holdSlot");
    app.work().await;
    assert_eq!(app.count("select count(*) from claims").await, 1);
    app.advance(TimeDelta::minutes(6));
    app.work().await;
    assert_eq!(app.count("select count(*) from claims").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_becomes_the_booking_also_when_the_hours_changed_meanwhile() {
    let app = TestApp::start().await;
    let (mentor, ada, bob) = (app.mentor("grace").await, app.learner("ada").await, app.learner("bob").await);
    let start = app.hour_after(TimeDelta::hours(3));
    hold(&ada, &mentor, start, 60, "one").await.ok("holdSlot");
    let closed = json!({ "input": { "timeZone": "UTC", "rules": [] } });
    mentor.run(super::RULES, closed).await.ok("setAvailabilityRules");
    assert_eq!(bob.try_book(&mentor, start, "one").await.codes("bookSession"), ["SLOT_UNAVAILABLE"]);
    ada.book(&mentor, start).await;
    assert_eq!(app.sql("select kind, expires_at from claims").await, [["CONFIRMED", ""]]);
}
