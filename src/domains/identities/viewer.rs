//! The part of outside identities in `Query.viewer`.

use async_graphql::{Context, Object};

use super::{loaders::IdentitiesOf, types::OAuthIdentity};
use crate::{
    db::ids::{MemberId, OAuthIdentityId},
    graphql::{ApiError, ContextExt, Field, field},
};

/// The identities of the caller.
///
/// # Errors
/// Only if the database fails.
pub async fn identities_of(ctx: &Context<'_>, member: MemberId) -> Result<Vec<OAuthIdentity>, ApiError> {
    let rows = ctx.one(IdentitiesOf(member)).await?;
    Ok(rows.iter().flat_map(|rows| rows.iter().cloned()).map(OAuthIdentity).collect())
}

/// One of the caller's identities; nobody else's.
///
/// # Errors
/// Only if the database fails.
pub async fn identity_of_caller(
    ctx: &Context<'_>,
    id: OAuthIdentityId,
) -> Result<Option<OAuthIdentity>, ApiError> {
    let Some(viewer) = ctx.viewer() else { return Ok(None) };
    let own = identities_of(ctx, viewer.member_id).await?;
    Ok(own.into_iter().find(|identity| identity.0.id == id))
}

/// How the caller signs in elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct IdentitiesViewer(pub MemberId);

/// How the caller signs in elsewhere.
#[Object]
impl IdentitiesViewer {
    /// Providers through which the caller can sign in, oldest link first. `null` if they cannot be read.
    async fn oauth_identities(&self, ctx: &Context<'_>) -> Field<Vec<OAuthIdentity>> {
        field(async { identities_of(ctx, self.0).await.map(Some) }).await
    }
}
