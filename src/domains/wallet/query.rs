//! Root queries of the wallet.

use async_graphql::{Context, Object};

use super::{service, types::LedgerProof};
use crate::graphql::{ContextExt, Field, field};

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
            Ok(proof.map(|proof| LedgerProof::new(proof, recount.as_of)))
        })
        .await
    }
}
