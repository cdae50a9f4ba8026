//! The stream of one conversation.

use async_graphql::{Context, ID, Subscription};
use futures_util::{Stream, StreamExt};

use super::loaders::ConversationFor;
use crate::{
    db::ids::ConversationId,
    domains::{event::Event, oversight},
    events::StreamName,
    graphql::{ApiError, ContextExt, feed::Course},
};

/// Subscriptions to conversations.
#[derive(Debug, Default)]
pub struct ChatSubscription;

/// Subscriptions to conversations.
#[Subscription]
impl ChatSubscription {
    /// The messages of a conversation, in order. Open to its members, and to an administrator who has opened it, until that
    /// ends; `FORBIDDEN` for others, whether it exists or not.
    /// Resumable: give the last `cursor` seen as `after`, or `Conversation.cursor` to join a snapshot without a gap.
    async fn conversation_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation.")] conversation_id: ID,
        #[graphql(desc = "The last cursor seen, or a snapshot's; absent = from now on.")] after: Option<
            String,
        >,
    ) -> Result<impl Stream<Item = Event> + use<>, ApiError> {
        let plan = async {
            let member = ctx.signed_in()?.member_id;
            let conversation: ConversationId = conversation_id.parse().map_err(|_| ApiError::forbidden())?;
            if ctx.one(ConversationFor { conversation, member }).await?.is_none() {
                return oversight::types::listening(ctx, conversation).await;
            }
            Ok(Course::from((StreamName::Conversation(conversation), None)))
        };
        Ok(ctx.events(after, plan).await?.map(Event::from))
    }
}
