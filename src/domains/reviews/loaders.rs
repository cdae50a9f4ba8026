//! Lookups of reviews.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{model::ReviewRow, repo};
use crate::db::{
    hot::Tag,
    ids::{EntityId, MemberId, ReviewId},
    loader::{LoadError, Reader},
};

/// What the lists of a mentor's reviews depend on.
#[must_use]
pub fn reviews_of(mentor: MemberId) -> Tag {
    ("reviews_of", mentor.uuid())
}

/// A review by id. Absent if unknown. A review does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReviewById(pub ReviewId);

impl Loader<ReviewById> for Reader {
    type Value = Arc<ReviewRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[ReviewById]) -> Result<HashMap<ReviewById, Arc<ReviewRow>>, LoadError> {
        let ids: Vec<ReviewId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::reviews_by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (ReviewById(row.id), Arc::new(row))).collect())
    }
}

/// The latest reviews of a mentor, newest first. Never absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LatestReviews {
    /// Whose.
    pub mentor_id: MemberId,
    /// How many at most.
    pub first: i64,
}

impl Loader<LatestReviews> for Reader {
    type Value = Arc<[Arc<ReviewRow>]>;
    type Error = LoadError;

    async fn load(&self, keys: &[LatestReviews]) -> Result<HashMap<LatestReviews, Self::Value>, LoadError> {
        // The same mentor may be asked for different numbers: the largest holds the others.
        let mut most: HashMap<MemberId, i64> = HashMap::new();
        for key in keys {
            let limit = most.entry(key.mentor_id).or_default();
            *limit = key.first.max(*limit);
        }
        let wanted: Vec<(MemberId, i64)> = most.into_iter().collect();
        let rows = repo::latest(&mut *self.conn().await?, &wanted).await.map_err(Arc::new)?;
        let mut found: HashMap<MemberId, Vec<Arc<ReviewRow>>> = HashMap::new();
        for row in rows {
            found.entry(row.mentor_id).or_default().push(Arc::new(row));
        }
        let first = |key: &LatestReviews| {
            let rows = found.get(&key.mentor_id).map_or(&[][..], Vec::as_slice);
            rows.iter().take(usize::try_from(key.first).unwrap_or_default()).cloned().collect()
        };
        Ok(keys.iter().map(|key| (*key, first(key))).collect())
    }
}
