//! RFC 6455: messages to bytes.

use actix_web::web::Bytes;

use super::{
    close::Close,
    reader::{CLOSE, FINAL, PING, PONG, TEXT},
};

/// A text frame of these parts, in one allocation.
pub(super) fn text(parts: &[&[u8]]) -> Bytes {
    let mut frame = Vec::new();
    write_text(&mut frame, parts);
    frame.into()
}

/// Appends a text frame of these parts.
pub(super) fn write_text(frame: &mut Vec<u8>, parts: &[&[u8]]) {
    write(frame, TEXT, parts);
}

/// A ping.
pub(super) fn ping() -> Bytes {
    control(PING, &[])
}

/// The answer to a ping.
pub(super) fn pong(payload: &[u8]) -> Bytes {
    control(PONG, &[payload])
}

/// The last frame of a socket.
pub(super) fn close(close: Close) -> Bytes {
    control(CLOSE, &[&close.code.to_be_bytes(), close.reason.as_bytes()])
}

/// The answer to a close frame: the same code, or none.
pub(super) fn close_echo(payload: &[u8]) -> Bytes {
    match payload {
        &[high, low, ..] if is_sendable(u16::from_be_bytes([high, low])) => control(CLOSE, &[&[high, low]]),
        [] => control(CLOSE, &[]),
        _ => close(Close::PROTOCOL_ERROR),
    }
}

const fn is_sendable(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

fn control(kind: u8, parts: &[&[u8]]) -> Bytes {
    let mut frame = Vec::new();
    write(&mut frame, kind, parts);
    frame.into()
}

fn write(frame: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    frame.reserve_exact(length + 10);
    frame.push(FINAL | kind);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => frame.push(short),
        (_, Ok(middle)) => {
            frame.push(126);
            frame.extend_from_slice(&middle.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend_from_slice(&u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
        }
    }
    for part in parts {
        frame.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_the_shortest_form() {
        for (length, head) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 0xFF, 0xFF]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = text(&[&vec![b'x'; length]]);
            assert_eq!(frame.len(), head.len() + length);
            assert!(frame.starts_with(&head), "{length}");
        }
    }

    #[test]
    fn a_close_is_echoed_unless_its_code_may_not_be_sent() {
        assert_eq!(close_echo(&[0x03, 0xE8, b'x']), &[0x88, 2, 0x03, 0xE8][..]);
        assert_eq!(close_echo(&[]), &[0x88, 0][..]);
        assert!(close_echo(&[0x03, 0xED]).starts_with(&[0x88, 16, 0x03, 0xEA]), "1005 is answered with 1002");
        assert!(close_echo(&[1]).starts_with(&[0x88, 16, 0x03, 0xEA]));
    }
}
