//! Jobs of payouts.

use serde::{Deserialize, Serialize};

use super::service;
use crate::{app::App, db::ids::PayoutId, jobs::Job};

/// Asks the provider to pay out.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendPayout {
    /// Which payout.
    pub payout_id: PayoutId,
}

impl Job for SendPayout {
    const KIND: &'static str = "payouts.send";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::send(app, self.payout_id).await?)
    }
}

/// Asks again for payouts of which nothing was heard: replies and webhooks get lost.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChasePayouts {}

impl Job for ChasePayouts {
    const KIND: &'static str = "payouts.chase";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::chase(app).await?)
    }
}

/// Applies a stored webhook.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplyPayoutEvent {
    /// Who sent it.
    pub provider: String,
    /// The sender's name for it.
    pub event_id: String,
}

impl Job for ApplyPayoutEvent {
    const KIND: &'static str = "payouts.apply_event";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::apply_event(app, &self.provider, &self.event_id).await?)
    }
}
