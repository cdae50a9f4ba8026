//! Lookups of intents.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{model::IntentRow, repo};
use crate::db::{
    ids::IntentId,
    loader::{LoadError, Reader},
};

/// An intent, for whoever looks whose it is. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IntentById(pub IntentId);

impl Loader<IntentById> for Reader {
    type Value = Arc<IntentRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[IntentById]) -> Result<HashMap<IntentById, Arc<IntentRow>>, LoadError> {
        let ids: Vec<IntentId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (IntentById(row.id), Arc::new(row))).collect())
    }
}
