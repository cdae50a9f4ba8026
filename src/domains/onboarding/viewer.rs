//! The onboarding part of `Query.viewer`.

use async_graphql::{Context, Object};

use super::{repo, types::Onboarding};
use crate::{
    db::ids::MemberId,
    graphql::{ContextExt, Field, field},
};

/// What the caller still has to do.
#[derive(Clone, Copy, Debug)]
pub struct OnboardingViewer(pub MemberId);

/// What the caller still has to do.
#[Object]
impl OnboardingViewer {
    /// What the caller still has to do before everything can be used. `null` if it cannot be read.
    async fn onboarding(&self, ctx: &Context<'_>) -> Field<Onboarding> {
        field(async { Ok(repo::facts(&mut *ctx.conn().await?, self.0).await?.map(Onboarding::from)) }).await
    }
}
