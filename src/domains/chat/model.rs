//! Rows, events and rules of chat.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    db::{
        ids::{ConversationId, MemberId, MessageId, SessionId},
        tables::messages,
    },
    events::EventPayload,
    text_enum,
};

text_enum! {
    /// Between whom a conversation is.
    pub enum ConversationKind { Direct = "DIRECT", Session = "SESSION" }
}

/// Characters of a message.
pub const BODY_LENGTH: RangeInclusive<usize> = 1..=4000;
/// Characters of a client's own id of a message.
pub const CLIENT_ID_LENGTH: RangeInclusive<usize> = 1..=128;

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct ConversationRow {
    /// Its id.
    pub id: ConversationId,
    /// Between whom.
    pub kind: ConversationKind,
    /// The session of a SESSION conversation.
    pub session_id: Option<SessionId>,
    /// The two members of a DIRECT conversation, in id order.
    pub pair: Option<Vec<MemberId>>,
    /// Number of the last message; 0 = none yet.
    pub last_seq: i64,
    /// When the last message was sent.
    pub last_message_at: Option<DateTime<Utc>>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
}

impl ConversationRow {
    /// When something last happened in it: its place in a member's list.
    #[must_use]
    pub fn active_at(&self) -> DateTime<Utc> {
        self.last_message_at.unwrap_or(self.created_at)
    }
}

/// How far a member has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Seat {
    /// Number of the last message read.
    pub last_read_seq: i64,
    /// Messages of others after that.
    pub unread: i64,
}

/// A conversation as one member finds it, all of it read at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Opened {
    /// The conversation.
    pub conversation: ConversationRow,
    /// The member's place in it.
    pub seat: Seat,
    /// Number of the last event of its stream.
    pub stream_seq: i64,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Serialize, Deserialize)]
#[diesel(table_name = messages, check_for_backend(diesel::pg::Pg))]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// Where it was sent.
    pub conversation_id: ConversationId,
    /// Its number in the conversation: 1, 2, 3, …
    pub seq: i64,
    /// Who sent it.
    pub sender_id: MemberId,
    /// Chosen by the sender's device.
    pub client_id: String,
    /// The text as it was sent.
    pub body: String,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
}

/// A message was sent. On the stream of its conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MessageSent {
    /// The message.
    pub message: MessageRow,
}

impl EventPayload for MessageSent {
    const KIND: &'static str = "MESSAGE_SENT";
}

/// A conversation of a member was opened or has something new, or the member has read. On the member's own stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationUpdated {
    /// Which.
    pub conversation_id: ConversationId,
    /// Number of the last message.
    pub last_seq: i64,
    /// What the member has not read.
    pub unread_count: i64,
    /// Number of the last message that the member has read.
    pub last_read_seq: i64,
    /// When the last message was sent.
    pub last_message_at: Option<DateTime<Utc>>,
}

impl EventPayload for ConversationUpdated {
    const KIND: &'static str = "CONVERSATION_UPDATED";
}

impl ConversationUpdated {
    /// How a member finds a conversation now.
    #[must_use]
    pub const fn new(conversation: &ConversationRow, seat: Seat) -> Self {
        Self {
            conversation_id: conversation.id,
            last_seq: conversation.last_seq,
            unread_count: seat.unread,
            last_read_seq: seat.last_read_seq,
            last_message_at: conversation.last_message_at,
        }
    }
}

/// The two members of a DIRECT conversation in the order in which they are kept.
#[must_use]
pub fn pair(one: MemberId, other: MemberId) -> Vec<MemberId> {
    if one < other { vec![one, other] } else { vec![other, one] }
}

/// Why a text cannot be a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadBody {
    /// Nothing to read in it, or more than [`BODY_LENGTH`].
    Length,
    /// A control character that is neither a line break nor a tab.
    ControlCharacter,
}

/// Checks a message's text; it is kept exactly as it was sent.
///
/// # Errors
/// See [`BadBody`].
pub fn check_body(body: &str) -> Result<(), BadBody> {
    if body.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\r' | '\t')) {
        return Err(BadBody::ControlCharacter);
    }
    if body.trim().is_empty() || !BODY_LENGTH.contains(&body.chars().count()) {
        return Err(BadBody::Length);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_to_four_thousand_characters_with_something_to_read() {
        for body in ["a", "  padded  ", "two\nlines\tand a tab\r\n", "👩‍👩‍👧‍👦", &"é".repeat(4000)]
        {
            assert_eq!(check_body(body), Ok(()), "{body:?}");
        }
        for body in ["", " ", "\n\t ", "\u{2003}", &"é".repeat(4001)] {
            assert_eq!(check_body(body), Err(BadBody::Length), "{body:?}");
        }
        for body in ["a\0b", "\u{7}", "\u{1b}[31m", "a\u{85}"] {
            assert_eq!(check_body(body), Err(BadBody::ControlCharacter), "{body:?}");
        }
    }

    #[test]
    fn a_pair_is_the_same_from_both_sides() {
        let (one, other) = (MemberId::new(), MemberId::new());
        assert_eq!(pair(one, other), pair(other, one));
    }
}
