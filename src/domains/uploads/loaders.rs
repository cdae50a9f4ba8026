//! Lookups of uploads. They are private: whoever asks has the right already.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{model::UploadRow, repo};
use crate::db::{
    ids::UploadId,
    loader::{LoadError, Reader},
};

/// An upload by id. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UploadById(pub UploadId);

impl Loader<UploadById> for Reader {
    type Value = Arc<UploadRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[UploadById]) -> Result<HashMap<UploadById, Arc<UploadRow>>, LoadError> {
        let ids: Vec<UploadId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (UploadById(row.id), Arc::new(row))).collect())
    }
}
