use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, Reply, Subscription, TestApp};

const STATEMENT: &str =
    "I have taught Rust for six years, and I want to teach it here to people who are stuck.";
const APPLICATION: &str = "replayed application { id status reason reapplyAfter applicant { id } }";

async fn apply(member: &Client) -> Reply {
    let query = format!(
        "mutation($input: ApplyAsMentorInput!) {{ applyAsMentor(input: $input) {{ {APPLICATION}
         userErrors {{ code path ... on ReapplyAfterError {{ date }} }} }} }}"
    );
    member.run(&query, json!({ "input": { "statement": STATEMENT } })).await
}

async fn review(admin: &Client, application: &Value, decision: &str) -> Reply {
    let input = json!({ "applicationId": application, "decision": decision, "reason": "We looked closely." });
    admin.mutate("reviewMentorApplication", APPLICATION, input).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_applicant_is_a_mentor_at_once_and_is_told() {
    let app = TestApp::start().await;
    let (root, bob) = (app.admin("root").await, app.member("bob").await);
    let mut queue =
        Subscription::start(&root, "adminEvents", "subscription { adminEvents { __typename } }", json!({}))
            .await;
    let offer = json!({ "headline": "Rust", "hourlyRateMinor": "6000" });
    let refused = bob.mutate("updateMentorProfile", "mentor { id }", offer.clone()).await;
    assert_eq!(refused.error_codes(), ["FORBIDDEN"]);

    let application = apply(&bob).await.ok("applyAsMentor")["application"].clone();
    assert_eq!(
        (&application["status"], &application["applicant"]["id"]),
        (&json!("PENDING"), &json!(bob.id))
    );
    assert_eq!(queue.next().await["__typename"], "MentorApplicationReceived");
    let waiting = root.query("{ adminMentorApplications(status: PENDING) { edges { node { id } } } }").await;
    assert_eq!(
        waiting.data("adminMentorApplications")["edges"],
        json!([{ "node": { "id": application["id"] } }])
    );

    let done = review(&root, &application["id"], "APPROVE").await;

    assert_eq!(done.ok("reviewMentorApplication")["application"]["status"], "APPROVED");
    bob.mutate("updateMentorProfile", "mentor { id }", offer).await.ok("updateMentorProfile");
    let told = bob.query("{ viewer { roles mentorApplication { status reason } notifications { edges { node { kind subject { id } } } } } }").await;
    assert_eq!(
        told.data("viewer"),
        &json!({
            "roles": ["LEARNER", "MENTOR"],
            "mentorApplication": { "status": "APPROVED", "reason": "We looked closely." },
            "notifications": { "edges": [{ "node": { "kind": "MENTOR_APPLICATION_REVIEWED", "subject": { "id": application["id"] } } }] },
        })
    );
    let acts = app
        .sql("select action from audit_log where actor_id is not null and action <> 'SIGNED_IN' order by id")
        .await;
    assert_eq!(acts, [["MENTOR_APPLICATION_REVIEWED"], ["ROLES_CHANGED"]]);
    assert_eq!(apply(&bob).await.codes("applyAsMentor"), ["ALREADY_DONE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_application_while_one_is_pending_is_the_same_even_at_once() {
    let app = TestApp::start().await;
    let bob = app.member("bob").await;

    let replies = futures_util::future::join_all((0..10).map(|_| apply(&bob))).await;

    let payloads: Vec<&Value> = replies.iter().map(|reply| reply.ok("applyAsMentor")).collect();
    assert!(payloads.iter().all(|payload| payload["application"]["id"] == payloads[0]["application"]["id"]));
    assert_eq!(payloads.iter().filter(|payload| payload["replayed"] == false).count(), 1);
    assert_eq!(app.count("select count(*) from mentor_applications").await, 1);
    let short = bob.mutate("applyAsMentor", "replayed", json!({ "statement": "Please." })).await;
    assert_eq!(short.codes("applyAsMentor"), ["VALIDATION"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_applicant_waits_and_may_try_again() {
    let app = TestApp::start().await;
    let (root, bob) = (app.admin("root").await, app.member("bob").await);
    let first = apply(&bob).await.ok("applyAsMentor")["application"]["id"].clone();
    let rejected = review(&root, &first, "REJECT").await.ok("reviewMentorApplication")["application"].clone();

    let refused = apply(&bob).await;

    assert_eq!(refused.codes("applyAsMentor"), ["REAPPLY_AFTER"]);
    assert_eq!(refused.data("applyAsMentor")["userErrors"][0]["date"], rejected["reapplyAfter"]);
    assert_eq!(bob.query("{ viewer { roles } }").await.data("viewer")["roles"], json!(["LEARNER"]));
    app.advance(TimeDelta::days(30) + TimeDelta::minutes(1));
    let bob = app.sign_in("bob@example.org").await;
    let again = apply(&bob).await;
    assert_eq!(again.ok("applyAsMentor")["replayed"], false);
    assert_ne!(again.ok("applyAsMentor")["application"]["id"], first);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_decisions_at_once_one_counts_and_the_other_is_told() {
    let app = TestApp::start().await;
    let (one, two) = (app.admin("one").await, app.admin("two").await);
    for round in 0..4 {
        let bob = app.member(&format!("bob{round}")).await;
        let id = apply(&bob).await.ok("applyAsMentor")["application"]["id"].clone();

        let (approved, rejected) = tokio::join!(review(&one, &id, "APPROVE"), review(&two, &id, "REJECT"));

        let codes =
            [approved.codes("reviewMentorApplication"), rejected.codes("reviewMentorApplication")].concat();
        assert_eq!(codes, ["INVALID_TRANSITION"]);
        let roles =
            bob.query("{ viewer { roles mentorApplication { status } } }").await.data("viewer").clone();
        let is_mentor = roles["roles"].as_array().unwrap().contains(&json!("MENTOR"));
        assert_eq!(is_mentor, roles["mentorApplication"]["status"] == "APPROVED");
        let decision = if is_mentor { "APPROVE" } else { "REJECT" };
        assert_eq!(review(&one, &id, decision).await.ok("reviewMentorApplication")["replayed"], true);
    }
    assert_eq!(
        app.count("select count(*) from audit_log where action = 'MENTOR_APPLICATION_REVIEWED'").await,
        4
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_the_own_application_and_strangers_do_not_see_it() {
    let app = TestApp::start().await;
    let (root, eve) = (app.admin("root").await, app.member("eve").await);
    let own = apply(&root).await.ok("applyAsMentor")["application"]["id"].clone();

    assert_eq!(review(&root, &own, "APPROVE").await.codes("reviewMentorApplication"), ["FORBIDDEN"]);
    let read = "query($id: ID!) { node(id: $id) { id } }";
    assert_eq!(root.run(read, json!({ "id": own })).await.data("node")["id"], own);
    for client in [&eve, &app.anonymous()] {
        assert_eq!(client.run(read, json!({ "id": own })).await.data("node"), &Value::Null);
    }
    assert_eq!(
        eve.query("{ viewer { mentorApplication { id } } }").await.data("viewer")["mentorApplication"],
        Value::Null
    );
}

/// The role comes from an approved application, an administrator or the seed; registering does not give it.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_registers_as_a_mentor() {
    let app = TestApp::start().await;
    let input =
        json!({ "email": "eve@example.org", "password": "long enough", "name": "Eve", "roles": ["MENTOR"] });
    let refused = app.anonymous().mutate("registerMember", "accepted", input).await;
    assert_eq!(refused.codes("registerMember"), ["VALIDATION"]);
    assert_eq!(app.count("select count(*) from members").await, 0);
}
