//! The root query of oversight.

use async_graphql::{Context, ID, Object};

use super::{
    service::{self, Reading},
    types::AdminConversation,
};
use crate::{
    db::ids::ConversationId,
    graphql::{ContextExt, Field, field},
};

/// Queries of oversight.
#[derive(Debug, Default)]
pub struct OversightQuery;

/// Queries of oversight.
#[Object]
impl OversightQuery {
    /// A conversation that the caller has opened with `adminOpenConversation`, until that ends. `null` if it is not open to
    /// the caller, whether it exists or not. Each reading is written down in the audit log.
    async fn admin_conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: ID,
    ) -> Field<AdminConversation> {
        field(async {
            let viewer = ctx.signed_in()?;
            let Ok(id) = id.parse::<ConversationId>() else { return Ok(None) };
            Ok(service::read(ctx.app(), viewer, id, Reading::Once).await?.map(AdminConversation))
        })
        .await
    }
}
