//! Durable streams of what happened, and their live delivery.
//!
//! - [`log`]: the streams in PostgreSQL. Numbers are dense and follow commit order.
//! - [`hub`]: live delivery inside this process.
//! - [`Listener`]: what must happen in the same transaction as an event.

pub mod hub;
pub mod log;

use std::{fmt, str::FromStr, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use futures_util::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

pub use hub::Hub;

use crate::db::{
    Tx,
    ids::{ConversationId, EntityId, MemberId, SessionId},
};

/// A stream: everything durable about one member, one session or one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamName {
    /// `user:<uuid>`: bookings, wallet, conversations and notifications of one member.
    User(MemberId),
    /// `session:<uuid>`: stage and participants of one session.
    Session(SessionId),
    /// `conversation:<uuid>`: messages of one conversation.
    Conversation(ConversationId),
    /// `admin:all`: what administrators follow.
    Admin,
}

impl StreamName {
    /// Names it in the database: the id of what it is about. Ids are unique over all kinds; there is one of
    /// administrators.
    #[must_use]
    pub fn key(self) -> Uuid {
        match self {
            Self::User(id) => id.uuid(),
            Self::Session(id) => id.uuid(),
            Self::Conversation(id) => id.uuid(),
            Self::Admin => Uuid::nil(),
        }
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{}", id.uuid()),
            Self::Session(id) => write!(f, "session:{}", id.uuid()),
            Self::Conversation(id) => write!(f, "conversation:{}", id.uuid()),
            Self::Admin => f.write_str("admin:all"),
        }
    }
}

impl FromStr for StreamName {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (kind, id) = text.split_once(':').ok_or(InvalidCursor)?;
        if (kind, id) == ("admin", "all") {
            return Ok(Self::Admin);
        }
        let uuid = Uuid::parse_str(id).map_err(|_| InvalidCursor)?;
        match kind {
            "user" => Ok(Self::User(MemberId::from_uuid(uuid))),
            "session" => Ok(Self::Session(SessionId::from_uuid(uuid))),
            "conversation" => Ok(Self::Conversation(ConversationId::from_uuid(uuid))),
            _ => Err(InvalidCursor),
        }
    }
}

/// The data of one kind of event, as kept in the stream. Fields may be added with `#[serde(default)]`, never renamed:
/// streams are read for as long as they are retained.
pub trait EventPayload: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Names the kind; stable for as long as events of it exist.
    const KIND: &'static str;
}

/// Something that happened, at its place in a stream. Shared by all who receive it.
#[derive(Clone, Debug)]
pub struct Event {
    /// Where it happened.
    pub stream: StreamName,
    /// Its number: 1, 2, 3, … without gaps.
    pub seq: i64,
    /// See [`EventPayload::KIND`].
    pub kind: String,
    /// See [`EventPayload`].
    pub payload: serde_json::Value,
    /// Who did it; `None` for the system.
    pub actor: Option<MemberId>,
    /// When the transaction ran.
    pub occurred_at: DateTime<Utc>,
}

/// Kind of the event that ends a subscription which cannot go on without a gap. Made on delivery, never stored.
pub const RESYNC_REQUIRED: &str = "RESYNC_REQUIRED";

impl Event {
    /// The place right after this event.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor { stream: self.stream, seq: self.seq }
    }

    /// The payload as `P`, if it is of that kind.
    #[must_use]
    pub fn payload<P: EventPayload>(&self) -> Option<P> {
        (self.kind == P::KIND).then(|| P::deserialize(&self.payload).ok()).flatten()
    }

    /// Tells a subscriber to read the snapshot again and to continue from `seq`.
    #[must_use]
    pub fn resync(stream: StreamName, seq: i64, now: DateTime<Utc>) -> Self {
        let kind = RESYNC_REQUIRED.to_owned();
        Self { stream, seq, kind, payload: serde_json::Value::Null, actor: None, occurred_at: now }
    }
}

/// A place in a stream: everything up to `seq` has been seen. Opaque to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The stream it belongs to.
    pub stream: StreamName,
    /// The last number seen; 0 = nothing.
    pub seq: i64,
}

/// The text is no cursor, or it belongs to another stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor does not belong to this stream")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(format!("{}@{}", self.stream, self.seq)))
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let text = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
        let (stream, seq) = text.split_once('@').ok_or(InvalidCursor)?;
        let seq: i64 = seq.parse().map_err(|_| InvalidCursor)?;
        if seq < 0 {
            return Err(InvalidCursor);
        }
        Ok(Self { stream: stream.parse()?, seq })
    }
}

/// Acts in the transaction that appends an event: exactly once by construction, at the price that it may only use the
/// database. What leaves the process is a job that the listener enqueues.
pub trait Listener: Send + Sync {
    /// Sees the events told since the last call; may tell more.
    fn on_events<'a>(&'a self, tx: &'a mut Tx, events: &'a [log::Pending]) -> BoxFuture<'a, QueryResult<()>>;
}

/// The listeners of the product, in the order in which they run.
pub type Listeners = Vec<Arc<dyn Listener>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_broken_ones_are_refused() {
        let cursor = Cursor { stream: StreamName::Session(SessionId::new()), seq: 41 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in
            ["", "x", "bm9wZTo5OTk", &URL_SAFE_NO_PAD.encode("user:1@-3"), &URL_SAFE_NO_PAD.encode("user:@1")]
        {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text}");
        }
    }
}
