//! The caller's place in their own stream.

use async_graphql::{Context, Object};

use crate::{
    db::ids::MemberId,
    events::{StreamName, log},
    graphql::{ApiError, ContextExt},
};

/// The caller's place in their own stream.
#[derive(Clone, Debug)]
pub struct StreamViewer(String);

impl StreamViewer {
    /// Reads the place, if the document selects it. Comes before everything else that the document reads of the caller.
    ///
    /// # Errors
    /// Only if the database fails.
    pub async fn read(ctx: &Context<'_>, member: MemberId) -> Result<Self, ApiError> {
        if !ctx.look_ahead().field("cursor").exists() {
            return Ok(Self(String::new()));
        }
        let cursor = log::snapshot_cursor(&mut *ctx.conn().await?, StreamName::User(member)).await?;
        Ok(Self(cursor.to_string()))
    }
}

/// The caller's place in their own stream.
#[Object]
impl StreamViewer {
    /// Opaque place in the caller's own stream, read before everything else below `viewer`: give it to `viewerEvents` as
    /// `after` to join this snapshot without a gap.
    async fn cursor(&self) -> &str {
        &self.0
    }
}
