//! Exact counters of one process, bounded in number.

use std::{
    collections::HashMap,
    hash::BuildHasher,
    sync::{Mutex, MutexGuard, PoisonError},
};

use foldhash::fast::RandomState;

use super::{Caller, Spent, Total};

/// Parts that are locked apart.
const SHARDS: usize = 64;
/// Callers in a part at most: 131,072 in all, some 15 MiB.
const PER_SHARD: usize = 2_048;
/// Callers that are looked at for one to forget.
const CANDIDATES: usize = 16;

/// How much each caller has used. All instants are milliseconds since 1970.
#[derive(Debug)]
pub(super) struct Counters {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Shard {
    index: HashMap<Caller, usize, RandomState>,
    slots: Vec<Slot>,
    /// Where the search for one to forget goes on.
    hand: usize,
}

#[derive(Debug)]
struct Slot {
    caller: Caller,
    used: u64,
    /// What the other processes were not told.
    unsent: u64,
    ends_at: i64,
}

/// A caller's counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) used: u64,
    pub(super) ends_at: i64,
}

impl Default for Counters {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), hasher: RandomState::default() }
    }
}

impl Counters {
    /// Adds to a counter unless that makes it pass the budget. A counter that has ended begins anew, and ends at
    /// `next_end`.
    ///
    /// # Errors
    /// When it ends, if the budget does not allow it.
    pub(super) fn spend(
        &self,
        caller: Caller,
        amount: u64,
        budget: u64,
        now: i64,
        next_end: i64,
    ) -> Result<Count, i64> {
        let mut shard = self.shard(caller);
        let slot = shard.slot(caller, now, next_end);
        let used = slot.used.saturating_add(amount);
        if used > budget {
            return Err(slot.ends_at);
        }
        slot.used = used;
        slot.unsent = slot.unsent.saturating_add(amount);
        Ok(Count { used, ends_at: slot.ends_at })
    }

    /// A counter that has not ended.
    pub(super) fn get(&self, caller: Caller, now: i64) -> Option<Count> {
        let shard = self.shard(caller);
        let slot = shard.index.get(&caller).and_then(|&place| shard.slots.get(place))?;
        (slot.ends_at > now).then_some(Count { used: slot.used, ends_at: slot.ends_at })
    }

    /// Takes what the other processes were not told yet, of so many callers at most.
    pub(super) fn take_unsent(&self, most: usize, now: i64) -> Vec<Spent> {
        let mut taken = Vec::new();
        for shard in &self.shards {
            let mut shard = lock(shard);
            for slot in shard.slots.iter_mut().filter(|slot| slot.unsent > 0 && slot.ends_at > now) {
                if taken.len() >= most {
                    return taken;
                }
                let amount = std::mem::take(&mut slot.unsent);
                taken.push(Spent { caller: slot.caller, amount, ends_at: slot.ends_at });
            }
        }
        taken
    }

    /// Gives back what could not be told.
    pub(super) fn put_back(&self, spent: &[Spent]) {
        for spent in spent {
            let mut shard = self.shard(spent.caller);
            if let Some(slot) = shard.known(spent.caller)
                && slot.ends_at == spent.ends_at
            {
                slot.unsent = slot.unsent.saturating_add(spent.amount);
            }
        }
    }

    /// Adopts what all processes used together. Never less than what is known here: the store may have lost something.
    pub(super) fn adopt(&self, total: Total, now: i64) {
        if total.ends_at <= now {
            return;
        }
        let mut shard = self.shard(total.caller);
        let slot = shard.slot(total.caller, now, total.ends_at);
        slot.used = slot.used.max(total.used.saturating_add(slot.unsent));
        slot.ends_at = total.ends_at;
    }

    /// How many callers are counted.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).slots.len()).sum()
    }

    #[expect(clippy::indexing_slicing, reason = "there are always as many")]
    fn shard(&self, caller: Caller) -> MutexGuard<'_, Shard> {
        lock(&self.shards[usize::try_from(self.hasher.hash_one(caller) >> 32).unwrap_or_default() % SHARDS])
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn known(&mut self, caller: Caller) -> Option<&mut Slot> {
        self.index.get(&caller).and_then(|&place| self.slots.get_mut(place))
    }

    /// The caller's counter, begun anew if there is none that goes on.
    #[expect(clippy::indexing_slicing, reason = "whatever is not there is made")]
    fn slot(&mut self, caller: Caller, now: i64, next_end: i64) -> &mut Slot {
        let place = match self.index.get(&caller) {
            Some(&place) => place,
            None if self.slots.len() < PER_SHARD => self.slots.len(),
            None => self.forget_one(now),
        };
        let fresh = Slot { caller, used: 0, unsent: 0, ends_at: next_end };
        match self.slots.get_mut(place) {
            Some(slot) if slot.caller == caller && slot.ends_at > now => {}
            Some(slot) => {
                *slot = fresh;
                self.index.insert(caller, place);
            }
            None => {
                self.slots.push(fresh);
                self.index.insert(caller, place);
            }
        }
        &mut self.slots[place]
    }

    /// Frees the place of a caller whose counter has ended, or who has used the least of a few: whoever floods us from many
    /// addresses drives out himself, not those who have used up their budget.
    fn forget_one(&mut self, now: i64) -> usize {
        let around = self.slots.iter().enumerate().cycle().skip(self.hand).take(CANDIDATES);
        let least = around.min_by_key(|(_, slot)| (slot.ends_at > now, slot.used));
        let (place, forgotten) = least.map_or((0, None), |(place, slot)| (place, Some(slot.caller)));
        self.hand = (self.hand + CANDIDATES) % PER_SHARD;
        if let Some(forgotten) = forgotten {
            self.index.remove(&forgotten);
        }
        place
    }
}
