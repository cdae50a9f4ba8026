//! Jobs of the ledger.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::service;
use crate::{app::App, jobs::Job};

/// How often transactions are sealed.
pub const SEALING: Duration = Duration::from_secs(5);

/// Seals what was written since the last time.
#[derive(Debug, Serialize, Deserialize)]
pub struct SealTransactions {}

impl Job for SealTransactions {
    const KIND: &'static str = "wallet.seal";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        service::seal(app).await?;
        Ok(())
    }
}

/// Takes back what is left of promotions whose time is over.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExpirePromotions {}

impl Job for ExpirePromotions {
    const KIND: &'static str = "wallet.expire_promotions";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        service::promotions::expire_promotions(app).await?;
        Ok(())
    }
}
