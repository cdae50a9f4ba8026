//! The second factor's part of `Query.viewer`.

use async_graphql::{Context, Object};

use super::types::SecondFactor;
use crate::graphql::{ContextExt, Field, field};

/// The caller's own second factor.
#[derive(Clone, Copy, Debug)]
pub struct SecondFactorViewer;

/// The caller's own second factor.
#[Object]
impl SecondFactorViewer {
    /// The caller's second factor, as seen from this device. `null` if it cannot be read.
    async fn second_factor(&self, ctx: &Context<'_>) -> Field<SecondFactor> {
        field(async { SecondFactor::of(ctx, ctx.signed_in()?).await }).await
    }
}
