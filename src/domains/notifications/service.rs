//! Use-cases of notifications.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::{
    model::{Draft, NotificationReceived, NotificationRow, NotificationsRead},
    repo,
};
use crate::{
    app::App,
    db::{
        Tx,
        ids::{MemberId, NotificationId},
        transact,
    },
    events::StreamName,
};

/// Makes notifications, inside the transaction of what they tell of. What was told before is not told again.
///
/// # Errors
/// Only if the database fails.
pub async fn notify(tx: &mut Tx, drafts: Vec<Draft>) -> QueryResult<()> {
    if drafts.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let ids: Vec<NotificationId> = drafts.iter().map(|_| NotificationId::new()).collect();
    let unread = repo::insert(tx, &ids, &drafts, now).await?;
    let made: Vec<NotificationRow> = ids
        .into_iter()
        .zip(drafts)
        .filter(|(id, _)| unread.contains_key(id))
        .map(|(id, draft)| NotificationRow {
            id,
            member_id: draft.member_id,
            kind: draft.kind,
            body: draft.body,
            subject: Some(draft.subject),
            actor_id: draft.actor_id,
            created_at: now,
            read_at: None,
        })
        .collect();
    // The statement tells the count after all of them; each is told with the count after itself.
    let mut later: BTreeMap<MemberId, i64> = BTreeMap::new();
    for notification in &made {
        *later.entry(notification.member_id).or_default() += 1;
    }
    for notification in made {
        let rest = later.entry(notification.member_id).or_default();
        *rest -= 1;
        let unread = unread.get(&notification.id).copied().unwrap_or_default() - *rest;
        tx.tell(StreamName::User(notification.member_id), &NotificationReceived { notification, unread });
    }
    Ok(())
}

/// Which notifications were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// These.
    Ids(Vec<NotificationId>),
    /// All that were made up to this instant.
    UpTo(DateTime<Utc>),
    /// All.
    All,
}

/// Why nothing was marked as read.
#[derive(Debug, thiserror::Error)]
pub enum MarkReadError {
    /// One of them does not exist or is somebody else's.
    #[error("unknown notification")]
    NotFound,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Marks a member's notifications as read; returns how many are unread. Those read before stay as they are.
///
/// # Errors
/// See [`MarkReadError`].
pub async fn mark_read(app: &App, member: MemberId, which: &Which) -> Result<i64, MarkReadError> {
    transact(app, async |tx| {
        tx.acting(member);
        let now = tx.now();
        let (ids, up_to) = match which {
            Which::Ids(ids) => {
                let mut ids = ids.clone();
                ids.sort_unstable();
                ids.dedup();
                (ids, None)
            }
            Which::UpTo(instant) => (Vec::new(), Some(*instant)),
            Which::All => (Vec::new(), Some(now)),
        };
        let inbox = repo::lock_inbox(tx, member).await?;
        if usize::try_from(repo::count_own(tx, member, &ids).await?) != Ok(ids.len()) {
            return Err(MarkReadError::NotFound);
        }
        let Some(unread) = inbox else { return Ok(0) };
        let (marked, left) = repo::mark_read(tx, member, &ids, up_to, now).await?;
        if marked == 0 {
            return Ok(unread);
        }
        tx.tell(StreamName::User(member), &NotificationsRead { ids, up_to, read_at: now, unread: left });
        Ok(left)
    })
    .await
}
