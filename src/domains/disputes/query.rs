//! The root query of disputes.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    model::{self, DisputeRow},
    service,
    types::{Dispute, DisputeStatus},
};
use crate::graphql::{
    ContextExt, Field,
    connection::{Connection, PageArgs, page},
    field,
};

/// Queries of disputes.
#[derive(Debug, Default)]
pub struct DisputesQuery;

/// Queries of disputes.
#[Object]
impl DisputesQuery {
    /// The disputes of all bookings, longest waiting first. `null` if they cannot be read.
    async fn admin_disputes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that stand here.")] status: Option<DisputeStatus>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Dispute>> {
        field(async {
            // Private to this moment: it shows what administrators see.
            ctx.now();
            let status = status.map(model::DisputeStatus::from);
            let scope = format!("admin_disputes:{status:?}");
            let read = async |keyset| Ok(service::page_of_all(ctx.app(), status, &keyset).await?);
            let args = PageArgs::new(first, after, last, before);
            let key = |row: &DisputeRow| (row.opened_at, row.id);
            page(args, &scope, read, key, |row| Dispute(Arc::new(row))).await.map(Some)
        })
        .await
    }
}
