//! RFC 6455: bytes to messages.
//!
//! Our own reader, because limits must hold for what is *announced*: a frame that says it is too long is refused by its
//! first bytes, and nothing is gathered for it. An idle socket keeps no buffer.

use std::task::{Context, Poll, ready};

use actix_web::dev::Payload;
use futures_util::StreamExt;

use super::close::Close;

/// The longest message, all its fragments together, in bytes.
pub(super) const MAX_MESSAGE: usize = 64 * 1024;
/// The longest payload of a control frame.
const MAX_CONTROL: usize = 125;

const CONTINUATION: u8 = 0x0;
pub(super) const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xA;
pub(super) const FINAL: u8 = 0x80;

/// What a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// A whole text.
    Text(String),
    /// Asks for a pong with the same payload.
    Ping(Vec<u8>),
    /// Answers a ping.
    Pong,
    /// Says goodbye, with these bytes as code and reason.
    Close(Vec<u8>),
}

/// Reads the frames of a client.
pub(super) struct Frames {
    payload: Payload,
    reader: Reader,
}

impl Frames {
    pub(super) fn new(payload: Payload) -> Self {
        Self { payload, reader: Reader::default() }
    }

    /// The next message; `None` once the client is gone. Nothing is lost if it is dropped.
    pub(super) async fn next(&mut self) -> Option<Result<Incoming, Close>> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Incoming, Close>>> {
        loop {
            if let Some(read) = self.reader.read().transpose() {
                return Poll::Ready(Some(read));
            }
            match ready!(self.payload.poll_next_unpin(context)) {
                Some(Ok(chunk)) => self.reader.pending.extend_from_slice(&chunk),
                Some(Err(_)) | None => return Poll::Ready(None),
            }
        }
    }
}

/// Bytes on their way to a message.
#[derive(Debug, Default)]
struct Reader {
    /// What came and was not read yet.
    pending: Vec<u8>,
    /// Up to here `pending` was read.
    done: usize,
    /// The fragments of a text whose end did not come yet.
    text: Option<Vec<u8>>,
}

struct Head {
    last: bool,
    kind: u8,
    /// Where the payload begins, and how long it is.
    at: usize,
    length: usize,
}

impl Reader {
    /// The next message, if all of it is there.
    fn read(&mut self) -> Result<Option<Incoming>, Close> {
        while let Some(head) = self.head()? {
            let Some(frame) =
                self.pending.get(self.done..).and_then(|rest| rest.get(..head.at + head.length))
            else {
                break;
            };
            let mask = frame.get(head.at - 4..head.at).unwrap_or_default().iter().cycle();
            let masked = frame.get(head.at..).unwrap_or_default().iter();
            let payload: Vec<u8> = masked.zip(mask).map(|(byte, mask)| byte ^ mask).collect();
            self.done += head.at + head.length;
            if let Some(message) = self.take(&head, payload)? {
                return Ok(Some(message));
            }
        }
        // What is left is the beginning of a frame. An idle socket keeps nothing, not even the capacity.
        if self.done == self.pending.len() {
            self.pending = Vec::new();
        } else {
            self.pending.drain(..self.done);
        }
        self.done = 0;
        Ok(None)
    }

    /// The head of the next frame, if all of it is there and it may come here.
    fn head(&self) -> Result<Option<Head>, Close> {
        let rest = self.pending.get(self.done..).unwrap_or_default();
        let &[first, second, ref more @ ..] = rest else { return Ok(None) };
        let (last, reserved, kind) = (first & FINAL != 0, first & 0x70, first & 0x0F);
        let masked = second & 0x80 != 0;
        if reserved != 0 || !masked {
            return Err(Close::PROTOCOL_ERROR);
        }
        let (length, at) = match second & 0x7F {
            126 => match more.first_chunk() {
                Some(&middle) => (usize::from(u16::from_be_bytes(middle)), 8),
                None => return Ok(None),
            },
            127 => match more.first_chunk() {
                // A length that does not fit is longer than any message may be.
                Some(&long) => (usize::try_from(u64::from_be_bytes(long)).unwrap_or(usize::MAX), 14),
                None => return Ok(None),
            },
            short => (usize::from(short), 6),
        };
        let gathered = self.text.as_ref().map(Vec::len);
        match kind {
            CLOSE | PING | PONG if last && length <= MAX_CONTROL => {}
            BINARY if gathered.is_none() => return Err(Close::BINARY),
            TEXT if gathered.is_none() => {}
            CONTINUATION if gathered.is_some() => {}
            _ => return Err(Close::PROTOCOL_ERROR),
        }
        if length > MAX_MESSAGE - gathered.unwrap_or_default().min(MAX_MESSAGE) && kind < CLOSE {
            return Err(Close::TOO_LARGE);
        }
        Ok(Some(Head { last, kind, at, length }))
    }

