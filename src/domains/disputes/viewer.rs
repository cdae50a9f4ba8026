//! The disputes part of `Query.viewer`.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    model::{self, DisputeRow},
    repo,
    types::{Dispute, DisputeStatus},
};
use crate::{
    db::ids::MemberId,
    graphql::{
        ContextExt, Field,
        connection::{Connection, PageArgs, page},
        field,
    },
};

/// The caller's own disputes.
#[derive(Clone, Copy, Debug)]
pub struct DisputesViewer(pub MemberId);

/// The caller's own disputes.
#[Object]
impl DisputesViewer {
    /// The disputes of bookings whose learner or mentor the caller is, latest first. `null` if they cannot be read.
    async fn disputes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that stand here.")] status: Option<DisputeStatus>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Dispute>> {
        field(async {
            let status = status.map(model::DisputeStatus::from);
            let scope = format!("disputes:{}:{status:?}", self.0);
            let read = async |keyset| {
                Ok(repo::page_of_member(&mut *ctx.conn().await?, self.0, status, &keyset).await?)
            };
            let args = PageArgs::new(first, after, last, before);
            let key = |row: &DisputeRow| (row.opened_at, row.id);
            page(args, &scope, read, key, |row| Dispute(Arc::new(row))).await.map(Some)
        })
        .await
    }
}
