//! Lookups of scheduling.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    model::{BusyRow, HoldRow, Schedule, Span},
    repo,
};
use crate::db::{
    hot::HotKey,
    ids::{ClaimId, EntityId, MemberId},
    loader::{LoadError, Reader},
};

/// When a mentor can be booked. Absent if the member is no mentor who can be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScheduleOf(pub MemberId);

impl HotKey for ScheduleOf {
    const NAME: &'static str = "schedule";
    const CAPACITY: u64 = 20_000;
    type Row = Arc<Schedule>;

    fn id(self) -> Uuid {
        self.0.uuid()
    }
}

impl Loader<ScheduleOf> for Reader {
    type Value = Arc<Schedule>;
    type Error = LoadError;

    async fn load(&self, keys: &[ScheduleOf]) -> Result<HashMap<ScheduleOf, Arc<Schedule>>, LoadError> {
        let mentors: Vec<MemberId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::schedules(&mut *self.conn().await?, &mentors).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (ScheduleOf(row.mentor_id), Arc::new(row))).collect())
    }
}

/// The taken time of a mentor within a piece of time, as of an instant. Never absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BusyIn {
    /// Whose.
    pub mentor_id: MemberId,
    /// Within what.
    pub span: Span,
    /// Holds that expired by then are left out.
    pub now: DateTime<Utc>,
}

impl Loader<BusyIn> for Reader {
    type Value = Arc<[BusyRow]>;
    type Error = LoadError;

    async fn load(&self, keys: &[BusyIn]) -> Result<HashMap<BusyIn, Arc<[BusyRow]>>, LoadError> {
        let wanted: Vec<(MemberId, Span)> = keys.iter().map(|key| (key.mentor_id, key.span)).collect();
        // One request asks at one instant or at a few that are microseconds apart: the first is as good for all.
        let now = keys.iter().map(|key| key.now).min().unwrap_or_default();
        let rows = repo::busy(&mut *self.conn().await?, &wanted, now).await.map_err(Arc::new)?;
        let mut by_mentor: HashMap<MemberId, Vec<BusyRow>> = HashMap::new();
        for row in rows {
            by_mentor.entry(row.mentor_id).or_default().push(row);
        }
        // Another piece of time of the same mentor does no harm: taken is taken.
        let rows_of = |key: &BusyIn| {
            by_mentor.get(&key.mentor_id).map(|rows| Arc::from(rows.as_slice())).unwrap_or_default()
        };
        Ok(keys.iter().map(|key| (*key, rows_of(key))).collect())
    }
}

/// A live hold by id. Private: only for its learner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HoldById {
    /// Its id.
    pub id: ClaimId,
    /// Live at this instant.
    pub now: DateTime<Utc>,
}

impl Loader<HoldById> for Reader {
    type Value = Arc<HoldRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[HoldById]) -> Result<HashMap<HoldById, Arc<HoldRow>>, LoadError> {
        let ids: Vec<ClaimId> = keys.iter().map(|key| key.id).collect();
        let now = keys.iter().map(|key| key.now).min().unwrap_or_default();
        let rows = repo::holds_by_ids(&mut *self.conn().await?, &ids, now).await.map_err(Arc::new)?;
        let rows: HashMap<ClaimId, Arc<HoldRow>> =
            rows.into_iter().map(|row| (row.id, Arc::new(row))).collect();
        Ok(keys.iter().filter_map(|key| rows.get(&key.id).map(|row| (*key, Arc::clone(row)))).collect())
    }
}
