//! The stream of everything durable about the caller.

use async_graphql::{Context, Subscription};
use futures_util::{Stream, StreamExt};

use super::Event;
use crate::{
    events::StreamName,
    graphql::{ApiError, ContextExt},
};

/// Subscriptions to the caller's own stream.
#[derive(Debug, Default)]
pub struct EventSubscription;

/// Subscriptions to the caller's own stream.
#[Subscription]
impl EventSubscription {
    /// Everything durable about the caller, in order: notifications, bookings, wallet, conversations, profile. Needs a
    /// signed-in caller. Resumable: give the last `cursor` seen as `after`.
    async fn viewer_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The last cursor seen, or a snapshot's; absent = from now on.")] after: Option<
            String,
        >,
    ) -> Result<impl Stream<Item = Event> + use<>, ApiError> {
        let plan = async { Ok((StreamName::User(ctx.signed_in()?.member_id), None)) };
        Ok(ctx.events(after, plan).await?.map(Event::from))
    }
}
