//! Lookups of outside identities.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{model::IdentityRow, repo};
use crate::db::{
    ids::MemberId,
    loader::{LoadError, Reader},
};

/// The identities of a member, oldest first. Private: only for the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdentitiesOf(pub MemberId);

impl Loader<IdentitiesOf> for Reader {
    type Value = Arc<Vec<IdentityRow>>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[IdentitiesOf],
    ) -> Result<HashMap<IdentitiesOf, Arc<Vec<IdentityRow>>>, LoadError> {
        let members: Vec<MemberId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::identities_of(&mut *self.conn().await?, &members).await.map_err(Arc::new)?;
        let mut found: HashMap<IdentitiesOf, Vec<IdentityRow>> = HashMap::new();
        for row in rows {
            found.entry(IdentitiesOf(row.member_id)).or_default().push(row);
        }
        Ok(found.into_iter().map(|(key, rows)| (key, Arc::new(rows))).collect())
    }
}
