//! Numbers and ids that come out the same at every load: nothing here is random.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// The id of the n-th row of a kind.
pub(super) fn id(kind: &str, number: usize) -> Uuid {
    Builder::from_custom_bytes(digest(kind, number)).into_uuid()
}

/// The id of the n-th row of a kind that is listed in the order of its ids: it begins with the time, as those of the
/// running system do.
pub(super) fn id_at(kind: &str, number: usize, at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    let mut tail = [0_u8; 10];
    for (to, from) in tail.iter_mut().zip(digest(kind, number)) {
        *to = from;
    }
    Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
}

/// A number below `bound` that looks drawn by lot.
pub(super) fn lot(what: &str, number: usize, bound: usize) -> usize {
    let drawn = u128::from_be_bytes(digest(what, number)) % u128::try_from(bound.max(1)).unwrap_or(1);
    usize::try_from(drawn).unwrap_or_default()
}

/// The n-th entry of a list that begins anew when it ends.
#[expect(clippy::indexing_slicing, reason = "a number modulo the length of a list is one of its places")]
pub(super) fn entry<T>(list: &[T], number: usize) -> &T {
    &list[number % list.len()]
}

/// As [`entry`], by value.
pub(super) fn pick<T: Copy>(list: &[T], number: usize) -> T {
    *entry(list, number)
}

fn digest(kind: &str, number: usize) -> [u8; 16] {
    let digest =
        Sha256::new().chain_update(kind).chain_update([0]).chain_update(number.to_be_bytes()).finalize();
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_the_same_each_time_and_differ_by_kind_and_number() {
        assert_eq!(id("member", 7), id("member", 7));
        let ids: HashSet<Uuid> = ["member", "session"]
            .into_iter()
            .flat_map(|kind| (0..1000).map(move |number| id(kind, number)))
            .collect();
        assert_eq!(ids.len(), 2000);
    }

    #[test]
    fn ids_with_a_time_are_ordered_by_it() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        assert!(id_at("entry", 9, at(1_700_000_000)) < id_at("entry", 1, at(1_700_000_001)));
    }

    #[test]
    fn lots_stay_below_their_bound_and_reach_every_number() {
        let drawn: HashSet<usize> = (0..200).map(|number| lot("rating", number, 5)).collect();
        assert_eq!(drawn, HashSet::from([0, 1, 2, 3, 4]));
    }
}
