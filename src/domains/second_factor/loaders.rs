//! Lookups of the second factor.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{model::Standing, repo};
use crate::db::{
    ids::AuthSessionId,
    loader::{LoadError, Reader},
};

/// How the member on a device stands. Private: only for that device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StandingOn(pub AuthSessionId);

impl Loader<StandingOn> for Reader {
    type Value = Standing;
    type Error = LoadError;

    async fn load(&self, keys: &[StandingOn]) -> Result<HashMap<StandingOn, Standing>, LoadError> {
        let devices: Vec<AuthSessionId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::standings(&mut *self.conn().await?, &devices).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|standing| (StandingOn(standing.device), standing)).collect())
    }
}
