//! Lookups of chat. All of it is private: a key names the member who looks, or what that member was let into before.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{
    model::{MessageRow, Opened},
    repo,
};
use crate::db::{
    ids::{ConversationId, MemberId, MessageId, SessionId},
    loader::{LoadError, Reader},
};

/// A conversation as a member finds it. Absent if unknown, or if the member has no seat in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConversationFor {
    /// Which.
    pub conversation: ConversationId,
    /// Who looks.
    pub member: MemberId,
}

/// A message by id. Absent if unknown. Check with [`ConversationFor`] that the caller may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageById(pub MessageId);

/// The conversation of a session. Absent if none was opened. Check with [`ConversationFor`] that the caller may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConversationOfSession(pub SessionId);

/// The first or the last messages of a conversation, in list order or reversed if from the end. Never absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EdgeOfMessages {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The last ones.
    pub from_end: bool,
    /// How many.
    pub limit: i64,
}

/// The first members of a conversation, in id order. Never absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FirstMembers {
    /// Which conversation.
    pub conversation: ConversationId,
    /// How many.
    pub limit: i64,
}

impl Loader<ConversationFor> for Reader {
    type Value = Arc<Opened>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[ConversationFor],
    ) -> Result<HashMap<ConversationFor, Arc<Opened>>, LoadError> {
        let mut found = HashMap::new();
        for (member, keys) in grouped(keys, |key| key.member) {
            let ids: Vec<ConversationId> = keys.iter().map(|key| key.conversation).collect();
            let rows = repo::read::opened(&mut *self.conn().await?, member, &ids).await.map_err(Arc::new)?;
            found.extend(
                rows.into_iter().map(|row| {
                    (ConversationFor { conversation: row.conversation.id, member }, Arc::new(row))
                }),
            );
        }
        Ok(found)
    }
}

impl Loader<MessageById> for Reader {
    type Value = Arc<MessageRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[MessageById]) -> Result<HashMap<MessageById, Arc<MessageRow>>, LoadError> {
        let ids: Vec<MessageId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::read::messages_by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (MessageById(row.id), Arc::new(row))).collect())
    }
}

impl Loader<ConversationOfSession> for Reader {
    type Value = ConversationId;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[ConversationOfSession],
    ) -> Result<HashMap<ConversationOfSession, ConversationId>, LoadError> {
        let ids: Vec<SessionId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::read::by_sessions(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().filter_map(|(session, id)| Some((ConversationOfSession(session?), id))).collect())
    }
}

impl Loader<EdgeOfMessages> for Reader {
    type Value = Vec<Arc<MessageRow>>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[EdgeOfMessages],
    ) -> Result<HashMap<EdgeOfMessages, Vec<Arc<MessageRow>>>, LoadError> {
        let mut found: HashMap<EdgeOfMessages, Vec<Arc<MessageRow>>> =
            keys.iter().map(|&key| (key, Vec::new())).collect();
        for ((from_end, limit), keys) in grouped(keys, |key| (key.from_end, key.limit)) {
            let ids: Vec<ConversationId> = keys.iter().map(|key| key.conversation).collect();
            let rows = repo::read::edges_of_messages(&mut *self.conn().await?, &ids, from_end, limit)
                .await
                .map_err(Arc::new)?;
            for row in rows {
                let key = EdgeOfMessages { conversation: row.conversation_id, from_end, limit };
                found.entry(key).or_default().push(Arc::new(row));
            }
        }
        Ok(found)
    }
}

impl Loader<FirstMembers> for Reader {
    type Value = Vec<MemberId>;
    type Error = LoadError;

    async fn load(&self, keys: &[FirstMembers]) -> Result<HashMap<FirstMembers, Vec<MemberId>>, LoadError> {
        let mut found: HashMap<FirstMembers, Vec<MemberId>> =
            keys.iter().map(|&key| (key, Vec::new())).collect();
        for (limit, keys) in grouped(keys, |key| key.limit) {
            let ids: Vec<ConversationId> = keys.iter().map(|key| key.conversation).collect();
            let rows =
                repo::read::first_members(&mut *self.conn().await?, &ids, limit).await.map_err(Arc::new)?;
            for (conversation, member) in rows {
                found.entry(FirstMembers { conversation, limit }).or_default().push(member);
            }
        }
        Ok(found)
    }
}

/// Keys that one statement can answer together: in practice all of them.
fn grouped<K: Copy, G: Eq + Hash>(keys: &[K], group: impl Fn(&K) -> G) -> HashMap<G, Vec<K>> {
    let mut groups: HashMap<G, Vec<K>> = HashMap::new();
    for &key in keys {
        groups.entry(group(&key)).or_default().push(key);
    }
    groups
}
