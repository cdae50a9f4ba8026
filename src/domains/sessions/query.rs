//! Root queries of sessions.

use async_graphql::{Context, ID, Object};

use super::{loaders::SessionSeenBy, types::Session};
use crate::{
    db::ids::SessionId,
    graphql::{ContextExt, Field, field},
};

/// Queries of sessions.
#[derive(Debug, Default)]
pub struct SessionsQuery;

/// Queries of sessions.
#[Object]
impl SessionsQuery {
    /// A session by its global id, with the cursor from which `sessionEvents` continues it. `null` if there is no such
    /// session or the caller neither leads nor booked it.
    async fn session(&self, ctx: &Context<'_>, #[graphql(desc = "Its global id.")] id: ID) -> Field<Session> {
        field(async {
            let (Some(viewer), Ok(id)) = (ctx.viewer(), id.parse::<SessionId>()) else { return Ok(None) };
            Ok(ctx.one(SessionSeenBy(id, viewer.member_id)).await?.map(Session::from))
        })
        .await
    }
}
