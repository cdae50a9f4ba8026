//! Lookups of notifications. All of it is private: a key names the member who looks.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{model::NotificationRow, repo};
use crate::db::{
    ids::{MemberId, NotificationId},
    loader::{LoadError, Reader},
};

/// A notification of a member. Absent if unknown or somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NotificationFor {
    /// Which.
    pub notification: NotificationId,
    /// Who looks.
    pub member: MemberId,
}

impl Loader<NotificationFor> for Reader {
    type Value = Arc<NotificationRow>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[NotificationFor],
    ) -> Result<HashMap<NotificationFor, Arc<NotificationRow>>, LoadError> {
        let mut members: Vec<MemberId> = keys.iter().map(|key| key.member).collect();
        members.sort_unstable();
        members.dedup();
        let mut found = HashMap::new();
        for member in members {
            let ids: Vec<NotificationId> =
                keys.iter().filter(|key| key.member == member).map(|key| key.notification).collect();
            let rows = repo::own_by_ids(&mut *self.conn().await?, member, &ids).await.map_err(Arc::new)?;
            found.extend(
                rows.into_iter().map(|row| (NotificationFor { notification: row.id, member }, Arc::new(row))),
            );
        }
        Ok(found)
    }
}

/// A part of a member's inbox. Both parts asked at once cost one statement. Never absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InboxPart {
    /// How many are unread.
    Unread(MemberId),
    /// The newest, at most so many.
    Newest(MemberId, i64),
}

/// What a part of an inbox holds.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    /// How many are unread.
    pub unread: i64,
    /// The newest, if they were asked for.
    pub newest: Vec<Arc<NotificationRow>>,
}

impl Loader<InboxPart> for Reader {
    type Value = Arc<Inbox>;
    type Error = LoadError;

    async fn load(&self, keys: &[InboxPart]) -> Result<HashMap<InboxPart, Arc<Inbox>>, LoadError> {
        let mut conn = self.conn().await?;
        let mut found: HashMap<InboxPart, Arc<Inbox>> = HashMap::new();
        for &key in keys {
            let InboxPart::Newest(member, limit) = key else { continue };
            let rows = repo::newest(&mut conn, member, limit).await.map_err(Arc::new)?;
            // An inbox without notifications has none that are unread.
            let unread = rows.first().map_or(0, |(_, unread)| *unread);
            let newest = rows.into_iter().map(|(row, _)| Arc::new(row)).collect();
            found.insert(key, Arc::new(Inbox { unread, newest }));
            found.insert(InboxPart::Unread(member), Arc::new(Inbox { unread, newest: Vec::new() }));
        }
        for &key in keys {
            if let InboxPart::Unread(member) = key
                && !found.contains_key(&key)
            {
                let unread = repo::unread(&mut conn, member).await.map_err(Arc::new)?;
                found.insert(key, Arc::new(Inbox { unread, newest: Vec::new() }));
            }
        }
        Ok(found)
    }
}
