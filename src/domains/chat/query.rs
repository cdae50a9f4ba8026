//! Root queries of chat.

use async_graphql::{Context, ID, Object};

use super::{loaders::ConversationFor, types::Conversation};
use crate::{
    db::ids::ConversationId,
    graphql::{ApiError, ContextExt, Field, field},
};

/// Queries of chat.
#[derive(Debug, Default)]
pub struct ChatQuery;

/// Queries of chat.
#[Object]
impl ChatQuery {
    /// A conversation of the caller. `null` if there is none, if the caller is not in it, and for anonymous callers.
    async fn conversation(&self, ctx: &Context<'_>, #[graphql(desc = "Its global id.")] id: ID) -> Field<Conversation> {
        field(async {
            let Ok(id) = id.parse::<ConversationId>() else { return Ok(None) };
            conversation_of_viewer(ctx, id).await
        })
        .await
    }
}

/// A conversation as the caller finds it. `None` if the caller is not in it.
pub(crate) async fn conversation_of_viewer(ctx: &Context<'_>, conversation: ConversationId) -> Result<Option<Conversation>, ApiError> {
    let Some(viewer) = ctx.viewer() else { return Ok(None) };
    let member = viewer.member_id;
    let opened = ctx.one(ConversationFor { conversation, member }).await?;
    Ok(opened.map(|opened| Conversation::opened(&opened, member)))
}
