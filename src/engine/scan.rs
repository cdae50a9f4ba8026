//! Refuses a document before the parser sees it.
//!
//! The parser recurses: a few kilobytes of nested lists, objects or selections would overflow its stack and abort the
//! process. So nesting and the number of tokens are counted first, in one pass without recursion.

use crate::graphql::error::{ApiCode, ApiError};

/// The longest document, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// Brackets open at once.
pub const MAX_NESTING: usize = 64;
/// Names, numbers, texts and signs.
pub const MAX_TOKENS: usize = 5_000;

/// Checks length, nesting and the number of tokens.
///
/// # Errors
/// `LIMIT_EXCEEDED`, with the limit that was passed.
pub fn check(document: &str) -> Result<(), ApiError> {
    let refuse = |what: &str, limit: usize| {
        Err(ApiError::told(
            ApiCode::LimitExceeded,
            format!("The document has too many {what}: at most {limit} are allowed."),
        ))
    };
    if document.len() > MAX_BYTES {
        return refuse("bytes", MAX_BYTES);
    }
    let (mut nesting, mut tokens) = (0_usize, 0_usize);
    let mut bytes = document.as_bytes();
    while let Some((&byte, rest)) = bytes.split_first() {
        bytes = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                bytes = rest;
                continue;
            }
            b'#' => {
                bytes = after_comment(rest);
                continue;
            }
            b'"' => after_text(rest),
            b'{' | b'[' | b'(' => {
                nesting += 1;
                rest
            }
            b'}' | b']' | b')' => {
                nesting = nesting.saturating_sub(1);
                rest
            }
            _ if is_word(byte) => after_word(rest),
            _ => rest,
        };
        tokens += 1;
        if nesting > MAX_NESTING {
            return refuse("nested brackets", MAX_NESTING);
        }
        if tokens > MAX_TOKENS {
            return refuse("tokens", MAX_TOKENS);
        }
    }
    Ok(())
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn after_word(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&byte| !is_word(byte)).unwrap_or(bytes.len());
    bytes.get(end..).unwrap_or_default()
}

fn after_comment(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
    bytes.get(end..).unwrap_or_default()
}

/// Skips the rest of a text after its first quote: `"…"` to the next quote or line end, `"""…"""` to the next three.
fn after_text(bytes: &[u8]) -> &[u8] {
    if let Some(mut block) = bytes.strip_prefix(b"\"\"") {
        while !block.is_empty() {
            if let Some(rest) = block.strip_prefix(b"\"\"\"") {
                return rest;
            }
            let step = if block.starts_with(b"\\\"\"\"") { 4 } else { 1 };
            block = block.get(step..).unwrap_or_default();
        }
        return block;
    }
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        match byte {
            b'"' | b'\n' | b'\r' => return tail,
            b'\\' => rest = tail.get(1..).unwrap_or_default(),
            _ => rest = tail,
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(document: &str) -> bool {
        check(document).is_err()
    }

    #[test]
    fn ordinary_documents_pass() {
        assert!(!refused(
            "query Q($id: ID!) { a(x: [[1, 2], [3]], t: \"}}}\\\"]]\") { ...F } } # [[[[ \n fragment F on T { b }"
        ));
        assert!(!refused(&format!("{{ a(t: \"\"\"{}\"\"\") }}", "[\\\"\"\"".repeat(500))));
    }

    #[test]
    fn nesting_is_refused_in_every_disguise() {
        let deep = |open: &str, close: &str| format!("{{a(x:{}1{})}}", open.repeat(100), close.repeat(100));
        assert!(refused(&deep("[", "]")));
        assert!(refused(&deep("{a:", "}")));
        assert!(refused(&deep("{a:[", "]}")));
        assert!(refused(&"{a".repeat(100)));
        assert!(refused(&deep("\"x\"[", "]")));
        assert!(refused(&deep("\"\"[", "]")));
        assert!(refused(&deep("\"open\n[", "]")));
        assert!(refused(&format!("query({}", "$a:[".repeat(100))));
    }

    #[test]
    fn floods_of_tokens_and_bytes_are_refused() {
        assert!(refused(&format!("{{{}}}", "a ".repeat(6_000))));
        assert!(refused(&format!("{{{}}}", "a@b".repeat(3_000))));
        assert!(refused(&"#".repeat(70_000)));
    }
}
