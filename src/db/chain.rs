//! Chains of hashes: each link covers something written and the link before it, so that whatever is changed, removed or
//! put in afterwards is found. Sealing is a job that takes turns, so that no writer waits for the one before it.

use diesel::{QueryResult, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest as _, Sha256};

use crate::statement;

/// A link of a chain.
pub type Hash = [u8; 32];

/// A place in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many links there are up to here.
    pub seq: i64,
    /// The hash over all of them.
    pub hash: Hash,
}

impl Head {
    /// Before the first link.
    pub const GENESIS: Self = Self { seq: 0, hash: [0; 32] };

    /// The digest of the link after this one, to be continued with what it covers.
    #[must_use]
    pub fn begin(&self, label: &str) -> Digest {
        let mut digest = Digest::new(label);
        digest.add(Some(&(self.seq + 1).to_be_bytes()));
        digest.add(Some(&self.hash));
        digest
    }

    /// The link after this one.
    #[must_use]
    pub fn next(&self, digest: Digest) -> Self {
        Self { seq: self.seq + 1, hash: digest.finish() }
    }

    /// The hash in hexadecimal.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.hash)
    }

    /// A head as it is written down: the number and the hash in hexadecimal.
    #[must_use]
    pub fn read(seq: i64, hex: &str) -> Option<Self> {
        if hex.len() != 64 || !hex.is_ascii() || seq < 0 {
            return None;
        }
        let mut hash = [0; 32];
        for (place, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * place..2 * place + 2)?, 16).ok()?;
        }
        Some(Self { seq, hash })
    }
}

/// A hash in hexadecimal.
#[must_use]
pub fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A hash as the database has it.
#[must_use]
pub fn link(bytes: &[u8]) -> Hash {
    bytes.first_chunk().copied().unwrap_or_default()
}

/// SHA-256 over a label and values, each preceded by whether it is there (one byte) and how long it is (eight bytes,
/// most significant first), so that no two lists of values have the same bytes.
#[derive(Clone, Debug)]
pub struct Digest(Sha256);

impl Digest {
    /// The label says what is hashed, in which version of its form.
    #[must_use]
    pub fn new(label: &str) -> Self {
        Self(Sha256::new_with_prefix(label))
    }

    /// One more value.
    pub fn add(&mut self, value: Option<&[u8]>) {
        let length = u64::try_from(value.map_or(0, <[u8]>::len)).unwrap_or(u64::MAX);
        self.0.update([u8::from(value.is_some())]);
        self.0.update(length.to_be_bytes());
        self.0.update(value.unwrap_or_default());
    }

    /// One more whole number, as eight bytes, most significant first.
    pub fn number(&mut self, value: i64) {
        self.add(Some(&value.to_be_bytes()));
    }

    /// The hash.
    #[must_use]
    pub fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

statement! {
    /// Waits for the turn to seal.
    TakeTurn(lock: i64 => sql_types::BigInt) -> sql_types::Integer =
    "select 1 from (select pg_advisory_xact_lock($1)) as taken"
}

/// Waits until nobody else seals the chain of this number, until the end of the transaction. The number only has to
/// differ from those of other advisory locks.
///
/// # Errors
/// Only if the database fails.
pub async fn take_turn(conn: &mut AsyncPgConnection, lock: i64) -> QueryResult<()> {
    TakeTurn { lock }.get_result::<i32>(conn).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_back_and_nothing_else_does() {
        let head = Head::GENESIS.next(Head::GENESIS.begin("test"));
        assert_eq!(Head::read(head.seq, &head.hex()), Some(head));
        for hex in ["", "00", &"é".repeat(32), &"zz".repeat(32)] {
            assert_eq!(Head::read(1, hex), None, "{hex}");
        }
        assert_eq!(Head::read(-1, &head.hex()), None);
    }

    #[test]
    fn absent_and_empty_values_differ() {
        let of = |value| {
            let mut digest = Digest::new("test");
            digest.add(value);
            digest.finish()
        };
        assert_ne!(of(None), of(Some(b"")));
    }
}
