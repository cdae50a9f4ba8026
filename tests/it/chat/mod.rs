mod conversations;
mod read;
mod send;
pub mod session;

use serde_json::{Value, json};

use crate::support::{Client, client::Reply};

const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { replayed
    message { id seq body clientId createdAt sender { id name } conversation { id } }
    conversation { id kind lastSeq lastMessageAt viewerUnreadCount viewerLastReadSeq cursor viewerPeer { id } }
    userErrors { __typename code path message ... on ValidationError { rule } } } }";
const MARK_READ: &str = "mutation($input: MarkReadInput!) { markRead(input: $input) {
    conversation { viewerUnreadCount viewerLastReadSeq lastSeq } userErrors { code path } } }";
pub const CONVERSATION: &str = "query($id: ID!) { conversation(id: $id) { id kind lastSeq lastMessageAt viewerUnreadCount viewerLastReadSeq cursor
    messages(last: 50) { edges { node { id seq body createdAt sender { id name avatarUrl } } } } } }";

/// Sends a message to a member, with a client id of its own.
pub async fn write(from: &Client, to: &Client, body: &str) -> Value {
    send(from, json!({ "memberId": to.id }), body, &uuid::Uuid::new_v4().to_string())
        .await
        .ok("sendMessage")
        .clone()
}

/// Sends a message into a conversation, with a client id of its own.
pub async fn say(from: &Client, conversation: &Value, body: &str) -> Value {
    let client_id = uuid::Uuid::new_v4().to_string();
    send(from, json!({ "conversationId": conversation }), body, &client_id).await.ok("sendMessage").clone()
}

async fn send(from: &Client, to: Value, body: &str, client_id: &str) -> Reply {
    from.run(SEND, json!({ "input": { "to": to, "body": body, "clientId": client_id } })).await
}

pub async fn mark_read(client: &Client, conversation: &Value, up_to: i64) -> Reply {
    client.run(MARK_READ, json!({ "input": { "conversationId": conversation, "upToSeq": up_to } })).await
}

/// A conversation with its last messages.
async fn open(client: &Client, conversation: &Value) -> Value {
    client.run(CONVERSATION, json!({ "id": conversation })).await.data("conversation").clone()
}

/// The bare value of a global id, as the database has it.
pub fn uuid_of(id: &Value) -> uuid::Uuid {
    skillswap::db::ids::decode(id.as_str().expect("an id")).expect("an id").1
}

fn seqs(conversation: &Value) -> Vec<i64> {
    let edges = conversation["messages"]["edges"].as_array().expect("a page");
    edges.iter().map(|edge| edge["node"]["seq"].as_i64().expect("a number")).collect()
}
