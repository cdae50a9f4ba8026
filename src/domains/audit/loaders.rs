//! Lookups of the audit log, for those who may read it.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{model::ActRow, repo};
use crate::db::{
    chain::Head,
    ids::ActId,
    loader::{LoadError, Reader},
};

/// A recorded act by id. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ActById(pub ActId);

/// The seal of an act. Absent until it is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SealOf(pub ActId);

impl Loader<ActById> for Reader {
    type Value = Arc<ActRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[ActById]) -> Result<HashMap<ActById, Arc<ActRow>>, LoadError> {
        let ids: Vec<ActId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (ActById(row.id), Arc::new(row))).collect())
    }
}

impl Loader<SealOf> for Reader {
    type Value = Head;
    type Error = LoadError;

    async fn load(&self, keys: &[SealOf]) -> Result<HashMap<SealOf, Head>, LoadError> {
        let ids: Vec<ActId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::seals_of(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|(act, head)| (SealOf(act), head)).collect())
    }
}
