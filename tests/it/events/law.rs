//! `apply(snapshot@c, events c..d) == snapshot@d`, for the caller's own stream and for a conversation.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{VIEWER_EVENTS, seq};
use crate::{
    chat::{mark_read, say, write},
    notifications::{mark_notifications, notify},
    support::{Client, TestApp, socket::Subscription},
};

const SNAPSHOT: &str = "{ viewer { cursor unreadNotifications
    conversations(first: 50) { edges { node { id lastSeq lastMessageAt viewerUnreadCount viewerLastReadSeq } } }
    notifications(first: 50) { edges { node { id kind body createdAt readAt } } } } }";
const CHAT: &str = "query($id: ID!) { conversation(id: $id) { cursor lastSeq lastMessageAt messages(last: 50) { edges { node { id seq body createdAt sender { id } } } } } }";
const CHAT_EVENTS: &str = "subscription($id: ID!, $after: String) { conversationEvents(conversationId: $id, after: $after) { __typename cursor
    ... on MessageSent { message { id seq body createdAt sender { id } } } } }";

/// What a client keeps of its own stream: the published reducer in Rust.
#[derive(Clone, Debug, PartialEq)]
struct State {
    seq: i64,
    unread_notifications: Value,
    conversations: BTreeMap<String, Value>,
    notifications: BTreeMap<String, Value>,
}

impl State {
    async fn read(client: &Client) -> Self {
        let reply = client.query(SNAPSHOT).await;
        let viewer = reply.data("viewer");
        let by_id = |list: &str| {
            let edges = viewer[list]["edges"].as_array().expect("a page");
            edges.iter().map(|edge| (edge["node"]["id"].to_string(), edge["node"].clone())).collect()
        };
        Self {
            seq: seq(&viewer["cursor"]),
            unread_notifications: viewer["unreadNotifications"].clone(),
            conversations: by_id("conversations"),
            notifications: by_id("notifications"),
        }
    }

    fn apply(&mut self, event: &Value) {
        self.seq = seq(&event["cursor"]);
        match event["__typename"].as_str() {
            Some("ConversationUpdated") => {
                let id = &event["conversationId"];
                let known = json!({
                    "id": id, "lastSeq": event["lastSeq"], "lastMessageAt": event["lastMessageAt"],
                    "viewerUnreadCount": event["viewerUnreadCount"], "viewerLastReadSeq": event["viewerLastReadSeq"],
                });
                self.conversations.insert(id.to_string(), known);
            }
            Some("NotificationReceived") => {
                let notification = &event["notification"];
                self.notifications.insert(notification["id"].to_string(), notification.clone());
                self.unread_notifications = event["unreadNotifications"].clone();
            }
            Some("NotificationsRead") => {
                let named = event["ids"].as_array().expect("ids");
                let up_to = event["upTo"].as_str();
                for notification in
                    self.notifications.values_mut().filter(|notification| notification["readAt"].is_null())
                {
                    let made = notification["createdAt"].as_str().expect("an instant");
                    if named.contains(&notification["id"]) || up_to.is_some_and(|up_to| made <= up_to) {
                        notification["readAt"] = event["readAt"].clone();
                    }
                }
                self.unread_notifications = event["unreadNotifications"].clone();
            }
            Some("SessionStarted" | "OtherEvent") => {}
            other => panic!("unexpected {other:?}"),
        }
    }
}

