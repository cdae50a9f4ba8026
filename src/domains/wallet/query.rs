//! Root queries of the wallet.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    model::adjustment::{AdjustmentRow, AdjustmentStatus},
    repo::adjustments,
    service,
    types::{CreditAdjustment, LedgerProof, adjustment::CreditAdjustmentStatus},
};
use crate::graphql::{
    ContextExt, Field,
    connection::{Connection, PageArgs, page},
    field,
};

/// Queries of the wallet.
#[derive(Debug, Default)]
pub struct WalletQuery;

/// Queries of the wallet.
#[Object]
impl WalletQuery {
    /// The trial balance of an asset, open to everybody. `null` if nothing of it was ever posted.
    async fn ledger_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Code and number of decimals, such as `CREDIT/2` or `USD/2`.",
            default = "CREDIT/2"
        )]
        asset: String,
    ) -> Field<LedgerProof> {
        field(async {
            // It changes with every payment, so the answer is not kept: the recount is.
            ctx.now();
            let recount = service::recount(ctx.app()).await?;
            let proof = recount.proofs.iter().find(|proof| proof.asset.as_str() == asset);
            Ok(proof.map(|proof| LedgerProof::new(proof, &recount)))
        })
        .await
    }

    /// Corrections of wallets by administrators, newest first. `null` if they cannot be read.
    async fn admin_adjustments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that stand here.")] status: Option<CreditAdjustmentStatus>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<CreditAdjustment>> {
        field(async {
            let status = status.map(AdjustmentStatus::from);
            let scope = format!("adjustments:{status:?}");
            let read = async |keyset| Ok(adjustments::page(&mut *ctx.conn().await?, status, &keyset).await?);
            let args = PageArgs::new(first, after, last, before);
            let key = |row: &AdjustmentRow| (row.created_at, row.id);
            page(args, &scope, read, key, |row| CreditAdjustment(Arc::new(row))).await.map(Some)
        })
        .await
    }
}
