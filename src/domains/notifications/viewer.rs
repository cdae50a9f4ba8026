//! The notifications part of `Query.viewer`.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{loaders::InboxPart, model::NotificationRow, repo, types::Notification};
use crate::{
    db::{ids::MemberId, keyset::Keyset},
    graphql::{
        ApiError, ContextExt, Field,
        connection::{Connection, PageArgs, page},
        field,
    },
};

/// The caller's inbox.
#[derive(Clone, Copy, Debug)]
pub struct NotificationsViewer(pub MemberId);

impl NotificationsViewer {
    async fn rows(
        self,
        ctx: &Context<'_>,
        unread_only: bool,
        keyset: Keyset<repo::NotificationKey>,
    ) -> Result<Vec<Arc<NotificationRow>>, ApiError> {
        if keyset == Keyset::first(keyset.limit) && !unread_only {
            let inbox = ctx.one(InboxPart::Newest(self.0, keyset.fetch())).await?;
            return Ok(inbox.map(|inbox| inbox.newest.clone()).unwrap_or_default());
        }
        let rows = repo::page(&mut *ctx.conn().await?, self.0, unread_only, &keyset).await?;
        Ok(rows.into_iter().map(Arc::new).collect())
    }
}

/// The caller's inbox.
#[Object]
impl NotificationsViewer {
    /// The caller's notifications, newest first. `null` if they cannot be read.
    async fn notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those that were not read.", default)] unread_only: bool,
    ) -> Field<Connection<Notification>> {
        field(async {
            let scope = format!("notifications:{}:{unread_only}", self.0);
            let read = async |keyset| self.rows(ctx, unread_only, keyset).await;
            let args = PageArgs::new(first, after, last, before);
            page(args, &scope, read, |row| (row.created_at, row.id), Notification).await.map(Some)
        })
        .await
    }

    /// How many notifications the caller has not read. `null` if it cannot be read.
    async fn unread_notifications(&self, ctx: &Context<'_>) -> Field<i32> {
        field(async {
            let inbox = ctx.one(InboxPart::Unread(self.0)).await?;
            Ok(inbox.map(|inbox| i32::try_from(inbox.unread).unwrap_or(i32::MAX)))
        })
        .await
    }
}
