//! Jobs of payments.

use serde::{Deserialize, Serialize};

use super::service;
use crate::{app::App, jobs::Job};

/// Applies a stored webhook.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplyWebhook {
    /// Who sent it.
    pub provider: String,
    /// The sender's name for it.
    pub event_id: String,
}

impl Job for ApplyWebhook {
    const KIND: &'static str = "payments.apply_webhook";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::apply_webhook(app, &self.provider, &self.event_id).await?)
    }
}

/// Expires payments that nobody has paid.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExpirePayments {}

impl Job for ExpirePayments {
    const KIND: &'static str = "payments.expire";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        Ok(service::expire_overdue(app).await?)
    }
}
