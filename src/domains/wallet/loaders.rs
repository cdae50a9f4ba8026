//! Lookups of the ledger, and what is kept of it in the process.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    model::{Earned, Proof},
    repo::entries,
};
use crate::db::{
    hot::HotKey,
    ids::MemberId,
    loader::{LoadError, Reader},
};

/// What a member ever earned and had paid out. Absent if nothing was ever earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EarnedBy(pub MemberId);

impl Loader<EarnedBy> for Reader {
    type Value = Earned;
    type Error = LoadError;

    async fn load(&self, keys: &[EarnedBy]) -> Result<HashMap<EarnedBy, Earned>, LoadError> {
        let members = keys.iter().map(|key| key.0).collect();
        let rows = entries::earned(&mut *self.conn().await?, members).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|(member, earned)| (EarnedBy(member), earned)).collect())
    }
}

/// The last recount of the whole ledger. It is not tagged by what changes it, which is every payment: it says itself how
/// old it is, and grows stale by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LastRecount;

impl HotKey for LastRecount {
    const NAME: &'static str = "ledger_recount";
    const CAPACITY: u64 = 1;
    type Row = Arc<Recount>;

    fn id(self) -> Uuid {
        Uuid::nil()
    }
}

/// A recount of the whole ledger.
#[derive(Clone, Debug)]
pub struct Recount {
    /// When it began.
    pub as_of: DateTime<Utc>,
    /// How long it took.
    pub took: TimeDelta,
    /// The trial balance of every asset.
    pub proofs: Vec<Proof>,
}

/// A recount is served for this many times as long as it took: recounting never costs more than a twentieth of a core.
const LIFE: i32 = 20;

impl Recount {
    /// Whether it may still be served.
    #[must_use]
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        now < self.as_of + self.took * LIFE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dear_recount_is_served_for_longer() {
        let recount = |millis| Recount {
            as_of: DateTime::UNIX_EPOCH,
            took: TimeDelta::milliseconds(millis),
            proofs: Vec::new(),
        };
        let after = |millis| DateTime::UNIX_EPOCH + TimeDelta::milliseconds(millis);
        assert!(recount(300).is_fresh(after(5_999)));
        assert!(!recount(300).is_fresh(after(6_000)));
        assert!(!recount(0).is_fresh(after(0)));
    }
}
