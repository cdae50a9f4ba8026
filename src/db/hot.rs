//! Small, hot, public rows kept in the process, and the version counters that tell when a copy is stale.
//!
//! A tag names an entity (`("member", id)`) or a list (`("mentors_of_skill", id)`). Its version rises after every
//! commit that changed it. Whatever is kept, a row or a whole answer, is kept with the versions read *before* its rows
//! were, and counts as absent once one of them has moved: a slow reader cannot put an old row back.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    hash::{BuildHasher, Hash},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use foldhash::fast::RandomState;
use uuid::Uuid;

/// What a kept copy depends on.
pub type Tag = (&'static str, Uuid);

/// A tag's slot with the version it had when it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    slot: usize,
    version: u64,
}

/// The versions of all tags, in a fixed number of slots. Two tags may share a slot, which costs a needless reload only.
#[derive(Debug)]
pub struct Versions {
    hasher: RandomState,
    slots: Box<[AtomicU64]>,
}

const SLOTS: usize = 1 << 16;

impl Default for Versions {
    fn default() -> Self {
        Self { hasher: RandomState::default(), slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl Versions {
    /// The version of a tag now. Read it before the rows.
    #[must_use]
    pub fn see(&self, tag: Tag) -> Seen {
        let slot = self.slot(tag);
        Seen { slot, version: self.slots.get(slot).map_or(0, |version| version.load(Ordering::Acquire)) }
    }

    /// Whether nothing has changed since.
    #[must_use]
    pub fn holds(&self, seen: Seen) -> bool {
        self.slots.get(seen.slot).is_some_and(|version| version.load(Ordering::Acquire) == seen.version)
    }

    /// Makes every copy that depends on the tag stale. Call it after the commit.
    pub fn bump(&self, tag: Tag) {
        if let Some(version) = self.slots.get(self.slot(tag)) {
            version.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn slot(&self, tag: Tag) -> usize {
        usize::try_from(self.hasher.hash_one(tag)).unwrap_or_default() % SLOTS
    }
}

/// A lookup whose result is kept in the process.
pub trait HotKey: Copy + Eq + Hash + Send + Sync + 'static {
    /// Names the kind of row in tags.
    const NAME: &'static str;
    /// How many rows are kept at most.
    const CAPACITY: u64;
    /// What is kept; cheap to clone.
    type Row: Clone + Send + Sync + 'static;

    /// The entity that the row depends on.
    fn id(self) -> Uuid;

    /// The tag that [`super::Tx::changed`] bumps when the row changes.
    fn tag(self) -> Tag {
        (Self::NAME, self.id())
    }
}

/// How long a copy is trusted at most: the net under changes made by other processes.
const TIME_TO_LIVE: Duration = Duration::from_secs(30);

// Reading a hot row is mostly hashing its key, and nobody outside chooses the keys.
type Kept<K> = moka::sync::Cache<K, (Seen, <K as HotKey>::Row), RandomState>;

/// Every kept kind of row, with the versions.
#[derive(Debug, Default)]
pub struct HotRows {
    /// The versions of all tags.
    pub versions: Versions,
    caches: HashMap<TypeId, Box<dyn Any + Send + Sync>, RandomState>,
}

impl HotRows {
    /// Keeps the rows of one more lookup.
    #[must_use]
    pub fn with<K: HotKey>(mut self) -> Self {
        let cache: Kept<K> = moka::sync::Cache::builder()
            .max_capacity(K::CAPACITY)
            .time_to_live(TIME_TO_LIVE)
            .build_with_hasher(RandomState::default());
        self.caches.insert(TypeId::of::<K>(), Box::new(cache));
        self
    }

    /// The kept row, unless it is absent or stale.
    #[must_use]
    pub fn get<K: HotKey>(&self, key: K) -> Option<K::Row> {
        let (seen, row) = self.cache::<K>()?.get(&key)?;
        self.versions.holds(seen).then_some(row)
    }

    /// Keeps a row that was read after `seen`.
    pub fn put<K: HotKey>(&self, key: K, seen: Seen, row: K::Row) {
        if let Some(cache) = self.cache::<K>() {
            cache.insert(key, (seen, row));
        }
    }

    fn cache<K: HotKey>(&self) -> Option<&Kept<K>> {
        self.caches.get(&TypeId::of::<K>())?.downcast_ref()
    }
}

/// Shared by everything that lives as long as the process.
pub type SharedHotRows = Arc<HotRows>;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    struct Card(Uuid);
    impl HotKey for Card {
        const NAME: &'static str = "card";
        const CAPACITY: u64 = 10;
        type Row = u32;
        fn id(self) -> Uuid {
            self.0
        }
    }

    #[test]
    fn a_row_read_before_a_change_is_never_served_after_it() {
        let hot = HotRows::default().with::<Card>();
        let key = Card(Uuid::nil());
        let seen = hot.versions.see(key.tag());
        hot.versions.bump(key.tag()); // the row changes while the old one is on its way
        hot.put(key, seen, 1);
        assert_eq!(hot.get(key), None);
        hot.put(key, hot.versions.see(key.tag()), 2);
        assert_eq!(hot.get(key), Some(2));
    }
}
