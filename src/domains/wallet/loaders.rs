//! Lookups of the ledger, and what is kept of it in the process.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    model::{
        Earned, Proof,
        adjustment::AdjustmentRow,
        chain::{ChainSummary, SealRow, WholeTransaction},
    },
    repo::{adjustments, chain, entries},
};
use crate::db::{
    hot::HotKey,
    ids::{AdjustmentId, BookingId, EntityId, LedgerTransactionId, MemberId},
    loader::{LoadError, Reader},
};

/// What a member owes, for the member. Never absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OwedBy(pub MemberId);

impl Loader<OwedBy> for Reader {
    type Value = i64;
    type Error = LoadError;

    async fn load(&self, keys: &[OwedBy]) -> Result<HashMap<OwedBy, i64>, LoadError> {
        let mut found: HashMap<OwedBy, i64> = keys.iter().map(|&key| (key, 0)).collect();
        let members = keys.iter().map(|key| key.0).collect();
        let rows = entries::owed_by(&mut *self.conn().await?, members).await.map_err(Arc::new)?;
        found.extend(rows.into_iter().map(|(member, owed)| (OwedBy(member), owed)));
        Ok(found)
    }
}

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

/// Every transaction of a booking with its postings, oldest first. Absent if nothing was ever posted for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoryOf(pub BookingId);

/// The place of a transaction in the chain. Absent until it is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SealOf(pub LedgerTransactionId);

impl Loader<StoryOf> for Reader {
    type Value = Arc<Vec<WholeTransaction>>;
    type Error = LoadError;

    async fn load(&self, keys: &[StoryOf]) -> Result<HashMap<StoryOf, Self::Value>, LoadError> {
        let subjects: Vec<Uuid> = keys.iter().map(|key| key.0.uuid()).collect();
        let rows = chain::of_subjects(&mut *self.conn().await?, &subjects).await.map_err(Arc::new)?;
        let mut of: HashMap<StoryOf, Vec<WholeTransaction>> = HashMap::new();
        for row in rows {
            of.entry(StoryOf(BookingId::from_uuid(row.row.subject_id))).or_default().push(row);
        }
        Ok(of.into_iter().map(|(key, rows)| (key, Arc::new(rows))).collect())
    }
}

impl Loader<SealOf> for Reader {
    type Value = SealRow;
    type Error = LoadError;

    async fn load(&self, keys: &[SealOf]) -> Result<HashMap<SealOf, SealRow>, LoadError> {
        let ids: Vec<LedgerTransactionId> = keys.iter().map(|key| key.0).collect();
        let rows = chain::seals_of(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (SealOf(row.transaction_id), row)).collect())
    }
}

/// An adjustment. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AdjustmentById(pub AdjustmentId);

impl Loader<AdjustmentById> for Reader {
    type Value = Arc<AdjustmentRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[AdjustmentById]) -> Result<HashMap<AdjustmentById, Self::Value>, LoadError> {
        let ids: Vec<AdjustmentId> = keys.iter().map(|key| key.0).collect();
        let rows = adjustments::by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (AdjustmentById(row.id), Arc::new(row))).collect())
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
    /// How far the chain had come.
    pub chain: ChainSummary,
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
    use crate::db::chain::Head;

    #[test]
    fn a_dear_recount_is_served_for_longer() {
        let recount = |millis| Recount {
            as_of: DateTime::UNIX_EPOCH,
            took: TimeDelta::milliseconds(millis),
            proofs: Vec::new(),
            chain: ChainSummary { head: Head::GENESIS, sealed: 0, unsealed: 0 },
        };
        let after = |millis| DateTime::UNIX_EPOCH + TimeDelta::milliseconds(millis);
        assert!(recount(300).is_fresh(after(5_999)));
        assert!(!recount(300).is_fresh(after(6_000)));
        assert!(!recount(0).is_fresh(after(0)));
    }
}
