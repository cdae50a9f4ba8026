//! The wallet's part of `Query.viewer`.

use async_graphql::{Context, Object};

use super::{
    repo::entries,
    types::{Earnings, Wallet},
};
use crate::{
    db::ids::MemberId,
    events::{StreamName, log},
    graphql::{ContextExt, Field, field},
};

/// The caller's own money.
#[derive(Clone, Copy, Debug)]
pub struct WalletViewer(pub MemberId);

/// The caller's own money.
#[Object]
impl WalletViewer {
    /// The caller's credits. `null` if they cannot be read.
    async fn wallet(&self, ctx: &Context<'_>) -> Field<Wallet> {
        field(async {
            let mut conn = ctx.conn().await?;
            // Read before the amounts: an event in between is delivered again rather than lost.
            let cursor = log::snapshot_cursor(&mut conn, StreamName::User(self.0)).await?.to_string();
            let balances = entries::balances(&mut conn, self.0).await?;
            Ok(Some(Wallet { member_id: self.0, balances, cursor }))
        })
        .await
    }

    /// What the caller earned as a mentor. `null` if it cannot be read.
    async fn earnings(&self, ctx: &Context<'_>) -> Field<Earnings> {
        field(async {
            let balances = entries::balances(&mut *ctx.conn().await?, self.0).await?;
            Ok(Some(Earnings { member_id: self.0, pending: balances.pending }))
        })
        .await
    }
}
