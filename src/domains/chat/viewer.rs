//! The chat part of `Query.viewer`.

use async_graphql::{Context, Object};

use super::{repo, types::Conversation};
use crate::{
    db::ids::MemberId,
    graphql::{
        ContextExt, Field,
        connection::{Connection, PageArgs, page},
        field,
    },
};

/// The caller's conversations.
#[derive(Clone, Copy, Debug)]
pub struct ChatViewer(pub MemberId);

/// The caller's conversations.
#[Object]
impl ChatViewer {
    /// The caller's conversations, latest activity first. `null` if they cannot be read.
    async fn conversations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Conversation>> {
        field(async {
            let member = self.0;
            let read = async |keyset| {
                Ok(repo::read::page_of_conversations(&mut *ctx.conn().await?, member, &keyset).await?)
            };
            let key = |row: &super::model::Opened| (row.conversation.active_at(), row.conversation.id);
            let args = PageArgs::new(first, after, last, before);
            page(args, &format!("conversations:{member}"), read, key, |row| {
                Conversation::opened(&row, member)
            })
            .await
            .map(Some)
        })
        .await
    }

    /// Messages that the caller has not read, over all conversations; own ones never count. `null` if they cannot be
    /// counted.
    async fn unread_messages(&self, ctx: &Context<'_>) -> Field<i32> {
        field(async {
            let unread = repo::read::unread_messages(&mut *ctx.conn().await?, self.0).await?;
            Ok(Some(i32::try_from(unread).unwrap_or(i32::MAX)))
        })
        .await
    }
}
