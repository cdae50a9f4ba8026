use std::fmt::Write;

use chrono::TimeDelta;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Case, act, hold, offer, resolve, text};
use crate::support::TestApp;

const TIMELINE: &str = "query($id: ID!) { node(id: $id) { ... on Dispute { timeline { kind occurredAt text rowId node { __typename id }
    member { name } amount { amountMinor } until seconds sha256 } } } }";

fn kinds(timeline: &[Value]) -> Vec<String> {
    timeline.iter().map(|fact| text(&fact["kind"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_tells_what_the_system_knows_and_names_the_rows() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(3))).await;
    app.advance(booked.starts_at - app.now());
    let mut case = Case { app, mentor, learner, booked };
    case.sign_in().await;
    for client in [&case.mentor, &case.learner] {
        client
            .mutate("joinSession", "presenceId", json!({ "sessionId": case.booked.session }))
            .await
            .ok("joinSession");
    }
    let conversation = "query($id: ID!) { session(id: $id) { viewerConversation { id } } }";
    let found = case.learner.run(conversation, json!({ "id": case.booked.session })).await;
    let conversation = text(&found.data("session")["viewerConversation"]["id"]);
    let mut hashed = String::new();
    for (number, client) in [(1, &case.learner), (2, &case.mentor)] {
        let body = format!("Message {number}, with ünïcode\nand a second line.");
        let sent = client
            .mutate(
                "sendMessage",
                "message { seq createdAt sender { id } body }",
                json!({ "to": { "conversationId": conversation }, "body": body, "clientId": format!("m{number}") }),
            )
            .await;
        let message = &sent.ok("sendMessage")["message"];
        let (at, who, body) =
            (text(&message["createdAt"]), text(&message["sender"]["id"]), text(&message["body"]));
        writeln!(hashed, "{number} {who} {at} {}\n{body}", body.len()).expect("written");
    }
    hold(&case.mentor, &case.booked).await;
    case.confirm().await;
    let dispute = case.dispute(&case.learner, 6000).await;
    // Written later: not part of the hash.
    case.learner
        .mutate(
            "sendMessage",
            "message { seq }",
            json!({ "to": { "conversationId": conversation }, "body": "late", "clientId": "late" }),
        )
        .await
        .ok("sendMessage");
    act(&case.mentor, "addDisputeEvidence", &dispute, json!({ "body": "I was there." }))
        .await
        .ok("addDisputeEvidence");
    act(&case.mentor, "respondDispute", &dispute, offer(1000)).await.ok("respondDispute");
    let admin = case.app.admin("root").await;
    resolve(&admin, &dispute, (3000, 3000, 0), "half").await.ok("resolveDispute");

    let reply = case.learner.run(TIMELINE, json!({ "id": dispute })).await;

    let timeline = reply.data("node")["timeline"].as_array().expect("facts").clone();
    let mut found = kinds(&timeline);
    assert_eq!(found[..2], ["BOOKED", "TERMS_SHOWN"]);
    assert_eq!(found.last().map(String::as_str), Some("RESOLVED"));
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "ANSWERED",
            "ATTENDED",
            "ATTENDED",
            "BOOKED",
            "COMPLETED",
            "EVIDENCE",
            "MESSAGES",
            "MONEY_MOVED",
            "MONEY_MOVED",
            "MONEY_MOVED",
            "MONEY_MOVED",
            "OPENED",
            "OVERLAP",
            "RESOLVED",
            "SESSION_ENDED",
            "SESSION_STARTED",
            "TERMS_SHOWN"
        ]
    );
    let of = |kind: &str| timeline.iter().find(|fact| fact["kind"] == kind).expect(kind);
    let digest =
        Sha256::digest(hashed.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(of("MESSAGES")["sha256"], json!(digest));
    assert!(text(&of("MESSAGES")["text"]).starts_with("2 messages"));
    assert_eq!(of("MESSAGES")["rowId"], json!(conversation));
    assert_eq!(of("BOOKED")["amount"]["amountMinor"], "6000");
    assert!(text(&of("TERMS_SHOWN")["text"]).contains("72 hours"), "{}", of("TERMS_SHOWN"));
    assert_eq!(of("OPENED")["member"]["name"], "ada");
    assert_eq!(of("ANSWERED")["amount"]["amountMinor"], "1000");
    assert_eq!(
        (&of("EVIDENCE")["text"], &of("EVIDENCE")["member"]["name"]),
        (&json!("I was there."), &json!("grace"))
    );
    assert_eq!(of("RESOLVED")["amount"]["amountMinor"], "3000");
    assert!(of("OVERLAP")["seconds"].is_i64());
    let money: Vec<_> = timeline.iter().filter(|fact| fact["kind"] == "MONEY_MOVED").collect();
    assert!(money.iter().all(|fact| fact["amount"]["amountMinor"] == "6000"), "{money:?}");

    // Each fact names a row that exists, and where to read on.
    for fact in &timeline {
        let (prefix, uuid) =
            skillswap::db::ids::decode(fact["rowId"].as_str().expect("an id")).expect("an id");
        let table = match prefix {
            "bkg" => "bookings",
            "ses" => "sessions",
            "prs" => "presence_intervals",
            "ltx" => "ledger_transactions",
            "cnv" => "conversations",
            "dsp" => "disputes",
            "evd" => "dispute_evidence",
            other => panic!("{other}"),
        };
        assert_eq!(
            case.app.count(&format!("select count(*) from {table} where id = '{uuid}'")).await,
            1,
            "{fact}"
        );
        assert!(fact["node"]["id"].is_string(), "{fact}");
    }
    // The administrator reads the same, but not the conversation.
    let reply = admin.run(TIMELINE, json!({ "id": dispute })).await;
    let theirs = reply.data("node")["timeline"].as_array().expect("facts");
    assert_eq!(kinds(theirs), kinds(&timeline));
}

#[tokio::test(flavor = "multi_thread")]
async fn attendance_and_overlap_are_those_of_the_rooms() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(3))).await;
    app.advance(booked.starts_at - app.now());
    let mut case = Case { app, mentor, learner, booked };
    case.sign_in().await;
    hold(&case.mentor, &case.booked).await;
    let (_, session) = skillswap::db::ids::decode(&case.booked.session).expect("an id");
    for (client, from, until) in [(&case.mentor, 0, 10), (&case.learner, 5, 50), (&case.mentor, 40, 45)] {
        let member = skillswap::db::ids::decode(&client.id).expect("an id").1;
        let at = |minute: i64| (case.booked.starts_at + TimeDelta::minutes(minute)).to_rfc3339();
        let (from, until) = (at(from), at(until));
        case.app
            .sql(&format!(
                "insert into presence_intervals values (gen_random_uuid(), '{session}', '{member}', '{from}', '{from}', '{until}', '{until}')"
            ))
            .await;
    }
    let dispute = case.dispute(&case.learner, 6000).await;

    let reply = case.mentor.run(TIMELINE, json!({ "id": dispute })).await;

    let timeline = reply.data("node")["timeline"].as_array().expect("facts").clone();
    let attended: Vec<_> = timeline
        .iter()
        .filter(|fact| fact["kind"] == "ATTENDED")
        .map(|fact| (text(&fact["member"]["name"]), fact["seconds"].as_i64().expect("seconds")))
        .collect();
    let expected = [("grace", 600), ("ada", 2700), ("grace", 300)];
    assert_eq!(attended, expected.map(|(name, seconds)| (name.to_owned(), seconds)));
    let overlap = timeline.iter().find(|fact| fact["kind"] == "OVERLAP").expect("the overlap");
    assert_eq!(overlap["seconds"], 600);
}
