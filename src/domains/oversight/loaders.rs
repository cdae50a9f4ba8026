//! Lookups of oversight. They are private: whoever asks is in the conversation, or has leave to read it.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{
    model::{AccessRow, MOST_SHOWN},
    repo,
};
use crate::db::{
    ids::ConversationId,
    loader::{LoadError, Reader},
};

/// The accesses to a conversation of which its members were told, newest first. Never absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OversightOf(pub ConversationId);

impl Loader<OversightOf> for Reader {
    type Value = Vec<AccessRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[OversightOf]) -> Result<HashMap<OversightOf, Vec<AccessRow>>, LoadError> {
        let mut found: HashMap<OversightOf, Vec<AccessRow>> =
            keys.iter().map(|&key| (key, Vec::new())).collect();
        let ids: Vec<ConversationId> = keys.iter().map(|key| key.0).collect();
        for row in repo::told_of(&mut *self.conn().await?, &ids).await.map_err(Arc::new)? {
            let shown = found.entry(OversightOf(row.conversation_id)).or_default();
            if shown.len() < MOST_SHOWN {
                shown.push(row);
            }
        }
        Ok(found)
    }
}
