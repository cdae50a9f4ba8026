//! Lookups of applications. They are private: whoever asks has the right already.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{model::ApplicationRow, repo};
use crate::db::{
    ids::{MemberId, MentorApplicationId},
    loader::{LoadError, Reader},
};

/// An application by id. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ApplicationById(pub MentorApplicationId);

/// The last application of a member. Absent if there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LastApplicationOf(pub MemberId);

impl Loader<ApplicationById> for Reader {
    type Value = Arc<ApplicationRow>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[ApplicationById],
    ) -> Result<HashMap<ApplicationById, Self::Value>, LoadError> {
        let ids: Vec<MentorApplicationId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (ApplicationById(row.id), Arc::new(row))).collect())
    }
}

impl Loader<LastApplicationOf> for Reader {
    type Value = Arc<ApplicationRow>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[LastApplicationOf],
    ) -> Result<HashMap<LastApplicationOf, Self::Value>, LoadError> {
        let members: Vec<MemberId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::latest(&mut *self.conn().await?, &members).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (LastApplicationOf(row.member_id), Arc::new(row))).collect())
    }
}
