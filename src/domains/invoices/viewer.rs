//! The invoices' part of `Query.viewer`.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{model::InvoiceRow, repo, types::Invoice};
use crate::{
    db::ids::MemberId,
    graphql::{
        ContextExt, Field,
        connection::{Connection, PageArgs, page},
        field,
    },
};

/// The caller's own invoices.
#[derive(Clone, Copy, Debug)]
pub struct InvoicesViewer(pub MemberId);

/// The caller's own invoices.
#[Object]
impl InvoicesViewer {
    /// Every invoice and credit note of the caller, newest first. `null` if they cannot be read.
    async fn invoices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Invoice>> {
        field(async {
            let scope = format!("invoices:{}", self.0);
            let read = async |keyset| Ok(repo::page(&mut *ctx.conn().await?, self.0, &keyset).await?);
            let args = PageArgs::new(first, after, last, before);
            page(args, &scope, read, |row: &InvoiceRow| row.id, |row| Invoice(Arc::new(row))).await.map(Some)
        })
        .await
    }
}
