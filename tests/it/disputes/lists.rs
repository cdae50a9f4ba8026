use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Case, accept, act, hold, open, text};
use crate::support::{Client, Subscription};

const PAGE: &str = "edges { cursor node { id status timeline { kind } } } pageInfo { hasNextPage endCursor }";

fn ids(page: &Value) -> Vec<String> {
    page["edges"].as_array().expect("edges").iter().map(|edge| text(&edge["node"]["id"])).collect()
}

async fn own(client: &Client, arguments: &str) -> Value {
    let query = format!("{{ viewer {{ disputes({arguments}) {{ {PAGE} }} }} }}");
    client.query(&query).await.data("viewer")["disputes"].clone()
}

/// Three disputes, of which the first is resolved.
async fn three() -> (Case, Vec<String>) {
    let mut case = Case::ended().await;
    let mut made = vec![case.dispute(&case.learner, 6000).await];
    act(&case.mentor, "respondDispute", &made[0], accept()).await.ok("respondDispute");
    for number in 0..2 {
        let next = case.learner.book(&case.mentor, case.app.hour_after(TimeDelta::hours(3))).await;
        case.app.advance(next.starts_at - case.app.now());
        case.sign_in().await;
        hold(&case.mentor, &next).await;
        let opened = open(&case.learner, &next, json!({ "percent": 10 }), &format!("more {number}")).await;
        made.push(text(&opened.ok("openDispute")["dispute"]["id"]));
    }
    (case, made)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_and_administrators_page_through_disputes() {
    let (case, made) = three().await;
    let newest: Vec<String> = made.iter().rev().cloned().collect();
    for client in [&case.learner, &case.mentor] {
        assert_eq!(ids(&own(client, "first: 10").await), newest);
        let page = own(client, "first: 2").await;
        let next = own(client, &format!("first: 2, after: {}", page["pageInfo"]["endCursor"])).await;
        assert_eq!((ids(&page), ids(&next)), (newest[..2].to_vec(), newest[2..].to_vec()));
        assert_eq!(ids(&own(client, "last: 1").await), newest[2..]);
        assert_eq!(ids(&own(client, "first: 5, status: RESOLVED").await), made[..1]);
    }
    let eve = case.app.member("eve").await;
    assert!(ids(&own(&eve, "first: 10").await).is_empty());

    let admin = case.app.admin("root").await;
    let all = async |arguments: &str| {
        let query = format!("{{ adminDisputes({arguments}) {{ {PAGE} }} }}");
        admin.query(&query).await.data("adminDisputes").clone()
    };
    assert_eq!(ids(&all("first: 10").await), made);
    assert_eq!(ids(&all("first: 10, status: OPEN").await), made[1..]);
    let page = all("first: 1, status: OPEN").await;
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    let next = all(&format!("first: 1, status: OPEN, after: {}", page["pageInfo"]["endCursor"])).await;
    assert_eq!(ids(&next), made[2..]);
    let refused = case.learner.query(&format!("{{ adminDisputes(first: 1) {{ {PAGE} }} }}")).await;
    assert_eq!(refused.error_codes(), ["FORBIDDEN"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_timelines_costs_the_same_for_one_and_for_three() {
    let (case, _) = three().await;
    let one = case.app.warm_statements(async || drop(own(&case.learner, "first: 1").await)).await.0;
    let all = case.app.warm_statements(async || drop(own(&case.learner, "first: 3").await)).await.0;
    assert_eq!(one, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_are_told_of_disputes() {
    let case = Case::ended().await;
    let admin = case.app.admin("root").await;
    let query =
        "subscription { adminEvents { __typename ... on DisputeOpened { dispute { id viewerCanResolve } }
        ... on DisputeResolved { dispute { id outcome } } } }";
    let mut events = Subscription::start(&admin, "adminEvents", query, json!({})).await;
    let dispute = case.dispute(&case.learner, 6000).await;
    let opened = events.next_of("DisputeOpened").await;
    assert_eq!(opened["dispute"], json!({ "id": dispute, "viewerCanResolve": true }));
    act(&case.mentor, "respondDispute", &dispute, accept()).await.ok("respondDispute");
    assert_eq!(events.next_of("DisputeResolved").await["dispute"]["outcome"], "ACCEPTED");
}
