//! Lookups of rooms, for whoever may see the session.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{model::IntervalRow, repo};
use crate::db::{
    ids::SessionId,
    loader::{LoadError, Reader},
};

/// Every interval of a session, in the order of joining. Absent if nobody ever joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IntervalsOf(pub SessionId);

impl Loader<IntervalsOf> for Reader {
    type Value = Arc<[IntervalRow]>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[IntervalsOf],
    ) -> Result<HashMap<IntervalsOf, Arc<[IntervalRow]>>, LoadError> {
        let sessions: Vec<SessionId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::intervals_of(&mut *self.conn().await?, &sessions).await.map_err(Arc::new)?;
        let mut found: HashMap<IntervalsOf, Vec<IntervalRow>> = HashMap::new();
        for row in rows {
            found.entry(IntervalsOf(row.session_id)).or_default().push(row);
        }
        Ok(found.into_iter().map(|(key, rows)| (key, rows.into())).collect())
    }
}