    fn take(&mut self, head: &Head, payload: Vec<u8>) -> Result<Option<Incoming>, Close> {
        match head.kind {
            PING => return Ok(Some(Incoming::Ping(payload))),
            PONG => return Ok(Some(Incoming::Pong)),
            CLOSE => return Ok(Some(Incoming::Close(payload))),
            _ => {}
        }
        let text = match self.text.take() {
            None => payload,
            Some(mut text) => {
                text.extend_from_slice(&payload);
                text
            }
        };
        if !head.last {
            self.text = Some(text);
            return Ok(None);
        }
        String::from_utf8(text).map(|text| Some(Incoming::Text(text))).map_err(|_| Close::NOT_UTF8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [1, 2, 3, 4];

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..=125 => frame.push(0x80 | u8::try_from(length).unwrap()),
            length @ 126..=65_535 => {
                frame.push(0x80 | 0x7e);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            length => {
                frame.push(0x80 | 0x7f);
                frame.extend(u64::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend(MASK);
        frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    }

    /// Feeds the bytes in pieces of this size.
    fn read(bytes: &[u8], piece: usize) -> Result<Vec<Incoming>, Close> {
        let (mut reader, mut messages) = (Reader::default(), Vec::new());
        for piece in bytes.chunks(piece) {
            reader.pending.extend_from_slice(piece);
            while let Some(message) = reader.read()? {
                messages.push(message);
            }
        }
        assert!(reader.pending.capacity() <= 2 * MAX_MESSAGE + 64);
        Ok(messages)
    }

    #[test]
    fn messages_are_read_however_they_are_cut() {
        let long = "ä".repeat(20_000);
        let bytes = [
            frame(0x81, b"one"),
            frame(0x01, b"t"),
            frame(0x89, b"ping"),
            frame(0x00, b""),
            frame(0x80, b"wo"),
            frame(0x8A, b""),
            frame(0x81, long.as_bytes()),
            frame(0x81, b""),
            frame(0x88, &[3, 232]),
        ]
        .concat();
        let expected = vec![
            Incoming::Text("one".to_owned()),
            Incoming::Ping(b"ping".to_vec()),
            Incoming::Text("two".to_owned()),
            Incoming::Pong,
            Incoming::Text(long),
            Incoming::Text(String::new()),
            Incoming::Close(vec![3, 232]),
        ];
        for piece in [1, 2, 3, 7, 1_000, 100_000] {
            assert_eq!(read(&bytes, piece).as_ref(), Ok(&expected), "in pieces of {piece}");
        }
    }

    #[test]
    fn broken_frames_close_the_socket_by_their_first_bytes() {
        let announced = |first: u8, length: u64| [&[first, 0xFF][..], &length.to_be_bytes()].concat();
        for (bytes, code) in [
            (vec![0x81, 0x03], 1002),                                // not masked
            (frame(0xC1, b"x"), 1002),                               // a reserved bit
            (frame(0x83, b"x"), 1002),                               // an unknown kind
            (frame(0x80, b"x"), 1002),                               // continues nothing
            (frame(0x09, b"x"), 1002),                               // a ping in fragments
            (frame(0x89, &[b'x'; 126]), 1002),                       // a ping too long
            ([frame(0x01, b"x"), frame(0x81, b"x")].concat(), 1002), // a text inside a text
            (frame(0x82, b"x"), 4400),                               // binary
            (frame(0x81, b"\xff\xfe"), 1007),
            (announced(0x81, 65_537), 1009),
            (announced(0x81, u64::MAX), 1009),
            ([frame(0x01, &vec![b'x'; 65_536]), vec![0x00, 0x81]].concat(), 1009), // one byte more, in fragments
        ] {
            assert_eq!(read(&bytes, 5).err().map(|close| close.code), Some(code), "{:?}", bytes.get(..12));
        }
        assert!(read(&frame(0x81, &vec![b'x'; 65_536]), 1_000).is_ok());
    }
}
