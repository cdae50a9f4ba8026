use chrono::TimeDelta;
use serde_json::json;

use super::{Case, accept, act, confirm, offer, open, resolve, state, text};
use crate::support::{TestApp, booking::Booked};

#[tokio::test(flavor = "multi_thread")]
async fn only_an_ended_session_can_be_disputed_and_only_in_time() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(3))).await;
    let before = state(&app).await;
    let early = open(&learner, &booked, json!({ "percent": 100 }), "early").await;
    assert_eq!(early.codes("openDispute"), ["INVALID_TRANSITION"]);
    assert_eq!(early.data("openDispute")["userErrors"][0]["allowed"], json!(["cancelBooking"]));
    assert_eq!(state(&app).await, before);

    app.advance(booked.starts_at - app.now());
    let mut case = Case { app, mentor, learner, booked };
    case.sign_in().await;
    super::hold(&case.mentor, &case.booked).await;
    case.wait(TimeDelta::hours(72)).await;
    assert_eq!(case.booking().await, "COMPLETED RELEASED");
    let before = state(&case.app).await;
    let late = open(&case.learner, &case.booked, json!({ "percent": 100 }), "late").await;
    let error = &late.data("openDispute")["userErrors"][0];
    assert_eq!(error["code"], "WINDOW_CLOSED");
    assert!(error["closedAt"].is_string());
    assert_eq!(state(&case.app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_and_a_free_booking_have_nothing_to_dispute() {
    let case = Case::ended().await;
    let other = case.learner.book(&case.mentor, case.app.hour_after(TimeDelta::hours(5))).await;
    case.learner
        .mutate("cancelBooking", "booking { id }", json!({ "bookingId": other.booking }))
        .await
        .ok("cancelBooking");
    let cancelled = open(&case.learner, &other, json!({ "percent": 100 }), "cancelled").await;
    assert_eq!(cancelled.codes("openDispute"), ["INVALID_TRANSITION"]);
    case.app.sql("update bookings set price = 0 where status = 'CONFIRMED'").await;
    let free = open(&case.learner, &case.booked, json!({ "percent": 100 }), "free").await;
    assert_eq!(free.codes("openDispute"), ["NOT_ELIGIBLE"]);
    assert_eq!(case.app.count("select count(*) from disputes").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_find_nothing_and_each_side_has_its_own_acts() {
    let case = Case::ended().await;
    let eve = case.app.member("eve").await;
    let before = state(&case.app).await;
    let stolen = open(&eve, &case.booked, json!({ "percent": 100 }), "eve").await;
    assert_eq!(stolen.codes("openDispute"), ["NOT_FOUND"]);
    assert_eq!(state(&case.app).await, before);

    let dispute = case.dispute(&case.learner, 6000).await;
    let before = state(&case.app).await;
    let evidence = json!({ "body": "I was there." });
    for (name, more) in [
        ("respondDispute", accept()),
        ("acceptDisputeOffer", json!({})),
        ("addDisputeEvidence", evidence),
        ("withdrawDispute", json!({})),
    ] {
        assert_eq!(act(&eve, name, &dispute, more).await.codes(name), ["NOT_FOUND"], "{name}");
    }
    let read = "query($id: ID!) { node(id: $id) { id } }";
    assert_eq!(eve.run(read, json!({ "id": dispute })).await.data("node"), &json!(null));
    assert_eq!(case.app.anonymous().run(read, json!({ "id": dispute })).await.data("node"), &json!(null));
    let own = act(&case.learner, "respondDispute", &dispute, accept()).await;
    assert_eq!(own.codes("respondDispute"), ["FORBIDDEN"]);
    for name in ["acceptDisputeOffer", "withdrawDispute"] {
        assert_eq!(act(&case.mentor, name, &dispute, json!({})).await.codes(name), ["FORBIDDEN"], "{name}");
    }
    let early = act(&case.learner, "acceptDisputeOffer", &dispute, json!({})).await;
    assert_eq!(early.codes("acceptDisputeOffer"), ["INVALID_TRANSITION"]);
    let second = open(&case.mentor, &case.booked, json!({ "percent": 0 }), "second").await;
    assert_eq!(second.codes("openDispute"), ["INVALID_TRANSITION"]);
    assert_eq!(state(&case.app).await, before);

    act(&case.mentor, "respondDispute", &dispute, accept()).await.ok("respondDispute");
    let before = state(&case.app).await;
    let mentor = &case.mentor;
    for (name, client, more) in [
        ("respondDispute", mentor, offer(0)),
        ("addDisputeEvidence", mentor, json!({ "body": "I was there." })),
        ("withdrawDispute", &case.learner, json!({})),
    ] {
        let refused = act(client, name, &dispute, more).await;
        let error = &refused.data(name)["userErrors"][0];
        assert_eq!((&error["from"], &error["allowed"]), (&json!("RESOLVED"), &json!([])), "{name}");
    }
    assert_eq!(state(&case.app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_stay_between_nothing_and_the_price() {
    let case = Case::ended().await;
    let before = state(&case.app).await;
    for (by, asked) in [
        (&case.learner, json!({ "amountMinor": "0" })),
        (&case.learner, json!({ "amountMinor": "6001" })),
        (&case.learner, json!({ "amountMinor": "-1" })),
        (&case.learner, json!({ "percent": 101 })),
        (&case.learner, json!({ "percent": 0 })),
        (&case.mentor, json!({ "percent": -1 })),
        (&case.mentor, json!({ "amountMinor": "9223372036854775807" })),
    ] {
        let refused = open(by, &case.booked, asked.clone(), "x").await;
        assert_eq!(refused.codes("openDispute"), ["VALIDATION"], "{asked}");
    }
    assert_eq!(state(&case.app).await, before);
    let dispute = case.dispute(&case.learner, 1).await;
    let before = state(&case.app).await;
    for amount in [-1, 6001, 1, i64::MAX] {
        let refused = act(&case.mentor, "respondDispute", &dispute, offer(amount)).await;
        assert_eq!(refused.codes("respondDispute"), ["VALIDATION"], "{amount}");
    }
    let no = json!({ "response": { "accept": false } });
    assert_eq!(
        act(&case.mentor, "respondDispute", &dispute, no).await.codes("respondDispute"),
        ["VALIDATION"]
    );
    assert_eq!(state(&case.app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_replayed_and_not_lent_to_another_input() {
    let case = Case::ended().await;
    let run = async |asked: i64| {
        open(&case.learner, &case.booked, json!({ "amountMinor": asked.to_string() }), "key").await
    };
    let first = run(3000).await.ok("openDispute").clone();
    assert_eq!(first["replayed"], false);
    let repeated = run(3000).await.ok("openDispute").clone();
    assert_eq!((&repeated["replayed"], &repeated["dispute"]["id"]), (&json!(true), &first["dispute"]["id"]));
    assert_eq!(run(3001).await.codes("openDispute"), ["IDEMPOTENCY_CONFLICT"]);
    let dispute = text(&first["dispute"]["id"]);
    let respond = async |amount: i64| {
        let mut more = offer(amount);
        more["idempotencyKey"] = json!("answer");
        act(&case.mentor, "respondDispute", &dispute, more).await
    };
    assert_eq!(respond(500).await.ok("respondDispute")["replayed"], false);
    let before = state(&case.app).await;
    assert_eq!(respond(500).await.ok("respondDispute")["replayed"], true);
    assert_eq!(respond(501).await.codes("respondDispute"), ["IDEMPOTENCY_CONFLICT"]);
    assert_eq!(state(&case.app).await, before);

    let admin = case.app.admin("root").await;
    assert_eq!(
        resolve(&admin, &dispute, (3000, 2500, 500), "r").await.ok("resolveDispute")["replayed"],
        false
    );
    let before = state(&case.app).await;
    let again = resolve(&admin, &dispute, (3000, 2500, 500), "r").await;
    assert_eq!(again.ok("resolveDispute")["replayed"], true);
    let other = resolve(&admin, &dispute, (3000, 2501, 499), "r").await;
    assert_eq!(other.codes("resolveDispute"), ["IDEMPOTENCY_CONFLICT"]);
    assert_eq!(state(&case.app).await, before);
    case.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_bounded_and_cannot_be_changed() {
    let case = Case::ended().await;
    let dispute = case.dispute(&case.learner, 6000).await;
    for number in 0..20 {
        let more = json!({ "body": format!("piece {number}") });
        act(&case.learner, "addDisputeEvidence", &dispute, more).await.ok("addDisputeEvidence");
    }
    let more = json!({ "body": "one too many" });
    let refused = act(&case.learner, "addDisputeEvidence", &dispute, more.clone()).await;
    assert_eq!(refused.codes("addDisputeEvidence"), ["TOO_MANY"]);
    act(&case.mentor, "addDisputeEvidence", &dispute, more).await.ok("addDisputeEvidence");
    let changed =
        crate::support::database::sql(&case.app.database_url, "update dispute_evidence set body = 'another'")
            .await;
    assert!(changed.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_needs_the_permission_a_step_up_and_somebody_else() {
    let case = Case::ended().await;
    let dispute = case.dispute(&case.learner, 6000).await;
    let whole = (6000, 0, 0);
    assert_eq!(resolve(&case.mentor, &dispute, whole, "m").await.error_codes(), ["FORBIDDEN"]);
    let admin = case.app.admin("root").await;
    case.app.sql("delete from step_ups").await;
    let before = state(&case.app).await;
    assert_eq!(resolve(&admin, &dispute, whole, "a").await.codes("resolveDispute"), ["STEP_UP_REQUIRED"]);
    assert_eq!(state(&case.app).await, before);
    case.app.step_up(&admin).await;
    let learner = skillswap::db::ids::decode(&case.learner.id).expect("an id").1;
    let root = skillswap::db::ids::decode(&admin.id).expect("an id").1;
    // The administrator is the mentor.
    case.app
        .sql(&format!("update disputes set mentor_id = '{root}'; update bookings set mentor_id = '{root}'"))
        .await;
    assert_eq!(resolve(&admin, &dispute, whole, "own").await.codes("resolveDispute"), ["FORBIDDEN"]);
    assert_eq!(
        case.app
            .count(&format!(
                "select count(*) from disputes where learner_id = '{learner}' and status = 'OPEN'"
            ))
            .await,
        1
    );
    let gone = Booked { booking: "bkg_00000000000000000000000000".to_owned(), ..case.booked.clone() };
    assert_eq!(
        open(&case.learner, &gone, json!({ "percent": 1 }), "gone").await.codes("openDispute"),
        ["NOT_FOUND"]
    );
    assert_eq!(confirm(&case.learner, &case.booked).await.codes("confirmSession"), ["INVALID_TRANSITION"]);
}
