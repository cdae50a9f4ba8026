//! Keyset pages: a page starts after (or ends before) the sort key of a row, so that inserts never shift it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// One page of a list in key order, as a repo answers it.
///
/// The repo reads [`Keyset::fetch`] rows; the page helper drops the surplus row and restores the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyset<K> {
    /// Rows strictly after this key in the list's order.
    pub after: Option<K>,
    /// Rows strictly before this key in the list's order.
    pub before: Option<K>,
    /// Take the page's rows from the end (`last`), in reversed order.
    pub backward: bool,
    /// Rows on the page.
    pub limit: i64,
}

impl<K> Keyset<K> {
    /// The first `limit` rows.
    #[must_use]
    pub const fn first(limit: i64) -> Self {
        Self { after: None, before: None, backward: false, limit }
    }

    /// Rows to read: one more than the page, which tells whether another page follows.
    #[must_use]
    pub const fn fetch(&self) -> i64 {
        self.limit + 1
    }
}

/// The cursor was not made by the list it is given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor does not belong to this list")]
pub struct ForeignCursor;

/// Writes a cursor: the row's sort key, bound to `scope` (the list with its filter, order and owner).
#[must_use]
pub fn encode_cursor<K: Serialize>(scope: &str, key: &K) -> String {
    sign_cursor(scope, &serde_json::to_vec(key).unwrap_or_default())
}

/// Writes a cursor whose sort key is JSON already.
#[must_use]
pub fn sign_cursor(scope: &str, key: &[u8]) -> String {
    let mut bytes = binding(scope, key).to_vec();
    bytes.extend(key);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor back.
///
/// # Errors
/// [`ForeignCursor`] if it is broken or was made for another list.
pub fn decode_cursor<K: DeserializeOwned>(scope: &str, cursor: &str) -> Result<K, ForeignCursor> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| ForeignCursor)?;
    let (bound, body) = bytes.split_at_checked(8).ok_or(ForeignCursor)?;
    if bound != binding(scope, body) {
        return Err(ForeignCursor);
    }
    serde_json::from_slice(body).map_err(|_| ForeignCursor)
}

fn binding(scope: &str, body: &[u8]) -> [u8; 8] {
    let digest = Sha256::new().chain_update(scope).chain_update([0]).chain_update(body).finalize();
    let mut bound = [0; 8];
    bound.copy_from_slice(digest.get(..8).unwrap_or(&[0; 8]));
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_only_in_its_own_list() {
        let cursor = encode_cursor("mentors:skill=1", &(4_800_i64, "x"));
        assert_eq!(decode_cursor::<(i64, String)>("mentors:skill=1", &cursor), Ok((4_800, "x".to_owned())));
        assert_eq!(decode_cursor::<(i64, String)>("mentors:skill=2", &cursor), Err(ForeignCursor));
        assert_eq!(decode_cursor::<(i64, String)>("mentors:skill=1", "nonsense"), Err(ForeignCursor));
        assert_eq!(decode_cursor::<(i64, String)>("mentors:skill=1", ""), Err(ForeignCursor));
    }
}
