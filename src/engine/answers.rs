//! Whole answers kept in the process: of queries that are the same for everybody, as long as nothing in them changed.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::{cost::Cost, usage::Subject};
use crate::db::hot::{Seen, Versions};

/// Identifies a request by its whole body.
pub type AnswerKey = [u8; 32];

/// How long an answer is kept at most: the net under changes made by other processes.
const TIME_TO_LIVE: Duration = Duration::from_secs(10);
/// Bytes of all kept answers together.
const CAPACITY: u64 = 64 * 1024 * 1024;

/// An answer with all that it is kept for.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The answer.
    pub bytes: Bytes,
    /// What the request costs.
    pub cost: Cost,
    /// What the answer depends on.
    pub seen: Arc<[Seen]>,
    /// What its use counts as.
    pub used: Arc<[Subject]>,
}

/// The kept answers.
#[derive(Debug)]
pub struct Answers {
    kept: Cache<AnswerKey, Kept>,
}

impl Default for Answers {
    fn default() -> Self {
        let kept = Cache::builder()
            .weigher(|_, kept: &Kept| {
                u32::try_from(kept.bytes.len() + size_of_val(&*kept.seen) + 128).unwrap_or(u32::MAX)
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

    /// The kept answer, if nothing in it has changed.
    #[must_use]
    pub fn get(&self, versions: &Versions, key: &AnswerKey) -> Option<Kept> {
        self.kept.get(key).filter(|kept| kept.seen.iter().all(|&seen| versions.holds(seen)))
    }

    /// Keeps an answer.
    pub fn put(&self, key: AnswerKey, kept: Kept) {
        self.kept.insert(key, kept);
    }
}
