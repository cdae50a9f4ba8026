//! The mentorship part of `Query.viewer`.

use async_graphql::{Context, Object};

use super::{loaders::LastApplicationOf, types::MentorApplication};
use crate::{
    db::ids::MemberId,
    graphql::{ContextExt, Field, field},
};

/// The caller's way to become a mentor.
#[derive(Clone, Copy, Debug)]
pub struct MentorshipViewer(pub MemberId);

/// The caller's way to become a mentor.
#[Object]
impl MentorshipViewer {
    /// The caller's last application to become a mentor. `null` if there was none.
    async fn mentor_application(&self, ctx: &Context<'_>) -> Field<MentorApplication> {
        field(async { Ok(ctx.one(LastApplicationOf(self.0)).await?.map(MentorApplication)) }).await
    }
}
