//! A hash over a conversation: whoever has it can tell later whether the messages are still the ones that were written.

use std::fmt::Write;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use sha2::{Digest, Sha256};

use super::super::{model::MessageRow, repo::read};
use crate::db::{ids::SessionId, keyset::Keyset};

/// Messages read at once.
const BATCH: i64 = 500;

/// What was written in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationDigest {
    /// How many messages.
    pub count: i64,
    /// A hash over them, in order.
    pub sha256: [u8; 32],
}

/// The digest of a session's conversation as it is now; of nothing, if it has none.
///
/// # Errors
/// Only if the database fails.
pub async fn digest_of_session(
    conn: &mut AsyncPgConnection,
    session: SessionId,
) -> QueryResult<ConversationDigest> {
    let (mut digest, mut count) = (Sha256::new(), 0);
    let conversation = read::by_sessions(conn, &[session]).await?.pop();
    if let Some((_, conversation)) = conversation {
        let mut page = Keyset::first(BATCH);
        loop {
            let messages = read::page_of_messages(conn, conversation, &page).await?;
            for message in &messages {
                digest.update(line(message));
                count += 1;
            }
            let Some(last) = messages.last() else { break };
            page.after = Some(last.seq);
        }
    }
    Ok(ConversationDigest { count, sha256: digest.finalize().into() })
}

/// A message as it is hashed: its number, who sent it, when, the length of its text in bytes, and the text.
fn line(message: &MessageRow) -> String {
    let MessageRow { seq, sender_id, created_at, body, .. } = message;
    let mut line = String::with_capacity(body.len() + 80);
    // Writing into a string cannot fail.
    write!(line, "{seq} {sender_id} {} {}\n{body}\n", created_at.to_rfc3339(), body.len()).ok();
    line
}