/// One thing that somebody does.
async fn act(app: &TestApp, members: &[Client; 3], chats: &[Value; 2], dice: u32) {
    let [ada, bob, cy] = members;
    match dice % 10 {
        0 | 1 => drop(say(ada, &chats[0], "from ada").await),
        2 | 3 => drop(say(bob, &chats[0], "from bob").await),
        4 => drop(say(cy, &chats[1], "from cy").await),
        5 => drop(mark_read(ada, &chats[0], i64::from(dice / 10 % 40)).await.ok("markRead")),
        6 => drop(mark_read(ada, &chats[1], i64::from(dice / 10 % 40)).await.ok("markRead")),
        7 | 8 => notify(app, ada, 1 + (dice / 10 % 2) as usize).await,
        _ => {
            match dice / 10 % 3 {
                0 => drop(mark_notifications(ada, json!({ "all": true })).await),
                1 => drop(mark_notifications(ada, json!({ "upTo": app.now() })).await),
                _ => {
                    let reply = ada.query("{ viewer { notifications(first: 2, unreadOnly: true) { edges { node { id } } } } }").await;
                    let edges = reply.data("viewer")["notifications"]["edges"]
                        .as_array()
                        .cloned()
                        .unwrap_or_default();
                    let ids: Vec<&Value> = edges.iter().map(|edge| &edge["node"]["id"]).collect();
                    drop(mark_notifications(ada, json!({ "ids": ids })).await);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_and_the_events_after_it_give_every_later_snapshot() {
    let app = TestApp::start().await;
    let members = [app.member("ada").await, app.member("bob").await, app.member("cy").await];
    let [ada, bob, cy] = &members;
    let chats = [
        write(bob, ada, "hello").await["conversation"]["id"].clone(),
        write(cy, ada, "hello").await["conversation"]["id"].clone(),
    ];
    let mut dice = StdRng::seed_from_u64(11);

    for _ in 0..6 {
        let mut state = State::read(ada).await;
        let start = json!(super::cursor(ada, state.seq));
        let mut events =
            Subscription::start(ada, "viewerEvents", VIEWER_EVENTS, json!({ "after": start })).await;
        for _ in 0..3 {
            let acts: Vec<u32> = (0..6).map(|_| dice.random()).collect();
            futures_util::future::join_all(acts.into_iter().map(|dice| act(&app, &members, &chats, dice)))
                .await;
            let later = State::read(ada).await;
            while state.seq < later.seq {
                state.apply(&events.next().await);
            }
            assert_eq!(state, later);
        }
    }
    let told = "select count(*) from events where kind in ('NOTIFICATION_RECEIVED', 'NOTIFICATIONS_READ')";
    assert!(app.count(told).await > 10, "the dice chose notifications too");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_law_holds_for_a_conversation_read_in_the_middle_of_its_messages() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let chat = write(&bob, &ada, "first").await["conversation"]["id"].clone();
    let read = async || ada.run(CHAT, json!({ "id": chat })).await.data("conversation").clone();
    let writing = futures_util::future::join_all([&ada, &bob].map(|from| {
        let chat = &chat;
        async move {
            for n in 0..20 {
                say(from, chat, &format!("message {n}")).await;
            }
        }
    }));
    let reading = async {
        for _ in 0..4 {
            let mut state = read().await;
            let mut events = Subscription::start(
                &ada,
                "conversationEvents",
                CHAT_EVENTS,
                json!({ "id": chat, "after": state["cursor"] }),
            )
            .await;
            let later = read().await;
            while seq(&state["cursor"]) < seq(&later["cursor"]) {
                let event = events.next().await;
                let edges = state["messages"]["edges"].as_array_mut().expect("a page");
                // The page is read after the cursor, so an event may tell what is there.
                if !edges.iter().any(|edge| edge["node"]["id"] == event["message"]["id"]) {
                    edges.push(json!({ "node": event["message"] }));
                }
                state["cursor"] = event["cursor"].clone();
            }
            // What is later than the cursor may be in either page; up to it they are the same.
            let up_to = |state: &Value| -> Vec<Value> {
                let last = later["lastSeq"].as_i64().expect("a number");
                let edges = state["messages"]["edges"].as_array().expect("a page").clone();
                edges
                    .into_iter()
                    .filter(|edge| edge["node"]["seq"].as_i64().expect("a number") <= last)
                    .collect()
            };
            assert_eq!(up_to(&state), up_to(&later));
        }
    };

    tokio::join!(writing, reading);
}
