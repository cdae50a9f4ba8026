mod inbox;
mod listener;

use serde_json::{Value, json};
use skillswap::{
    db::{Tx, ids::SessionId, transact},
    domains::sessions::model::{SessionKind, SessionRow, SessionStarted, SessionStatus},
    events::StreamName,
};

use crate::support::{Client, TestApp, client::Reply};

/// Gives a member this many notifications, in one transaction.
pub async fn notify(app: &TestApp, client: &Client, count: usize) {
    let told: Vec<SessionStarted> =
        (0..count).map(|_| SessionStarted { session: a_session(client, app) }).collect();
    let member = client.id.parse().expect("an id");
    let done: Result<(), diesel::result::Error> = transact(&app.app, async |tx: &mut Tx| {
        for told in &told {
            tx.tell(StreamName::User(member), told);
        }
        Ok(())
    })
    .await;
    done.expect("told");
}

/// A session as an event carries it.
pub fn a_session(host: &Client, app: &TestApp) -> SessionRow {
    let now = app.now();
    SessionRow {
        id: SessionId::new(),
        kind: SessionKind::OneOnOne,
        status: SessionStatus::Live,
        host_id: host.id.parse().expect("an id"),
        skill_id: None,
        starts_at: now,
        ends_at: now + chrono::TimeDelta::hours(1),
        started_at: Some(now),
        ended_at: None,
        cancelled_at: None,
        version: 2,
        created_at: now,
    }
}

/// Marks notifications as read; fails if it was refused.
pub async fn mark_notifications(client: &Client, which: Value) -> Reply {
    let reply = mark(client, which).await;
    reply.ok("markNotificationsRead");
    reply
}

async fn mark(client: &Client, which: Value) -> Reply {
    let mutation = "mutation($input: MarkNotificationsReadInput!) { markNotificationsRead(input: $input) { unreadNotifications userErrors { code path } } }";
    client.run(mutation, json!({ "input": which })).await
}

/// The ids in a member's inbox, newest first, with whether they were read.
async fn inbox(client: &Client) -> (i64, Vec<(Value, bool)>) {
    let reply = client
        .query("{ viewer { unreadNotifications notifications(first: 50) { edges { node { id readAt } } } } }")
        .await;
    let viewer = reply.data("viewer");
    let edges = viewer["notifications"]["edges"].as_array().expect("a page");
    let entries =
        edges.iter().map(|edge| (edge["node"]["id"].clone(), !edge["node"]["readAt"].is_null())).collect();
    (viewer["unreadNotifications"].as_i64().expect("a number"), entries)
}
