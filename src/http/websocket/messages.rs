//! The messages of `graphql-transport-ws`.

use actix_web::web::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{close::Close, writer};
use crate::{
    engine::run::Params,
    http::operations::{Happening, errors_of},
};

/// The longest id of an operation, in bytes: it is repeated in every frame.
const MAX_ID: usize = 256;

/// What a client says.
#[derive(Debug)]
pub(super) enum Message {
    /// The first message; may carry a token.
    Init(Map<String, Value>),
    /// Asks for a pong.
    Ping(Option<Map<String, Value>>),
    /// Answers a ping.
    Pong,
    /// Starts an operation.
    Subscribe(String, Params),
    /// Ends an operation.
    Complete(String),
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    payload: Option<Value>,
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// Why the socket has to be closed.
    pub(super) fn read(text: &str) -> Result<Self, Close> {
        if !text.trim_ascii_start().starts_with('{') {
            return Err(Close::NOT_JSON);
        }
        let Envelope { kind, id, payload } = serde_json::from_str(text).map_err(|_| Close::NOT_JSON)?;
        let object = |payload: Option<Value>| match payload {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(Close::BAD_FIELDS),
        };
        let id = id.filter(|id| !id.is_empty() && id.len() <= MAX_ID).ok_or(Close::BAD_FIELDS);
        match kind.as_str() {
            "connection_init" => Ok(Self::Init(object(payload)?.unwrap_or_default())),
            "ping" => Ok(Self::Ping(object(payload)?)),
            "pong" => object(payload).map(|_| Self::Pong),
            "subscribe" => {
                let params = object(payload)?.ok_or(Close::BAD_FIELDS)?;
                Ok(Self::Subscribe(
                    id?,
                    serde_json::from_value(params.into()).map_err(|_| Close::BAD_FIELDS)?,
                ))
            }
            "complete" => Ok(Self::Complete(id?)),
            _ => Err(Close::UNKNOWN_TYPE),
        }
    }
}

/// Accepts the connection.
pub(super) fn ack() -> Bytes {
    writer::text(&[br#"{"type":"connection_ack"}"#])
}

/// Answers a ping with the payload it had.
pub(super) fn pong(payload: Option<Map<String, Value>>) -> Bytes {
    match payload {
        None => writer::text(&[br#"{"type":"pong"}"#]),
        Some(payload) => {
            let payload = Value::Object(payload).to_string();
            writer::text(&[br#"{"type":"pong","payload":"#, payload.as_bytes(), b"}"])
        }
    }
}

/// What happened to an operation, in frames.
pub(super) fn dialect(id: &str, happening: Happening<'_>) -> Bytes {
    let id = id.as_bytes();
    let next = |answer| [br#"{"id":"#, id, br#","type":"next","payload":"#, answer, b"}"];
    let complete = [br#"{"id":"#, id, br#","type":"complete"}"#];
    match happening {
        Happening::Next(answer) => writer::text(&next(answer)),
        Happening::Complete => writer::text(&complete),
        Happening::Refused(answer) => {
            writer::text(&[br#"{"id":"#, id, br#","type":"error","payload":"#, errors_of(answer), b"}"])
        }
        Happening::Result(answer) => {
            let mut both = Vec::new();
            writer::write_text(&mut both, &next(answer));
            writer::write_text(&mut both, &complete);
            both.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closes(text: &str) -> Option<u16> {
        Message::read(text).err().map(|close| close.code)
    }

    #[test]
    fn messages_that_the_protocol_does_not_know_close_the_socket() {
        for text in [
            "",
            "{",
            "[]",
            "null",
            "42",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"next","id":"1"}"#,
            r#"{"type":"hello"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":[]}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"ping","payload":1}"#,
            r#"{"type":"connection_init","payload":"x"}"#,
            r#"["ping"]"#,
        ] {
            assert_eq!(closes(text), Some(4400), "{text}");
        }
        assert_eq!(closes(&format!(r#"{{"type":"complete","id":"{}"}}"#, "x".repeat(257))), Some(4400));
        for text in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"ping","payload":null}"#,
            r#"{"type":"pong","payload":{"a":1}}"#,
            r#" {"type":"subscribe","id":"1","payload":{"query":"{a}","variables":null,"extra":1},"more":2}"#,
        ] {
            assert_eq!(closes(text), None, "{text}");
        }
    }
}
