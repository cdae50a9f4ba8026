use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Case, accept, act, confirm, offer, open, parts, text};
use crate::support::{Client, Subscription};

const EVENTS: &str = "subscription { viewerEvents { __typename
    ... on DisputeOpened { dispute { id status asked { amountMinor } viewerCanRespond } }
    ... on DisputeAnswered { dispute { status offered { amountMinor } viewerCanAcceptOffer } }
    ... on DisputeEvidenceAdded { evidence { body member { name } } }
    ... on DisputeResolved { dispute { status outcome split { learner { amountMinor } } } }
    ... on DisputeWithdrawn { dispute { status } } } }";

fn instant(value: &Value) -> DateTime<Utc> {
    text(value).parse().expect("an instant")
}

/// The kinds of notifications of a member, oldest first.
async fn notified(client: &Client) -> Vec<String> {
    let reply = client
        .query("{ viewer { notifications(first: 50) { edges { node { kind subject { __typename } } } } } }")
        .await;
    let edges = reply.data("viewer")["notifications"]["edges"].as_array().expect("edges").clone();
    let kinds = edges.iter().map(|edge| text(&edge["node"]["kind"]));
    kinds.filter(|kind| kind.starts_with("DISPUTE_")).rev().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_freezes_the_booking_and_silence_settles_it_as_asked() {
    let mut case = Case::ended().await;
    let events = |client| Subscription::start(client, "viewerEvents", EVENTS, json!({}));
    let (mut learner, mut mentor) = (events(&case.learner).await, events(&case.mentor).await);

    let opened = open(&case.learner, &case.booked, json!({ "percent": 100 }), "open").await;

    let payload = opened.ok("openDispute");
    assert_eq!(
        (&payload["booking"]["status"], &payload["booking"]["paymentStatus"]),
        (&json!("DISPUTED"), &json!("HELD"))
    );
    let dispute = payload["dispute"].clone();
    assert_eq!((&dispute["status"], &dispute["asked"]["amountMinor"]), (&json!("OPEN"), &json!("6000")));
    assert!(text(&dispute["silenceRule"]).contains("7 days"));
    let week = instant(&dispute["answerBy"]) - case.app.now();
    assert!(week <= TimeDelta::days(7) && week > TimeDelta::days(7) - TimeDelta::minutes(5), "{week}");
    for (stream, can) in [(&mut learner, false), (&mut mentor, true)] {
        let told = stream.next_of("DisputeOpened").await;
        assert_eq!(
            (&told["dispute"]["id"], &told["dispute"]["viewerCanRespond"]),
            (&dispute["id"], &json!(can))
        );
    }
    for (name, client) in [("confirmSession", &case.learner), ("cancelBooking", &case.mentor)] {
        let refused =
            client.mutate(name, "booking { id }", json!({ "bookingId": case.booked.booking })).await;
        let error = &refused.data(name)["userErrors"][0];
        assert_eq!(
            (&error["code"], &error["from"], &error["allowed"]),
            (&json!("INVALID_TRANSITION"), &json!("DISPUTED"), &json!(["withdrawDispute"])),
            "{name}"
        );
    }
    // The clock that would have completed it stands still.
    case.wait(TimeDelta::hours(73)).await;
    assert_eq!((case.booking().await, case.money().await), ("DISPUTED HELD".to_owned(), (94_000, 6_000, 0)));

    case.wait(TimeDelta::days(4) - TimeDelta::minutes(70)).await;
    assert_eq!(case.booking().await, "DISPUTED HELD");
    case.wait(TimeDelta::minutes(12)).await;

    assert_eq!(
        (case.booking().await, case.money().await),
        ("COMPLETED REFUNDED".to_owned(), (100_000, 0, 0))
    );
    let read = "query($id: ID!) { node(id: $id) { ... on Dispute { status outcome closedAt split { learner { amountMinor } mentor { amountMinor } fee { amountMinor } } } } }";
    let node = case.mentor.run(read, json!({ "id": dispute["id"] })).await.data("node").clone();
    assert_eq!((&node["status"], &node["outcome"]), (&json!("RESOLVED"), &json!("SILENCE")));
    assert_eq!(parts(&node), (6000, 0, 0));
    assert_eq!(notified(&case.mentor).await, ["DISPUTE_OPENED", "DISPUTE_RESOLVED"]);
    assert_eq!(notified(&case.learner).await, ["DISPUTE_RESOLVED"]);
    // Nothing happens twice, and a session is counted once.
    case.wait(TimeDelta::days(8)).await;
    assert_eq!(case.money().await, (100_000, 0, 0));
    assert_eq!(case.app.count("select sessions_completed from mentors").await, 1);
    case.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_side_accepts_and_the_price_is_divided_to_the_unit() {
    let case = Case::ended().await;
    // 33 % of 6000, and the platform's 15 % of the rest.
    let opened = open(&case.learner, &case.booked, json!({ "percent": 33 }), "open").await;
    let dispute = text(&opened.ok("openDispute")["dispute"]["id"]);

    let answered = act(&case.mentor, "respondDispute", &dispute, accept()).await;

    let payload = answered.ok("respondDispute");
    assert_eq!(parts(&payload["dispute"]), (1980, 3417, 603));
    assert_eq!(payload["dispute"]["outcome"], "ACCEPTED");
    assert_eq!(payload["booking"]["paymentStatus"], "SPLIT");
    assert_eq!(case.money().await, (95_980, 0, 3417));
    case.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_opens_the_time_for_evidence_and_can_be_accepted() {
    let mut case = Case::ended().await;
    let dispute = case.dispute(&case.learner, 6000).await;
    let mut events = Subscription::start(&case.learner, "viewerEvents", EVENTS, json!({})).await;

    let answered = act(&case.mentor, "respondDispute", &dispute, offer(1000)).await;

    let shown = &answered.ok("respondDispute")["dispute"];
    assert_eq!((&shown["status"], &shown["offered"]["amountMinor"]), (&json!("ANSWERED"), &json!("1000")));
    let days = instant(&shown["evidenceUntil"]) - case.app.now();
    assert!(days <= TimeDelta::days(3) && days > TimeDelta::days(3) - TimeDelta::minutes(5), "{days}");
    assert_eq!(events.next_of("DisputeAnswered").await["dispute"]["viewerCanAcceptOffer"], true);
    for (client, name) in [(&case.learner, "ada"), (&case.mentor, "grace")] {
        act(client, "addDisputeEvidence", &dispute, json!({ "body": format!("by {name}") }))
            .await
            .ok("addDisputeEvidence");
        let told = events.next_of("DisputeEvidenceAdded").await;
        assert_eq!(told["evidence"]["member"]["name"], name);
    }
    let can = "query($id: ID!) { node(id: $id) { ... on Dispute { viewerCanRespond viewerCanAcceptOffer viewerCanAddEvidence
        viewerCanWithdraw viewerCanResolve evidence { body member { name } } } } }";
    let node = case.learner.run(can, json!({ "id": dispute })).await.data("node").clone();
    assert_eq!(
        node,
        json!({ "viewerCanRespond": false, "viewerCanAcceptOffer": true, "viewerCanAddEvidence": true,
            "viewerCanWithdraw": true, "viewerCanResolve": false,
            "evidence": [{ "body": "by ada", "member": { "name": "ada" } }, { "body": "by grace", "member": { "name": "grace" } }] })
    );

    case.wait(TimeDelta::days(3)).await;
    let late = act(&case.learner, "addDisputeEvidence", &dispute, json!({ "body": "too late" })).await;
    assert_eq!(late.codes("addDisputeEvidence"), ["INVALID_TRANSITION"]);
    assert_eq!(
        late.data("addDisputeEvidence")["userErrors"][0]["allowed"],
        json!(["acceptDisputeOffer", "withdrawDispute", "resolveDispute"])
    );
    // Silence settles nothing once it was answered.
    case.wait(TimeDelta::days(10)).await;
    assert_eq!(case.booking().await, "DISPUTED HELD");

    let accepted = act(&case.learner, "acceptDisputeOffer", &dispute, json!({})).await;

    assert_eq!(parts(&accepted.ok("acceptDisputeOffer")["dispute"]), (1000, 4250, 750));
    assert_eq!((case.booking().await, case.money().await), ("COMPLETED SPLIT".to_owned(), (95_000, 0, 4250)));
    assert_eq!(
        notified(&case.learner).await,
        ["DISPUTE_ANSWERED", "DISPUTE_EVIDENCE_ADDED", "DISPUTE_RESOLVED"]
    );
    assert_eq!(
        notified(&case.mentor).await,
        ["DISPUTE_OPENED", "DISPUTE_EVIDENCE_ADDED", "DISPUTE_RESOLVED"]
    );
    case.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_dispute_leaves_the_booking_and_its_deadlines_as_they_were() {
    let mut case = Case::ended().await;
    case.wait(TimeDelta::hours(70)).await;
    let before = case.app.sql("select auto_confirms_at from bookings").await;
    let dispute = case.dispute(&case.mentor, 0).await;
    case.wait(TimeDelta::days(2)).await;

    let withdrawn = act(&case.mentor, "withdrawDispute", &dispute, json!({})).await;

    let payload = withdrawn.ok("withdrawDispute");
    assert_eq!(
        (&payload["dispute"]["status"], &payload["booking"]["status"]),
        (&json!("WITHDRAWN"), &json!("CONFIRMED"))
    );
    let moved = format!(
        "select auto_confirms_at between '{at}'::timestamptz + interval '2 days' and '{at}'::timestamptz + interval '2 days 5 minutes' from bookings",
        at = before[0][0]
    );
    assert_eq!(case.app.sql(&moved).await, [["t"]]);
    // It cannot be opened again by the same side; the other one still has its two hours.
    let again = open(&case.mentor, &case.booked, json!({ "percent": 0 }), "again").await;
    assert_eq!(again.codes("openDispute"), ["ALREADY_DONE"]);
    let can = "query($id: ID!) { node(id: $id) { ... on Booking { viewerCanDispute dispute { status } } } }";
    let booking = json!({ "id": case.booked.booking });
    assert_eq!(case.mentor.run(can, booking.clone()).await.data("node")["viewerCanDispute"], false);
    let node = case.learner.run(can, booking).await.data("node").clone();
    assert_eq!(node, json!({ "viewerCanDispute": true, "dispute": { "status": "WITHDRAWN" } }));
    let second = open(&case.learner, &case.booked, json!({ "percent": 50 }), "mine").await;
    let second = text(&second.ok("openDispute")["dispute"]["id"]);
    act(&case.learner, "withdrawDispute", &second, json!({})).await.ok("withdrawDispute");
    assert_eq!(
        confirm(&case.learner, &case.booked).await.ok("confirmSession")["booking"]["status"],
        "COMPLETED"
    );
    assert_eq!(case.money().await, (94_000, 0, 5100));
    case.assert_sound().await;
}
