//! The wallet's part of `Query.viewer`.

use async_graphql::{Context, Object};

use super::{
    model::Asset,
    repo::entries,
    types::{Earnings, Wallet},
};
use crate::{
    db::ids::MemberId,
    events::{StreamName, log},
    graphql::{ApiError, ContextExt, Field, field},
};

/// A member's credits as of now, as the value of the field that is resolved. The caller checks that the member is the one who asks.
///
/// # Errors
/// Only if the database fails.
pub async fn wallet_of(ctx: &Context<'_>, member_id: MemberId) -> Result<Wallet, ApiError> {
    wallet_in(ctx, member_id, Asset::credit()).await
}

async fn wallet_in(ctx: &Context<'_>, member_id: MemberId, asset: Asset) -> Result<Wallet, ApiError> {
    let mut conn = ctx.conn().await?;
    let mut cursor = String::new();
    if ctx.look_ahead().field("cursor").exists() {
        // Read before the amounts: an event in between is delivered again rather than lost.
        cursor = log::snapshot_cursor(&mut conn, StreamName::User(member_id)).await?.to_string();
    }
    let balances = entries::balances(&mut conn, member_id, asset.clone()).await?;
    Ok(Wallet { member_id, asset, balances, cursor })
}

/// What a member earned as a mentor. The caller checks that the member is the one who asks.
///
/// # Errors
/// Only if the database fails.
pub async fn earnings_of(ctx: &Context<'_>, member_id: MemberId) -> Result<Earnings, ApiError> {
    let balances = entries::balances(&mut *ctx.conn().await?, member_id, Asset::credit()).await?;
    Ok(Earnings { member_id, pending: balances.pending })
}

/// The caller's own money.
#[derive(Clone, Copy, Debug)]
pub struct WalletViewer(pub MemberId);

/// The caller's own money.
#[Object]
impl WalletViewer {
    /// The caller's wallet of an asset: empty until something comes in. `null` if there is no such asset, or it cannot be
    /// read.
    async fn wallet(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "`CREDIT/2`, `USD/2`, `EUR/2`, `INR/2` or `JPY/0`: code and number of decimals.",
            default = "CREDIT/2"
        )]
        asset: String,
    ) -> Field<Wallet> {
        field(async {
            let Some(asset) = Asset::known(&asset) else { return Ok(None) };
            wallet_in(ctx, self.0, asset).await.map(Some)
        })
        .await
    }

    /// Every wallet of the caller that something ever came into, by asset. `null` if they cannot be read.
    async fn wallets(&self, ctx: &Context<'_>) -> Field<Vec<Wallet>> {
        field(async {
            let assets = entries::assets(&mut *ctx.conn().await?, self.0).await?;
            let mut wallets = Vec::with_capacity(assets.len());
            for asset in assets {
                wallets.push(wallet_in(ctx, self.0, asset).await?);
            }
            Ok(Some(wallets))
        })
        .await
    }

    /// What the caller earned as a mentor. `null` if it cannot be read.
    async fn earnings(&self, ctx: &Context<'_>) -> Field<Earnings> {
        field(async { earnings_of(ctx, self.0).await.map(Some) }).await
    }
}
