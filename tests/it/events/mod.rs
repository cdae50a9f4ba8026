mod law;
mod resume;
mod retention;

use serde_json::{Value, json};
use skillswap::{
    app::App,
    db::{Tx, transact},
    domains::profiles::model::ProfileUpdated,
    events::{Cursor, StreamName},
};

use crate::support::{Client, TestApp};

pub const VIEWER_EVENTS: &str =
    "subscription($after: String) { viewerEvents(after: $after) { __typename cursor
    ... on ResyncRequired { snapshotCursor }
    ... on ConversationUpdated { conversationId lastSeq lastMessageAt viewerUnreadCount viewerLastReadSeq }
    ... on NotificationReceived { notification { id kind body createdAt readAt } unreadNotifications }
    ... on NotificationsRead { ids upTo readAt unreadNotifications } } }";

/// The stream of a member.
pub fn stream_of(client: &Client) -> StreamName {
    StreamName::User(client.id.parse().expect("an id"))
}

/// What a client keeps after the event with this number.
pub fn cursor(client: &Client, seq: i64) -> String {
    Cursor { stream: stream_of(client), seq }.to_string()
}

/// The number in a cursor.
pub fn seq(cursor: &Value) -> i64 {
    cursor.as_str().expect("a cursor").parse::<Cursor>().expect("a cursor").seq
}

/// Appends events to a member's stream, in one transaction.
pub async fn tell(app: &TestApp, client: &Client, events: usize) {
    tell_on(&app.app, client, events).await;
}

/// The same, from another task.
pub async fn tell_on(app: &App, client: &Client, events: usize) {
    let StreamName::User(member_id) = stream_of(client) else { unreachable!() };
    let done: Result<(), diesel::result::Error> = transact(app, async |tx: &mut Tx| {
        for _ in 0..events {
            tx.tell(StreamName::User(member_id), &ProfileUpdated { member_id });
        }
        Ok(())
    })
    .await;
    done.expect("told");
}

/// The caller's place now.
pub async fn snapshot_cursor(client: &Client) -> Value {
    client.query("{ viewer { cursor } }").await.data("viewer")["cursor"].clone()
}

fn after(cursor: impl Into<Value>) -> Value {
    json!({ "after": cursor.into() })
}
