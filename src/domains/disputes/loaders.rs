//! Lookups of disputes. They are private: a key carries the reader, unless its owner already has the right.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{
    model::{DisputeRow, EvidenceRow},
    repo,
};
use crate::db::{
    ids::{BookingId, DisputeId},
    loader::{LoadError, Reader},
};

/// A dispute by id. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DisputeById(pub DisputeId);

/// The disputes of a booking, for whoever may see the booking, the last one last. Never absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DisputesOf(pub BookingId);

/// The evidence of a dispute, in the order in which it was brought, for whoever may see the dispute. Never absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EvidenceOf(pub DisputeId);

impl Loader<DisputeById> for Reader {
    type Value = Arc<DisputeRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[DisputeById]) -> Result<HashMap<DisputeById, Self::Value>, LoadError> {
        let ids: Vec<DisputeId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (DisputeById(row.id), Arc::new(row))).collect())
    }
}

impl Loader<DisputesOf> for Reader {
    type Value = Vec<Arc<DisputeRow>>;
    type Error = LoadError;

    async fn load(&self, keys: &[DisputesOf]) -> Result<HashMap<DisputesOf, Self::Value>, LoadError> {
        let ids: Vec<BookingId> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<DisputesOf, Self::Value> = keys.iter().map(|&key| (key, Vec::new())).collect();
        for row in repo::of_bookings(&mut *self.conn().await?, &ids).await.map_err(Arc::new)? {
            found.entry(DisputesOf(row.booking_id)).or_default().push(Arc::new(row));
        }
        Ok(found)
    }
}

impl Loader<EvidenceOf> for Reader {
    type Value = Vec<EvidenceRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[EvidenceOf]) -> Result<HashMap<EvidenceOf, Self::Value>, LoadError> {
        let ids: Vec<DisputeId> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<EvidenceOf, Self::Value> = keys.iter().map(|&key| (key, Vec::new())).collect();
        for row in repo::evidence_of(&mut *self.conn().await?, &ids).await.map_err(Arc::new)? {
            found.entry(EvidenceOf(row.dispute_id)).or_default().push(row);
        }
        Ok(found)
    }
}
