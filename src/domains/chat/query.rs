//! Root queries of chat.

use async_graphql::{Context, ID, Object};

use super::types::{Conversation, conversation_of_viewer};
use crate::{
    db::ids::ConversationId,
    graphql::{Field, field},
};

/// Queries of chat.
#[derive(Debug, Default)]
pub struct ChatQuery;

/// Queries of chat.
#[Object]
impl ChatQuery {
    /// A conversation of the caller. `null` if there is none, if the caller is not in it, and for anonymous callers.
    async fn conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: ID,
    ) -> Field<Conversation> {
        field(async {
            let Ok(id) = id.parse::<ConversationId>() else { return Ok(None) };
            conversation_of_viewer(ctx, id).await
        })
        .await
    }
}
