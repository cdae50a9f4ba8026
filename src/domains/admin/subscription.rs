//! What administrators follow.

use async_graphql::{Context, Subscription};
use futures_util::{Stream, StreamExt};

use crate::{
    domains::event::Event,
    events::StreamName,
    graphql::{ApiError, ContextExt},
};

/// Subscriptions of administration.
#[derive(Debug, Default)]
pub struct AdminSubscription;

/// Subscriptions of administration.
#[Subscription]
impl AdminSubscription {
    /// What administrators have to know, in order: changes of rights and new applications. Ends with `FORBIDDEN` when the
    /// caller loses the right. Resumable: give the last `cursor` seen as `after`.
    async fn admin_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The last cursor seen; absent = from now on.")] after: Option<String>,
    ) -> Result<impl Stream<Item = Event> + use<>, ApiError> {
        let plan = async { ctx.signed_in().map(|_| (StreamName::Admin, None)) };
        Ok(ctx.events(after, plan).await?.map(Event::from))
    }
}
