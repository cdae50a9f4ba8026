//! The payouts' part of `Query.viewer`.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    loaders::PayoutAccountAt,
    model::PayoutRow,
    repo,
    types::{Payout, PayoutAccount},
};
use crate::{
    db::ids::MemberId,
    graphql::{
        ContextExt, Field,
        connection::{Connection, PageArgs, page},
        field,
    },
};

/// The caller's own payouts.
#[derive(Clone, Copy, Debug)]
pub struct PayoutsViewer(pub MemberId);

/// The caller's own payouts.
#[Object]
impl PayoutsViewer {
    /// Where the caller's earnings are paid out to. `null` if there is no account yet: `connectPayoutAccount` opens one.
    async fn payout_account(&self, ctx: &Context<'_>) -> Field<PayoutAccount> {
        field(async {
            let Some(provider) = ctx.app().integrations.payouts.preferred() else { return Ok(None) };
            Ok(ctx.one(PayoutAccountAt(self.0, provider.name())).await?.map(PayoutAccount))
        })
        .await
    }

    /// Every payout that the caller asked for, newest first. `null` if they cannot be read.
    async fn payouts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Payout>> {
        field(async {
            let scope = format!("payouts:{}", self.0);
            let read = async |keyset| Ok(repo::page(&mut *ctx.conn().await?, self.0, &keyset).await?);
            let args = PageArgs::new(first, after, last, before);
            page(args, &scope, read, |row: &PayoutRow| row.id, |row| Payout(Arc::new(row))).await.map(Some)
        })
        .await
    }
}
