//! Whole answers kept in the process: of queries that are the same for everybody, as long as nothing in them changed.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::usage::Subject;
use crate::db::hot::{Seen, Versions};

/// Identifies a request by its whole body.
pub type AnswerKey = [u8; 32];

/// How long an answer is kept at most: the net under changes made by other processes.
const TIME_TO_LIVE: Duration = Duration::from_secs(10);
/// Bytes of all kept answers together.
const CAPACITY: u64 = 64 * 1024 * 1024;

/// The kept answers.
#[derive(Debug)]
pub struct Answers {
    kept: Cache<AnswerKey, Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    bytes: Bytes,
    seen: Arc<[Seen]>,
    used: Arc<[Subject]>,
}

impl Default for Answers {
    fn default() -> Self {
        let kept = Cache::builder()
            .weigher(|_, kept: &Kept| {
                let size = kept.bytes.len() + kept.seen.len() * size_of::<Seen>() + 128;
                u32::try_from(size).unwrap_or(u32::MAX)
            })
            .max_capacity(CAPACITY)
            .time_to_live(TIME_TO_LIVE)
            .build();
        Self { kept }
    }
}

impl Answers {
    /// The key of a request body.
    #[must_use]
    pub fn key(body: &[u8]) -> AnswerKey {
        Sha256::digest(body).into()
    }

    /// The kept answer, if nothing in it has changed, and what its use counts as.
    #[must_use]
    pub fn get(&self, versions: &Versions, key: &AnswerKey) -> Option<(Bytes, Arc<[Subject]>)> {
        let Kept { bytes, seen, used } = self.kept.get(key)?;
        seen.iter().all(|&seen| versions.holds(seen)).then_some((bytes, used))
    }

    /// Keeps an answer with what it depends on.
    pub fn put(&self, key: AnswerKey, bytes: Bytes, seen: Vec<Seen>, used: Arc<[Subject]>) {
        self.kept.insert(key, Kept { bytes, seen: seen.into(), used });
    }
}
