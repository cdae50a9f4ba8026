//! Lookups of payouts. They are private: whoever asks has the right already.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{
    model::{PayoutAccountRow, PayoutRow},
    repo,
};
use crate::db::{
    ids::{MemberId, PayoutId},
    loader::{LoadError, Reader},
};

/// A payout by id, whoever's. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PayoutById(pub PayoutId);

/// The account of a member at a provider. Absent if there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PayoutAccountAt(pub MemberId, pub &'static str);

impl Loader<PayoutById> for Reader {
    type Value = Arc<PayoutRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[PayoutById]) -> Result<HashMap<PayoutById, Self::Value>, LoadError> {
        let ids: Vec<PayoutId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (PayoutById(row.id), Arc::new(row))).collect())
    }
}

impl Loader<PayoutAccountAt> for Reader {
    type Value = Arc<PayoutAccountRow>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[PayoutAccountAt],
    ) -> Result<HashMap<PayoutAccountAt, Self::Value>, LoadError> {
        let members: Vec<MemberId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::accounts_of(&mut *self.conn().await?, &members).await.map_err(Arc::new)?;
        let rows: Vec<Self::Value> = rows.into_iter().map(Arc::new).collect();
        let found = |key: &PayoutAccountAt| {
            let own = rows.iter().find(|row| row.member_id == key.0 && row.provider == key.1)?;
            Some((*key, Arc::clone(own)))
        };
        Ok(keys.iter().filter_map(found).collect())
    }
}
