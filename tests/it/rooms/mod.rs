mod attendance;
mod law;
mod presence;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, Reply, Subscription, TestApp, booking::Booked};

/// The session as a room: everything that its events change.
const ROOM: &str = "id status startedAt endedAt cancelledAt cursor participants { member { id } joinedAt }";
const EVENTS: &str = "subscription($id: ID!, $presence: ID, $after: String) { sessionEvents(sessionId: $id, presenceId: $presence, after: $after) {
    __typename cursor
    ... on SessionStarted { session { status startedAt endedAt cancelledAt } }
    ... on SessionEnded { session { status startedAt endedAt cancelledAt } }
    ... on SessionCancelled { session { status startedAt endedAt cancelledAt } }
    ... on ParticipantJoined { presenceId participant { member { id } joinedAt } }
    ... on ParticipantLeft { presenceId participant { member { id } } leftAt } } }";

/// A mentor, a learner, and their session whose room has just opened.
struct Room {
    app: TestApp,
    mentor: Client,
    learner: Client,
    booked: Booked,
}

impl Room {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
        let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(3))).await;
        app.advance(booked.starts_at - TimeDelta::minutes(10) - app.now());
        let (mentor, learner) =
            (app.sign_in("grace@example.org").await, app.sign_in("ada@example.org").await);
        Self { app, mentor, learner, booked }
    }

    async fn join(&self, client: &Client, presence: Option<&str>) -> Reply {
        let selection = format!("presenceId session {{ {ROOM} }}");
        client
            .mutate(
                "joinSession",
                &selection,
                json!({ "sessionId": self.booked.session, "presenceId": presence }),
            )
            .await
    }

    /// Joins anew; the presence.
    async fn enter(&self, client: &Client) -> String {
        self.join(client, None).await.ok("joinSession")["presenceId"].as_str().expect("a presence").to_owned()
    }

    async fn leave(&self, client: &Client, presence: &str) -> Reply {
        let selection = format!("presenceId session {{ {ROOM} }}");
        client.mutate("leaveSession", &selection, json!({ "presenceId": presence })).await
    }

    async fn host(&self, mutation: &str) -> Reply {
        self.mentor.mutate(mutation, "session { status }", json!({ "sessionId": self.booked.session })).await
    }

    async fn snapshot(&self) -> Value {
        let query = format!("query($id: ID!) {{ session(id: $id) {{ {ROOM} }} }}");
        self.mentor.run(&query, json!({ "id": self.booked.session })).await.data("session").clone()
    }

    async fn subscribe(&self, client: &Client, presence: Option<&str>, after: Option<&str>) -> Subscription {
        let variables = json!({ "id": self.booked.session, "presence": presence, "after": after });
        Subscription::start(client, "sessionEvents", EVENTS, variables).await
    }
}

/// The ids of those in the room.
fn present(room: &Value) -> Vec<&str> {
    let participants = room["participants"].as_array().expect("participants");
    participants.iter().map(|participant| participant["member"]["id"].as_str().expect("an id")).collect()
}
