//! The stream of a room.

use std::sync::Arc;

use async_graphql::{Context, ID, Subscription};
use futures_util::{FutureExt, Stream, StreamExt};

use super::service;
use crate::{
    db::ids::{MemberId, PresenceId, SessionId},
    domains::{event::Event, sessions::loaders::RoleIn},
    events::StreamName,
    graphql::{ApiError, ContextExt, error::ApiCode, feed::Beat},
};

/// Subscriptions to rooms.
#[derive(Debug, Default)]
pub struct RoomsSubscription;

/// Subscriptions to rooms.
#[Subscription]
impl RoomsSubscription {
    /// Everything that happens in a session's room, in order: who comes and goes, start and end. For its participants.
    /// While it lasts it keeps the given presence alive. Resumable: give the last `cursor` seen as `after`.
    async fn session_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session's global id.")] session_id: ID,
        #[graphql(
            desc = "The caller's presence from `joinSession`; absent = listen without being in the room."
        )]
        presence_id: Option<ID>,
        #[graphql(desc = "The last cursor seen, or a snapshot's; absent = from now on.")] after: Option<
            String,
        >,
    ) -> Result<impl Stream<Item = Event> + use<>, ApiError> {
        let plan = async {
            let viewer = ctx.signed_in()?.member_id;
            let session: SessionId = session_id.parse().map_err(|_| ApiError::forbidden())?;
            if ctx.one(RoleIn(session, viewer)).await?.is_none() {
                return Err(ApiError::forbidden());
            }
            let beat = match presence_id {
                None => None,
                Some(id) => Some(beat(ctx, &id, session, viewer).await?),
            };
            Ok((StreamName::Session(session), beat))
        };
        Ok(ctx.events(after, plan).await?.map(Event::from))
    }
}

/// What keeps a presence alive. A closed one stays closed: its owner reads of it in the stream.
async fn beat(ctx: &Context<'_>, id: &ID, session: SessionId, member: MemberId) -> Result<Beat, ApiError> {
    let foreign =
        || ApiError::told(ApiCode::Validation, "`presenceId` must come from `joinSession` for this session.");
    let presence: PresenceId = id.parse().map_err(|_| foreign())?;
    if !service::owns(&mut *ctx.conn().await?, presence, session, member).await? {
        return Err(foreign());
    }
    Ok(Arc::new(move |app| {
        async move {
            if let Err(error) = service::beat(&app, presence, member).await {
                tracing::warn!(%error, presence.id = %presence, "a sign of life could not be noted");
            }
        }
        .boxed()
    }))
}
