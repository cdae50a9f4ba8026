//! The payments' part of `Query.viewer`.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    model::{self, PaymentRow},
    repo,
    types::{Payment, PaymentStatus},
};
use crate::{
    db::ids::MemberId,
    graphql::{
        ContextExt, Field,
        connection::{Connection, PageArgs, page},
        field,
    },
};

/// The caller's own payments.
#[derive(Clone, Copy, Debug)]
pub struct PaymentsViewer(pub MemberId);

/// The caller's own payments.
#[Object]
impl PaymentsViewer {
    /// Every payment that the caller began, newest first, with what became of it. `null` if they cannot be read.
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this state.")] status: Option<PaymentStatus>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Payment>> {
        field(async {
            let status = status.map(model::PaymentStatus::from);
            let scope = format!("payments:{}:{}", self.0, status.map_or("", model::PaymentStatus::as_str));
            let read = async |keyset| {
                Ok(repo::page_of_payments(&mut *ctx.conn().await?, self.0, status, &keyset).await?)
            };
            let args = PageArgs::new(first, after, last, before);
            page(args, &scope, read, |row: &PaymentRow| row.id, |row| Payment(Arc::new(row))).await.map(Some)
        })
        .await
    }
}
