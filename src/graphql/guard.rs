//! Rights, declared on the field.

use async_graphql::{Context, Guard};

use super::{ContextExt, error::ApiError};

/// The caller must be signed in.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn;

impl Guard for SignedIn {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        match ctx.viewer() {
            Some(_) => Ok(()),
            None => Err(ApiError::unauthenticated().into()),
        }
    }
}
